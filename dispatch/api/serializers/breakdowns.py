"""Breakdowns: the ways on of each stranded journey, and those that were chosen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rest_framework import serializers

from dispatch.api.fields import DayField, MomentField, RowIdField, StrictSerializer, WordField
from dispatch.engine.rescue import Line, Option
from dispatch.enums import Loss, Means
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.price_rescue import STAMP_LENGTH, Way, stamp_of
from dispatch.usecases.propose_rescue import RescueProposal, Shown, reason_sentence
from dispatch.usecases.references import row_id
from dispatch.usecases.stand_in import StandIn
from dispatch.usecases.stranded_shift import Lost

MOST_WAYS = 500


class MovedAlongSerializer(serializers.Serializer[Any]):
    """Another journey whose pickup moves along."""

    booking = serializers.IntegerField(read_only=True)
    by_s = serializers.IntegerField(read_only=True)


class WayOnSerializer(serializers.Serializer[Any]):
    """One way on. Money in centimes, overtime in it; `shift` is null for the taxi partner, 0 for the crew that stands in.

    `stamp` is sent back with a way that is chosen: it says that the way is as it was looked at.
    """

    means = WordField(Means, read_only=True)
    shift = serializers.IntegerField(read_only=True, allow_null=True)
    pickup_at = MomentField(read_only=True)
    dropoff_at = MomentField(read_only=True)
    late_s = serializers.IntegerField(read_only=True)
    wait_s = serializers.IntegerField(read_only=True)
    extra_s = serializers.IntegerField(read_only=True)
    extra_m = serializers.IntegerField(read_only=True)
    overtime_s = serializers.IntegerField(read_only=True)
    cost_c = serializers.IntegerField(read_only=True)
    stamp = serializers.CharField(read_only=True)
    moved = MovedAlongSerializer(many=True, read_only=True)


class StrandedTripSerializer(serializers.Serializer[Any]):
    """One stranded journey, its ways on, the proposed (or chosen) one first; without any, why nobody can take it.

    `is_left`: nothing was chosen for it, or what was chosen does not fit beside the others.
    """

    booking = serializers.IntegerField(read_only=True)
    urgency = serializers.ChoiceField(choices=["aboard", "soon", "later"], read_only=True)
    ways = WayOnSerializer(many=True, read_only=True)
    reason = serializers.CharField(read_only=True)
    is_left = serializers.BooleanField(read_only=True)


class OtherDaySerializer(serializers.Serializer[Any]):
    """Another day on which the same loss leaves journeys behind: `on` asks its shift for their proposal."""

    day = serializers.DateField(read_only=True)
    shift = serializers.IntegerField(source="shift_id", read_only=True)
    journeys = serializers.IntegerField(read_only=True)


class StandInSerializer(serializers.Serializer[Any]):
    """A crew for the whole of a shift that has not begun; `refusal` says which journeys do not fit it, empty: all do."""

    driver = serializers.IntegerField(source="driver.pk", read_only=True)
    vehicle = serializers.IntegerField(source="vehicle.pk", read_only=True)
    refusal = serializers.CharField(read_only=True)


class RescueProposalSerializer(serializers.Serializer[Any]):
    """What is proposed; `as_of` and `seen` are sent back with the ways that are chosen, within five minutes."""

    shift = serializers.IntegerField(read_only=True)
    lost = WordField(Loss, read_only=True)
    day = serializers.DateField(read_only=True)
    back_at = MomentField(read_only=True)
    other_days = OtherDaySerializer(many=True, read_only=True)
    place = serializers.IntegerField(read_only=True)
    as_of = MomentField(read_only=True)
    seen = serializers.CharField(read_only=True)
    cost_c = serializers.IntegerField(read_only=True)
    journeys = StrandedTripSerializer(many=True, read_only=True)
    stand_in = StandInSerializer(read_only=True, allow_null=True)


def proposal_body(proposal: RescueProposal, stand_in: StandIn | None) -> dict[str, Any]:
    """The plain data of a proposal."""
    return {
        "shift": proposal.stranded.shift.pk,
        "lost": proposal.stranded.lost.what.value,
        "day": proposal.stranded.day,
        "back_at": proposal.stranded.back_at,
        "other_days": proposal.stranded.other_days,
        "place": proposal.stranded.at.pk,
        "as_of": proposal.shown.as_of,
        "seen": proposal.shown.seen,
        "cost_c": proposal.rescue.cost_c,
        "journeys": list(_journeys(proposal)),
        "stand_in": stand_in,
    }


def _journeys(proposal: RescueProposal) -> Iterator[dict[str, Any]]:
    clock = proposal.clock
    for line in proposal.rescue.lines:
        reason = line.reason
        yield {
            "booking": row_id(line.trip),
            "urgency": line.urgency.name.lower(),
            "ways": list(_ways(line, clock)),
            "reason": "" if reason is None else reason_sentence(proposal, reason),
            "is_left": line.is_left,
        }


def _ways(line: Line, clock: DayClock) -> Iterator[dict[str, Any]]:
    for option in line.options:
        yield {
            "means": option.means.value,
            "shift": row_id(option.shift) if option.shift else None,
            "pickup_at": clock.moment(option.pickup_s),
            "dropoff_at": clock.moment(option.dropoff_s),
            "late_s": option.late_s,
            "wait_s": option.wait_s,
            "extra_s": option.extra_s,
            "extra_m": option.extra_m,
            "overtime_s": option.overtime_s,
            "cost_c": option.cost_c,
            "stamp": stamp_of(option),
            "moved": list(_moved(option)),
        }


def _moved(option: Option) -> Iterator[dict[str, int]]:
    for trip, by_s in option.moved:
        yield {"booking": row_id(trip), "by_s": by_s}


class BreakdownInput(StrictSerializer):
    """What the shift lost; without `until` it is gone until the day ends, and the shift."""

    lost = WordField(Loss)
    until = MomentField(required=False, allow_null=True, default=None)


class HandOverInput(BreakdownInput):
    """The crew that has the whole of the shift from now on, beside what it lost."""

    driver = RowIdField()
    vehicle = RowIdField()


class WayInput(StrictSerializer):
    booking = RowIdField()
    means = WordField(Means)
    shift = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=0, max_value=2**63 - 1
    )


class SeenWayInput(WayInput):
    """`stamp`: as the way was shown."""

    stamp = serializers.CharField(max_length=STAMP_LENGTH)


class PriceInput(BreakdownInput):
    """The ways chosen of a proposal; journeys that are not named stay as they are."""

    place = RowIdField(required=False, allow_null=True, default=None)
    as_of = MomentField()
    seen = serializers.CharField(max_length=64)
    on = DayField(required=False, allow_null=True, default=None)
    ways = serializers.ListField(child=WayInput(), allow_empty=False, max_length=MOST_WAYS)

    def lost_of(self, shift_id: int) -> Lost:
        data = self.validated_data
        return Lost(
            shift_id=shift_id,
            what=data["lost"],
            place_id=data["place"],
            until=data["until"],
            on=data["on"],
        )

    @property
    def shown(self) -> Shown:
        return Shown(as_of=self.validated_data["as_of"], seen=self.validated_data["seen"])

    @property
    def ways_on(self) -> list[Way]:
        return [
            Way(
                booking_id=row["booking"],
                means=row["means"],
                shift_id=row["shift"],
                stamp=row.get("stamp", ""),
            )
            for row in self.validated_data["ways"]
        ]


class RescueInput(PriceInput):
    """The same, each way with the stamp with which it was shown last."""

    ways = serializers.ListField(child=SeenWayInput(), allow_empty=False, max_length=MOST_WAYS)


class RescueAppliedSerializer(serializers.Serializer[Any]):
    """How many journeys went on how, and the price in centimes: of all, and of each beside the others as chosen.

    `relief`: the shift that was made for the crew that stands in.
    """

    moved = serializers.IntegerField(read_only=True)
    partner = serializers.IntegerField(read_only=True)
    relief = serializers.IntegerField(
        read_only=True, allow_null=True, source="relief.pk", default=None
    )
    cost_c = serializers.IntegerField(read_only=True)
    prices_c = serializers.DictField(child=serializers.IntegerField(), read_only=True)
