"""Links into another company, and rows that would move there."""

from __future__ import annotations

from datetime import time, timedelta

from django.utils import timezone

from dispatch.enums import Role
from dispatch.models import (
    Company,
    DriverSkill,
    DriverWish,
    Membership,
    Place,
    Skill,
    Unassigned,
    WeeklyShift,
)
from tests.dispatch.models.violations.registry import violates
from tests.factories import (
    make_assignment,
    make_booking,
    make_company,
    make_driver,
    make_establishment,
    make_member,
    make_patient,
    make_place,
    make_run,
    make_shift,
    make_standing_order,
    make_vehicle,
)


def _elsewhere() -> Place:
    return make_place(make_company())


@violates("company_base_same_company")
def base_of_a_rival(company: Company) -> None:
    Company.objects.filter(pk=company.pk).update(base=_elsewhere())


@violates("place_parent_same_company")
def ward_of_a_foreign_hospital(company: Company) -> None:
    make_establishment(company, parent=make_establishment(make_company()))


@violates("place_parent_same_company")
def public_ward_of_a_private_hospital(company: Company) -> None:
    make_establishment(None, parent=make_establishment(company))


@violates("vehicle_base_same_company")
def garage_of_a_rival(company: Company) -> None:
    make_vehicle(company, base=_elsewhere())


@violates("patient_home_same_company")
def home_known_to_another(company: Company) -> None:
    make_patient(company, home=_elsewhere())


@violates("shift_start_place_same_company")
def shift_from_elsewhere(company: Company) -> None:
    make_shift(company, start_place=_elsewhere())


@violates("shift_end_place_same_company")
def shift_to_elsewhere(company: Company) -> None:
    make_shift(company, end_place=_elsewhere())


@violates("standingorder_pickup_same_company")
def series_from_elsewhere(company: Company) -> None:
    make_standing_order(company, pickup=_elsewhere())


@violates("standingorder_dropoff_same_company")
def series_to_elsewhere(company: Company) -> None:
    make_standing_order(company, dropoff=_elsewhere())


@violates("booking_pickup_same_company")
def journey_from_elsewhere(company: Company) -> None:
    make_booking(company, pickup=_elsewhere())


@violates("booking_dropoff_same_company")
def journey_led_elsewhere_later(company: Company) -> None:
    row = make_booking(company)
    type(row).objects.filter(pk=row.pk).update(dropoff=_elsewhere())


@violates("company_time_zone")
def clocks_of_mars(company: Company) -> None:
    Company.objects.filter(pk=company.pk).update(time_zone="Mars/X")


@violates("company_time_zone")
def name_that_reads_as_an_offset(_company: Company) -> None:
    make_company(time_zone="Mars/X3")


@violates("company_time_zone")
def zone_written_otherwise(_company: Company) -> None:
    make_company(time_zone="europe/zurich")


@violates("company_time_zone")
def clock_of_the_machine(_company: Company) -> None:
    make_company(time_zone="localtime")


@violates("company_keeps_time_zone")
def other_clocks_for_what_is_promised(company: Company) -> None:
    make_booking(company, status="draft")
    Company.objects.filter(pk=company.pk).update(time_zone="America/Montreal")


@violates("company_keeps_time_zone")
def other_clocks_for_a_coming_shift(company: Company) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    make_shift(company, start=tomorrow, end=tomorrow + timedelta(hours=8))
    Company.objects.filter(pk=company.pk).update(time_zone="America/Montreal")


def _foreign_skill() -> Skill:
    return Skill.objects.create(company=make_company(), code="oxygen", name="Oxygen")


@violates("driverskill_skill_same_company")
def skill_of_another_house(company: Company) -> None:
    DriverSkill.objects.create(driver=make_driver(company), skill=_foreign_skill())


@violates("driverskill_skill_same_company")
def skill_handed_to_a_foreign_driver(company: Company) -> None:
    held = make_driver(company, skills=("oxygen",)).driver_skills.get()
    DriverSkill.objects.filter(pk=held.pk).update(driver=make_driver(make_company()))


@violates("weeklyshift_vehicle_same_company")
def usual_vehicle_of_a_rival(company: Company) -> None:
    WeeklyShift.objects.create(
        driver=make_driver(company),
        vehicle=make_vehicle(make_company()),
        weekday=0,
        start=time(7),
        end=time(16),
    )


@violates("driverwish_driver_same_company")
def wish_for_a_rival(company: Company) -> None:
    DriverWish.objects.create(
        patient=make_patient(company), driver=make_driver(make_company()), stance="excluded"
    )


@violates("unassigned_booking_same_company")
def unserved_by_another_carrier(company: Company) -> None:
    Unassigned.objects.create(
        run=make_run(company), booking=make_booking(make_company()), reason="capacity"
    )


@violates("membership_keeps_company")
def role_that_moves(company: Company) -> None:
    mine = Membership.objects.filter(user=make_member(company, Role.DISPATCHER))
    mine.update(company=make_company())


@violates("place_keeps_company")
def place_that_moves(company: Company) -> None:
    Place.objects.filter(pk=make_place(company).pk).update(company=make_company())


@violates("place_keeps_company")
def place_that_becomes_public(company: Company) -> None:
    Place.objects.filter(pk=make_establishment(company).pk).update(company=None)


@violates("skill_keeps_company")
def skill_that_moves(company: Company) -> None:
    company.skills.create(code="oxygen", name="Oxygen")
    company.skills.update(company=make_company())


@violates("driver_keeps_company")
def driver_that_moves(company: Company) -> None:
    make_driver(company)
    company.drivers.update(company=make_company())


@violates("vehicle_keeps_company")
def vehicle_that_moves(company: Company) -> None:
    make_vehicle(company)
    company.vehicles.update(company=make_company())


@violates("patient_keeps_company")
def patient_that_moves(company: Company) -> None:
    make_patient(company, home=None)
    company.patients.update(company=make_company())


@violates("shift_keeps_company")
def shift_that_moves(company: Company) -> None:
    make_shift(company)
    company.shifts.update(company=make_company())


@violates("standingorder_keeps_company")
def series_that_moves(company: Company) -> None:
    make_standing_order(company)
    company.standing_orders.update(company=make_company())


@violates("booking_keeps_company")
def journey_that_moves(company: Company) -> None:
    make_booking(company)
    company.bookings.update(company=make_company())


@violates("dispatchrun_keeps_company")
def plan_that_moves(company: Company) -> None:
    make_run(company)
    company.runs.update(company=make_company())


@violates("assignment_keeps_company")
def assignment_that_moves(company: Company) -> None:
    make_assignment(make_booking(company), make_shift(company))
    company.assignments.update(company=make_company())
