"""Planning runs: how they went, what they plan, what they leave and what they would change."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from rest_framework import serializers

from dispatch.api.fields import DayField, MomentField, StrictSerializer, WordField
from dispatch.api.serializers.kpis import KpiSerializer
from dispatch.api.serializers.shared import ReadSerializer
from dispatch.enums import Rule, RunStatus, RunTrigger, VisitKind
from dispatch.models import DispatchRun
from dispatch.usecases.note_sentences import (
    error_sentence,
    label_of,
    note_key,
    note_sentences,
    references_in,
)

if TYPE_CHECKING:
    from dispatch.engine.sentences import Label


class RunSerializer(ReadSerializer):
    """One planning of one day."""

    status = WordField(RunStatus, read_only=True)
    trigger = WordField(RunTrigger, read_only=True)
    requested_by = serializers.StringRelatedField[Any](read_only=True, allow_null=True)
    applied_by = serializers.StringRelatedField[Any](read_only=True, allow_null=True)
    is_in_force = serializers.SerializerMethodField()
    notes = serializers.SerializerMethodField()
    note_keys = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()
    error_key = serializers.SerializerMethodField()

    class Meta:
        model = DispatchRun
        fields = [
            "id", "service_on", "version", "status", "trigger", "requested_by", "created_at", "started_at",
            "finished_at", "travel_source", "is_degraded", "notes", "note_keys", "error", "error_key", "applied_at", "applied_by",
            "is_in_force",
        ]  # fmt: skip
        read_only_fields = fields

    def get_is_in_force(self, run: DispatchRun) -> bool:
        return run.applied_at is not None and run.status == RunStatus.DONE

    def get_notes(self, run: DispatchRun) -> list[str]:
        """What was left out and why, in the caller's language."""
        return note_sentences(run.notes, self._label_of_page)

    def get_note_keys(self, run: DispatchRun) -> list[str | None]:
        """The same for machines, one for one; null for a note of an older version."""
        return [note_key(note) for note in run.notes]

    def get_error(self, run: DispatchRun) -> str:
        """Why the run failed, in the caller's language; empty when it did not."""
        return error_sentence(run.error)

    def get_error_key(self, run: DispatchRun) -> str | None:
        return note_key(run.error)

    @cached_property
    def _label_of_page(self) -> Label | None:
        """The shifts that a page of runs speaks of, asked for once; a single run asks for its own."""
        if not isinstance(self.parent, serializers.ListSerializer):
            return None
        page = self.parent.instance or ()
        return label_of(references_in(note for run in page for note in run.notes))


class StageSerializer(serializers.Serializer[Any]):
    """What one stage of the planner did."""

    name = serializers.CharField()
    seconds = serializers.FloatField()
    cost = serializers.IntegerField(allow_null=True)
    unserved = serializers.IntegerField(allow_null=True)
    outcome = serializers.CharField()
    note = serializers.CharField(allow_blank=True)


class UnassignedSerializer(serializers.Serializer[Any]):
    """A booking the run could not serve: the rule in the way, and a sentence in the caller's language."""

    booking = serializers.IntegerField()
    reference = serializers.CharField()
    reason = WordField(Rule)
    sentence = serializers.CharField()


class VisitSerializer(serializers.Serializer[Any]):
    """A stop (`booking`) or a break."""

    kind = WordField(VisitKind)
    booking = serializers.IntegerField(allow_null=True)
    reference = serializers.CharField(allow_null=True)
    arrive_at = MomentField()
    start_at = MomentField()


class RouteSerializer(serializers.Serializer[Any]):
    """The way of one shift."""

    shift = serializers.IntegerField()
    driver = serializers.CharField(allow_null=True)
    vehicle = serializers.CharField(allow_null=True)
    leave_at = MomentField()
    return_at = MomentField()
    visits = VisitSerializer(many=True)


class StretchedSerializer(serializers.Serializer[Any]):
    """A promised window that was opened further because its vehicle is late, and how late the plan comes in it."""

    booking = serializers.IntegerField()
    opened_min = serializers.IntegerField()
    late_min = serializers.IntegerField(help_text="0: in time all the same.")


class RunDetailSerializer(RunSerializer):
    """A run with its stages, its plan, what it leaves unassigned and what it predicts."""

    stages = StageSerializer(many=True, read_only=True)
    routes = RouteSerializer(many=True, read_only=True)
    unassigned = UnassignedSerializer(source="unassigned_rows", many=True, read_only=True)
    kpis = KpiSerializer(many=True, read_only=True, help_text="Predicted.")
    stretched_windows = StretchedSerializer(source="stretched_rows", many=True, read_only=True)

    class Meta(RunSerializer.Meta):
        fields = [
            *RunSerializer.Meta.fields,
            "stages", "routes", "unassigned", "kpis", "stretched_windows",
        ]  # fmt: skip
        read_only_fields = fields


class RunInput(StrictSerializer):
    """The local day to plan."""

    day = DayField()


class AppliedSerializer(serializers.Serializer[Any]):
    """The run in force now, and how many bookings got a driver, lost theirs, changed or kept everything."""

    run = RunSerializer()
    assigned = serializers.IntegerField(source="written.assigned")
    unassigned = serializers.IntegerField(source="written.unassigned")
    changed = serializers.IntegerField(source="written.changed")
    unchanged = serializers.IntegerField(source="written.unchanged")


class MoveSerializer(serializers.Serializer[Any]):
    """A booking whose driver or pickup differs between two plans; null means unassigned there."""

    booking = serializers.IntegerField()
    reference = serializers.CharField(allow_null=True)
    from_shift = serializers.IntegerField(allow_null=True)
    from_driver = serializers.CharField(allow_null=True)
    from_pickup_at = MomentField(allow_null=True)
    to_shift = serializers.IntegerField(allow_null=True)
    to_driver = serializers.CharField(allow_null=True)
    to_pickup_at = MomentField(allow_null=True)


class DiffSerializer(serializers.Serializer[Any]):
    """What changes from `against` (null: nothing is in force) to this run."""

    run = serializers.IntegerField()
    against = serializers.IntegerField(allow_null=True)
    moves = MoveSerializer(many=True)
