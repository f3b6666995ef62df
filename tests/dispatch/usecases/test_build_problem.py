"""The rows of a day become the engine's problem: windows, needs, what is done, what stays outside."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from dispatch.engine.other_times import moved_by
from dispatch.engine.problem import Load, Pooling, Visit
from dispatch.enums import (
    BookingStatus,
    DriverKind,
    Mobility,
    Priority,
    Rule,
    Stance,
    StatusReason,
    VisitKind,
)
from dispatch.models import Absence, Booking, Company, DriverWish, VehicleUnavailability
from dispatch.notes import Note, NoteKey
from dispatch.usecases.build_problem import BuiltProblem, build_problem
from dispatch.usecases.day_content import NothingToPlanError
from tests.factories import (
    DAY,
    at,
    between,
    bring,
    make_assignment,
    make_booking,
    make_break,
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

HOUR = 3600
MIN = 60


def built_at(company: Company, hour: int, minute: int = 0) -> BuiltProblem:
    return build_problem(company=company, day=DAY, now=at(hour, minute))


def set_status(booking: Booking, status: BookingStatus, **moments: object) -> None:
    bring(booking, status, **moments)


def test_an_empty_day_is_nothing_to_plan(company: Company) -> None:
    with pytest.raises(NothingToPlanError):
        built_at(company, 5)


def test_the_promised_window_is_the_pickup_window(company: Company) -> None:
    make_shift(company)
    make_booking(company, pickup_at=at(9))
    (trip,) = built_at(company, 5).problem.trips
    assert (trip.pickup.earliest_s, trip.pickup.latest_s) == (
        9 * HOUR - 5 * MIN,
        9 * HOUR + 15 * MIN,
    )


def test_an_appointment_bounds_the_arrival(company: Company) -> None:
    make_shift(company)
    make_booking(company, pickup_at=at(9), appointment_at=at(9, 30), priority=Priority.VITAL)
    make_booking(company, pickup_at=at(9), appointment_at=at(9, 50), priority=Priority.VITAL)
    first, second = built_at(company, 5).problem.trips
    assert first.dropoff.latest_s == 9 * HOUR + 30 * MIN
    # 45 min before is before the pickup; for the second it is 09:05.
    assert first.dropoff.earliest_s == 8 * HOUR + 55 * MIN
    assert second.dropoff.earliest_s == 9 * HOUR + 5 * MIN


def test_who_must_leave_early_may_arrive_early(company: Company) -> None:
    """Promised 07:55–08:15 for 12:00: arriving at 11:00 would mean riding for hours."""
    make_shift(company)
    booking = make_booking(company, pickup_at=at(8), appointment_at=at(12))
    (trip,) = built_at(company, 5).problem.trips
    ride = built_at(company, 5).problem.direct_s(trip)
    boarded = 8 * HOUR + 15 * MIN + booking.patient.boarding_min * MIN
    assert trip.dropoff.earliest_s == boarded + ride


def test_without_an_appointment_the_longest_ride_bounds_the_arrival(company: Company) -> None:
    make_shift(company)
    patient = make_patient(company, max_ride_min=40)
    make_booking(company, pickup_at=at(9), patient=patient)
    problem = built_at(company, 5).problem
    (trip,) = problem.trips
    boarded = 9 * HOUR + 15 * MIN + patient.boarding_min * MIN
    assert trip.dropoff.latest_s == boarded + problem.ride_limit_s(trip)


@pytest.mark.parametrize(
    ("mobility", "escorts", "load"),
    [
        (Mobility.WALKING, 0, Load(seats=1)),
        (Mobility.WALKING, 2, Load(seats=3)),
        (Mobility.WHEELCHAIR_FIXED, 1, Load(seats=1, wheelchairs=1)),
        (Mobility.WHEELCHAIR_FOLDABLE, 0, Load(seats=1, folded_chairs=1)),
        (Mobility.STRETCHER, 0, Load(stretchers=1)),
    ],
)
def test_mobility_decides_the_places(
    company: Company, mobility: Mobility, escorts: int, load: Load
) -> None:
    make_shift(company)
    patient = make_patient(company, mobility=mobility, escort_seats=escorts)
    make_booking(company, patient=patient)
    assert built_at(company, 5).problem.trips[0].load == load


def test_a_vehicles_oxygen_is_not_a_drivers_skill(company: Company) -> None:
    vehicle = make_vehicle(company, equipment=["ramp", "oxygen"])
    make_shift(company, vehicle=vehicle)
    make_booking(company, patient=make_patient(company, needs_oxygen=True))
    problem = built_at(company, 5).problem
    assert problem.trips[0].needs == {"skill:oxygen", "equipment:oxygen"}
    assert problem.trips[0].needs - problem.shifts[0].capabilities == {"skill:oxygen"}


def test_wishes_about_drivers_are_kept(company: Company) -> None:
    liked, feared = make_driver(company), make_driver(company)
    make_shift(company, driver=liked)
    patient = make_patient(company)
    DriverWish.objects.create(patient=patient, driver=liked, stance=Stance.PREFERRED)
    DriverWish.objects.create(patient=patient, driver=feared, stance=Stance.EXCLUDED)
    make_booking(company, patient=patient)
    (trip,) = built_at(company, 5).problem.trips
    assert trip.preferred_drivers == {f"d{liked.pk}"}
    assert trip.excluded_drivers == {f"d{feared.pk}"}


def test_a_return_may_ask_for_the_driver_of_its_outbound(company: Company) -> None:
    make_shift(company)
    outbound = make_outbound(company)
    way_back = make_return(outbound, same_driver_as_outbound=True)
    trips = built_at(company, 5).problem.trip_by_id
    assert trips[f"b{way_back.pk}"].same_driver_as == f"b{outbound.pk}"
    assert trips[f"b{outbound.pk}"].same_driver_as is None


def test_a_return_on_call_is_no_trip_until_its_patient_is_ready(company: Company) -> None:
    make_shift(company)
    outbound = make_outbound(company)
    make_return(outbound, is_will_call=True)
    assert [trip.id for trip in built_at(company, 5).problem.trips] == [f"b{outbound.pk}"]


def test_unknown_coordinates_are_named_and_never_planned(company: Company) -> None:
    make_shift(company)
    lost = make_place(company, lat=None, lon=None, coordinates_quality="unknown")
    booking = make_booking(company, pickup=lost)
    built = built_at(company, 5)
    assert built.problem.trips == ()
    (left,) = built.unplannable
    assert (left.trip, left.reason, left.advice) == (
        f"b{booking.pk}",
        Rule.UNKNOWN_COORDINATES,
        "locate",
    )


def test_a_window_that_has_passed_is_named(company: Company) -> None:
    make_shift(company)
    make_booking(company, pickup_at=at(9))
    built = built_at(company, 10)
    assert [item.reason for item in built.unplannable] == [Rule.TIME_WINDOW]


def test_the_companys_rules_are_the_engines(company: Company) -> None:
    company.settings = {"pooling_enabled": False, "transition_margin_min": 5}
    company.save()
    make_shift(company)
    settings = built_at(company, 5).problem.settings
    assert settings.pooling is None
    assert settings.transition_margin_s == 300


def test_pooling_takes_the_companys_limits(company: Company) -> None:
    make_shift(company)
    assert built_at(company, 5).problem.settings.pooling == Pooling(
        same_area=True, max_pickup_gap_s=600, max_detour_s=900
    )


def test_a_shift_brings_its_hours_places_breaks_and_kind(company: Company) -> None:
    driver = make_driver(company, kind=DriverKind.EMERGENCY)
    shift = make_shift(company, driver=driver, max_trips=7)
    make_break(shift)
    (found,) = built_at(company, 5).problem.shifts
    assert (found.start_s, found.end_s) == (7 * HOUR, 19 * HOUR)
    assert (found.is_emergency, found.max_trips) == (True, 7)
    (pause,) = found.breaks
    assert (pause.earliest_s, pause.latest_s, pause.duration_s) == (
        11 * HOUR + 30 * MIN,
        13 * HOUR,
        30 * MIN,
    )


def test_a_shift_knows_its_rostered_end_beside_the_overtime_it_may_work(company: Company) -> None:
    company.settings = {"max_overtime_min": 30, "weights": {"overtime": 3}}
    company.save()
    make_shift(company)
    problem = built_at(company, 5).problem
    (found,) = problem.shifts
    assert (found.rostered_end_s, found.end_s) == (19 * HOUR, 19 * HOUR + 30 * MIN)
    assert problem.settings.weights.overtime_per_s == 3


def test_shifts_that_cannot_drive_stay_out_with_a_note(company: Company) -> None:
    ill, parked = make_shift(company), make_shift(company)
    nobody = make_shift(company, driver=make_driver(company, active=False))
    Absence.objects.create(driver=ill.driver, first_on=DAY, last_on=DAY)
    VehicleUnavailability.objects.create(vehicle=parked.vehicle, period=between(at(6), at(20)))
    homeless = make_shift(company)
    lost = make_place(company, lat=None, lon=None, coordinates_quality="unknown")
    type(homeless).objects.filter(pk=homeless.pk).update(start_place=lost)
    make_booking(company)
    built = built_at(company, 5)
    assert built.problem.shifts == ()
    assert set(built.notes) == {
        Note.of(NoteKey.NO_ROAD_SERVER),
        Note.of(NoteKey.SHIFT_DRIVER_ABSENT, shift=f"s{ill.pk}"),
        Note.of(NoteKey.SHIFT_VEHICLE_AWAY, shift=f"s{parked.pk}"),
        Note.of(NoteKey.SHIFT_DRIVER_LEFT, shift=f"s{nobody.pk}"),
        Note.of(NoteKey.SHIFT_NO_BASE, shift=f"s{homeless.pk}"),
    }


def test_trips_of_the_earlier_days_count_for_fairness(company: Company) -> None:
    shift = make_shift(company)
    for days_ago in (1, 6, 7):
        day = DAY - timedelta(days=days_ago)
        old_shift = make_shift(
            company,
            driver=shift.driver,
            vehicle=shift.vehicle,
            start=at(7, day=day),
            end=at(19, day=day),
        )
        make_assignment(make_booking(company, pickup_at=at(9, day=day)), old_shift)
    (found,) = built_at(company, 5).problem.shifts
    assert found.recent_trips == 2  # a window of seven days: today and the six before
    assert found.recent_duty_s == 2 * 12 * HOUR


def test_a_shift_past_midnight_serves_the_second_day_from_where_the_first_left_it(
    company: Company,
) -> None:
    eve = DAY - timedelta(days=1)
    night = make_shift(company, start=at(22, day=eve), end=at(6))
    late = make_booking(company, pickup_at=at(23, 50, day=eve))
    make_assignment(late, night, start=at(23, 50, day=eve), end=at(0, 40))
    make_booking(company, pickup_at=at(3))
    problem = built_at(company, 0).problem
    (found,) = problem.shifts
    assert (found.start_s, found.end_s) == (40 * MIN, 6 * HOUR)
    assert found.start_location not in {found.end_location, problem.trips[0].pickup.location}
    assert found.max_trips == company.rules.max_trips_per_shift - 1
    (eve_shift,) = build_problem(company=company, day=eve, now=at(20, day=eve)).problem.shifts
    assert eve_shift.end_location == eve_shift.start_location  # the second day has no plan yet


def test_the_first_day_of_a_night_shift_ends_where_the_second_begins(company: Company) -> None:
    eve = DAY - timedelta(days=1)
    night = make_shift(company, start=at(22, day=eve), end=at(6))
    make_booking(company, pickup_at=at(23, day=eve))
    early = make_booking(company, pickup_at=at(1))
    for booking, start in ((early, at(1)), (make_booking(company, pickup_at=at(4)), at(4))):
        make_assignment(booking, night, start=start, end=start + timedelta(minutes=30))
    problem = build_problem(company=company, day=eve, now=at(20, day=eve)).problem
    (found,) = problem.shifts
    assert found.end_s == 25 * HOUR
    assert found.end_location not in {found.start_location, problem.trips[0].pickup.location}


class TestADayThatHasBegun:
    def test_a_completed_trip_leaves_the_vehicle_where_it_ended(self, company: Company) -> None:
        shift = make_shift(company)
        done = make_booking(company, pickup_at=at(8))
        make_assignment(done, shift, is_over=True)
        set_status(
            done,
            BookingStatus.COMPLETED,
            arrived_pickup_at=at(8),
            boarded_at=at(8, 5),
            arrived_dropoff_at=at(8, 20),
            alighted_at=at(8, 25),
        )
        make_booking(company, pickup_at=at(11))
        problem = built_at(company, 9).problem
        (found,) = problem.shifts
        assert len(problem.trips) == 1
        assert found.start_s == 9 * HOUR  # free since 08:25, but the past is past
        assert found.recent_trips == 1
        assert found.start_location != found.end_location

    def test_whoever_waited_in_vain_sets_off_from_that_door(self, company: Company) -> None:
        shift = make_shift(company)
        absent = make_booking(company, pickup_at=at(8))
        make_assignment(absent, shift, is_over=True)
        set_status(
            absent,
            BookingStatus.NO_SHOW,
            status_reason=StatusReason.PATIENT_ABSENT.value,
            arrived_pickup_at=at(8),
            absent_at=at(8, 15),
        )
        make_booking(company, pickup_at=at(11), pickup=absent.pickup)
        problem = built_at(company, 8, 30).problem
        (found,) = problem.shifts
        (trip,) = problem.trips
        assert (found.start_s, found.start_location) == (8 * HOUR + 1800, trip.pickup.location)
        assert found.recent_trips == 0

    def test_a_patient_on_board_is_committed(self, company: Company) -> None:
        shift = make_shift(company)
        riding = make_booking(company, pickup_at=at(9))
        make_assignment(riding, shift, start=at(9), end=at(9, 40))
        set_status(riding, BookingStatus.ON_BOARD, arrived_pickup_at=at(9), boarded_at=at(9, 6))
        problem = built_at(company, 9, 10).problem
        (found,) = problem.shifts
        reference = f"b{riding.pk}"
        assert found.committed == (
            Visit(reference, VisitKind.PICKUP),
            Visit(reference, VisitKind.DROPOFF),
        )
        assert found.start_s == 9 * HOUR + 6 * MIN
        assert problem.trip_by_id[reference].pickup.service_s == 0

    def test_what_is_within_the_freeze_time_is_committed(self, company: Company) -> None:
        shift = make_shift(company)
        soon, later = (
            make_booking(company, pickup_at=at(9)),
            make_booking(company, pickup_at=at(12)),
        )
        for booking in (soon, later):
            make_assignment(booking, shift)
            set_status(booking, BookingStatus.ASSIGNED)
        (found,) = built_at(company, 8, 45).problem.shifts
        assert {visit.id for visit in found.committed} == {f"b{soon.pk}"}

    def test_a_late_vehicle_keeps_its_trip(self, company: Company) -> None:
        """On board until about 10:10 for a pickup promised until 09:15: the window is stretched."""
        shift = make_shift(company)
        riding = make_booking(company, pickup_at=at(8))
        waiting = make_booking(company, pickup_at=at(9))
        for booking, start in ((riding, at(8)), (waiting, at(9))):
            make_assignment(booking, shift, start=start, end=start + timedelta(minutes=30))
            set_status(booking, BookingStatus.ASSIGNED)
        set_status(riding, BookingStatus.ON_BOARD, arrived_pickup_at=at(9, 50), boarded_at=at(10))
        problem = built_at(company, 10).problem
        assert problem.trip_by_id[f"b{waiting.pk}"].pickup.latest_s > 10 * HOUR

    def test_a_break_that_is_over_is_not_asked_for_again(self, company: Company) -> None:
        shift = make_shift(company)
        make_break(shift)
        booking = make_booking(company, pickup_at=at(15))
        make_assignment(booking, shift)
        set_status(booking, BookingStatus.ASSIGNED)
        (found,) = built_at(company, 14).problem.shifts
        assert found.breaks == ()


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (DAY, 24)]
)
def test_traffic_has_one_factor_an_hour_of_that_very_day(
    company: Company, day: date, hours: int
) -> None:
    make_shift(company, start=at(7, day=day), end=at(19, day=day))
    built = build_problem(company=company, day=day, now=at(5, day=day))
    profile = built.problem.travel.traffic_permille
    assert len(profile) == hours
    # 08:00 on the wall is rush hour whatever the clocks did in the night.
    assert profile[8 + hours - 24] == company.rules.traffic_permille[8]


@pytest.mark.parametrize(
    ("key", "minutes", "has_appointment"),
    [
        ("later", 10, False),
        ("later", 30, False),  # past nine, where every way takes three times as long
        ("earlier", 25, False),
        ("later", 10, True),
        ("earlier", 10, True),
    ],
)
def test_a_trip_is_imagined_at_other_times_as_it_is_read_once_a_person_gave_them(
    key: str, minutes: int, has_appointment: bool
) -> None:
    """Half past eight to nine, five leagues along the lake; without an appointment the longest ride ends it."""
    company = make_company(settings={"traffic_permille": [1000] * 9 + [3000] * 15})
    make_shift(company)
    booking = make_booking(
        company,
        promised_from=at(8, 30),
        promised_to=at(9),
        dropoff=make_place(company, lat=46.35),
        appointment_at=at(9, 50) if has_appointment else None,
    )
    read = build_problem(company=company, day=DAY, now=at(5)).problem
    imagined = moved_by(read, read.trips[0], key, minutes)
    given = timedelta(minutes=minutes)
    earlier, later = (given, timedelta()) if key == "earlier" else (timedelta(), given)
    booking.promised_from, booking.promised_to = at(8, 30) - earlier, at(9) + later
    booking.save()
    assert build_problem(company=company, day=DAY, now=at(5)).problem.trips[0] == imagined
