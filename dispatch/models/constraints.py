"""The shapes of rule that many tables share: constraints with a name each, and links inside one company."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db.models import CheckConstraint, F, Q
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from enum import StrEnum
    from typing import Any

    from django.db.models import Model
    from django.utils.functional import _StrPromise


NOT_ALLOWED = _("One of the values is not among those that are allowed.")


class OneOf(CheckConstraint):
    """A check that says so in words of ours; they are no part of the schema, so migrations see a plain check."""

    def get_violation_error_message(self) -> str:
        return str(NOT_ALLOWED)

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        _path, args, kwargs = super().deconstruct()
        return "django.db.models.CheckConstraint", tuple(args), kwargs


def one_of(field: str, vocabulary: type[StrEnum], *, name: str) -> CheckConstraint:
    """The column holds a word of the vocabulary."""
    return OneOf(
        condition=Q(**{f"{field}__in": [member.value for member in vocabulary]}), name=name
    )


def check(condition: Q, *, name: str, message: _StrPromise) -> CheckConstraint:
    """A rule on one row, with the sentence a form shows when it is broken."""
    return CheckConstraint(condition=condition, name=name, violation_error_message=message)


def bounded(field: str, *, name: str, message: _StrPromise) -> CheckConstraint:
    """The period has a beginning and an end, and lasts."""
    return check(
        Q(**{f"{field}__isempty": False})
        & Q(**{f"{field}__lower_inf": False})
        & Q(**{f"{field}__upper_inf": False}),
        name=name,
        message=message,
    )


def together(*fields: str) -> Q:
    """All of the columns are empty, or none is."""
    return Q(*((f"{field}__isnull", True) for field in fields)) | Q(
        *((f"{field}__isnull", False) for field in fields)
    )


def in_order(earlier: str, later: str) -> Q:
    """The later moment is not before the earlier one, where both are known (NULL passes a CHECK)."""
    return Q(**{f"{later}__gte": F(earlier)})


def are_given(row: Model, *fields: str) -> bool:
    """Whether clean() may follow these: a form also cleans rows whose required fields are missing."""
    return all(row.serializable_value(field) is not None for field in fields)


def refuse_foreign(row: Model, *fields: str) -> None:
    """Refuses links to rows of another company; a public place belongs to everybody."""
    if not are_given(row, "company"):
        return
    allowed = {None, row.company_id}  # type: ignore[attr-defined]
    foreign = {
        field: _("This belongs to another company.")
        for field in fields
        if are_given(row, field) and getattr(row, field).company_id not in allowed
    }
    if foreign:
        raise ValidationError(foreign)
