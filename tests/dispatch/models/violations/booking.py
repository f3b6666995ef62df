"""Bookings that must not be."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from dispatch.enums import Leg
from dispatch.models import Booking, Company
from tests.dispatch.models.violations.registry import violates
from tests.factories import (
    DAY,
    at,
    make_booking,
    make_company,
    make_outbound,
    make_patient,
    make_place,
    make_return,
    make_standing_order,
)

DONE: dict[str, Any] = {
    "status": "completed",
    "en_route_at": at(8, 40),
    "arrived_pickup_at": at(8, 58),
    "boarded_at": at(9, 3),
    "arrived_dropoff_at": at(9, 20),
    "alighted_at": at(9, 24),
}


def _done(company: Company, **fields: Any) -> Booking:
    return make_booking(company, **DONE | fields)


@violates("booking_reference")
def two_bookings_of_one_reference(company: Company) -> None:
    make_booking(company, reference="B-1")
    make_booking(company, reference="B-1")


@violates("booking_leg")
def third_leg(company: Company) -> None:
    make_booking(company, leg="third")


@violates("booking_priority")
def unknown_priority(company: Company) -> None:
    make_booking(company, priority="royal")


@violates("booking_status")
def unknown_status(company: Company) -> None:
    make_booking(company, status="lost in the fog")


@violates("booking_reason_fits_status")
def cancelled_without_reason(company: Company) -> None:
    make_booking(company, status="cancelled")


@violates("booking_reason_fits_status")
def cancelled_because_nobody_was_there(company: Company) -> None:
    make_booking(company, status="cancelled", status_reason="patient_absent")


@violates("booking_reason_fits_status")
def reason_without_outcome(company: Company) -> None:
    make_booking(company, status_reason="weather")


@violates("booking_series_complete")
def series_without_its_day(company: Company) -> None:
    order = make_standing_order(company)
    make_booking(company, patient=order.patient, standing_order=order)


@violates("booking_once_in_series")
def one_day_of_a_series_twice(company: Company) -> None:
    order = make_standing_order(company)
    for _twice in range(2):
        make_booking(company, patient=order.patient, standing_order=order, series_on=DAY)


@violates("booking_return_has_outbound")
def return_from_nowhere(company: Company) -> None:
    make_booking(company, leg=Leg.RETURN)


@violates("booking_return_has_outbound")
def single_with_outbound(company: Company) -> None:
    make_return(make_outbound(company), leg=Leg.SINGLE)


@violates("dispatch_booking_outbound_id_key")
def two_returns(company: Company) -> None:
    outbound = make_outbound(company)
    make_return(outbound)
    make_return(outbound, pickup_at=at(16))


@violates("booking_not_its_own_return")
def return_of_itself(company: Company) -> None:
    row = make_return(make_outbound(company))
    Booking.objects.filter(pk=row.pk).update(outbound=row)


@violates("booking_only_returns_on_call")
def outbound_on_call(company: Company) -> None:
    make_outbound(company, is_will_call=True)


@violates("booking_only_returns_on_call")
def same_driver_as_no_outbound(company: Company) -> None:
    make_booking(company, same_driver_as_outbound=True)


@violates("booking_ready_on_call")
def ready_without_call(company: Company) -> None:
    make_return(make_outbound(company), ready_at=at(13))


@violates("booking_goes_somewhere")
def journey_to_its_start(company: Company) -> None:
    home = make_place(company)
    make_booking(company, pickup=home, dropoff=home)


@violates("booking_promise_complete")
def promise_without_end(company: Company) -> None:
    make_booking(company, promised_to=None)


@violates("booking_promise_lasts")
def promise_of_no_time(company: Company) -> None:
    make_booking(company, promised_from=at(9), promised_to=at(9))


@violates("booking_promised")
def confirmed_without_promise(company: Company) -> None:
    make_booking(company, promised_from=None, promised_to=None)


@violates("booking_promised")
def ready_without_window(company: Company) -> None:
    make_return(make_outbound(company), is_will_call=True, ready_at=at(13))


@violates("booking_promised")
def assigned_before_the_call(company: Company) -> None:
    make_return(make_outbound(company), is_will_call=True, status="assigned")


@violates("booking_promised_on_its_day")
def promised_for_another_week(company: Company) -> None:
    make_booking(company, service_on=DAY + timedelta(days=7))


@violates("booking_promise_within_a_day")
def promise_of_a_day_and_a_minute(company: Company) -> None:
    make_booking(company, promised_from=at(9), promised_to=at(9, 1, day=DAY + timedelta(days=1)))


@violates("booking_appointment_within_a_day")
def appointment_the_day_after(company: Company) -> None:
    make_booking(company, appointment_at=at(9, day=DAY + timedelta(days=1)))


@violates("booking_appointment_after_pickup")
def appointment_before_pickup(company: Company) -> None:
    make_booking(company, appointment_at=at(8))


@violates("booking_escort_seats")
def five_escorts(company: Company) -> None:
    make_booking(company, escort_seats=5)


@violates("booking_status_has_its_moment")
def en_route_since_never(company: Company) -> None:
    make_booking(company, status="en_route")


@violates("booking_status_has_its_moment")
def arrived_never(company: Company) -> None:
    make_booking(company, status="arrived")


@violates("booking_status_has_its_moment")
def absent_where_nobody_was(company: Company) -> None:
    make_booking(company, status="no_show", status_reason="patient_absent")


@violates("booking_status_has_its_moment")
def on_board_since_never(company: Company) -> None:
    make_booking(company, status="on_board")


@violates("booking_status_has_its_moment")
def completed_without_end(company: Company) -> None:
    _done(company, alighted_at=None)


@violates("booking_moment_has_its_status")
def boarded_and_waiting(company: Company) -> None:
    make_booking(company, boarded_at=at(9))


@violates("booking_moment_has_its_status")
def boarded_and_absent(company: Company) -> None:
    _done(company, status="no_show", status_reason="patient_absent", alighted_at=None)


@violates("booking_moment_has_its_status")
def alighted_and_on_board(company: Company) -> None:
    _done(company, status="on_board")


@violates("booking_moment_has_its_status")
def absent_and_on_board(company: Company) -> None:
    _done(company, status="on_board", alighted_at=None, absent_at=at(9, 10))


@violates("booking_moments_in_order")
def given_up_before_arrival(company: Company) -> None:
    make_booking(
        company,
        status="no_show",
        status_reason="patient_absent",
        arrived_pickup_at=at(9),
        absent_at=at(8, 59),
    )


@violates("booking_late_changes_are_changes")
def more_late_changes_than_changes(company: Company) -> None:
    make_booking(company, plan_changes=1, late_plan_changes=2)


@violates("booking_late_changes_are_changes")
def late_changes_of_unknown_changes(company: Company) -> None:
    make_booking(company, plan_changes=None, late_plan_changes=0)


@violates("booking_moments_in_order")
def boarded_before_arrival(company: Company) -> None:
    _done(company, boarded_at=at(8, 50))


@violates("booking_moments_in_order")
def arrived_before_leaving(company: Company) -> None:
    _done(company, arrived_pickup_at=at(8, 30))


@violates("booking_moments_in_order")
def alighted_before_arrival(company: Company) -> None:
    _done(company, alighted_at=at(9, 19))


@violates("booking_moments_in_order")
def alighted_before_boarding_with_a_gap(company: Company) -> None:
    _done(company, arrived_dropoff_at=None, alighted_at=at(9))


@violates("booking_moments_in_order")
def there_before_boarding(company: Company) -> None:
    _done(company, arrived_dropoff_at=at(9))


@violates("booking_patient_same_company")
def foreign_patient(company: Company) -> None:
    make_booking(company, patient=make_patient(make_company()))


@violates("booking_standing_order_same_company")
def series_of_another_patient(company: Company) -> None:
    make_booking(company, standing_order=make_standing_order(company), series_on=DAY)


@violates("booking_outbound_same_company")
def return_of_another_patient(company: Company) -> None:
    make_return(make_outbound(company), patient=make_patient(company))


@violates("booking_status_moves")
def done_and_planned_again(company: Company) -> None:
    _done(company)
    company.bookings.update(status="confirmed", **dict.fromkeys(set(DONE) - {"status"}))


@violates("booking_status_moves")
def cancelled_and_on_board(company: Company) -> None:
    make_booking(company, status="cancelled", status_reason="weather")
    company.bookings.update(status="on_board", status_reason="", boarded_at=at(9))


@violates("booking_status_moves")
def on_board_from_home_at_once(company: Company) -> None:
    make_booking(company)
    company.bookings.update(status="on_board", boarded_at=at(9))
