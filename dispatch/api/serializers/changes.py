"""Changes of the plan in force, as they are asked about and put in force: of one journey, or a list of them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from dispatch.api.fields import MomentField, RowIdField, StrictSerializer, WordField
from dispatch.api.serializers.bookings import BookingSerializer
from dispatch.usecases.another_time import PromiseAt
from dispatch.usecases.promise import Window, window_around
from dispatch.usecases.wanted_changes import GiveTo, SwapWith, TakeAway, Wanted, WantedChange

MOST_CHANGES = 50
LONGEST_TOKEN = 20_000  # a pickup each, of every tour that changes


class Action(StrEnum):
    GIVE = "give"
    TAKE_OFF = "take_off"
    SWAP = "swap"
    RETIME = "retime"


NEEDED = {Action.GIVE: "shift", Action.SWAP: "booking"}


class ChangeInput(StrictSerializer):
    """`give` to a `shift`, `take_off`, `swap` drivers with a `booking`, or `retime`: promise another time.

    That is `requested_at`, with the company's usual window around it, or a window: `promised_from` and `promised_to`.
    """

    action = WordField(Action)
    shift = RowIdField(required=False)
    booking = RowIdField(required=False)
    requested_at = MomentField(required=False)
    promised_from = MomentField(required=False)
    promised_to = MomentField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        needed = NEEDED.get(attrs["action"])
        if attrs["action"] is Action.RETIME:
            is_window = "promised_from" in attrs or "promised_to" in attrs
            names = ["promised_from", "promised_to"] if is_window else ["requested_at"]
            needed = next((name for name in names if name not in attrs), None)
        if needed is not None and needed not in attrs:
            raise serializers.ValidationError({needed: [_("This is needed for the action.")]})
        return attrs

    def wanted(self) -> Wanted:
        """What is asked about, of a body that is valid."""
        return wanted_by(self.validated_data, self.context)


def wanted_by(body: Mapping[str, Any], context: Mapping[str, Any]) -> Wanted:
    if body["action"] is Action.GIVE:
        return GiveTo(shift_id=body["shift"])
    if body["action"] is Action.SWAP:
        return SwapWith(booking_id=body["booking"])
    if body["action"] is Action.TAKE_OFF:
        return TakeAway()
    asked_for = body.get("requested_at")
    if "promised_from" in body:
        window = Window(body["promised_from"], body["promised_to"])
    else:
        window = window_around(context["company"], body["requested_at"])
    return PromiseAt(window=window, requested_at=asked_for)


class ChangeAsShownInput(ChangeInput):
    """The change, with the `token` of the preview that was decided on: what else it would do by now is refused."""

    token = serializers.CharField(max_length=LONGEST_TOKEN)
    pin = serializers.BooleanField(
        default=True, help_text="Whether the planner has to leave who is given or swapped there."
    )


class ListedChangeInput(ChangeInput):
    """A change of the booking `id`."""

    id = RowIdField()


class ChangesInput(StrictSerializer):
    """Changes of one day, carried out one after the other: all of them, or none."""

    changes = ListedChangeInput(many=True, min_length=1, max_length=MOST_CHANGES)  # type: ignore[call-arg]

    def asked(self) -> list[WantedChange]:
        rows = self.validated_data["changes"]
        return [WantedChange(row["id"], wanted_by(row, self.context)) for row in rows]


class ChangesAsShownInput(ChangesInput):
    """With the `token` of their preview."""

    token = serializers.CharField(max_length=LONGEST_TOKEN)
    pin = serializers.BooleanField(default=True)


class ChangeSerializer(serializers.Serializer[Any]):
    """A change in the words it is asked for with; what an action does not need is left out."""

    id = serializers.IntegerField(read_only=True)
    action = WordField(Action, read_only=True)
    shift = serializers.IntegerField(read_only=True, required=False)
    booking = serializers.IntegerField(read_only=True, required=False)
    requested_at = MomentField(read_only=True, required=False)
    promised_from = MomentField(read_only=True, required=False)
    promised_to = MomentField(read_only=True, required=False)


class ChangedSerializer(serializers.Serializer[Any]):
    """The bookings named, as they are now; `back`: the changes that lead back, to be previewed as any other."""

    bookings = BookingSerializer(many=True, read_only=True)
    back = ChangeSerializer(many=True, read_only=True)


def change_row(change: WantedChange) -> dict[str, Any]:
    """As ChangeSerializer shows it."""
    row, wanted = {"id": change.booking_id}, change.wanted
    if isinstance(wanted, GiveTo):
        return row | {"action": Action.GIVE, "shift": wanted.shift_id}
    if isinstance(wanted, SwapWith):
        return row | {"action": Action.SWAP, "booking": wanted.booking_id}
    if isinstance(wanted, TakeAway):
        return row | {"action": Action.TAKE_OFF}
    begins_at, ends_at = wanted.window
    times = {"promised_from": begins_at, "promised_to": ends_at}
    if wanted.requested_at is not None:
        times["requested_at"] = wanted.requested_at
    return row | {"action": Action.RETIME} | times
