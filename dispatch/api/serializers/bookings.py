"""Bookings: what is shown of them, and what may be said of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from dispatch.api.fields import MomentField, RowIdField, StrictSerializer, WordField
from dispatch.api.serializers.assignments import BookingAssignmentSerializer
from dispatch.api.serializers.handovers import HandoverSerializer
from dispatch.api.serializers.shared import PlaceSerializer, ReadSerializer, TravellerSerializer
from dispatch.enums import BookingStatus, DoubtKind, Leg, Priority, StatusReason
from dispatch.models import Booking
from dispatch.models.booking import LONGEST_NOTE
from dispatch.usecases.create_booking import NewBooking
from dispatch.usecases.day_so_far import assignment_of
from dispatch.usecases.doubts import Doubt, doubts_about
from dispatch.usecases.edit_booking import BookingContent
from dispatch.usecases.moved_promise import moved_promise
from dispatch.usecases.promise import Window
from dispatch.usecases.return_left import left_sentence, return_left
from dispatch.usecases.way_back import NewReturn

MOST_ESCORTS = 4


class BookingSerializer(ReadSerializer):
    """A journey of one patient on one local day."""

    patient = TravellerSerializer(read_only=True)
    pickup = PlaceSerializer(read_only=True)
    dropoff = PlaceSerializer(read_only=True)
    leg = WordField(Leg, read_only=True)
    priority = WordField(Priority, read_only=True)
    status = WordField(BookingStatus, read_only=True)
    status_reason = WordField(StatusReason, read_only=True, allow_blank=True)
    escorts = serializers.IntegerField(
        read_only=True, help_text="Seats for those who come along on this journey."
    )
    coordinates_known = serializers.BooleanField(
        read_only=True, help_text="Without them the journey is not planned."
    )
    return_booking = serializers.SerializerMethodField()
    assignment = serializers.SerializerMethodField()
    waits_at = PlaceSerializer(
        read_only=True,
        allow_null=True,
        help_text="Where the patient, who was on board, waits for another vehicle; the next one picks up there.",
    )
    handovers = HandoverSerializer(many=True, read_only=True)

    class Meta:
        model = Booking
        fields = [
            "id", "reference", "version", "patient", "pickup", "dropoff", "service_on", "leg", "outbound",
            "return_booking", "standing_order", "requested_at", "promised_from", "promised_to",
            "appointment_at", "is_will_call", "ready_at", "is_urgent", "priority", "pooling_allowed",
            "same_driver_as_outbound", "escort_seats", "escorts", "notes", "coordinates_known", "status",
            "status_reason", "created_at", "en_route_at", "arrived_pickup_at", "boarded_at",
            "arrived_dropoff_at", "alighted_at", "absent_at", "plan_changes", "late_plan_changes",
            "assignment", "waits_at", "handovers",
        ]  # fmt: skip
        read_only_fields = fields

    def get_return_booking(self, booking: Booking) -> int | None:
        back: Booking | None = getattr(booking, "return_booking", None)
        return None if back is None else back.pk

    @extend_schema_field(BookingAssignmentSerializer(allow_null=True))
    def get_assignment(self, booking: Booking) -> dict[str, Any] | None:
        row = assignment_of(booking)
        return None if row is None else BookingAssignmentSerializer(row).data


class DoubtSerializer(serializers.Serializer[Doubt]):
    """Something odd about a booking that was taken all the same."""

    code = WordField(DoubtKind, source="kind", read_only=True)
    field = serializers.CharField(read_only=True)
    detail = serializers.CharField(source="sentence", read_only=True)


class WrittenBookingSerializer(BookingSerializer):
    """A journey as it was written, with what is worth a second look."""

    warnings = serializers.SerializerMethodField()

    class Meta(BookingSerializer.Meta):
        fields = [*BookingSerializer.Meta.fields, "warnings"]
        read_only_fields = fields

    @extend_schema_field(DoubtSerializer(many=True))
    def get_warnings(self, booking: Booking) -> Any:
        moved = moved_promise(booking, self.context.get("was_promised"))
        found = (*moved, *doubts_about(booking, now=timezone.now()))
        return [DoubtSerializer(doubt).data for doubt in found]


class ProgressedBookingSerializer(BookingSerializer):
    """A journey after a step; `warnings` name the return that still stands when it does not take place."""

    warnings = serializers.SerializerMethodField()

    class Meta(BookingSerializer.Meta):
        fields = [*BookingSerializer.Meta.fields, "warnings"]
        read_only_fields = fields

    @extend_schema_field(DoubtSerializer(many=True))
    def get_warnings(self, booking: Booking) -> Any:
        back = return_left(booking)
        if back is None:
            return []
        doubt = Doubt(
            kind=DoubtKind.RETURN_LEFT, field="return_booking", sentence=left_sentence(back)
        )
        return [DoubtSerializer(doubt).data]


class ReturnInput(StrictSerializer):
    """The way back: at a time, or on call."""

    is_on_call = serializers.BooleanField(
        default=False, help_text="The patient calls when ready; then there is no time."
    )
    requested_at = MomentField(allow_null=True, default=None)
    promised_from = MomentField(allow_null=True, default=None)
    promised_to = MomentField(allow_null=True, default=None)
    same_driver = serializers.BooleanField(default=False)
    notes = serializers.CharField(
        allow_blank=True, default="", max_length=LONGEST_NOTE, help_text="Nothing medical."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs["promised"] = _window(attrs.pop("promised_from"), attrs.pop("promised_to"))
        return attrs

    def wanted(self) -> NewReturn:
        return NewReturn(**self.validated_data)


class BookingInput(StrictSerializer):
    """A new journey. The promised window follows from the company's rules unless it is given.

    Without `requested_at` the pickup follows from the appointment and the way there.
    """

    patient = RowIdField()
    pickup = RowIdField()
    dropoff = RowIdField()
    requested_at = MomentField(
        allow_null=True, default=None, help_text="The pickup the patient asked for."
    )
    promised_from = MomentField(allow_null=True, default=None)
    promised_to = MomentField(allow_null=True, default=None)
    appointment_at = MomentField(allow_null=True, default=None)
    priority = WordField(Priority, default=Priority.NORMAL)
    pooling_allowed = serializers.BooleanField(default=True)
    escort_seats = serializers.IntegerField(
        allow_null=True, default=None, min_value=0, max_value=MOST_ESCORTS
    )
    notes = serializers.CharField(
        allow_blank=True, default="", max_length=LONGEST_NOTE, help_text="Nothing medical."
    )
    is_draft = serializers.BooleanField(
        default=False, help_text="Not confirmed to anybody yet, and not planned."
    )
    way_back = ReturnInput(allow_null=True, default=None)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs["promised"] = _window(attrs.pop("promised_from"), attrs.pop("promised_to"))
        return attrs

    def wanted(self) -> NewBooking:
        values = dict(self.validated_data)
        for name in ("patient", "pickup", "dropoff"):
            values[f"{name}_id"] = values.pop(name)
        if values["way_back"] is not None:
            values["way_back"] = NewReturn(**values["way_back"])
        return NewBooking(**values)


@extend_schema_serializer(component_name="BookingInput")
class BookingPatch(StrictSerializer):
    """What is to change; everything else stays.

    The promised window moves with the appointment, unless it is given here; else only when this says so. A
    promise that has moved is one of the `warnings` of the answer.
    """

    pickup = RowIdField(required=False)
    dropoff = RowIdField(required=False)
    requested_at = MomentField(required=False, allow_null=True)
    promised_from = MomentField(required=False, allow_null=True)
    promised_to = MomentField(required=False, allow_null=True)
    appointment_at = MomentField(required=False, allow_null=True)
    is_will_call = serializers.BooleanField(required=False)
    same_driver_as_outbound = serializers.BooleanField(required=False)
    priority = WordField(Priority, required=False)
    pooling_allowed = serializers.BooleanField(required=False)
    escort_seats = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=MOST_ESCORTS
    )
    notes = serializers.CharField(required=False, allow_blank=True, max_length=LONGEST_NOTE)
    move_promise = serializers.BooleanField(
        required=False, help_text="Promise the usual window around the requested pickup anew."
    )

    def content(self, booking: Booking) -> BookingContent:
        values = {k: v for k, v in self.validated_data.items() if k != "move_promise"}
        for name in {"pickup", "dropoff"} & values.keys():
            values[f"{name}_id"] = values.pop(name)
        return replace(BookingContent.of(booking), **values)

    @property
    def gives_window(self) -> bool:
        return bool({"promised_from", "promised_to"} & self.validated_data.keys())

    @property
    def moves_promise(self) -> bool:
        return bool(self.validated_data.get("move_promise", False))


class ProgressInput(StrictSerializer):
    """The step a journey has taken. Outcomes such as a cancellation need one of their reasons.

    `cancelled`, `same_day_cancel` and `late_cancel` are one step: which of them it is follows from the moment.
    """

    to = WordField(BookingStatus)
    at = MomentField(required=False, help_text="When it was; now, if nothing is said.")
    reason = WordField(StatusReason, allow_blank=True, default="")


class AssignInput(StrictSerializer):
    """The shift that is to drive; pinned, the planner leaves it there."""

    shift = RowIdField()
    pin = serializers.BooleanField(default=True)
    token = serializers.CharField(
        required=False,
        max_length=4_000,
        help_text="Of an impact that was shown: what else it would do by now is refused.",
    )


class UnassignInput(StrictSerializer):
    """Nothing, or what was shown."""

    token = serializers.CharField(
        required=False,
        max_length=4_000,
        help_text="Of an impact that was shown: what else it would do by now is refused.",
    )


class ResumedInput(StrictSerializer):
    """When the patient got into the other vehicle."""

    at = MomentField(required=False, help_text="Now, if nothing is said.")


class ReadyInput(StrictSerializer):
    """The patient of a return on call has said when."""

    ready_at = MomentField(required=False, help_text="Now, if nothing is said.")
    is_urgent = serializers.BooleanField(default=False)
    came_another_way = serializers.BooleanField(
        default=False,
        help_text="The patient is there although the outbound journey is to come or did not take place.",
    )


def _window(begins_at: datetime | None, ends_at: datetime | None) -> Window | None:
    """Both ends or none. Raises ValidationError."""
    if begins_at is None and ends_at is None:
        return None
    if begins_at is None or ends_at is None:
        missing = "promised_from" if begins_at is None else "promised_to"
        sentence = _("The promised window lacks its beginning or its end.")
        raise serializers.ValidationError({missing: [sentence]})
    return Window(begins_at, ends_at)
