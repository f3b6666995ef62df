"""Assignments: who drives what, when."""

from __future__ import annotations

from rest_framework import serializers

from dispatch.api.fields import MomentField, WordField
from dispatch.api.serializers.shared import (
    NamedDriverSerializer,
    NamedVehicleSerializer,
    ReadSerializer,
)
from dispatch.enums import AssignedBy, BookingStatus
from dispatch.models import Assignment


class BookingAssignmentSerializer(ReadSerializer):
    """Who drives a booking."""

    driver = NamedDriverSerializer(read_only=True)
    vehicle = NamedVehicleSerializer(read_only=True)
    assigned_by = WordField(AssignedBy, read_only=True)

    class Meta:
        model = Assignment
        fields = [
            "id", "shift", "driver", "vehicle", "planned_pickup_at", "planned_dropoff_at", "position",
            "ride_group", "is_pinned", "is_over", "assigned_by", "run",
        ]  # fmt: skip
        read_only_fields = fields


class AssignmentSerializer(BookingAssignmentSerializer):
    """One ride of the plan in force; rides of one `ride_group` share the vehicle."""

    booking_reference = serializers.CharField(source="booking.reference", read_only=True)
    booking_status = WordField(BookingStatus, source="booking.status", read_only=True)
    service_on = serializers.DateField(source="booking.service_on", read_only=True)
    begins_at = MomentField(source="period.lower", read_only=True)
    ends_at = MomentField(source="period.upper", read_only=True)

    class Meta(BookingAssignmentSerializer.Meta):
        fields = [
            *BookingAssignmentSerializer.Meta.fields,
            "booking", "booking_reference", "booking_status", "service_on", "begins_at", "ends_at",
            "created_at", "version",
        ]  # fmt: skip
        read_only_fields = fields
