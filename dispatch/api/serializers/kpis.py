"""Measured numbers: value, parts, n and interval; recorded and predicted never in one list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework import serializers

from dispatch.api.fields import DayField
from dispatch.engine.kpi import KPIS, Kpi, KpiValue, Missing, Unit
from dispatch.usecases.wording import language


class TargetSerializer(serializers.Serializer[Any]):
    bound = serializers.FloatField()
    is_least = serializers.BooleanField(
        help_text="The value should be at least (not at most) this."
    )


class KpiSerializer(serializers.Serializer[Any]):
    """One row of the KPI dictionary; `value` is null when there is nothing to count or too little is known."""

    key = serializers.ChoiceField(choices=[key.value for key in Kpi])
    group = serializers.CharField(allow_blank=True)
    name = serializers.CharField(help_text="In the caller's language.")
    text = serializers.CharField(help_text="The value in words, in the caller's language.")
    unit = serializers.ChoiceField(choices=[unit.value for unit in Unit])
    value = serializers.FloatField(allow_null=True)
    numerator = serializers.FloatField()
    denominator = serializers.FloatField()
    counted = serializers.IntegerField(help_text="Cases with the timestamps that are needed.")
    excluded = serializers.IntegerField(help_text="Cases without them.")
    coverage = serializers.FloatField()
    interval = serializers.ListField(
        child=serializers.FloatField(), min_length=2, max_length=2, allow_null=True,
        help_text="95 %; null where one day alone cannot give it.",
    )  # fmt: skip
    missing = serializers.ChoiceField(
        choices=[missing.value for missing in Missing], allow_null=True,
        help_text="What is not recorded, where that is why there is no value; `text` says it in words.",
    )  # fmt: skip
    is_predicted = serializers.BooleanField()
    target = TargetSerializer(allow_null=True)
    is_on_target = serializers.BooleanField(allow_null=True)


def kpi_rows(values: Iterable[KpiValue]) -> list[dict[str, Any]]:
    """The values as the serializer shows them, in the active language."""
    return [_row(value) for value in values]


def _row(value: KpiValue) -> dict[str, Any]:
    spoken = language()
    target = value.target
    return {
        "key": value.key.value,
        "group": value.group,
        "name": value.name(spoken),
        "text": value.text(spoken),
        "unit": KPIS[value.key].unit.value,
        "value": value.value,
        "numerator": value.numerator,
        "denominator": value.denominator,
        "counted": value.counted,
        "excluded": value.excluded,
        "coverage": value.coverage,
        "interval": None if value.interval is None else list(value.interval),
        "missing": value.missing.value if value.is_lacking else None,
        "is_predicted": value.is_predicted,
        "target": None if target is None else target._asdict(),
        "is_on_target": value.is_on_target,
    }


class PredictedDaySerializer(serializers.Serializer[Any]):
    """What is still to come of one day, as the plan in force stands now."""

    day = DayField()
    run = serializers.IntegerField(
        allow_null=True, help_text="The run in force; null where people assigned by hand alone."
    )
    kpis = KpiSerializer(many=True)


class KpisSerializer(serializers.Serializer[Any]):
    """What was recorded of what is over, and apart from it what the plans in force predict of the rest."""

    first_day = DayField()
    last_day = DayField()
    recorded = KpiSerializer(many=True)
    predicted = PredictedDaySerializer(many=True)
