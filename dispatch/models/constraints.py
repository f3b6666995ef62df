"""The shapes of constraint that many tables share, each with a name of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import CheckConstraint, F, Q

if TYPE_CHECKING:
    from enum import StrEnum

    from django.utils.functional import _StrPromise


def one_of(field: str, vocabulary: type[StrEnum], *, name: str) -> CheckConstraint:
    """The column holds a word of the vocabulary."""
    return CheckConstraint(
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
