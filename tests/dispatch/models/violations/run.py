"""Runs and assignments that must not be."""

from __future__ import annotations

from typing import Any

from django.db import connection

from dispatch.models import Company, DispatchRun, Unassigned
from tests.dispatch.models.violations.registry import violates
from tests.factories import (
    at,
    make_assignment,
    make_booking,
    make_company,
    make_driver,
    make_run,
    make_shift,
    make_user,
    make_vehicle,
)

RUNNING = {"status": "running", "started_at": at(6), "lease_until": at(6, 1)}
DONE = {
    "status": "done",
    "started_at": at(6),
    "finished_at": at(6, 1),
    "problem_hash": "0" * 64,
    "problem": {"trips": []},
    "plan": {"routes": []},
}


def _done(company: Company, **fields: Any) -> DispatchRun:
    return make_run(company, **DONE | fields)


@violates("run_version")
def one_version_twice(company: Company) -> None:
    make_run(company)
    make_run(company, version=1)


@violates("run_one_running")
def two_at_once(company: Company) -> None:
    make_run(company, **RUNNING)
    make_run(company, **RUNNING)


@violates("run_status")
def unknown_status_of_run(company: Company) -> None:
    make_run(company, status="dreaming")


@violates("run_trigger")
def unknown_trigger(company: Company) -> None:
    make_run(company, trigger="ghost")


@violates("run_running_has_lease")
def running_without_lease(company: Company) -> None:
    make_run(company, **RUNNING | {"lease_until": None})


@violates("run_done_has_plan")
def done_without_plan(company: Company) -> None:
    _done(company, plan=None)


@violates("run_done_has_plan")
def superseded_without_hash(company: Company) -> None:
    _done(company, status="superseded", problem_hash="")


@violates("run_failed_says_why")
def failed_in_silence(company: Company) -> None:
    make_run(company, status="failed", started_at=at(6), finished_at=at(7))


@violates("run_status_moves")
def done_before_it_ran(company: Company) -> None:
    make_run(company)
    company.runs.update(**DONE)


@violates("run_status_moves")
def put_aside_and_a_proposal_again(company: Company) -> None:
    _done(company, status="superseded")
    company.runs.update(status="done")


@violates("run_applied_is_done")
def applied_before_it_is_done(company: Company) -> None:
    make_run(company, **RUNNING, applied_at=at(7))


@violates("run_ends_after_start")
def finished_before_start(company: Company) -> None:
    _done(company, finished_at=at(5))


@violates("assignment_assigned_by")
def assigned_by_a_ghost(company: Company) -> None:
    make_assignment(make_booking(company), make_shift(company), assigned_by="ghost")


def _sql(statement: str, *values: int | str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@violates("booking_has_its_row")
def assigned_to_nobody(company: Company) -> None:
    row = make_booking(company)
    _sql("UPDATE dispatch_booking SET status = 'assigned' WHERE id = %s", row.pk)


@violates("booking_has_its_row")
def assigned_and_its_row_gone(company: Company) -> None:
    row = make_assignment(make_booking(company), make_shift(company))
    _sql("DELETE FROM dispatch_assignment WHERE id = %s", row.pk)


@violates("booking_has_its_row")
def confirmed_and_driven(company: Company) -> None:
    row = make_assignment(make_booking(company), make_shift(company))
    _sql("UPDATE dispatch_booking SET status = 'confirmed' WHERE id = %s", row.booking_id)


@violates("booking_has_its_row")
def cancelled_and_driven(company: Company) -> None:
    row = make_assignment(make_booking(company), make_shift(company))
    _sql("UPDATE dispatch_booking SET status = 'late_cancel', status_reason = 'other' WHERE id = %s",
         row.booking_id)  # fmt: skip


@violates("assignment_keeps_booking")
def of_another_booking(company: Company) -> None:
    row = make_assignment(make_booking(company), make_shift(company))
    other = make_booking(company)
    _sql("UPDATE dispatch_assignment SET booking_id = %s WHERE id = %s", other.pk, row.pk)


@violates("assignment_of_its_crew")
def by_a_driver_who_is_not_on_the_shift(company: Company) -> None:
    make_assignment(make_booking(company), make_shift(company), driver=make_driver(company))


@violates("assignment_keeps_crew")
def in_a_vehicle_of_another_shift(company: Company) -> None:
    row = make_assignment(make_booking(company), make_shift(company))
    van = make_vehicle(company)
    _sql("UPDATE dispatch_assignment SET vehicle_id = %s WHERE id = %s", van.pk, row.pk)


@violates("shift_hands_over")
def shift_of_another_driver_without_its_journeys(company: Company) -> None:
    row = make_assignment(make_booking(company), make_shift(company))
    other = make_driver(company)
    _sql("UPDATE dispatch_shift SET driver_id = %s WHERE id = %s", other.pk, row.shift_id)


@violates("assignment_lasts")
def journey_of_no_time(company: Company) -> None:
    make_assignment(make_booking(company), make_shift(company), start=at(9), end=at(9))


@violates("assignment_times_in_period")
def pickup_before_the_period(company: Company) -> None:
    make_assignment(make_booking(company), make_shift(company), planned_pickup_at=at(8))


@violates("assignment_times_in_period")
def dropoff_before_pickup(company: Company) -> None:
    make_assignment(
        make_booking(company),
        make_shift(company),
        start=at(9),
        planned_pickup_at=at(9, 20),
        planned_dropoff_at=at(9, 10),
    )


@violates("assignment_pinned_by")
def pinned_by_somebody_but_not_pinned(company: Company) -> None:
    make_assignment(make_booking(company), make_shift(company), pinned_by=make_user())


@violates("dispatch_assignment_booking_id_key")
def one_booking_twice(company: Company) -> None:
    booking = make_booking(company)
    make_assignment(booking, make_shift(company))
    make_assignment(booking, make_shift(company))


@violates("assignment_one_per_driver")
def driver_with_two_journeys(company: Company) -> None:
    shift = make_shift(company)
    make_assignment(make_booking(company), shift)
    make_assignment(make_booking(company), shift, vehicle=make_vehicle(company))


@violates("assignment_one_per_vehicle")
def vehicle_with_two_journeys(company: Company) -> None:
    shift = make_shift(company)
    make_assignment(make_booking(company), shift)
    make_assignment(make_booking(company), shift, driver=make_driver(company))


@violates("assignment_driver_in_one_vehicle")
def one_shared_ride_in_two_vehicles(company: Company) -> None:
    shift = make_shift(company)
    first = make_assignment(make_booking(company), shift)
    make_assignment(
        make_booking(company), shift, vehicle=make_vehicle(company), ride_group=first.ride_group
    )


@violates("assignment_vehicle_of_one_driver")
def one_shared_ride_with_two_drivers(company: Company) -> None:
    shift = make_shift(company)
    first = make_assignment(make_booking(company), shift)
    make_assignment(
        make_booking(company), shift, driver=make_driver(company), ride_group=first.ride_group
    )


@violates("assignment_booking_same_company")
def foreign_booking(company: Company) -> None:
    other = make_company()
    make_assignment(make_booking(other), make_shift(company), company=company)


@violates("assignment_shift_same_company")
def foreign_shift(company: Company) -> None:
    shift = make_shift(make_company())
    make_assignment(
        make_booking(company), shift, driver=make_driver(company), vehicle=make_vehicle(company)
    )


@violates("assignment_driver_same_company")
def foreign_driver(company: Company) -> None:
    make_assignment(make_booking(company), make_shift(company), driver=make_driver(make_company()))


@violates("assignment_vehicle_same_company")
def foreign_vehicle(company: Company) -> None:
    make_assignment(
        make_booking(company), make_shift(company), vehicle=make_vehicle(make_company())
    )


@violates("assignment_run_same_company")
def plan_of_another_company(company: Company) -> None:
    make_assignment(make_booking(company), make_shift(company), run=make_run(make_company()))


@violates("unassigned_once")
def unassigned_twice(company: Company) -> None:
    run, booking = make_run(company), make_booking(company)
    for _twice in range(2):
        Unassigned.objects.create(run=run, booking=booking, reason="capacity")


@violates("unassigned_reason")
def unassigned_for_a_whim(company: Company) -> None:
    Unassigned.objects.create(run=make_run(company), booking=make_booking(company), reason="whim")
