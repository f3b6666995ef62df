"""The parts that several answers contain: places, people and vehicles as far as a journey needs them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from rest_framework import serializers

from dispatch.api.fields import DayField, MomentField, WordField
from dispatch.enums import CoordinatesQuality, Mobility, PlaceKind
from dispatch.models import Patient, Place


class ReadSerializer(serializers.ModelSerializer[Any]):
    """A row going out; moments are in UTC."""

    serializer_field_mapping: ClassVar[dict[Any, Any]] = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.DateTimeField: MomentField,
        models.DateField: DayField,
    }


# Written out: the next two stand at so many places of one answer that gathering their fields from the model shows.
class NamedDriverSerializer(serializers.Serializer[Any]):
    """A driver, as journeys and shifts name them."""

    id = serializers.IntegerField(read_only=True)
    reference = serializers.CharField(read_only=True)
    name = serializers.CharField(source="__str__", read_only=True)
    phone = serializers.CharField(read_only=True)


class NamedVehicleSerializer(serializers.Serializer[Any]):
    """A vehicle, as journeys and shifts name it."""

    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField(read_only=True)
    plate = serializers.CharField(read_only=True)


class PlaceSerializer(ReadSerializer):
    """A place; `full_name` has the establishment in front. Without an own position a service has its parent's."""

    full_name = serializers.CharField(source="__str__", read_only=True)
    kind = WordField(PlaceKind, read_only=True)
    coordinates_quality = WordField(CoordinatesQuality, read_only=True)
    is_public = serializers.SerializerMethodField()

    class Meta:
        model = Place
        fields = [
            "id", "name", "full_name", "kind", "parent", "is_public", "address", "postal_code", "town", "area",
            "lat", "lon", "coordinates_quality", "access_notes", "phone",
        ]  # fmt: skip
        read_only_fields = fields

    def get_is_public(self, place: Place) -> bool:
        return place.company_id is None


class TravellerSerializer(ReadSerializer):
    """A patient, as the driver has to know them."""

    name = serializers.CharField(source="__str__", read_only=True)
    mobility = WordField(Mobility, read_only=True)

    class Meta:
        model = Patient
        fields = [
            "id", "reference", "name", "phone", "language", "mobility", "needs_oxygen", "escort_seats",
            "stairs_help", "door_to_door", "notes",
        ]  # fmt: skip
        read_only_fields = fields
