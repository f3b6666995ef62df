"""The migrations say what the models say, and can be taken back."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from django.core.management import call_command

from dispatch.models import Booking, Shift, WeeklyShift
from tests.factories import DAY, at, make_booking, make_company, make_driver, make_shift


@pytest.mark.django_db
def test_the_models_have_their_migrations() -> None:
    call_command("makemigrations", "dispatch", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_the_last_migration_can_be_taken_back() -> None:
    call_command("migrate", "dispatch", "0001", verbosity=0)
    call_command("migrate", "dispatch", verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_what_older_versions_let_in_survives_and_plans() -> None:
    """Prices of nothing, a shift of ten days, a promise of two: there before the bounds were."""
    call_command("migrate", "dispatch", "0008", verbosity=0)
    company = make_company(settings={"weights": {"serve_low": 0, "driving": 9, "fairness": 70}})
    shift = make_shift(company, start=at(8), end=at(12, day=DAY + timedelta(days=10)))
    booking = make_booking(company, promised_to=at(9, day=DAY + timedelta(days=2)))
    call_command("migrate", "dispatch", verbosity=0)
    company.refresh_from_db()
    weights = company.rules.weights
    assert (weights.serve_low, weights.driving, weights.fairness) == (1_000_000, 5, 70)
    assert Shift.objects.filter(pk=shift.pk).exists()
    assert Booking.objects.filter(pk=booking.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_of_weekly_shifts_at_once_the_one_that_took_place_stays() -> None:
    """And a break outside its hours stays until somebody changes it."""
    call_command("migrate", "dispatch", "0012", verbosity=0)
    driver = make_driver(make_company())
    pause = {"break_earliest": time(6), "break_latest": time(7), "break_min": 30}
    rows = [
        WeeklyShift(driver=driver, weekday=6, start=time(22), end=time(6)),
        WeeklyShift(driver=driver, weekday=0, start=time(5), end=time(14), **pause),
        WeeklyShift(driver=driver, weekday=0, start=time(13), end=time(18)),
        WeeklyShift(driver=driver, weekday=0, start=time(14), end=time(18)),
    ]
    WeeklyShift.objects.bulk_create(rows)
    call_command("migrate", "dispatch", verbosity=0)
    assert [(row.weekday, row.start.hour) for row in driver.weekly_shifts.all()] == [
        (0, 5),
        (0, 14),
    ]
