"""The demo company: reproducible, valid in every row, with a past that can be measured and days to plan."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import models
from django.db.models import Q

from dispatch.engine.construct import construct
from dispatch.engine.kpi import Kpi
from dispatch.engine.rules import hard_violations
from dispatch.enums import BookingStatus, CoordinatesQuality, Leg, Mobility, PlaceKind, Role
from dispatch.models import (
    Assignment,
    Booking,
    Company,
    CompanySettings,
    Driver,
    Membership,
    Patient,
    Place,
    SeatConfiguration,
    Shift,
    StandingOrder,
    User,
    Vehicle,
    WeeklyShift,
)
from dispatch.models.people import DOOR_TO_DOOR_MIN, LOAD_MIN, STAIRS_MIN, UNLOAD_MIN
from dispatch.models.statuses import OPEN, OUTCOMES
from dispatch.twin import population as twin
from dispatch.twin.carrier import LARGE, SMALL, TRAFFIC_PERMILLE
from dispatch.twin.demand import make_day
from dispatch.usecases.build_problem import build_problem
from dispatch.usecases.measure_day import recorded_kpis
from dispatch.usecases.seed_demo import DEMO_PASSWORD, DemoRefusedError, Seeded, seed_demo

pytestmark = pytest.mark.django_db

ZONE = ZoneInfo("Europe/Zurich")
TODAY = date(2026, 6, 17)  # a Wednesday
NOON = datetime(2026, 6, 17, 12, 0, tzinfo=ZONE).astimezone(UTC)
REACH = timedelta(days=7)


def seed(**fields: Any) -> Seeded:
    arguments: dict[str, Any] = {"now": NOON, "carrier": SMALL}
    return seed_demo(**arguments | fields)


def facts() -> list[tuple[Any, ...]]:
    """What a second company of the same seed must have in common with the first."""
    bookings = Booking.objects.order_by("reference").values_list(
        "reference", "status", "promised_from", "alighted_at", "patient__last_name", "pickup__name"
    )
    shifts = Shift.objects.order_by("period", "driver__reference").values_list(
        "period", "driver__reference", "vehicle__plate"
    )
    return [*bookings, *shifts]


# What is written -----------------------------------------------------------------------------


def test_it_writes_the_company_with_its_people_and_fifteen_days():
    seeded = seed()
    company = seeded.company
    assert seeded.is_new
    assert company.mode == "semi_auto"
    assert (seeded.patients, seeded.drivers, seeded.vehicles) == (140, 10, 6)
    assert seeded.bookings == Booking.objects.filter(company=company).count()
    days = set(Booking.objects.values_list("service_on", flat=True))
    assert min(days) >= TODAY - REACH
    assert max(days) <= TODAY + REACH
    assert len(days) == 15
    assert company.base is not None
    assert company.base.kind == PlaceKind.BASE


def test_a_day_has_the_requests_of_its_demand_and_the_duties_of_its_rota():
    seed()
    for ahead in (-3, 2):
        day = TODAY + timedelta(days=ahead)
        demand = make_day(SMALL, 1, day)
        rows = Booking.objects.on_day(day).exclude(reference__contains="-S")
        wanted = [r for r in demand.requests if ahead < 0 or not r.is_urgent]
        assert {row.reference for row in rows} == {
            f"B-{day:%y%m%d}-{r.index + 1:03d}" for r in wanted
        }
        drivers = Shift.objects.filter(period__startswith__date=day).values_list(
            "driver__reference", flat=True
        )
        assert sorted(drivers) == sorted(f"D-{duty.driver + 1:03d}" for duty in demand.duties)


@pytest.mark.slow
def test_every_row_is_one_that_a_form_would_accept_too():
    """bulk_create asks only the database; `full_clean` asks the models as well."""
    seed()
    kinds: list[type[models.Model]] = [
        Company, Place, Patient, Driver, Vehicle, SeatConfiguration, WeeklyShift, Shift,
        StandingOrder, Booking, Assignment,
    ]  # fmt: skip
    for kind in kinds:
        rows = list(kind._default_manager.all())
        assert rows, kind
        for row in rows:
            row.full_clean(validate_unique=False, validate_constraints=False)


def test_who_lives_in_an_invented_street_is_known_to_the_centroid_only():
    seed()
    homes = Place.objects.filter(kind=PlaceKind.HOME)
    assert set(homes.values_list("coordinates_quality", flat=True)) == {CoordinatesQuality.CENTROID}
    houses = Place.objects.filter(kind=PlaceKind.ESTABLISHMENT, parent=None)
    assert set(houses.values_list("coordinates_quality", flat=True)) == {CoordinatesQuality.STREET}
    assert all(booking.coordinates_known for booking in Booking.objects.with_plan_relations())


def test_dialysis_bookings_belong_to_their_standing_order_on_each_of_its_days():
    seed()
    for order in StandingOrder.objects.all():
        rows = order.bookings.all()
        asked = [
            TODAY + timedelta(days=n)
            for n in range(-7, 8)
            if order.occurs_on(TODAY + timedelta(days=n))
        ]
        assert sorted(rows.values_list("series_on", "leg")) == sorted(
            (day, leg.value) for day in asked for leg in (Leg.OUTBOUND, Leg.RETURN)
        )
        for row in rows.filter(leg=Leg.OUTBOUND).exclude(status=BookingStatus.CANCELLED):
            assert row.appointment_at.astimezone(ZONE).time() == order.appointment_time


def test_one_user_a_role_signs_in_with_the_printed_password():
    seeded = seed()
    assert set(seeded.users) == {role.value for role in Role}
    for role in Role:
        user = User.objects.get(username=role.value)
        assert user.check_password(DEMO_PASSWORD)
        assert Membership.objects.get(user=user, company=seeded.company).role == role
    driver = Driver.objects.get(user__username="driver")
    assert driver.company == seeded.company
    start, end = seeded.company.day_bounds(TODAY)
    assert Shift.objects.filter(driver=driver, period__overlap=(start, end)).exists()
    assert not User.objects.filter(is_superuser=True).exists()


def test_a_user_who_was_there_keeps_their_password_and_rights():
    User.objects.create_user(username="admin", password="a-secret-of-their-own")
    seeded = seed()
    admin = User.objects.get(username="admin")
    assert "admin" not in seeded.users
    assert admin.check_password("a-secret-of-their-own")
    assert not admin.is_superuser


# Time ----------------------------------------------------------------------------------------


def test_the_past_has_outcomes_the_future_is_open_and_today_is_under_way():
    seed()
    past = Booking.objects.filter(service_on__lt=TODAY)
    assert {BookingStatus(status) for status in past.values_list("status", flat=True)} <= OUTCOMES
    assert past.filter(status=BookingStatus.COMPLETED).count() > 0.85 * past.count()
    ahead = Booking.objects.filter(service_on__gt=TODAY)
    assert set(ahead.values_list("status", flat=True)) <= {
        BookingStatus.CONFIRMED,
        BookingStatus.CANCELLED,
    }
    assert not Assignment.objects.filter(booking__in=ahead).exists()
    today = Counter(Booking.objects.on_day(TODAY).values_list("status", flat=True))
    assert today[BookingStatus.COMPLETED] > 0
    assert today[BookingStatus.CONFIRMED] > 0


@pytest.mark.parametrize(
    "now",
    [
        pytest.param(datetime(2026, 6, 17, 0, 10, tzinfo=ZONE), id="just after midnight"),
        pytest.param(datetime(2026, 6, 17, 9, 20, tzinfo=ZONE), id="morning peak"),
        pytest.param(datetime(2026, 6, 17, 23, 50, tzinfo=ZONE), id="just before midnight"),
        pytest.param(datetime(2026, 3, 29, 13, 0, tzinfo=ZONE), id="the day of 23 hours"),
        pytest.param(datetime(2026, 10, 25, 13, 0, tzinfo=ZONE), id="the day of 25 hours"),
    ],
)
def test_nothing_is_recorded_after_now_whatever_the_hour(now):
    seed(now=now.astimezone(UTC), days=2)
    for field in ("created_at", "en_route_at", "boarded_at", "alighted_at", "ready_at"):
        assert not Booking.objects.filter(**{f"{field}__gt": now}).exists(), field
    waiting = Booking.objects.filter(is_will_call=True, ready_at=None, status__in=OPEN)
    assert not waiting.filter(promised_from__isnull=False).exists()
    for row in Booking.objects.exclude(promised_from=None):
        assert row.promised_from.astimezone(ZONE).date() == row.service_on


def test_the_recorded_week_has_measurable_kpis():
    company = seed().company
    days = [TODAY - timedelta(days=n) for n in range(1, 8)]
    values = {value.key: value for value in recorded_kpis(company=company, days=days, now=NOON)}
    for key in (Kpi.PICKUP_ON_TIME, Kpi.APPOINTMENT_ON_TIME, Kpi.ASSIGNMENT_RATE):
        assert values[key].coverage == 1
        assert values[key].counted >= 20
        assert (values[key].value or 0) > 0.85


@pytest.mark.parametrize("ahead", [0, 1, 2])
def test_the_day_can_be_planned_from_where_it_stands(ahead):
    company = seed().company
    built = build_problem(company=company, day=TODAY + timedelta(days=ahead), now=NOON)
    plan = construct(built.problem)
    assert built.problem.trips
    assert not hard_violations(built.problem, plan)
    assert len(plan.shift_of) >= 0.99 * len(built.problem.trips)


# Again, anew, elsewhere ----------------------------------------------------------------------


def test_journeys_that_have_ended_keep_nobody_busy():
    seed()
    over = Q(booking__status__in=[status.value for status in OUTCOMES])
    assert Assignment.objects.filter(over, is_over=True).exists()
    assert not Assignment.objects.filter(over, is_over=False).exists()
    assert not Assignment.objects.filter(~over, is_over=True).exists()


def test_a_second_time_nothing_is_written():
    seed()
    before = facts()
    again = seed(seed=99)
    assert not again.is_new
    assert again.users == ()
    assert facts() == before


def test_reset_makes_the_same_company_again_and_another_seed_another_one():
    first = seed()
    before = facts()
    second = seed(is_reset=True)
    assert second.is_new
    assert second.company.pk != first.company.pk
    assert facts() == before
    seed(is_reset=True, seed=2)
    assert facts() != before
    assert Company.objects.count() == 1


def test_both_companies_share_the_public_places_and_nothing_else():
    small = seed(days=0).company
    public = Place.objects.filter(company=None).count()
    # A day ahead: nothing has happened yet.
    large = seed(carrier=LARGE, days=0, on=TODAY + timedelta(days=1))
    assert Place.objects.filter(company=None).count() == public
    assert large.vehicles == 26
    assert large.users == ()
    assert 180 < large.bookings < 270
    assert Driver.objects.get(user__username="driver").company == small
    assert Membership.objects.filter(user__username="admin").count() == 2
    # A driver who signs in sees the company they drive for.
    assert Membership.objects.get(user__username="driver").company == small


def test_production_is_refused_and_nothing_is_written(settings):
    settings.ENVIRONMENT = "prod"
    with pytest.raises(DemoRefusedError):
        seed()
    assert not Company.objects.exists()
    assert not User.objects.exists()


def test_the_number_of_queries_does_not_grow_with_the_bookings(django_assert_max_num_queries):
    with django_assert_max_num_queries(60 + 15 * 8):
        seed()


# The twin and the console agree --------------------------------------------------------------


def test_the_twin_knows_the_same_minutes_and_the_same_traffic_as_the_console():
    assert {**twin.LOAD_MIN} == {**LOAD_MIN}
    assert {**twin.UNLOAD_MIN} == {**UNLOAD_MIN}
    assert (twin.DOOR_TO_DOOR_MIN, twin.STAIRS_MIN) == (DOOR_TO_DOOR_MIN, STAIRS_MIN)
    assert CompanySettings().traffic_permille == TRAFFIC_PERMILLE


def test_a_patient_of_the_twin_needs_what_their_row_needs():
    company = seed().company
    rows = Patient.objects.filter(company=company).order_by("reference")
    people = twin.make_population(SMALL, 1).patients
    assert any(patient.mobility is not Mobility.WALKING for patient in people)
    for patient, row in zip(people, rows, strict=True):
        assert {str(code) for code in patient.skills} == set(row.required_skills)
        assert {str(code) for code in patient.equipment} == set(row.required_equipment)
        assert patient.load_s == 60 * row.boarding_min
        assert patient.unload_s == 60 * row.alighting_min


# The command ---------------------------------------------------------------------------------


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("seed_demo", *arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_the_command_says_what_it_wrote_and_how_to_sign_in():
    said = run("--days", "1", "--on", "2026-06-17")
    assert "Léman Transports (démo)" in said
    assert f"Users admin, dispatcher, driver, auditor; password: {DEMO_PASSWORD}" in said
    assert "is there already" in run()


def test_the_command_speaks_json():
    told = json.loads(run("--days", "0", "--seed", "5", "--json"))
    assert told["company"] == "leman-demo"
    assert told["is_new"]
    assert told["bookings"] == Booking.objects.count()
    assert told["password"] == DEMO_PASSWORD
    again = json.loads(run("--json"))
    assert not again["is_new"]
    assert again["password"] is None


@pytest.mark.parametrize("arguments", [("--days", "61"), ("--days", "-1"), ("--carrier", "huge")])
def test_the_command_refuses_what_it_does_not_know(arguments):
    with pytest.raises(CommandError):
        run(*arguments)
    assert not Company.objects.exists()


def test_the_command_is_refused_in_production(settings):
    settings.ENVIRONMENT = "prod"
    with pytest.raises(CommandError, match="production") as refused:
        run()
    assert refused.value.returncode == 1
