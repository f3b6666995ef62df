"""What a change of the plan would do, as it is shown before anybody decides."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from dispatch.api.fields import MomentField, WordField
from dispatch.api.serializers.explanations import PlannedShiftSerializer
from dispatch.enums import Rule


class NamedBookingSerializer(serializers.Serializer[Any]):
    """A journey, by its number and reference alone."""

    id = serializers.IntegerField(source="pk", read_only=True)
    reference = serializers.CharField(read_only=True)


class MovedRideSerializer(serializers.Serializer[Any]):
    """A journey with another driver or another pickup; null where it has, or had, nobody."""

    booking = NamedBookingSerializer(read_only=True)
    from_shift = PlannedShiftSerializer(read_only=True, allow_null=True)
    to_shift = PlannedShiftSerializer(read_only=True, allow_null=True)
    from_at = MomentField(read_only=True, allow_null=True)
    to_at = MomentField(read_only=True, allow_null=True)
    minutes = serializers.IntegerField(read_only=True, help_text="Later is positive.")
    is_told = serializers.BooleanField(read_only=True, help_text="Whether the patient has to know.")


class TourLineSerializer(serializers.Serializer[Any]):
    """A tour that changes; moments are null where the driver does not set out."""

    shift = PlannedShiftSerializer(read_only=True)
    leaves_before = MomentField(read_only=True, allow_null=True)
    leaves_at = MomentField(read_only=True, allow_null=True)
    back_before = MomentField(read_only=True, allow_null=True)
    back_at = MomentField(read_only=True, allow_null=True)
    overtime_before_min = serializers.IntegerField(read_only=True)
    overtime_min = serializers.IntegerField(read_only=True)
    added_km = serializers.FloatField(read_only=True)


class PricePartSerializer(serializers.Serializer[Any]):
    """One concern of the price, in points; a point is about a driven second."""

    key = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)
    before = serializers.IntegerField(read_only=True)
    after = serializers.IntegerField(read_only=True)


class ImpactSerializer(serializers.Serializer[Any]):
    """What the change would do. `token`: what is put in force with it is what is shown here, or nothing."""

    token = serializers.CharField(read_only=True)
    pickup_at = MomentField(read_only=True, allow_null=True)
    dropoff_at = MomentField(read_only=True, allow_null=True)
    moves = MovedRideSerializer(many=True, read_only=True)
    patients = NamedBookingSerializer(
        many=True, read_only=True, help_text="Journeys whose patient has to be told."
    )
    drivers = PlannedShiftSerializer(
        many=True, read_only=True, help_text="Whose journeys change: to be told."
    )
    breaches = serializers.ListField(child=serializers.CharField(), read_only=True)
    longer_rides = serializers.ListField(child=serializers.CharField(), read_only=True)
    tours = TourLineSerializer(many=True, read_only=True)
    added_km = serializers.FloatField(read_only=True)
    added_empty_km = serializers.FloatField(read_only=True)
    added_driving_min = serializers.IntegerField(read_only=True)
    gap_before = serializers.FloatField(
        read_only=True, help_text="Trips per eight hours between the most and least loaded driver."
    )
    gap_after = serializers.FloatField(read_only=True)
    points = serializers.IntegerField(
        read_only=True, help_text="Added to the price, that somebody is served left aside."
    )
    price = PricePartSerializer(many=True, read_only=True)


class RefusalSerializer(serializers.Serializer[Any]):
    """The rule that forbids it, by how much (seconds for the rules of time, else a count), and what would help."""

    rule = WordField(Rule, read_only=True)
    amount = serializers.IntegerField(read_only=True)
    sentence = serializers.CharField(read_only=True)
    advice = serializers.CharField(read_only=True)


class PreviewSerializer(serializers.Serializer[Any]):
    """Either an impact or a refusal."""

    impact = ImpactSerializer(read_only=True, allow_null=True)
    refusal = RefusalSerializer(read_only=True, allow_null=True)


class DifferenceSerializer(serializers.Serializer[Any]):
    """Against the best option; `people`: to tell, patients and drivers; `moved_s`: of the others' pickups."""

    points = serializers.IntegerField(read_only=True)
    metres = serializers.IntegerField(read_only=True)
    driving_s = serializers.IntegerField(read_only=True)
    moved_s = serializers.IntegerField(read_only=True)
    people = serializers.IntegerField(read_only=True)
    gap = serializers.FloatField(read_only=True)


class OptionSerializer(serializers.Serializer[Any]):
    """A driver who can take it, and what that would do."""

    shift = PlannedShiftSerializer(read_only=True)
    impact = ImpactSerializer(source="card", read_only=True)
    difference = DifferenceSerializer(read_only=True)


class UnableSerializer(serializers.Serializer[Any]):
    """A driver who cannot take it, and the first reason."""

    shift = PlannedShiftSerializer(read_only=True)
    rule = WordField(Rule, read_only=True)
    amount = serializers.IntegerField(read_only=True)
    sentence = serializers.CharField(read_only=True)


class RankedDriversSerializer(serializers.Serializer[Any]):
    """The best drivers for a booking, cheapest first, and why the others cannot."""

    booking = NamedBookingSerializer(read_only=True)
    options = OptionSerializer(many=True, read_only=True)
    unable = UnableSerializer(many=True, read_only=True)
