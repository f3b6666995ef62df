"""Plans that people make, days as they might be, and plans between fair and cheap."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from dispatch.api.fields import DayField, MomentField, RowIdField, StrictSerializer, WordField
from dispatch.api.serializers.kpis import KpiSerializer
from dispatch.api.serializers.runs import MoveSerializer, RouteSerializer
from dispatch.engine.cost import Score
from dispatch.engine.handmade import HandPlan, HandRoute, HandTrips, Odd
from dispatch.engine.least_late import HandVisit
from dispatch.engine.problem import Visit
from dispatch.enums import Rule, Severity, VisitKind
from dispatch.models.settings import Weights
from dispatch.tables.hand_plans import DayWords
from dispatch.usecases.day_change import DayChange, Hours
from dispatch.usecases.references import shift_ref, trip_ref

MOST_ROUTES, MOST_VISITS, MOST_BOOKINGS = 500, 300, 3_000
MOST_CHANGES = 50
LONGEST_S = 30


class HandVisitInput(StrictSerializer):
    """A stop: the `booking` whose pickup or drop-off it is, or the `break`: 1 for the shift's first."""

    kind = WordField(VisitKind)
    booking = RowIdField(required=False)
    at = MomentField(required=False, help_text="When service begins; worked out if left out.")

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        return {**super().get_fields(), "break": RowIdField(required=False)}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        named = "break" if attrs["kind"] is VisitKind.BREAK else "booking"
        other = "booking" if named == "break" else "break"
        if named not in attrs or other in attrs:
            raise serializers.ValidationError(
                {named: [_("A stop names a booking, and a break its own number.")]}
            )
        return attrs


class HandRouteInput(StrictSerializer):
    """What a shift does: `visits` in their order, or `bookings` whose order is to be found."""

    shift = RowIdField()
    visits = HandVisitInput(many=True, required=False, max_length=MOST_VISITS)  # type: ignore[call-arg]
    bookings = serializers.ListField(child=RowIdField(), required=False, max_length=MOST_VISITS)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("visits" in attrs) == ("bookings" in attrs):
            raise serializers.ValidationError(
                {"visits": [_("Give the visits of a shift, or its bookings.")]}
            )
        return attrs


class HandPlanInput(StrictSerializer):
    """A plan of a person; `left`: bookings that are left out knowingly."""

    day = DayField()
    routes = HandRouteInput(many=True, max_length=MOST_ROUTES)  # type: ignore[call-arg]
    left = serializers.ListField(child=RowIdField(), required=False, max_length=MOST_BOOKINGS)


def hand_plan(body: dict[str, Any], words: DayWords) -> HandPlan:
    """The engine's words for what was sent."""
    return HandPlan(
        routes=tuple(_hand_route(route, words) for route in body["routes"]),
        left=tuple(map(trip_ref, body.get("left", ()))),
    )


def _hand_route(route: dict[str, Any], words: DayWords) -> HandRoute | HandTrips:
    shift = shift_ref(route["shift"])
    if "bookings" in route:
        return HandTrips(shift=shift, trips=tuple(map(trip_ref, route["bookings"])))
    visits = (
        HandVisit(visit=_visit(visit, shift, words), at_s=words.clock.second_if(visit.get("at")))
        for visit in route["visits"]
    )
    return HandRoute(shift=shift, visits=tuple(visits))


def _visit(visit: dict[str, Any], shift: str, words: DayWords) -> Visit:
    kind = visit["kind"]
    if kind is VisitKind.BREAK:
        return Visit(words.pause(shift, str(visit["break"])), kind)
    return Visit(trip_ref(visit["booking"]), kind)


class ViolationSerializer(serializers.Serializer[Any]):
    """A rule that the plan breaks; `amount`: seconds for rules of time, else a count."""

    rule = WordField(Rule)
    severity = WordField(Severity)
    amount = serializers.IntegerField()
    sentence = serializers.CharField(help_text="In the caller's language.")
    booking = serializers.IntegerField(allow_null=True)
    shift = serializers.IntegerField(allow_null=True)


class OdditySerializer(serializers.Serializer[Any]):
    """What says nothing about this day, and was left aside."""

    kind = WordField(Odd)
    sentence = serializers.CharField(help_text="In the caller's language.")


class PriceSerializer(serializers.Serializer[Any]):
    """What each concern adds; one is about a second of driving. `total` is their sum."""

    total = serializers.IntegerField()

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        parts = {name: serializers.IntegerField() for name in Score.__slots__}
        return {**super().get_fields(), **parts}


class JudgedPlanSerializer(serializers.Serializer[Any]):
    """`routes`: at the least times they can be driven at, late or not."""

    day = DayField()
    keeps_rules = serializers.BooleanField(help_text="It breaks no hard rule, and nothing is odd.")
    violations = ViolationSerializer(many=True)
    oddities = OdditySerializer(many=True)
    routes = RouteSerializer(many=True)
    price = PriceSerializer()
    kpis = KpiSerializer(many=True, help_text="Predicted.")


class HoursInput(StrictSerializer):
    """A shift that has these hours, or one more like it."""

    shift = RowIdField()
    starts_at = MomentField()
    ends_at = MomentField()


class WhatIfInput(StrictSerializer):
    """What would be otherwise; `seconds` of search for each of the two plans."""

    day = DayField()
    seconds = serializers.FloatField(min_value=0.1, max_value=LONGEST_S, required=False)
    without_shifts = serializers.ListField(
        child=RowIdField(), required=False, max_length=MOST_CHANGES
    )
    without_vehicles = serializers.ListField(
        child=RowIdField(), required=False, max_length=MOST_CHANGES
    )
    other_hours = HoursInput(many=True, required=False, max_length=MOST_CHANGES)  # type: ignore[call-arg]
    extra_shifts = HoursInput(many=True, required=False, max_length=MOST_CHANGES)  # type: ignore[call-arg]
    weights = serializers.DictField(
        child=serializers.IntegerField(), required=False, help_text="Name of a weight → its value."
    )
    without_bookings = serializers.ListField(
        child=RowIdField(), required=False, max_length=MOST_BOOKINGS
    )
    extra_bookings = serializers.ListField(
        child=RowIdField(), required=False, max_length=MOST_CHANGES,
        help_text="One more journey like each of these.",
    )  # fmt: skip

    def validate_weights(self, weights: dict[str, int]) -> dict[str, int]:
        unknown = sorted(weights.keys() - Weights.model_fields.keys())
        if unknown:
            raise serializers.ValidationError(_("There is no such weight: %s.") % unknown[0])
        return weights


def day_change(body: dict[str, Any]) -> DayChange:
    """The use case's words for what was sent."""
    rows = ("without_shifts", "without_vehicles", "without_bookings", "extra_bookings")
    hours = ("other_hours", "extra_shifts")
    lists: dict[str, Any] = {name: tuple(body.get(name, ())) for name in rows}
    lists |= {name: tuple(Hours(**each) for each in body.get(name, ())) for name in hours}
    return DayChange(weights=body.get("weights", {}), **lists)


class SideSerializer(serializers.Serializer[Any]):
    """One of the two plans; `cost` by the weights that the company has."""

    served = serializers.IntegerField()
    unserved = serializers.IntegerField()
    cost = serializers.IntegerField()
    kpis = KpiSerializer(many=True, help_text="Predicted.")


class LeftThenSerializer(serializers.Serializer[Any]):
    """A journey that nobody would drive: why, and the least that would help."""

    called = serializers.CharField(help_text="Its reference; a journey only thought of has none.")
    sentence = serializers.CharField()
    is_new = serializers.BooleanField(help_text="Whether the day as it is has a driver for it.")


class WhatIfSerializer(serializers.Serializer[Any]):
    """The day planned as it is, and as it would be; nothing was written."""

    day = DayField()
    seconds = serializers.FloatField()
    as_is = SideSerializer()
    as_if = SideSerializer()
    moves = MoveSerializer(many=True)
    left = LeftThenSerializer(many=True)
    withdrawn = serializers.ListField(
        child=serializers.IntegerField(), help_text="Of the moves those that were asked away."
    )


class ChoicesInput(StrictSerializer):
    """The local day to plan between fair and cheap."""

    day = DayField()


class ChoiceSerializer(serializers.Serializer[Any]):
    """A run to look at and to apply. `cost`: fairness priced at nothing, and without the price of who is left over;
    `price`: what it costs more than the cheapest.
    """

    run = serializers.IntegerField(source="run.pk")
    version = serializers.IntegerField(source="run.version")
    weight = serializers.IntegerField(help_text="Of fairness, as it was planned with.")
    cost = serializers.IntegerField()
    gap = serializers.FloatField(
        help_text="Trips per eight hours between the drivers farthest apart."
    )
    gini = serializers.FloatField(help_text="Of the loads: 0 where all carry the same.")
    price = serializers.IntegerField()
    served = serializers.IntegerField()
    unserved = serializers.IntegerField()


class ChoicesSerializer(serializers.Serializer[Any]):
    """One to three plans, the cheapest first; all leave equally little over, none is both dearer and less even than
    another.
    """

    day = DayField()
    choices = ChoiceSerializer(many=True)
