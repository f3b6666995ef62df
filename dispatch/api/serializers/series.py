"""Series of journeys: what is shown of them, what may be said of them, and what a change does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

from dispatch.api.fields import (
    DayField,
    MomentField,
    RowIdField,
    StrictSerializer,
    WallTimeField,
    WordField,
)
from dispatch.api.serializers.shared import PlaceSerializer, ReadSerializer, TravellerSerializer
from dispatch.enums import Priority, ReturnMode
from dispatch.models import StandingOrder, StandingOrderPause
from dispatch.usecases.change_series import SeriesEdit
from dispatch.usecases.create_series import NewSeries
from dispatch.usecases.series_change import BookingEffect, Clash, Effect
from dispatch.usecases.series_edits import EditAll, EditFollowing, EditThis
from dispatch.usecases.series_rests import End, Pause, Resume
from dispatch.usecases.series_rows import SeriesContent, series_of

LAST_WEEKDAY = 6
MOST_WEEKS = 52
TOKEN_LENGTH = 64
SCOPES = ("this", "following", "all")


class PauseSerializer(ReadSerializer):
    """Days on which a series rests, both included."""

    class Meta:
        model = StandingOrderPause
        fields = ["id", "first_on", "last_on"]
        read_only_fields = fields


class SeriesSerializer(ReadSerializer):
    """The same journey again and again, in local times. `version` is the ETag of the row."""

    version = serializers.SerializerMethodField()
    patient = TravellerSerializer(read_only=True)
    pickup = PlaceSerializer(read_only=True)
    dropoff = PlaceSerializer(read_only=True)
    weekdays = serializers.ListField(
        child=serializers.IntegerField(), read_only=True, help_text="0 is Monday."
    )
    return_mode = WordField(ReturnMode, read_only=True)
    pickup_time = WallTimeField(read_only=True, allow_null=True)
    appointment_time = WallTimeField(read_only=True, allow_null=True)
    return_time = WallTimeField(read_only=True, allow_null=True)
    priority = WordField(Priority, read_only=True)
    pauses = PauseSerializer(many=True, read_only=True)

    class Meta:
        model = StandingOrder
        fields = [
            "id", "version", "patient", "pickup", "dropoff", "weekdays", "interval_weeks", "starts_on",
            "ends_on", "pickup_time", "appointment_time", "return_mode", "return_time",
            "same_driver_return", "priority", "pooling_allowed", "active", "pauses",
        ]  # fmt: skip
        read_only_fields = fields

    def get_version(self, order: StandingOrder) -> str:
        return series_of(order).version


def _weekdays(**options: Any) -> serializers.ListField:
    weekday = serializers.IntegerField(min_value=0, max_value=LAST_WEEKDAY)
    return serializers.ListField(
        child=weekday,
        min_length=1,
        max_length=LAST_WEEKDAY + 1,
        help_text="0 is Monday.",
        **options,
    )


class SeriesInput(StrictSerializer):
    """A new series; its journeys of the next 28 days are booked at once."""

    patient = RowIdField()
    pickup = RowIdField()
    dropoff = RowIdField()
    weekdays = _weekdays()
    interval_weeks = serializers.IntegerField(default=1, min_value=1, max_value=MOST_WEEKS)
    starts_on = DayField()
    ends_on = DayField(allow_null=True, default=None)
    pickup_time = WallTimeField(allow_null=True, default=None)
    appointment_time = WallTimeField(allow_null=True, default=None)
    return_mode = WordField(ReturnMode, default=ReturnMode.NONE)
    return_time = WallTimeField(allow_null=True, default=None)
    same_driver_return = serializers.BooleanField(default=False)
    priority = WordField(Priority, default=Priority.NORMAL)
    pooling_allowed = serializers.BooleanField(default=True)

    def wanted(self) -> NewSeries:
        values = _columns(self.validated_data)
        patient, starts_on = values.pop("patient"), values.pop("starts_on")
        content = SeriesContent(**values)
        return NewSeries(patient_id=patient, starts_on=starts_on, content=content)


class SeriesEditInput(StrictSerializer):
    """What is to change, and for which days; everything else stays.

    `scope` this: the one day `on`, which may be driven on another day. following: `on` and later. all: from
    today on.
    """

    scope = serializers.ChoiceField(choices=SCOPES)
    on = DayField(
        required=False, help_text="A day of the series; for the scopes this and following."
    )
    serve_on = DayField(required=False, help_text="Only for the scope this: driven on that day.")
    overwrite_edited = serializers.BooleanField(
        required=False,
        help_text="Also what was changed by hand; not for the scope this, which means it.",
    )
    pickup = RowIdField(required=False)
    dropoff = RowIdField(required=False)
    weekdays = _weekdays(required=False)
    interval_weeks = serializers.IntegerField(required=False, min_value=1, max_value=MOST_WEEKS)
    ends_on = DayField(required=False, allow_null=True)
    pickup_time = WallTimeField(required=False, allow_null=True)
    appointment_time = WallTimeField(required=False, allow_null=True)
    return_mode = WordField(ReturnMode, required=False)
    return_time = WallTimeField(required=False, allow_null=True)
    same_driver_return = serializers.BooleanField(required=False)
    priority = WordField(Priority, required=False)
    pooling_allowed = serializers.BooleanField(required=False)
    active = serializers.BooleanField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        scope, errors = attrs["scope"], {}
        if scope == "all" and "on" in attrs:
            errors["on"] = _("The whole series changes from today on: no day is named.")
        if scope != "all" and "on" not in attrs:
            errors["on"] = _("Say which day.")
        if scope != "this" and "serve_on" in attrs:
            errors["serve_on"] = _("Only one day can be driven on another one.")
        if scope == "this" and "overwrite_edited" in attrs:
            errors["overwrite_edited"] = _("The one day that is meant always changes.")
        if errors:
            raise serializers.ValidationError(errors)
        return attrs


class SeriesPauseInput(StrictSerializer):
    """The series rests on these days, both included."""

    first_on = DayField()
    last_on = DayField()
    overwrite_edited = serializers.BooleanField(
        default=False, help_text="Also what was moved to another day by hand."
    )


class SeriesResumeInput(StrictSerializer):
    """A pause ends: the series goes on from this day."""

    pause = RowIdField()
    from_on = DayField()


class SeriesEndInput(StrictSerializer):
    """The series ends."""

    last_on = DayField(allow_null=True, default=None, help_text="Empty: it stops at once.")


class SeriesPreviewInput(StrictSerializer):
    """One of the changes, as it would be sent to be done."""

    edit = SeriesEditInput(required=False)
    pause = SeriesPauseInput(required=False)
    resume = SeriesResumeInput(required=False)
    end = SeriesEndInput(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if len(attrs) != 1:
            raise serializers.ValidationError(_("Name one change: edit, pause, resume or end."))
        return attrs


def edit_of(kind: str, said: Mapping[str, Any], order: StandingOrder) -> SeriesEdit:
    """What a body of this kind asks for; an edit starts from what the series is."""
    if kind == "pause":
        return Pause(**said)
    if kind == "resume":
        return Resume(pause_id=said["pause"], from_on=said["from_on"])
    if kind == "end":
        return End(last_on=said["last_on"])
    return _edit(said, order)


def _edit(said: Mapping[str, Any], order: StandingOrder) -> SeriesEdit:
    values = dict(said)
    scope, on, serve_on = values.pop("scope"), values.pop("on", None), values.pop("serve_on", None)
    overwrite = values.pop("overwrite_edited", False)
    content = SeriesContent.of(order).with_said(_columns(values))
    if scope == "this":
        return EditThis(series_on=on, content=content, serve_on=serve_on)
    if scope == "following":
        return EditFollowing(from_on=on, content=content, overwrite_edited=overwrite)
    return EditAll(content=content, overwrite_edited=overwrite)


def _columns(said: Mapping[str, Any]) -> dict[str, Any]:
    values = dict(said)
    for name in {"pickup", "dropoff"} & values.keys():
        values[f"{name}_id"] = values.pop(name)
    if "weekdays" in values:
        values["weekdays"] = tuple(sorted(set(values["weekdays"])))
    return values


class NewJourneySerializer(serializers.Serializer[Any]):
    """A journey that gets booked."""

    series_on = DayField(read_only=True)
    day = DayField(source="leg.service_on", read_only=True)
    is_return = serializers.BooleanField(source="leg.is_return", read_only=True)
    is_on_call = serializers.BooleanField(source="leg.is_will_call", read_only=True)
    is_draft = serializers.BooleanField(source="leg.is_draft", read_only=True)
    requested_at = MomentField(source="leg.requested_at", read_only=True, allow_null=True)
    promised_from = MomentField(source="leg.promised_from", read_only=True, allow_null=True)
    promised_to = MomentField(source="leg.promised_to", read_only=True, allow_null=True)


class ChangedJourneySerializer(serializers.Serializer[Any]):
    """What becomes of a journey that is booked; `day` and the moments only where they change."""

    booking = serializers.IntegerField(source="booking_id", read_only=True)
    reference = serializers.CharField(read_only=True)
    series_on = DayField(read_only=True)
    effect = WordField(Effect, read_only=True)
    is_return = serializers.BooleanField(read_only=True)
    loses_driver = serializers.BooleanField(read_only=True)
    fields_changed = serializers.SerializerMethodField()
    day = serializers.SerializerMethodField()
    requested_at = serializers.SerializerMethodField()
    promise_moved = serializers.SerializerMethodField(
        help_text="What the patient had been promised and is promised instead; else empty."
    )

    def get_promise_moved(self, effect: BookingEffect) -> str:
        return "" if effect.promise is None else effect.promise.sentence(self.context["company"].tz)

    def get_fields_changed(self, effect: BookingEffect) -> list[str]:
        return [name for name, _value in effect.values]

    def get_day(self, effect: BookingEffect) -> date | None:
        day = dict(effect.values).get("service_on")
        return day if isinstance(day, date) else None

    def get_requested_at(self, effect: BookingEffect) -> datetime | None:
        moment = dict(effect.values).get("requested_at")
        return moment if isinstance(moment, datetime) else None


class ConflictSerializer(serializers.Serializer[Any]):
    """A journey that does not simply follow; `follows`: whether it changes nevertheless."""

    clash = WordField(Clash, read_only=True)
    booking = serializers.IntegerField(source="booking_id", read_only=True)
    reference = serializers.CharField(read_only=True)
    series_on = DayField(read_only=True)
    follows = serializers.BooleanField(read_only=True)
    sentence = serializers.CharField(read_only=True)


class SeriesChangeSerializer(serializers.Serializer[Any]):
    """What a change does, or did; `series` is the one that goes on.

    The `token` of a preview, sent with the change in the header X-Preview, has it done only as previewed.
    """

    series = serializers.IntegerField(source="order_id", read_only=True)
    created = NewJourneySerializer(many=True, read_only=True)
    changed = ChangedJourneySerializer(source="effects", many=True, read_only=True)
    conflicts = ConflictSerializer(many=True, read_only=True)
    notes = serializers.ListField(child=serializers.CharField(), read_only=True)
    token = serializers.CharField(read_only=True)
