"""Invalid states are refused by the database, each by the constraint that is named for it."""

from __future__ import annotations

import psycopg
import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from dispatch.models import Company
from dispatch.models.refusals import refusal_sentence
from tests.dispatch.models.violations import (  # noqa: F401 - they fill VIOLATIONS
    booking,
    companies,
    fleet,
    handover,
    people,
    run,
)
from tests.dispatch.models.violations.registry import VIOLATIONS, Violation
from tests.factories import make_company

pytestmark = pytest.mark.django_db

# Unique together with the primary key: never broken, they are there for foreign keys to point at.
TARGETS = {
    "patient_of_company",
    "driver_of_company",
    "vehicle_of_company",
    "vehicle_way_in",
    "shift_of_company",
    "booking_of_company",
    "booking_of_patient",
    "run_of_company",
    "standing_of_patient",
}

NAMELESS = "This is already taken, or something it belongs to is gone."
OWN_TO_POSTGRES = {"dispatch_booking_outbound_id_key", "dispatch_assignment_booking_id_key"}


def _store(violation: Violation, company: Company) -> None:
    with transaction.atomic():
        violation(company)
        connection.check_constraints()


@pytest.mark.parametrize(
    ("constraint", "violation"), [pytest.param(*case, id=case[1].__name__) for case in VIOLATIONS]
)
def test_the_database_refuses(constraint: str, violation: Violation) -> None:
    company = make_company()
    with pytest.raises(IntegrityError) as refusal:
        _store(violation, company)
    cause = refusal.value.__cause__
    assert isinstance(cause, psycopg.Error)
    assert cause.diag.constraint_name == constraint
    if constraint not in OWN_TO_POSTGRES:
        assert refusal_sentence(refusal.value) != NAMELESS


def test_each_named_constraint_is_proved() -> None:
    in_models = {
        constraint.name
        for model in apps.get_app_config("dispatch").get_models()
        for constraint in model._meta.constraints
    }
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE contype = 't' "
            "OR contype = 'f' AND conname ~ '(_same_company|_way_in)$'"
        )
        in_database = {name for (name,) in cursor.fetchall()}
    proved = {constraint for constraint, _violation in VIOLATIONS}
    assert in_models | in_database <= proved | TARGETS
