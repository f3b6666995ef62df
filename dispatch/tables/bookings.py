"""The table of bookings: journeys that may still be changed by a file, and those that may not."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dispatch.enums import BookingStatus, Leg, Priority
from dispatch.models import Booking
from dispatch.models.constraints import are_given
from dispatch.tables.base import CompanyTable
from dispatch.tables.columns import (
    NEW_WHEN_EMPTY,
    DayColumn,
    FlagColumn,
    MomentColumn,
    NumberColumn,
    ParagraphColumn,
    TextColumn,
    WordColumn,
)
from dispatch.tables.lookups import JourneyColumn, PatientColumn, PlaceColumn
from dispatch.usecases.create_booking import complete_promise
from dispatch.usecases.doubts import Offer, doubts_about, fleet_of
from dispatch.usecases.judge_booking import (
    refuse_the_past,
    refuse_the_senseless,
    refuse_two_vehicles,
)
from dispatch.usecases.keep_row import InvalidRowError

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from django.db.models import QuerySet

_MAY_CHANGE = frozenset({BookingStatus.DRAFT.value, BookingStatus.CONFIRMED.value})


def _moment(attribute: str) -> MomentColumn:
    return MomentColumn(attribute, day_column="day", day_attribute="service_on")


def _promise_of(row: Booking) -> tuple[datetime | None, datetime | None]:
    return row.promised_from, row.promised_to


class BookingTable(CompanyTable):
    """Where a journey stands is no matter for a file: new ones are drafts or confirmed, others keep theirs."""

    reference = TextColumn("reference", keeps_when_empty=True, expected=NEW_WHEN_EMPTY)
    patient = PatientColumn("patient")
    day = DayColumn("service_on")
    leg = WordColumn("leg", Leg)
    outbound = JourneyColumn("outbound")
    pickup = PlaceColumn("pickup")
    dropoff = PlaceColumn("dropoff")
    requested = _moment("requested_at")
    promised_from = _moment("promised_from")
    promised_to = _moment("promised_to")
    appointment = _moment("appointment_at")
    on_call = FlagColumn("is_will_call")
    urgent = FlagColumn("is_urgent")
    priority = WordColumn("priority", Priority)
    may_share = FlagColumn("pooling_allowed")
    same_driver = FlagColumn("same_driver_as_outbound")
    escorts = NumberColumn("escort_seats")
    notes = ParagraphColumn(
        "notes", expected=gettext_lazy("a text for the driver, nothing medical")
    )
    status = WordColumn(
        "status",
        BookingStatus,
        expected=gettext_lazy("draft or confirmed for a new journey; else what it is"),
    )

    class Meta(CompanyTable.Meta):
        model = Booking
        import_id_fields = ["reference"]
        fields = (
            "reference", "patient", "day", "leg", "outbound", "pickup", "dropoff", "requested",
            "promised_from", "promised_to", "appointment", "on_call", "urgent", "priority", "may_share",
            "same_driver", "escorts", "notes", "status",
        )  # fmt: skip

    def get_queryset(self) -> QuerySet[Any]:
        return (
            super()
            .get_queryset()
            .select_related("patient", "pickup__parent", "dropoff__parent", "outbound")
        )

    def init_instance(self, row: Any = None) -> Booking:
        return Booking(company=self.company, status=BookingStatus.CONFIRMED.value)

    def after_init_instance(
        self,
        instance: Booking,
        new: bool,  # noqa: FBT001 - the signature of import-export
        row: object,
        **_options: object,
    ) -> None:
        instance.company = self.company
        instance.status_before = None if new else instance.status  # type: ignore[attr-defined]
        instance.promise_before = _promise_of(instance)  # type: ignore[attr-defined]

    def validate_instance(
        self,
        instance: Booking,
        import_validation_errors: Any = None,
        validate_unique: bool = True,  # noqa: FBT001 - the signature of import-export
    ) -> None:
        self._refuse_beyond_files(instance)
        if not import_validation_errors and are_given(
            instance, "patient", "pickup", "dropoff", "service_on"
        ):
            self._judge(instance)
        super().validate_instance(instance, import_validation_errors, validate_unique)

    def _judge(self, instance: Booking) -> None:
        """By the rules of every other way in: what is promised follows, what cannot be is refused."""
        is_new = instance.status_before is None  # type: ignore[attr-defined]
        is_firm = (
            is_new and not instance.is_will_call and instance.status == BookingStatus.CONFIRMED
        )
        says_no_window = instance.promised_from is None and instance.promised_to is None
        try:
            if is_firm and says_no_window:
                complete_promise(instance)
            if is_new:
                refuse_the_past(instance, self._moment)
            refuse_the_senseless(instance)
            if is_new or instance.promise_before != _promise_of(instance):  # type: ignore[attr-defined]
                refuse_two_vehicles(instance)
        except InvalidRowError as refusal:
            raise ValidationError({k: list(v) for k, v in refusal.errors.items()}) from refusal

    @property
    def _moment(self) -> datetime:
        if self.now is None:
            raise RuntimeError("a file is judged at a moment")
        return self.now

    @cached_property
    def _fleet(self) -> tuple[Offer, ...]:
        return fleet_of(self.company)

    def doubts(self, instance: Booking) -> tuple[str, ...]:
        found = doubts_about(instance, now=self._moment, fleet=self._fleet)
        return tuple(doubt.sentence for doubt in found)

    def _refuse_beyond_files(self, instance: Booking) -> None:
        before: str | None = instance.status_before  # type: ignore[attr-defined]
        if before is None and instance.status not in _MAY_CHANGE:
            raise ValidationError({"status": _("A new journey is a draft or confirmed.")})
        if before is not None and before != instance.status:
            raise ValidationError(
                {"status": _("Where a journey stands is changed in the console, not by a file.")}
            )
        if before is not None and before not in _MAY_CHANGE:
            raise ValidationError(
                _("This journey has a driver or is over: a file changes it no more.")
            )

    def store(self, instance: Booking) -> None:
        """Compare-and-set, as every change of a booking."""
        names = {column.attribute for column in self.fields.values()} - {"status", "reference"}
        written = Booking.objects.filter(pk=instance.pk, version=instance.version).update(
            **{name: getattr(instance, name) for name in names}, version=F("version") + 1
        )
        if not written:
            raise ValidationError(_("Somebody else changed this journey meanwhile."))
