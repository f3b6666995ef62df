"""Rows of one company link to rows of that company only, and the database keeps it: no new model can forget."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import ForeignKey, Model

from dispatch.models import Absence, Booking, Company, DriverWish, Place, Unassigned, User

OWN_APPS = {"dispatch", "audit", "mlops", "rl"}
MODELS = [model for model in apps.get_models() if model._meta.app_label in OWN_APPS]


def _links(model: type[Model]) -> list[ForeignKey[Model, Model]]:
    """Its foreign keys to rows that belong to a company, the key to the company itself aside."""
    return [
        field
        for field in model._meta.local_fields
        if isinstance(field, ForeignKey)
        and field.related_model is not Company
        and _has_company(field.related_model)
    ]


def _has_company(model: type[Model]) -> bool:
    """A person is of no company: memberships say where they have a role."""
    if model is User:
        return False
    return _is_owned(model) or bool(_links(model))


def _is_owned(model: type[Model]) -> bool:
    return any(
        isinstance(field, ForeignKey) and field.related_model is Company
        for field in model._meta.local_fields
    )


def _guards(model: type[Model]) -> set[str]:
    """Columns whose foreign key carries another column along, or that a trigger watches."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT conname, contype = 't', ARRAY(
                SELECT attname FROM pg_attribute WHERE attrelid = conrelid AND attnum = ANY(conkey)
            ) FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('f', 't')
            """,
            [model._meta.db_table],
        )
        found = cursor.fetchall()
    carried = {
        column
        for _name, is_trigger, columns in found
        if "company_id" in columns
        for column in columns
    }
    triggers = {name for name, is_trigger, _columns in found if is_trigger}
    table = model._meta.model_name
    watched = {
        field.column for field in _links(model) if f"{table}_{field.name}_same_company" in triggers
    }
    return carried | watched


def test_the_walk_finds_what_belongs_to_a_company() -> None:
    assert {field.name for field in _links(Booking)} == {
        "patient", "standing_order", "outbound", "pickup", "dropoff",
    }  # fmt: skip
    assert {field.name for field in _links(DriverWish)} == {"patient", "driver"}
    assert {field.name for field in _links(Company)} == {"base"}
    assert {field.name for field in _links(Place)} == {"parent"}
    assert {field.name for field in _links(Unassigned)} == {"run", "booking"}
    assert {field.name for field in _links(Absence)} == {"driver"}
    assert not _has_company(User)


@pytest.mark.django_db
@pytest.mark.parametrize("model", MODELS)
def test_each_link_between_rows_of_companies_is_guarded(model: type[Model]) -> None:
    """One link may say whose a row is, where the row does not say so itself; every other one is compared."""
    unguarded = {field.name for field in _links(model) if field.column not in _guards(model)}
    says_itself = _is_owned(model) or model is Company
    assert len(unguarded) <= (0 if says_itself else 1), f"{model._meta.label}: {unguarded}"


@pytest.mark.django_db
@pytest.mark.parametrize("model", [model for model in MODELS if _is_owned(model)])
def test_no_row_moves_to_another_company(model: type[Model]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_constraint WHERE conrelid = %s::regclass AND conname = %s",
            [model._meta.db_table, f"{model._meta.model_name}_keeps_company"],
        )
        assert cursor.fetchone() == (1,)
