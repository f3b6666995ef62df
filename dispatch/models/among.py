"""Rows by their numbers, asked for with one parameter however many they are."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, BooleanField, F, Func, Value


def among(field: str, numbers: Iterable[int]) -> Func:
    """`field = ANY (numbers)`: what `__in` says with a parameter for each, which is dear to write for hundreds."""
    array = Value(sorted(set(numbers)), output_field=ArrayField(BigIntegerField()))
    return Func(
        F(field),
        array,
        template="(%(expressions)s))",
        arg_joiner=" = ANY(",
        output_field=BooleanField(),
    )
