"""The migrations say what the models say, and can be taken back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import call_command

from dispatch.models import Booking, Shift
from tests.factories import DAY, at, make_booking, make_company, make_shift


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
