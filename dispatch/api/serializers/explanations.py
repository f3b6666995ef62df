"""Why a journey is with its driver and with nobody else, as it is shown."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from dispatch.api.fields import MomentField, WordField
from dispatch.api.serializers.shared import NamedDriverSerializer, NamedVehicleSerializer
from dispatch.enums import Rule
from dispatch.usecases.explain_booking import BasisKind, Standing, Verdict


class PlannedShiftSerializer(serializers.Serializer[Any]):
    """A shift, by who drives what."""

    id = serializers.IntegerField(read_only=True)
    driver = NamedDriverSerializer(read_only=True)
    vehicle = NamedVehicleSerializer(read_only=True)
    starts_at = MomentField(read_only=True)
    ends_at = MomentField(read_only=True)


class BasisSerializer(serializers.Serializer[Any]):
    """What the answer is drawn from: the run in force, or the day as it stands now."""

    kind = WordField(BasisKind, read_only=True)
    version = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="Of the run in force."
    )
    at = MomentField(read_only=True)
    is_current = serializers.BooleanField(
        read_only=True,
        help_text="False: verdicts are of when the plan was made; best-fits says what can be done now.",
    )
    sentence = serializers.CharField(read_only=True)


class ArgumentSerializer(serializers.Serializer[Any]):
    """One reason; `key` is a rule, a concern of the price, or a fact such as `pinned`."""

    key = serializers.CharField(read_only=True)
    sentence = serializers.CharField(read_only=True)
    points = serializers.IntegerField(
        read_only=True,
        help_text="What it adds to the price if the other one drives; a point is about a driven second.",
    )


class OtherDriverSerializer(serializers.Serializer[Any]):
    """What giving the journey to this shift meets with."""

    shift = PlannedShiftSerializer(read_only=True)
    verdict = WordField(Verdict, read_only=True)
    sentence = serializers.CharField(read_only=True)
    rule = WordField(Rule, read_only=True, allow_null=True)
    amount = serializers.IntegerField(
        read_only=True, help_text="Of a refusal: seconds for the rules of time, else a count."
    )
    added_cost = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="In points, where it is possible."
    )
    terms = ArgumentSerializer(many=True, read_only=True)


class ExplanationSerializer(serializers.Serializer[Any]):
    """How a journey stands and why; nothing but the sentence where there is nothing to decide."""

    booking = serializers.IntegerField(source="booking.pk", read_only=True)
    reference = serializers.CharField(source="booking.reference", read_only=True)
    standing = WordField(Standing, read_only=True)
    sentence = serializers.CharField(read_only=True)
    shift = PlannedShiftSerializer(read_only=True, allow_null=True)
    basis = BasisSerializer(read_only=True, allow_null=True)
    reasons = ArgumentSerializer(many=True, read_only=True)
    others = OtherDriverSerializer(many=True, read_only=True)
    notes = serializers.ListField(child=serializers.CharField(), read_only=True)
