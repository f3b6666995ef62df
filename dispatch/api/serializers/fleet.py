"""Vehicles and shifts: what is shown of them, and what may be said of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from dispatch.api.fields import MomentField, RowIdField, StrictSerializer, WordField
from dispatch.api.serializers.shared import (
    NamedDriverSerializer,
    NamedVehicleSerializer,
    ReadSerializer,
)
from dispatch.api.serializers.stranded import StrandedSerializer, stranded_warnings
from dispatch.enums import Equipment, LicenceKind, ShiftStatus
from dispatch.models import SeatConfiguration, Shift, ShiftBreak, Vehicle
from dispatch.usecases.shift_content import BreakContent, ShiftContent

MOST_ROWS = 20  # configurations of a vehicle, breaks of a shift


class SeatConfigurationSerializer(ReadSerializer):
    """One way to set the places of a vehicle."""

    class Meta:
        model = SeatConfiguration
        fields = ["seats", "wheelchairs", "stretchers", "folded_chairs"]
        read_only_fields = fields


class VehicleSerializer(ReadSerializer):
    """A vehicle, whoever drives it."""

    equipment = serializers.ListField(child=WordField(Equipment), read_only=True)
    required_licences = serializers.ListField(child=WordField(LicenceKind), read_only=True)
    configurations = SeatConfigurationSerializer(many=True, read_only=True)

    class Meta:
        model = Vehicle
        fields = [
            "id", "name", "plate", "equipment", "required_licences", "configurations", "active", "base",
        ]  # fmt: skip
        read_only_fields = fields


class WrittenVehicleSerializer(VehicleSerializer):
    """A vehicle as it was written, with the coming journeys it can no longer drive."""

    warnings = serializers.SerializerMethodField()

    class Meta(VehicleSerializer.Meta):
        fields = [*VehicleSerializer.Meta.fields, "warnings"]
        read_only_fields = fields

    @extend_schema_field(StrandedSerializer(many=True))
    def get_warnings(self, vehicle: Vehicle) -> Any:
        return stranded_warnings(vehicle)


class SeatConfigurationInput(StrictSerializer):
    """One way to set the places of a vehicle."""

    seats = serializers.IntegerField(min_value=0, max_value=60, default=0)
    wheelchairs = serializers.IntegerField(min_value=0, max_value=20, default=0)
    stretchers = serializers.IntegerField(min_value=0, max_value=4, default=0)
    folded_chairs = serializers.IntegerField(min_value=0, max_value=20, default=0)


class VehicleInput(StrictSerializer):
    """A vehicle; `configurations` replaces them all."""

    name = serializers.CharField(max_length=80)
    plate = serializers.CharField(max_length=16)
    equipment = serializers.ListField(
        child=WordField(Equipment), max_length=MOST_ROWS, required=False
    )
    required_licences = serializers.ListField(
        child=WordField(LicenceKind), max_length=MOST_ROWS, required=False
    )
    configurations = SeatConfigurationInput(many=True, max_length=MOST_ROWS, required=False)  # type: ignore[call-arg]
    active = serializers.BooleanField(required=False)
    base = RowIdField(required=False, allow_null=True)


class ShiftBreakSerializer(ReadSerializer):
    """A pause that begins between two moments."""

    class Meta:
        model = ShiftBreak
        fields = ["earliest_at", "latest_at", "duration_min", "mandatory"]
        read_only_fields = fields


class ShiftSerializer(ReadSerializer):
    """A driver on duty with a vehicle."""

    driver = NamedDriverSerializer(read_only=True)
    vehicle = NamedVehicleSerializer(read_only=True)
    starts_at = MomentField(read_only=True)
    ends_at = MomentField(read_only=True)
    status = WordField(ShiftStatus, read_only=True)
    breaks = ShiftBreakSerializer(many=True, read_only=True)

    class Meta:
        model = Shift
        fields = [
            "id", "version", "driver", "vehicle", "starts_at", "ends_at", "start_place", "end_place",
            "max_trips", "status", "breaks",
        ]  # fmt: skip
        read_only_fields = fields


class BreakInput(StrictSerializer):
    """A pause that begins between two moments, inside the shift."""

    earliest_at = MomentField()
    latest_at = MomentField()
    duration_min = serializers.IntegerField(min_value=1, max_value=240)
    mandatory = serializers.BooleanField(default=True)


class ShiftInput(StrictSerializer):
    """A shift; `breaks` replaces them all. Without places it starts and ends at the vehicle's base."""

    driver = RowIdField()
    vehicle = RowIdField()
    starts_at = MomentField()
    ends_at = MomentField()
    start_place = RowIdField(required=False, allow_null=True)
    end_place = RowIdField(required=False, allow_null=True)
    max_trips = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=100
    )
    breaks = BreakInput(many=True, max_length=MOST_ROWS, required=False)  # type: ignore[call-arg]

    def wanted(self) -> ShiftContent:
        return ShiftContent(**self._values())

    def content(self, shift: Shift) -> ShiftContent:
        """The shift as it is, with what the body says."""
        return replace(ShiftContent.of(shift), **self._values())

    def _values(self) -> dict[str, Any]:
        values = dict(self.validated_data)
        for name in {"driver", "vehicle", "start_place", "end_place"} & values.keys():
            values[f"{name}_id"] = values.pop(name)
        if "breaks" in values:
            values["breaks"] = tuple(BreakContent(**pause) for pause in values["breaks"])
        return values
