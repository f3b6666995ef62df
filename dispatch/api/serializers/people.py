"""Drivers, patients and places of a company: what is shown of them, and what may be said of them."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from dispatch.api.fields import DayField, RowIdField, StrictSerializer, WordField
from dispatch.api.serializers.shared import ReadSerializer
from dispatch.api.serializers.stranded import StrandedSerializer, stranded_warnings
from dispatch.enums import CoordinatesQuality, DriverKind, LicenceKind, Mobility, PlaceKind
from dispatch.models import Driver, DriverLicence, DriverSkill, Patient

MOST_ROWS = 50


class HeldSkillSerializer(ReadSerializer):
    """A skill a driver holds."""

    code = serializers.CharField(source="skill.code", read_only=True)
    name = serializers.CharField(source="skill.name", read_only=True)

    class Meta:
        model = DriverSkill
        fields = ["code", "name", "expires_on"]
        read_only_fields = fields


class HeldLicenceSerializer(ReadSerializer):
    """A licence a driver holds."""

    kind = WordField(LicenceKind, read_only=True)

    class Meta:
        model = DriverLicence
        fields = ["kind", "expires_on"]
        read_only_fields = fields


class DriverSerializer(ReadSerializer):
    """A person who drives; emergency drivers are used last."""

    kind = WordField(DriverKind, read_only=True)
    skills = HeldSkillSerializer(source="driver_skills", many=True, read_only=True)
    licences = HeldLicenceSerializer(many=True, read_only=True)

    class Meta:
        model = Driver
        fields = [
            "id", "reference", "first_name", "last_name", "phone", "kind", "active", "skills", "licences",
        ]  # fmt: skip
        read_only_fields = fields


class WrittenDriverSerializer(DriverSerializer):
    """A driver as written, with the coming journeys that they can no longer drive."""

    warnings = serializers.SerializerMethodField()

    class Meta(DriverSerializer.Meta):
        fields = [*DriverSerializer.Meta.fields, "warnings"]
        read_only_fields = fields

    @extend_schema_field(StrandedSerializer(many=True))
    def get_warnings(self, driver: Driver) -> Any:
        return stranded_warnings(driver)


class HeldSkillInput(StrictSerializer):
    """A skill the driver holds."""

    code = serializers.SlugField(max_length=30, help_text="The code of a skill of the company.")
    expires_on = DayField(allow_null=True, default=None, help_text="The last valid day.")


class HeldLicenceInput(StrictSerializer):
    """A licence the driver holds."""

    kind = WordField(LicenceKind)
    expires_on = DayField(help_text="The last valid day.")


class DriverInput(StrictSerializer):
    """A driver; `skills` and `licences` replace them all."""

    first_name = serializers.CharField(max_length=80)
    last_name = serializers.CharField(max_length=80)
    phone = serializers.CharField(required=False, allow_blank=True, max_length=32)
    kind = WordField(DriverKind, required=False)
    active = serializers.BooleanField(required=False)
    skills = HeldSkillInput(many=True, max_length=MOST_ROWS, required=False)  # type: ignore[call-arg]
    licences = HeldLicenceInput(many=True, max_length=MOST_ROWS, required=False)  # type: ignore[call-arg]


class PatientSerializer(ReadSerializer):
    """A person who travels; no more than a transport needs to know."""

    mobility = WordField(Mobility, read_only=True)

    class Meta:
        model = Patient
        fields = [
            "id", "reference", "first_name", "last_name", "birth_year", "phone", "language", "home",
            "mobility", "needs_oxygen", "escort_seats", "stairs_help", "door_to_door", "load_min",
            "unload_min", "max_ride_min", "notes",
        ]  # fmt: skip
        read_only_fields = fields


class PatientInput(StrictSerializer):
    """A patient; minutes and seats that are left out follow from the needs."""

    first_name = serializers.CharField(max_length=80)
    last_name = serializers.CharField(max_length=80)
    birth_year = serializers.IntegerField(
        required=False, allow_null=True, min_value=1900, max_value=2100
    )
    phone = serializers.CharField(required=False, allow_blank=True, max_length=32)
    language = serializers.CharField(required=False, max_length=8)
    home = RowIdField(required=False, allow_null=True)
    mobility = WordField(Mobility, required=False)
    needs_oxygen = serializers.BooleanField(required=False)
    escort_seats = serializers.IntegerField(required=False, min_value=0, max_value=4)
    stairs_help = serializers.BooleanField(required=False)
    door_to_door = serializers.BooleanField(required=False)
    load_min = serializers.IntegerField(required=False, allow_null=True, min_value=0, max_value=60)
    unload_min = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=60
    )
    max_ride_min = serializers.IntegerField(
        required=False, allow_null=True, min_value=5, max_value=480
    )
    notes = serializers.CharField(
        required=False, allow_blank=True, max_length=2000, help_text="Nothing medical."
    )


class PlaceInput(StrictSerializer):
    """A place of the company; without coordinates nothing is planned to or from it."""

    name = serializers.CharField(max_length=160)
    kind = WordField(PlaceKind, required=False)
    parent = RowIdField(  # type: ignore[assignment]
        required=False, allow_null=True, help_text="The establishment it is in."
    )
    address = serializers.CharField(required=False, allow_blank=True, max_length=200)
    postal_code = serializers.CharField(required=False, allow_blank=True, max_length=12)
    town = serializers.CharField(required=False, allow_blank=True, max_length=80)
    area = serializers.CharField(required=False, allow_blank=True, max_length=60)
    lat = serializers.FloatField(required=False, allow_null=True, min_value=-90, max_value=90)
    lon = serializers.FloatField(required=False, allow_null=True, min_value=-180, max_value=180)
    coordinates_quality = WordField(CoordinatesQuality, required=False)
    access_notes = serializers.CharField(required=False, allow_blank=True, max_length=2000)
    phone = serializers.CharField(required=False, allow_blank=True, max_length=32)
