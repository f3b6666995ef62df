"""Why a journey is with its driver and with nobody else: from the run that decided it, or from the day as it is."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from dispatch.enums import BookingStatus, Mobility, Rule, RunTrigger, StatusReason
from dispatch.models import Absence, Booking, Company, DispatchRun, Shift
from dispatch.usecases.apply_plan import apply_plan
from dispatch.usecases.assign_booking import assign_booking
from dispatch.usecases.errors import NotFoundError
from dispatch.usecases.explain_booking import (
    BasisKind,
    Explanation,
    OtherDriver,
    Standing,
    Verdict,
    explain_booking,
)
from dispatch.usecases.record_progress import record_progress
from dispatch.usecases.request_run import request_run
from dispatch.usecases.run_dispatch import run_dispatch
from tests.factories import (
    DAY,
    at,
    bring,
    make_assignment,
    make_booking,
    make_company,
    make_driver,
    make_outbound,
    make_patient,
    make_place,
    make_return,
    make_shift,
    make_vehicle,
)

pytestmark = pytest.mark.django_db

S = BookingStatus
EARLY = at(5)


@pytest.fixture
def company() -> Company:
    return make_company(settings={"solver_time_limit_s": 1, "freeze_min": 30})


def duty(company: Company, name: str, **fields: Any) -> Shift:
    driver = make_driver(company, first_name="Éva", last_name=name)
    return make_shift(company, driver=driver, **fields)


def in_force(company: Company, now: datetime = EARLY) -> DispatchRun:
    run = request_run(company=company, day=DAY, trigger=RunTrigger.MANUAL, by=None)
    run_dispatch(run_id=run.pk, clock=lambda: now)
    return apply_plan(run_id=run.pk, by=None, now=now).run


def near_base(company: Company) -> Booking:
    """At nine, from one place beside the base to another one."""
    ends: dict[str, Any] = {
        "pickup": make_place(company, lat=46.211),
        "dropoff": make_place(company, lat=46.215),
    }
    return make_booking(company, **ends)


def why(booking: Booking, now: datetime = EARLY) -> Explanation:
    return explain_booking(booking_id=booking.pk, now=now)


def of(found: Explanation, shift: Shift) -> OtherDriver:
    (other,) = (other for other in found.others if other.shift == shift)
    return other


class TestWithADriver:
    def test_the_run_that_decided_says_why_while_nothing_has_moved(self, company: Company) -> None:
        near = duty(company, "Proche")
        far = duty(company, "Lointaine", start_place=make_place(company, lat=46.30, lon=6.25))
        gone = duty(company, "Partie", start=at(7), end=at(8))
        booking = near_base(company)
        run = in_force(company)
        found = why(booking)
        assert (found.standing, found.shift) == (Standing.DRIVEN, near)
        assert found.sentence == "Proche Éva drives this journey."
        assert found.basis is not None
        assert (found.basis.kind, found.basis.version) == (BasisKind.RUN, run.version)
        assert "nothing has changed since" in found.basis.sentence
        assert found.is_current
        assert found.reasons[0].key == "cheapest"
        assert found.reasons[0].sentence.startswith("Proche Éva is the best choice: with Lointaine")
        dearer = of(found, far)
        assert dearer.verdict is Verdict.POSSIBLE
        assert dearer.added_cost == sum(term.points for term in dearer.terms) > 0
        assert f"would cost {dearer.added_cost} points more" in dearer.sentence
        assert "driving" in {term.key for term in dearer.terms}
        refused = of(found, gone)
        assert (refused.verdict, refused.rule) == (Verdict.REFUSED, Rule.SHIFT)
        assert refused.sentence.startswith("Partie Éva is on duty until 08:00 at the latest, ")
        assert [other.shift for other in found.others] == [far, gone]  # who could do it first

    def test_what_has_changed_since_is_answered_from_the_day_as_it_stands(
        self, company: Company
    ) -> None:
        duty(company, "Proche")
        booking = make_booking(company, pickup_at=at(9))
        in_force(company)
        late = duty(company, "Nouvelle")
        found = why(booking)
        assert found.basis is not None
        assert found.basis.kind is BasisKind.NOW
        assert "(17 June, 05:00)" in found.basis.sentence
        assert "changed since version 1" in found.basis.sentence
        assert of(found, late).verdict is Verdict.POSSIBLE

    @pytest.mark.parametrize("change", ["booking", "settings", "clock"])
    def test_a_journey_a_rule_and_the_hour_count_as_changes(
        self, company: Company, change: str
    ) -> None:
        duty(company, "Proche")
        first, later = make_booking(company), make_booking(company, pickup_at=at(15))
        in_force(company)
        if change == "booking":
            record_progress(
                booking_id=first.pk,
                to=S.CANCELLED,
                at=EARLY,
                reason=StatusReason.OTHER,
                expected_version=None,
            )
        elif change == "settings":
            company.settings["pooling_max_detour_min"] = 3
            company.save()
        now = at(8, 40) if change == "clock" else EARLY
        basis = why(later, now).basis
        assert basis is not None
        assert basis.kind is BasisKind.NOW

    def test_what_is_about_to_begin_keeps_the_reasons_it_was_given(self, company: Company) -> None:
        duty(company, "Proche")
        duty(company, "Lointaine", start_place=make_place(company, lat=46.30, lon=6.25))
        booking = near_base(company)
        in_force(company)
        found = why(booking, at(8, 45))
        assert found.basis is not None
        assert found.basis.kind is BasisKind.RUN
        assert "has begun or is about to" in found.basis.sentence
        assert found.reasons[0].key == "cheapest"
        assert not found.is_settled
        assert not found.is_current
        (other,) = found.others
        assert other.sentence.startswith("When the plan was made: Possible, but")

    def test_a_journey_that_is_over_is_told_as_over(self, company: Company) -> None:
        duty(company, "Proche")
        booking = make_booking(company, pickup_at=at(9))
        in_force(company)
        bring(booking, S.COMPLETED, boarded_at=at(9), alighted_at=at(9, 20))
        found = why(booking, at(12))
        assert found.sentence == "Proche Éva had this journey; it is over."
        assert found.reasons[0].key == "only"

    def test_under_way_without_a_run_there_is_one_answer_for_all(self, company: Company) -> None:
        booking = make_booking(company, status=S.EN_ROUTE, en_route_at=at(8, 40))
        make_assignment(booking, duty(company, "Route"))
        duty(company, "Autre")
        found = why(booking, at(8, 50))
        assert [reason.key for reason in found.reasons] == ["begun"]
        assert found.is_settled
        assert found.basis is not None
        assert "no planned version is in force" in found.basis.sentence

    def test_a_person_s_choice_is_said_and_the_others_are_asked_as_if_it_were_free(
        self, company: Company
    ) -> None:
        company.settings["weights"] = {"stability": 0}
        company.save()
        near = duty(company, "Proche")
        far = duty(company, "Lointaine", start_place=make_place(company, lat=46.30, lon=6.25))
        booking = near_base(company)
        in_force(company)
        assign_booking(
            booking_id=booking.pk, shift_id=far.pk, by=None, now=EARLY, expected_version=None
        )
        found = why(booking)
        assert [reason.sentence for reason in found.reasons] == [
            "A person fixed this trip with Lointaine Éva."
        ]
        other = of(found, near)
        assert other.verdict is Verdict.POSSIBLE
        assert other.added_cost is not None
        assert other.added_cost < 0
        assert other.sentence.endswith(f"would cost {-other.added_cost} points less.")

    def test_a_pin_set_after_the_plan_is_seen(self, company: Company) -> None:
        shift = duty(company, "Proche")
        booking = make_booking(company, pickup_at=at(9))
        in_force(company)
        assign_booking(
            booking_id=booking.pk, shift_id=shift.pk, by=None, now=EARLY, expected_version=None
        )
        assert [reason.key for reason in why(booking).reasons] == ["pinned"]

    def test_two_equals_cost_the_same(self, company: Company) -> None:
        booking = make_booking(company, pickup_at=at(9))
        make_assignment(booking, duty(company, "Une"), start=at(9))
        other = duty(company, "Deux")
        company.settings = {"weights": {"stability": 0}}
        company.save()
        assert of(why(booking), other).sentence == "Possible, at the same price."

    def test_who_takes_no_part_is_told_with_the_reason(self, company: Company) -> None:
        booking = make_booking(company, pickup_at=at(9))
        make_assignment(booking, duty(company, "Présente"), start=at(9))
        away = duty(company, "Absente")
        Absence.objects.create(driver=away.driver, first_on=DAY, last_on=DAY)
        found = of(why(booking), away)
        assert found.verdict is Verdict.LEFT_OUT
        assert found.sentence == "Left out: Absente Éva, 07:00–19:00. The driver is absent."

    def test_who_was_left_out_of_the_run_is_told(self, company: Company) -> None:
        duty(company, "Présente")
        away = duty(company, "Absente")
        Absence.objects.create(driver=away.driver, first_on=DAY, last_on=DAY)
        booking = make_booking(company, pickup_at=at(9))
        in_force(company)
        said = "Left out: Absente Éva, 07:00–19:00. The driver is absent."
        assert of(why(booking), away).sentence == said
        assert said in why(booking).notes

    def test_what_an_older_version_left_out_is_told_without_its_reason(
        self, company: Company
    ) -> None:
        duty(company, "Présente")
        away = duty(company, "Absente")
        Absence.objects.create(driver=away.driver, first_on=DAY, last_on=DAY)
        booking = make_booking(company, pickup_at=at(9))
        in_force(company)
        DispatchRun.objects.update(notes=["Shift 7 stays out: its driver is absent."])
        found = why(booking)
        assert found.notes == ("Shift 7 stays out: its driver is absent.",)
        assert of(found, away).sentence == "Absente Éva took no part in this plan."

    def test_who_has_gone_home_is_told_by_the_hour_it_was(self, company: Company) -> None:
        booking = make_booking(company, pickup_at=at(16))
        make_assignment(booking, duty(company, "Présente"), start=at(16))
        gone = duty(company, "Matin", end=at(12))
        assert of(why(booking, at(13)), gone).sentence == "Matin Éva went off duty at 12:00."

    def test_namesakes_are_told_apart_by_their_hours(self, company: Company) -> None:
        booking = make_booking(company, pickup_at=at(9))
        make_assignment(booking, duty(company, "Double"), start=at(9))
        twin = duty(company, "Double", start=at(14), end=at(22))
        assert of(why(booking), twin).sentence.startswith(
            "Double Éva (14:00–22:00) is on duty from 14:00 at the earliest, "
        )

    def test_another_journey_in_the_way_has_its_reference(self, company: Company) -> None:
        """One seat: before the long journey there is no time for the short one, and after it no way back."""
        hour = {"promised_from": at(8, 50), "promised_to": at(8, 52)}
        booking = make_booking(company, dropoff=make_place(company), **hour)
        make_assignment(booking, duty(company, "Une"))
        full = duty(company, "Deux", vehicle=make_vehicle(company, seats=1, wheelchairs=0))
        held = make_booking(company, dropoff=make_place(company, lat=46.40), **hour)
        make_assignment(held, full, end=at(9, 50))
        found = of(why(booking), full)
        assert (found.verdict, found.rule) == (Verdict.REFUSED, Rule.TIME_WINDOW)
        assert found.sentence.startswith("With this trip, Deux Éva would be ")
        assert found.sentence.endswith(f" min late for trip {held.reference}.")
        assert found.amount > 0

    def test_a_journey_whose_place_is_unknown_is_outside_the_planning(
        self, company: Company
    ) -> None:
        booking = make_booking(company, pickup=make_place(company, lat=None))
        make_assignment(booking, duty(company, "Une"), start=at(9))
        found = why(booking)
        assert [reason.key for reason in found.reasons] == [Rule.UNKNOWN_COORDINATES]
        assert found.others == ()

    def test_who_cannot_carry_the_patient_after_all_is_told_the_rule(
        self, company: Company
    ) -> None:
        shift = duty(company, "Une", vehicle=make_vehicle(company, wheelchairs=0))
        rolling = make_patient(company, mobility=Mobility.WHEELCHAIR_FIXED)
        booking = make_booking(company, patient=rolling)
        make_assignment(booking, shift, start=at(9))
        found = why(booking)
        assert found.sentence == "Une Éva drives this journey."
        assert [reason.key for reason in found.reasons] == [Rule.CAPACITY]

    def test_a_driver_who_is_absent_is_the_reason_and_not_the_order(self, company: Company) -> None:
        shift = duty(company, "Une")
        booking = make_booking(company)
        make_assignment(booking, shift, start=at(9))
        Absence.objects.create(driver=shift.driver, first_on=DAY, last_on=DAY)
        (reason,) = why(booking).reasons
        assert reason.key == Rule.SHIFT
        assert reason.sentence.endswith("The driver is absent.")

    def test_an_order_that_no_longer_works_is_said(self, company: Company) -> None:
        """Two wheelchairs on board at once, and one place: either of them alone would do, the first one stays."""
        shift = duty(company, "Une", vehicle=make_vehicle(company, wheelchairs=1))
        rows = [
            make_booking(company, patient=make_patient(company, mobility=Mobility.WHEELCHAIR_FIXED))
            for _n in range(2)
        ]
        for number, row in enumerate(rows):
            start, end = at(9, number), at(9, 30 + number)
            make_assignment(row, shift, start=start, end=end, ride_group=rows[0].pk)
        assert [reason.sentence for reason in why(rows[0]).reasons] == [
            "Nobody but Une Éva can take this trip."
        ]
        found = why(rows[1])
        assert [reason.sentence for reason in found.reasons] == [
            "The journeys of this driver no longer work in their order."
        ]

    def test_what_a_stuck_shift_holds_stays_outside(self, company: Company) -> None:
        """Two patients who may not share are on board: nobody can time the rest of that shift."""
        shift = duty(company, "Une")
        fields: dict[str, Any] = {
            "status": S.ON_BOARD,
            "boarded_at": at(9),
            "pooling_allowed": False,
        }
        rows = [make_booking(company, **fields) for _n in range(2)]
        for number, row in enumerate(rows):
            start, end = at(9, number), at(9, 30 + number)
            make_assignment(row, shift, start=start, end=end, ride_group=rows[0].pk)
        other = duty(company, "Deux")
        mine = make_booking(company, pickup_at=at(15))
        make_assignment(mine, other)
        found = why(rows[0], at(9, 5))
        assert [reason.sentence for reason in found.reasons] == [
            "It stays as it is, outside the planning: the notes say why."
        ]
        assert any("cannot be timed by the rules" in note for note in found.notes)
        assert of(why(mine, at(9, 5)), shift).sentence == (
            "Left as it is: Une Éva, 07:00–19:00. What it has begun cannot be timed by the rules."
        )


class TestWithoutADriver:
    def test_the_run_s_reason_and_what_stands_in_each_driver_s_way(self, company: Company) -> None:
        shift = duty(company, "Une")
        lying = make_patient(company, mobility=Mobility.STRETCHER)
        booking = make_booking(company, patient=lying)
        in_force(company)
        found = why(booking)
        assert (found.standing, found.shift) == (Standing.WAITING, None)
        assert found.sentence.startswith("Nobody drives this journey. No shift on duty has all ")
        assert found.sentence.endswith("can take it.")
        assert "(stretcher), on duty from 08:" in found.sentence
        assert found.basis is not None
        assert found.basis.kind is BasisKind.RUN
        other = of(found, shift)
        assert (other.verdict, other.rule) == (Verdict.REFUSED, Rule.SKILLS)
        assert other.sentence == "Une Éva lacks what this trip needs: stretcher."

    def test_in_french_too(self, company: Company) -> None:
        duty(company, "Une")
        booking = make_booking(company, patient=make_patient(company, mobility=Mobility.STRETCHER))
        in_force(company)
        with translation.override("fr"):
            found = why(booking)
        assert found.sentence.startswith("Personne ne fait cette course.")
        assert found.others[0].sentence == "Une Éva n’a pas ce que demande cette course : brancard."

    def test_a_new_journey_that_fits_is_told_with_what_it_adds(self, company: Company) -> None:
        shift = duty(company, "Une")
        booking = make_booking(company)
        found = why(booking)
        assert found.sentence == "Nobody drives this journey. Somebody can take it, though."
        other = of(found, shift)
        assert (other.verdict, other.terms) == (Verdict.POSSIBLE, ())
        assert "Une Éva can take this trip: " in other.sentence
        assert other.added_cost is not None

    def test_nobody_on_duty(self, company: Company) -> None:
        found = why(make_booking(company))
        assert found.sentence == "Nobody drives this journey. No shift is on duty."
        assert found.others == ()

    def test_a_promise_that_has_passed(self, company: Company) -> None:
        duty(company, "Une")
        found = why(make_booking(company), at(18))
        assert found.sentence == "Nobody drives this journey. Its promised time has passed."

    def test_a_place_nobody_knows(self, company: Company) -> None:
        duty(company, "Une")
        booking = make_booking(company, pickup=make_place(company, lat=None))
        assert "Place the address on the map." in why(booking).sentence
        in_force(company)
        found = why(booking)
        assert "Place the address on the map." in found.sentence
        assert found.basis is not None
        assert found.basis.kind is BasisKind.RUN


class TestNothingToDecide:
    @pytest.mark.parametrize(
        ("fields", "sentence"),
        [
            ({"status": S.DRAFT}, "a draft: it is planned once it is confirmed"),
            (
                {"status": S.CANCELLED, "status_reason": StatusReason.HOSPITALISED},
                "is not driven: cancelled (",
            ),
        ],
    )
    def test_the_sentence_says_so(
        self, company: Company, fields: dict[str, Any], sentence: str
    ) -> None:
        found = why(make_booking(company, **fields))
        assert found.standing is Standing.NOT_PLANNED
        assert sentence in found.sentence
        assert (found.basis, found.reasons, found.others) == (None, (), ())

    def test_a_return_on_call(self, company: Company) -> None:
        back = make_return(make_outbound(company), is_will_call=True)
        assert why(back).sentence.startswith("The patient has not called yet")

    @pytest.mark.parametrize("has_ride", [True, False])
    def test_over_without_a_plan(self, company: Company, has_ride: bool) -> None:
        booking = make_booking(company, status=S.COMPLETED, boarded_at=at(9), alighted_at=at(9, 20))
        if has_ride:
            make_assignment(booking, duty(company, "Une"), start=at(9), is_over=True)
        found = why(booking, at(12))
        assert found.standing is Standing.NOT_PLANNED
        said = "Une Éva had it" if has_ride else "who drove it is not recorded"
        assert said in found.sentence

    def test_a_journey_that_does_not_exist(self) -> None:
        with pytest.raises(NotFoundError):
            explain_booking(booking_id=1, now=EARLY)


@pytest.mark.parametrize("has_moved", [False, True])
def test_the_queries_do_not_grow_with_the_day(company: Company, has_moved: bool) -> None:
    counts = []
    for _round in range(2):
        for hour in (8, 10, 12):
            make_booking(company, pickup_at=at(hour))
            make_shift(company)
        in_force(company)
        booking = Booking.objects.filter(company=company, status=S.ASSIGNED).earliest("pk")
        if has_moved:
            make_booking(company, pickup_at=at(17))
        with CaptureQueriesContext(connection) as queries:
            assert why(booking).others
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 21
