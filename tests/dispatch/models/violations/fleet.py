"""Vehicles, shifts and series that must not be."""

from __future__ import annotations

from datetime import time, timedelta

from dispatch.models import (
    Company,
    SeatConfiguration,
    Shift,
    StandingOrderPause,
    Vehicle,
    VehicleUnavailability,
)
from tests.dispatch.models.violations.registry import violates
from tests.factories import (
    DAY,
    at,
    between,
    make_break,
    make_company,
    make_driver,
    make_patient,
    make_place,
    make_shift,
    make_standing_order,
    make_vehicle,
)


@violates("vehicle_plate")
def two_vehicles_of_one_plate(company: Company) -> None:
    make_vehicle(company, plate="GE 1")
    make_vehicle(company, plate="GE 1")


@violates("seat_configuration_way_in")
def wheelchair_place_behind_steps(company: Company) -> None:
    make_vehicle(company, wheelchairs=1, equipment=["oxygen"])


@violates("seat_configuration_way_in")
def ramp_taken_from_under_a_wheelchair(company: Company) -> None:
    van = make_vehicle(company, wheelchairs=1)
    Vehicle.objects.filter(pk=van.pk).update(equipment=[])


@violates("vehicle_equipment")
def ejection_seat(company: Company) -> None:
    make_vehicle(company, equipment=["ramp", "ejection seat"])


@violates("vehicle_licences")
def licence_to_kill(company: Company) -> None:
    make_vehicle(company, required_licences=["007"])


@violates("seat_configuration_once")
def the_same_seats_again(company: Company) -> None:
    vehicle = make_vehicle(company, seats=2, wheelchairs=0, folded_chairs=0)
    SeatConfiguration.objects.create(vehicle=vehicle, seats=2)


@violates("seat_configuration_takes_somebody")
def room_for_folded_chairs_only(company: Company) -> None:
    make_vehicle(company, seats=0, wheelchairs=0, folded_chairs=3)


@violates("seat_configuration_fits_a_vehicle")
def seats_of_a_train(company: Company) -> None:
    make_vehicle(company, seats=61)


def _unavailable(
    vehicle: Vehicle, *, start: int = 8, end: int = 12, reason: str = "service"
) -> None:
    VehicleUnavailability.objects.create(
        vehicle=vehicle, period=between(at(start), at(end)), reason=reason
    )


@violates("unavailability_reason")
def sulking_vehicle(company: Company) -> None:
    _unavailable(make_vehicle(company), reason="sulking")


@violates("unavailability_lasts")
def unavailable_for_no_time(company: Company) -> None:
    _unavailable(make_vehicle(company), start=8, end=8)


@violates("unavailability_no_overlap")
def unavailable_twice(company: Company) -> None:
    vehicle = make_vehicle(company)
    _unavailable(vehicle)
    _unavailable(vehicle, start=11, end=13)


@violates("shift_status")
def unknown_status_of_shift(company: Company) -> None:
    make_shift(company, status="maybe")


@violates("shift_lasts")
def shift_of_no_time(company: Company) -> None:
    make_shift(company, start=at(7), end=at(7))


@violates("shift_lasts")
def shift_without_end(company: Company) -> None:
    make_shift(company, period=(at(7), None))


@violates("shift_within_a_day")
def shift_of_a_day_and_a_minute(company: Company) -> None:
    make_shift(company, start=at(7), end=at(7, 1, day=DAY + timedelta(days=1)))


@violates("shift_max_trips")
def shift_for_no_trip(company: Company) -> None:
    make_shift(company, max_trips=0)


@violates("shift_one_per_driver")
def driver_in_two_vehicles(company: Company) -> None:
    driver = make_driver(company)
    make_shift(company, driver=driver)
    make_shift(company, driver=driver, start=at(18, 59), end=at(22))


@violates("shift_one_per_vehicle")
def two_drivers_at_one_wheel(company: Company) -> None:
    vehicle = make_vehicle(company)
    make_shift(company, vehicle=vehicle)
    make_shift(company, vehicle=vehicle, start=at(12), end=at(13))


@violates("shift_one_per_driver")
def cancelled_shift_comes_back_into_another(company: Company) -> None:
    driver = make_driver(company)
    cancelled = make_shift(company, driver=driver, status="cancelled")
    make_shift(company, driver=driver)
    Shift.objects.filter(pk=cancelled.pk).update(status="planned")


@violates("shift_driver_same_company")
def borrowed_driver(company: Company) -> None:
    make_shift(company, driver=make_driver(make_company()))


@violates("shift_vehicle_same_company")
def borrowed_vehicle(company: Company) -> None:
    make_shift(company, vehicle=make_vehicle(make_company()))


@violates("shift_break_window")
def break_that_closes_before_it_opens(company: Company) -> None:
    make_break(make_shift(company), earliest_at=at(13), latest_at=at(12))


@violates("shift_break_lasts")
def break_of_no_time(company: Company) -> None:
    make_break(make_shift(company), duration_min=0)


@violates("shift_break_inside")
def break_before_the_shift(company: Company) -> None:
    make_break(make_shift(company, start=at(12)))


@violates("shift_break_inside")
def break_past_the_end_of_the_shift(company: Company) -> None:
    make_break(make_shift(company, end=at(13, 29)))


@violates("shift_break_inside")
def shift_shortened_under_its_break(company: Company) -> None:
    pause = make_break(make_shift(company))
    Shift.objects.filter(pk=pause.shift_id).update(period=between(at(7), at(12)))


@violates("standing_return_mode")
def unknown_return(company: Company) -> None:
    make_standing_order(company, return_mode="by balloon")


@violates("standing_priority")
def unknown_priority_of_series(company: Company) -> None:
    make_standing_order(company, priority="royal")


@violates("standing_weekdays")
def series_on_no_day(company: Company) -> None:
    make_standing_order(company, weekdays=[])


@violates("standing_weekdays")
def series_on_the_eighth_day(company: Company) -> None:
    make_standing_order(company, weekdays=[0, 7])


@violates("standing_interval")
def series_without_interval(company: Company) -> None:
    make_standing_order(company, interval_weeks=0)


@violates("standing_lasts")
def series_that_ends_first(company: Company) -> None:
    make_standing_order(company, ends_on=DAY - timedelta(days=1))


@violates("standing_has_a_time")
def series_at_no_time(company: Company) -> None:
    make_standing_order(company, appointment_time=None)


@violates("standing_return_time")
def fixed_return_without_time(company: Company) -> None:
    make_standing_order(company, return_mode="fixed")


@violates("standing_return_time")
def return_on_call_with_time(company: Company) -> None:
    make_standing_order(company, return_mode="will_call", return_time=time(12))


@violates("standing_same_driver_has_return")
def same_driver_on_no_return(company: Company) -> None:
    make_standing_order(company, same_driver_return=True)


@violates("standing_goes_somewhere")
def series_in_a_circle(company: Company) -> None:
    home = make_place(company)
    make_standing_order(company, pickup=home, dropoff=home)


@violates("standingorder_patient_same_company")
def series_of_a_foreign_patient(company: Company) -> None:
    make_standing_order(company, patient=make_patient(make_company()))


@violates("standing_pause_lasts")
def pause_that_ends_first(company: Company) -> None:
    make_standing_order(company).pauses.create(first_on=DAY, last_on=DAY - timedelta(days=1))


@violates("standing_pause_no_overlap")
def paused_twice(company: Company) -> None:
    order = make_standing_order(company)
    StandingOrderPause.objects.create(standing_order=order, first_on=DAY, last_on=DAY)
    StandingOrderPause.objects.create(standing_order=order, first_on=DAY, last_on=DAY)
