"""Companies, members, places, patients and drivers that must not be."""

from __future__ import annotations

from datetime import time, timedelta

from dispatch.enums import PlaceKind, Role, Stance
from dispatch.models import (
    Absence,
    Company,
    DriverLicence,
    DriverSkill,
    DriverWish,
    Membership,
    Place,
    Skill,
    WeeklyShift,
)
from tests.dispatch.models.violations.registry import violates
from tests.factories import (
    DAY,
    make_driver,
    make_establishment,
    make_member,
    make_patient,
    make_place,
    make_user,
)


@violates("company_mode")
def unknown_mode(company: Company) -> None:
    Company.objects.filter(pk=company.pk).update(mode="whim")


@violates("membership_once")
def two_roles(company: Company) -> None:
    user = make_member(company, Role.ADMIN)
    Membership.objects.create(company=company, user=user, role=Role.DRIVER)


@violates("membership_role")
def unknown_role(company: Company) -> None:
    Membership.objects.create(company=company, user=make_user(), role="king")


@violates("place_kind")
def unknown_kind_of_place(company: Company) -> None:
    make_place(company, kind="moon")


@violates("place_quality")
def unknown_quality(company: Company) -> None:
    make_place(company, coordinates_quality="vague")


@violates("place_coordinates_known")
def exact_without_coordinates(company: Company) -> None:
    make_place(company, lat=None, coordinates_quality="exact")


@violates("place_coordinates_known")
def unknown_with_coordinates(company: Company) -> None:
    make_place(company, lat=46.2, coordinates_quality="unknown")


@violates("place_coordinates_known")
def half_a_position(company: Company) -> None:
    make_place(company, lat=46.2, lon=None, coordinates_quality="street")


@violates("place_coordinates_on_earth")
def beyond_the_pole(company: Company) -> None:
    make_place(company, lat=90.1)


@violates("place_coordinates_on_earth")
def beyond_the_date_line(company: Company) -> None:
    make_place(company, lon=-180.5)


@violates("place_not_its_own_parent")
def service_of_itself(company: Company) -> None:
    place = make_establishment(company)
    Place.objects.filter(pk=place.pk).update(parent=place)


@violates("place_service_of_establishment")
def home_inside_a_hospital(company: Company) -> None:
    make_place(company, kind=PlaceKind.HOME, parent=make_establishment())


@violates("place_private_has_company")
def home_for_everybody_to_see(company: Company) -> None:
    make_place(None, kind=PlaceKind.HOME)


@violates("patient_reference")
def two_patients_of_one_reference(company: Company) -> None:
    make_patient(company, reference="P-1")
    make_patient(company, reference="P-1")


@violates("patient_mobility")
def flying_patient(company: Company) -> None:
    make_patient(company, mobility="wings")


@violates("patient_birth_year")
def born_with_rome(company: Company) -> None:
    make_patient(company, birth_year=753)


@violates("patient_needs_in_bounds")
def a_bus_of_escorts(company: Company) -> None:
    make_patient(company, escort_seats=5)


@violates("patient_needs_in_bounds")
def two_hours_to_board(company: Company) -> None:
    make_patient(company, load_min=120)


@violates("patient_needs_in_bounds")
def no_ride_at_all(company: Company) -> None:
    make_patient(company, max_ride_min=0)


@violates("driver_wish_once")
def preferred_and_excluded(company: Company) -> None:
    patient, driver = make_patient(company), make_driver(company)
    DriverWish.objects.create(patient=patient, driver=driver, stance=Stance.PREFERRED)
    DriverWish.objects.create(patient=patient, driver=driver, stance=Stance.EXCLUDED)


@violates("driver_wish_stance")
def undecided(company: Company) -> None:
    DriverWish.objects.create(
        patient=make_patient(company), driver=make_driver(company), stance="perhaps"
    )


@violates("skill_code")
def one_skill_twice(company: Company) -> None:
    Skill.objects.create(company=company, code="oxygen", name="Oxygen")
    Skill.objects.create(company=company, code="oxygen", name="O₂")


@violates("driver_reference")
def two_drivers_of_one_reference(company: Company) -> None:
    make_driver(company, reference="D-1")
    make_driver(company, reference="D-1")


@violates("driver_kind")
def unknown_kind_of_driver(company: Company) -> None:
    make_driver(company, kind="stunt")


@violates("driver_skill_once")
def skilled_twice(company: Company) -> None:
    driver = make_driver(company, skills=("oxygen",))
    DriverSkill.objects.create(driver=driver, skill=driver.skills.get())


@violates("driver_licence_once")
def licensed_twice(company: Company) -> None:
    DriverLicence.objects.create(driver=make_driver(company), kind="B", expires_on=DAY)


@violates("driver_licence_kind")
def pilot(company: Company) -> None:
    DriverLicence.objects.create(driver=make_driver(company), kind="ATPL", expires_on=DAY)


def _weekly(company: Company, **fields: object) -> WeeklyShift:
    defaults: dict[str, object] = {"weekday": 0, "start": time(7), "end": time(16)}
    values = {"driver": make_driver(company)} | defaults | fields
    return WeeklyShift.objects.create(**values)


@violates("weekly_shift_once")
def twice_on_monday(company: Company) -> None:
    _weekly(company, driver=_weekly(company).driver)


@violates("weekly_shift_weekday")
def eighth_day(company: Company) -> None:
    _weekly(company, weekday=7)


@violates("weekly_shift_lasts")
def no_time_at_all(company: Company) -> None:
    _weekly(company, end=time(7))


@violates("weekly_shift_break_complete")
def break_without_length(company: Company) -> None:
    _weekly(company, break_earliest=time(11), break_latest=time(13))


@violates("weekly_shift_break_lasts")
def break_of_nothing(company: Company) -> None:
    _weekly(company, break_earliest=time(11), break_latest=time(13), break_min=0)


BREAK = {"break_earliest": time(11), "break_latest": time(13), "break_min": 30}


@violates("weekly_shift_break_inside")
def break_before_work(company: Company) -> None:
    _weekly(company, **BREAK | {"break_earliest": time(6)})


@violates("weekly_shift_break_inside")
def break_that_closes_first(company: Company) -> None:
    _weekly(company, **BREAK | {"break_latest": time(10)})


@violates("weekly_shift_break_inside")
def break_past_the_end(company: Company) -> None:
    _weekly(company, end=time(13, 29), **BREAK)


@violates("weekly_shift_break_inside")
def break_by_day_in_a_night(company: Company) -> None:
    _weekly(company, start=time(22), end=time(6), **BREAK)


@violates("weekly_shift_one_at_a_time")
def on_duty_twice(company: Company) -> None:
    first = _weekly(company)
    _weekly(company, driver=first.driver, start=time(15, 59), end=time(20))


@violates("weekly_shift_one_at_a_time")
def night_into_the_next_morning(company: Company) -> None:
    night = _weekly(company, start=time(22), end=time(7, 1))
    _weekly(company, driver=night.driver, weekday=1)


@violates("weekly_shift_one_at_a_time")
def sunday_night_into_monday(company: Company) -> None:
    night = _weekly(company, weekday=6, start=time(22), end=time(7, 1))
    _weekly(company, driver=night.driver)


def _absence(company: Company, **fields: object) -> Absence:
    values = {"driver": make_driver(company), "first_on": DAY, "last_on": DAY} | fields
    return Absence.objects.create(**values)


@violates("absence_reason")
def absent_for_a_whim(company: Company) -> None:
    _absence(company, reason="whim")


@violates("absence_lasts")
def back_before_leaving(company: Company) -> None:
    _absence(company, last_on=DAY - timedelta(days=1))


@violates("absence_no_overlap")
def absent_twice_on_the_last_day(company: Company) -> None:
    first = _absence(company, last_on=DAY + timedelta(days=3))
    _absence(company, driver=first.driver, first_on=first.last_on, last_on=first.last_on)
