"""Bookings over HTTP: taken, changed, driven, brought back; who sees an old version writes nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from dispatch.enums import BookingStatus, Role
from dispatch.models import Assignment, Booking, Company
from tests.dispatch.api.caller import Caller, member
from tests.factories import (
    DAY,
    at,
    make_assignment,
    make_booking,
    make_company,
    make_driver,
    make_establishment,
    make_outbound,
    make_patient,
    make_place,
    make_return,
    make_shift,
)

pytestmark = pytest.mark.django_db


def new_body(company: Company, **fields: Any) -> dict[str, Any]:
    patient = make_patient(company)
    return {
        "patient": patient.pk,
        "pickup": patient.home_id,
        "dropoff": make_establishment().pk,
        "requested_at": "2026-06-17T09:00:00",
    } | fields


def test_a_new_booking_is_promised_the_usual_window_in_utc(
    office: Caller, company: Company
) -> None:
    answer = office.post("bookings/", new_body(company))
    assert answer.status == 201
    # 09:00 in Geneva in June is 07:00 UTC; the window is −5/+15 min.
    assert answer.body["promised_from"] == "2026-06-17T06:55:00Z"
    assert answer.body["promised_to"] == "2026-06-17T07:15:00Z"
    assert answer.body["service_on"] == "2026-06-17"
    assert answer.body["status"] == "confirmed"
    assert answer.headers["ETag"] == '"1"'
    warnings = answer.body.pop("warnings")
    assert office.get(answer.headers["Location"]).body == answer.body
    assert warnings == [
        {
            "code": "no_vehicle",
            "field": "patient",
            "detail": "No vehicle of the company has what this journey needs: 1 seat.",
        }
    ]


def test_a_way_back_is_booked_along(office: Caller, company: Company) -> None:
    answer = office.post("bookings/", new_body(company, way_back={"is_on_call": True}))
    back = office.get(f"bookings/{answer.body['return_booking']}/").body
    assert answer.body["leg"] == "outbound"
    assert (back["leg"], back["outbound"], back["is_will_call"]) == (
        "return",
        answer.body["id"],
        True,
    )
    assert back["pickup"]["id"] == answer.body["dropoff"]["id"]
    assert back["promised_from"] is None


def test_the_hour_that_comes_twice_is_asked_about(office: Caller, company: Company) -> None:
    answer = office.post("bookings/", new_body(company, requested_at="2026-10-25T02:30:00"))
    assert answer.status == 400
    sentence = answer.fields["requested_at"]
    assert "02:30+02:00" in sentence
    assert "02:30+01:00" in sentence
    winter = office.post("bookings/", new_body(company, requested_at="2026-10-25T02:30:00+01:00"))
    assert winter.body["requested_at"] == "2026-10-25T01:30:00Z"


def test_the_hour_that_never_comes_is_refused(office: Caller, company: Company) -> None:
    answer = office.post("bookings/", new_body(company, requested_at="2027-03-28T02:30:00"))
    assert "never show 02:30" in answer.fields["requested_at"]


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("2026-06-17", "not only a day"),
        ("1999-06-17T09:00:00", "outside the years"),
        ("9999-12-31T23:59:59-23:59", "outside the years"),
        ("tomorrow at nine", "wrong format"),
    ],
)
def test_moments_that_cannot_be_meant_are_refused(
    office: Caller, company: Company, moment: str, words: str
) -> None:
    answer = office.post("bookings/", new_body(company, requested_at=moment))
    assert answer.problem == "invalid"
    assert words in answer.fields["requested_at"]


def test_every_fault_of_a_body_is_named_with_its_path(office: Caller, company: Company) -> None:
    body = new_body(
        company, way_back={"colour": "red"}, priority="urgent", escort_seats=9, patient=0
    )
    answer = office.post("bookings/", body)
    assert answer.problem == "invalid"
    assert set(answer.fields) == {"way_back.colour", "priority", "escort_seats", "patient"}


def test_a_patient_of_another_company_does_not_exist(office: Caller, company: Company) -> None:
    stranger = make_patient(make_company())
    answer = office.post("bookings/", new_body(company, patient=stranger.pk))
    missing = office.post("bookings/", new_body(company, patient=2**62))
    assert answer.status == missing.status == 400
    assert answer.fields == missing.fields == {"patient": "This does not exist."}


def test_a_window_that_was_agreed_is_kept(office: Caller, company: Company) -> None:
    agreed = {"promised_from": "2026-06-17T09:00:00", "promised_to": "2026-06-17T10:00:00+02:00"}
    answer = office.post("bookings/", new_body(company, requested_at=None, **agreed))
    assert answer.body["promised_from"] == "2026-06-17T07:00:00Z"
    assert answer.body["promised_to"] == "2026-06-17T08:00:00Z"


def test_half_a_promise_is_refused(office: Caller, company: Company) -> None:
    first = office.post("bookings/", new_body(company, promised_from="2026-06-17T09:00:00"))
    second = office.post("bookings/", new_body(company, promised_to="2026-06-17T09:00:00"))
    assert set(first.fields) == {"promised_to"}
    assert set(second.fields) == {"promised_from"}


def test_a_change_needs_the_version_that_was_seen(office: Caller, company: Company) -> None:
    path = f"bookings/{make_booking(company).pk}/"
    assert office.patch(path, {"notes": "a"}).problem == "precondition-required"
    assert office.patch(path, {"notes": "a"}, match=7).problem == "precondition-failed"
    assert office.patch(path, {"notes": "a"}, match='W/"1"').status == 412  # weak tags never match
    done = office.patch(path, {"notes": "a"}, match='"9", "1"')
    assert (done.status, done.headers["ETag"]) == (200, '"2"')
    assert office.patch(path, {"notes": "b"}, match=1).status == 412
    assert office.patch(path, {"notes": "c"}, match="*").body["notes"] == "c"


def test_the_promise_moves_only_when_it_is_said(office: Caller, company: Company) -> None:
    path = f"bookings/{make_booking(company, pickup_at=at(9)).pk}/"
    asked = office.patch(path, {"requested_at": "2026-06-17T10:00:00"}, match=1).body
    assert asked["promised_from"] == "2026-06-17T06:55:00Z"
    moved = office.patch(path, {"move_promise": True}, match=2).body
    assert moved["promised_from"] == "2026-06-17T07:55:00Z"


def test_the_promise_moves_with_the_appointment_and_the_answer_says_so(
    office: Caller, company: Company
) -> None:
    body = new_body(company, appointment_at="2026-06-17T10:00:00") | {"requested_at": None}
    booked = office.post("bookings/", body).body
    path = f"bookings/{booked['id']}/"
    moved = office.patch(path, {"appointment_at": "2026-06-17T11:00:00"}, match=1).body
    was, now = (datetime.fromisoformat(each["promised_from"]) for each in (booked, moved))
    assert now - was == timedelta(hours=1)
    told = {each["code"]: each["detail"] for each in moved["warnings"]}
    shown = was.astimezone(company.tz)
    assert f"was promised {shown:%H:%M}–" in told["promise_moved"]
    # The same window, said in so many words, is a window given: it stays.
    window = {name: moved[name] for name in ("promised_from", "promised_to")}
    kept = office.patch(path, {"appointment_at": "2026-06-17T11:30:00"} | window, match=2).body
    assert kept["promised_from"] == moved["promised_from"]
    assert "promise_moved" not in {each["code"] for each in kept["warnings"]}


def test_another_destination_takes_the_driver_away(office: Caller, company: Company) -> None:
    booking = make_booking(company)
    make_assignment(booking, make_shift(company))
    place = make_place(company)
    answer = office.patch(f"bookings/{booking.pk}/", {"dropoff": place.pk}, match=2)
    assert (answer.body["status"], answer.body["assignment"]) == ("confirmed", None)


def test_a_driver_is_given_taken_away_and_found(office: Caller, company: Company) -> None:
    booking, shift = make_booking(company), make_shift(company)
    path = f"bookings/{booking.pk}/"
    given = office.post(path + "assign/", {"shift": shift.pk}, match=1)
    assert given.body["assignment"]["shift"] == shift.pk
    assert given.body["assignment"]["is_pinned"] is True
    taken = office.post(path + "unassign/", match=given.body["version"])
    assert (taken.body["status"], taken.body["assignment"]) == ("confirmed", None)
    found = office.post(path + "dispatch-now/", match=taken.body["version"])
    assert found.body["assignment"]["driver"]["id"] == shift.driver_id
    assert found.body["assignment"]["is_pinned"] is False


def test_a_driver_is_taken_away_as_shown(office: Caller, company: Company) -> None:
    """With the token, while nothing else happened to the driver's tour."""
    booking, shift = make_booking(company), make_shift(company)
    path = f"bookings/{booking.pk}/"
    given = office.post(path + "assign/", {"shift": shift.pk}, match=1).body["version"]
    preview = office.post(path + "preview/", {"action": "take_off"})
    token = {"token": preview.body["impact"]["token"]}
    assert [told["id"] for told in preview.body["impact"]["patients"]] == [booking.pk]
    other = make_booking(company, pickup_at=at(11))
    office.post(f"bookings/{other.pk}/assign/", {"shift": shift.pk}, match=1)
    refused = office.post(path + "unassign/", token, match=given)
    assert refused.status == 412
    assert Assignment.objects.filter(booking=booking).exists()
    preview = office.post(path + "preview/", {"action": "take_off"})
    token = {"token": preview.body["impact"]["token"]}
    taken = office.post(path + "unassign/", token, match=given)
    assert (taken.status, taken.body["status"]) == (200, "confirmed")


def test_a_shift_that_cannot_take_it_says_why(office: Caller, company: Company) -> None:
    booking = make_booking(company, pickup_at=at(9))
    late = make_shift(company, start=at(14))
    answer = office.post(f"bookings/{booking.pk}/assign/", {"shift": late.pk}, match=1)
    assert (answer.status, answer.problem) == (409, "not-feasible")
    assert answer.body["rule"] in {"shift", "time_window"}
    assert not Assignment.objects.exists()


def test_an_explanation_says_who_why_and_what_stands_in_the_others_way(
    office: Caller, company: Company
) -> None:
    shift = make_shift(company, driver=make_driver(company, first_name="Éva", last_name="Proche"))
    gone = make_shift(company, end=at(8), driver=make_driver(company, last_name="Matin"))
    booking = make_booking(company)
    make_assignment(booking, shift)
    found = office.get(f"bookings/{booking.pk}/explanation/")
    assert found.status == 200
    body = found.body
    assert (body["booking"], body["reference"]) == (booking.pk, booking.reference)
    assert (body["standing"], body["shift"]["id"]) == ("driven", shift.pk)
    assert body["shift"]["driver"]["name"] == "Proche Éva"
    assert (body["basis"]["kind"], body["basis"]["version"]) == ("now", None)
    assert body["reasons"][0]["key"] == "only"
    (other,) = body["others"]
    assert (other["shift"]["id"], other["verdict"], other["rule"]) == (gone.pk, "refused", "shift")
    assert (other["added_cost"], other["terms"]) == (None, [])
    assert other["amount"] > 3600
    assert other["sentence"].startswith("Matin Léo is on duty until 08:00 at the latest, ")
    call = make_return(make_outbound(company), is_will_call=True)
    silent = office.get(f"bookings/{call.pk}/explanation/").body
    assert (silent["standing"], silent["basis"], silent["others"]) == ("not_planned", None, [])


def test_a_change_is_previewed_and_put_in_force_as_shown(office: Caller, company: Company) -> None:
    shift, gone = make_shift(company), make_shift(company, end=at(8))
    booking = make_booking(company)
    path = f"bookings/{booking.pk}"
    seen = office.post(f"{path}/preview/", {"action": "give", "shift": shift.pk}).body
    assert seen["refusal"] is None
    impact = seen["impact"]
    assert [move["to_shift"]["id"] for move in impact["moves"]] == [shift.pk]
    assert impact["moves"][0]["booking"] == {"id": booking.pk, "reference": booking.reference}
    assert (impact["patients"], impact["breaches"]) == ([], [])
    assert impact["added_km"] > 0
    ranked = office.get(f"{path}/best-fits/").body
    (best,) = ranked["options"]
    assert best["impact"] == impact
    assert best["difference"]["points"] == 0
    assert [(one["shift"]["id"], one["rule"]) for one in ranked["unable"]] == [(gone.pk, "shift")]
    stale = office.post(f"{path}/assign/", {"shift": shift.pk, "token": "x"}, match=1)
    assert (stale.status, stale.problem) == (412, "stale-day")
    body = {"shift": shift.pk, "token": impact["token"]}
    done = office.post(f"{path}/assign/", body, match=1)
    assert done.body["assignment"]["planned_pickup_at"] == impact["pickup_at"]
    lost = office.post(f"{path}/preview/", {"action": "take_off"}).body["impact"]
    assert [move["to_shift"] for move in lost["moves"]] == [None]


def test_a_swap_is_put_in_force_as_shown(office: Caller, company: Company) -> None:
    one, two = make_shift(company), make_shift(company)
    a, b = make_booking(company), make_booking(company)
    make_assignment(a, one)
    make_assignment(b, two)
    body = {"action": "swap", "booking": b.pk}
    seen = office.post(f"bookings/{a.pk}/preview/", body).body["impact"]
    path = f"bookings/{a.pk}/change/"
    assert office.post(path, body | {"token": seen["token"]}).status == 428
    assert office.post(path, body | {"token": "x"}, match=2).problem == "stale-day"
    done = office.post(path, body | {"token": seen["token"], "pin": False}, match=2).body
    assert (done["assignment"]["shift"], done["assignment"]["is_pinned"]) == (two.pk, False)
    assert office.post(path, body | {"token": seen["token"]}, match=2).status == 412


def test_another_time_is_put_in_force_as_shown(office: Caller, company: Company) -> None:
    booking = make_booking(company)
    make_assignment(booking, make_shift(company))
    path = f"bookings/{booking.pk}"
    body = {"action": "retime", "requested_at": "2026-06-17T10:00:00"}
    seen = office.post(f"{path}/preview/", body).body["impact"]
    assert [one["id"] for one in seen["patients"]] == [booking.pk]
    done = office.post(f"{path}/change/", body | {"token": seen["token"]}, match=2).body
    assert done["requested_at"] == "2026-06-17T08:00:00Z"
    assert done["promised_from"] < done["requested_at"] < done["promised_to"]
    assert done["assignment"]["planned_pickup_at"] == seen["pickup_at"]
    for wanted, field in (
        ({}, "requested_at"),
        ({"promised_from": "2026-06-17T10:00:00"}, "promised_to"),
        ({"promised_to": "2026-06-17T10:00:00"}, "promised_from"),
    ):
        assert set(office.post(f"{path}/preview/", {"action": "retime"} | wanted).fields) == {field}
    other_day = {"action": "retime", "requested_at": "2026-06-19T10:00:00"}
    assert set(office.post(f"{path}/preview/", other_day).fields) == {"promised_from"}


def test_a_preview_says_what_stands_in_the_way(office: Caller, company: Company) -> None:
    shift, booking, other = (
        make_shift(company, end=at(8)),
        make_booking(company),
        make_booking(company),
    )
    path = f"bookings/{booking.pk}/preview/"
    refused = office.post(path, {"action": "give", "shift": shift.pk}).body
    assert refused["impact"] is None
    assert refused["refusal"]["rule"] == "shift"
    assert refused["refusal"]["advice"]
    assert set(office.post(path, {"action": "give"}).fields) == {"shift"}
    swap = office.post(path, {"action": "swap", "booking": other.pk})
    assert (swap.status, swap.problem) == (409, "nothing-to-swap")


def test_a_shift_of_another_company_cannot_be_named(office: Caller, company: Company) -> None:
    make_shift(company)
    foreign = make_shift(make_company())
    path = f"bookings/{make_booking(company).pk}/assign/"
    assert office.post(path, {"shift": foreign.pk}, match=1).problem == "not-found"


def test_a_journey_goes_step_by_step_and_a_cancellation_needs_its_reason(
    office: Caller, company: Company
) -> None:
    booking = make_booking(company)
    path = f"bookings/{booking.pk}/progress/"
    jump = office.post(path, {"to": "completed"}, match=1)
    assert (jump.status, jump.problem) == (409, "illegal-move")
    bare = office.post(path, {"to": "cancelled"}, match=1)
    assert (bare.status, bare.problem) == (400, "reason-needed")
    assert set(bare.fields) == {"reason"}
    done = office.post(path, {"to": "cancelled", "reason": "weather"}, match=1)
    of_the_day = ("same_day_cancel", "weather")  # asked for three hours before the pickup
    assert (done.body["status"], done.body["status_reason"]) == of_the_day


def test_what_has_not_happened_yet_is_not_recorded(office: Caller, company: Company) -> None:
    booking = make_booking(company)
    make_assignment(booking, make_shift(company))
    path = f"bookings/{booking.pk}/progress/"
    future = office.post(path, {"to": "en_route", "at": "2026-06-17T06:03:00"}, match=2)
    assert set(future.fields) == {"at"}
    done = office.post(path, {"to": "en_route", "at": "2026-06-17T05:50:00"}, match=2)
    assert done.body["en_route_at"] == "2026-06-17T03:50:00Z"


def test_a_step_that_cannot_be_true_yet_is_refused(office: Caller, company: Company) -> None:
    booking = make_booking(company, pickup_at=at(9, day=DAY.replace(day=18)))
    make_assignment(booking, make_shift(company))
    path = f"bookings/{booking.pk}/progress/"
    for body in ({"to": "en_route"}, {"to": "missed", "reason": "vehicle_late"}):
        early = office.post(path, body, match=2)
        assert (early.status, early.problem) == (409, "not-yet")
    assert office.post(path, {"to": "cancelled", "reason": "weather"}, match=2).status == 200


def test_who_cancels_the_way_there_is_told_of_the_way_back(
    office: Caller, company: Company
) -> None:
    there = make_outbound(company)
    back = make_return(there)
    path = f"bookings/{there.pk}/progress/"
    told = office.post(path, {"to": "cancelled", "reason": "weather"}, match=1).body
    (warning,) = told["warnings"]
    assert (warning["code"], warning["field"]) == ("return_left", "return_booking")
    assert back.reference in warning["detail"]
    assert told["return_booking"] == back.pk
    cancelled = office.post(
        f"bookings/{back.pk}/progress/", {"to": "cancelled", "reason": "weather"}, match=1
    )
    assert cancelled.body["warnings"] == []


def test_a_return_on_call_becomes_ready(office: Caller, company: Company) -> None:
    back = make_return(make_outbound(company), is_will_call=True)
    path = f"bookings/{back.pk}/ready/"
    early = office.post(path, {"is_urgent": True}, match=1)  # 06:00; the outbound is at nine
    assert (early.status, early.problem) == (409, "not-there")
    answer = office.post(path, {"is_urgent": True, "came_another_way": True}, match=1)
    assert answer.body["promised_from"] == "2026-06-17T04:00:00Z"  # now, 06:00 in Geneva
    assert answer.body["is_urgent"] is True
    again = office.post(f"bookings/{back.pk}/ready/", {}, match=2)
    assert (again.status, again.problem) == (409, "not-on-call")


def test_a_call_is_taken_back(office: Caller, company: Company) -> None:
    back = make_return(make_outbound(company), is_will_call=True)
    office.post(f"bookings/{back.pk}/ready/", {"came_another_way": True}, match=1)
    path = f"bookings/{back.pk}/not-ready/"
    assert office.post(path, match=1).problem == "precondition-failed"
    answer = office.post(path, match=2)
    assert (answer.status, answer.headers["ETag"]) == (200, '"3"')
    assert (answer.body["ready_at"], answer.body["promised_from"]) == (None, None)
    again = office.post(path, match=3)
    assert (again.status, again.problem) == (409, "not-withdrawable")


def test_a_return_is_booked_afterwards_once(office: Caller, company: Company) -> None:
    there = make_booking(company)
    path = f"bookings/{there.pk}/return/"
    back = office.post(path, {"requested_at": "2026-06-17T11:00:00"}, match=1)
    assert (back.status, back.body["leg"]) == (201, "return")
    again = office.post(path, {"requested_at": "2026-06-17T11:00:00"}, match=2)
    assert (again.status, again.problem) == (409, "no-return")


def test_lists_are_narrowed_and_paged_without_gaps(office: Caller, company: Company) -> None:
    bookings = [make_booking(company, pickup_at=at(8 + n)) for n in range(5)]
    make_booking(company, pickup_at=at(9, day=DAY.replace(day=18)))
    page = office.get(f"bookings/?day={DAY}&limit=2").body
    seen = [row["id"] for row in page["results"]]
    assert page["previous"] is None
    while page["next"]:
        page = office.get(page["next"]).body
        seen += [row["id"] for row in page["results"]]
    assert seen == [booking.pk for booking in bookings]
    back = office.get(page["previous"]).body
    assert [row["id"] for row in back["results"]] == seen[2:4]
    assert office.get(back["previous"]).body["previous"] is None


def test_a_list_costs_the_same_whatever_its_length(
    office: Caller, company: Company, django_assert_num_queries: Any
) -> None:
    def add(count: int) -> None:
        for number in range(count):
            there = make_outbound(company, pickup_at=at(7 + number))
            make_return(there, is_will_call=True)
            make_assignment(there, make_shift(company))

    add(1)
    office.get("bookings/")
    with django_assert_num_queries(4):  # token, membership, bookings, handovers
        assert len(office.get("bookings/").body["results"]) == 2
    add(4)
    with django_assert_num_queries(4):
        assert len(office.get("bookings/").body["results"]) == 10


def test_a_driver_sees_only_own_journeys_and_says_how_they_go(company: Company) -> None:
    driver = member(company, Role.DRIVER)
    mine, other = make_booking(company), make_booking(company, pickup_at=at(12))
    make_assignment(mine, make_shift(company, driver=make_driver(company, user=driver.user)))
    make_assignment(other, make_shift(company))
    assert [row["id"] for row in driver.get("bookings/").body["results"]] == [mine.pk]
    assert driver.get(f"bookings/{other.pk}/").status == 404
    step = driver.post(f"bookings/{mine.pk}/progress/", {"to": "en_route"}, match=2)
    assert step.body["status"] == "en_route"
    cancel = {"to": "late_cancel", "reason": "weather"}
    assert driver.post(f"bookings/{mine.pk}/progress/", cancel, match=3).status == 403
    foreign = driver.post(f"bookings/{other.pk}/progress/", {"to": "en_route"}, match=2)
    assert foreign.status == 404


def test_one_of_two_writers_wins(office: Caller, company: Company) -> None:
    booking = make_booking(company)
    path = f"bookings/{booking.pk}/"
    answers = [office.patch(path, {"notes": word}, match=1).status for word in ("a", "b", "c")]
    assert answers == [200, 412, 412]
    assert Booking.objects.get().notes == "a"
    assert Booking.objects.get().status == BookingStatus.CONFIRMED
