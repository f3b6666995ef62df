"""What a change of a driver or vehicle means for the plan in force."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework import serializers

from dispatch.api.fields import DayField
from dispatch.models import Driver, Vehicle
from dispatch.usecases.stranded_journeys import Stranded, stranded_journeys


class StrandedSerializer(serializers.Serializer[Stranded]):
    """Journeys of one day that can no longer be driven as they are planned."""

    day = DayField(read_only=True)
    journeys = serializers.ListField(
        source="references", child=serializers.CharField(), read_only=True
    )
    detail = serializers.CharField(source="sentence", read_only=True)


def stranded_warnings(of: Driver | Vehicle) -> list[Any]:
    found = stranded_journeys(of, now=timezone.now())
    return [StrandedSerializer(stranded).data for stranded in found]
