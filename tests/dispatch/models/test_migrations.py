"""The migrations say what the models say, and can be taken back."""

from __future__ import annotations

import pytest
from django.core.management import call_command


@pytest.mark.django_db
def test_the_models_have_their_migrations() -> None:
    call_command("makemigrations", "dispatch", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db(transaction=True)
def test_the_last_migration_can_be_taken_back() -> None:
    call_command("migrate", "dispatch", "0001", verbosity=0)
    call_command("migrate", "dispatch", verbosity=0)
