"""Handovers: who had a journey before, where its patient waited, and what a partner is expected to ask."""

from __future__ import annotations

from rest_framework import serializers

from dispatch.api.serializers.shared import (
    NamedDriverSerializer,
    NamedVehicleSerializer,
    PlaceSerializer,
    ReadSerializer,
)
from dispatch.models import Handover


class HandoverSerializer(ReadSerializer):
    """A journey that another vehicle or a taxi partner went on with; `driver` and `vehicle` had it until `at`."""

    driver = NamedDriverSerializer(read_only=True)
    vehicle = NamedVehicleSerializer(read_only=True)
    place = PlaceSerializer(
        read_only=True,
        allow_null=True,
        help_text="Where the patient waits, or waited; null: was not on board.",
    )
    is_waiting = serializers.BooleanField(
        read_only=True, help_text="The patient still waits for another vehicle of ours."
    )
    by = serializers.StringRelatedField[Handover](read_only=True, allow_null=True)

    class Meta:
        model = Handover
        fields = [
            "id",
            "at",
            "shift",
            "driver",
            "vehicle",
            "place",
            "resumed_at",
            "is_waiting",
            "price_c",
            "by",
        ]
        read_only_fields = fields
