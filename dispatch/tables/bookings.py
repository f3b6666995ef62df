"""The table of bookings: journeys that may still be changed by a file, and those that may not."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dispatch.enums import BookingStatus, Leg, Priority
from dispatch.models import Booking
from dispatch.models.booking import LONGEST_NOTE
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
from dispatch.usecases.doubts import Doubt, doubts_about_each
from dispatch.usecases.edit_booking import BookingContent, edit_booking
from dispatch.usecases.judge_booking import refuse_the_past
from dispatch.usecases.keep_row import InvalidRowError
from dispatch.usecases.moved_promise import moved_promise
from dispatch.usecases.promise import Agreed, Window, complete_promise, follow_appointment
from dispatch.usecases.take_booking import take_booking

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import date
    from typing import Any

    from django.db.models import QuerySet

_MAY_CHANGE = frozenset({BookingStatus.DRAFT.value, BookingStatus.CONFIRMED.value})
_FIXED = ("patient_id", "leg", "outbound_id")  # as at the desk: this is which journey it is


class Stored(NamedTuple):
    """What the row said before its line was read."""

    status: str
    patient_id: int
    leg: str
    outbound_id: int | None
    service_on: date
    agreed: Agreed

    @classmethod
    def of(cls, booking: Booking) -> Stored:
        return cls(
            booking.status,
            booking.patient_id,
            booking.leg,
            booking.outbound_id,
            booking.service_on,
            Agreed.of(booking),
        )

    @property
    def when(self) -> tuple[date, Window | None]:
        return self.service_on, self.agreed.window


def _moment(attribute: str) -> MomentColumn:
    return MomentColumn(attribute, day_column="day", day_attribute="service_on")


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
        instance.stored = None if new else Stored.of(instance)  # type: ignore[attr-defined]

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
            self._complete(instance)
        super().validate_instance(instance, import_validation_errors, validate_unique)

    def _complete(self, instance: Booking) -> None:
        """An hour is enough for the usual promise; a day that is over is told where the file says it."""
        stored: Stored | None = instance.stored  # type: ignore[attr-defined]
        is_firm = not instance.is_will_call and instance.status == BookingStatus.CONFIRMED
        says_no_window = instance.promised_from is None and instance.promised_to is None
        try:
            if stored is None and is_firm and says_no_window:
                complete_promise(instance)
            if stored is not None:
                follow_appointment(instance, stored.agreed)
                if stored.when != Stored.of(instance).when:
                    refuse_the_past(instance, self.moment, field="service_on")
        except InvalidRowError as refusal:
            raise self._told(refusal) from refusal

    def doubts(self, rows: Sequence[Booking]) -> Mapping[int, tuple[str, ...]]:
        odd = doubts_about_each(rows, now=self.moment)
        return {
            row.pk: tuple(doubt.sentence for doubt in (*_moved(row), *odd.get(row.pk, ())))
            for row in rows
        }

    def _refuse_beyond_files(self, instance: Booking) -> None:
        stored: Stored | None = instance.stored  # type: ignore[attr-defined]
        before = None if stored is None else stored.status
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
        if stored is not None:
            _refuse_another_journey(instance, stored)
        try:
            MaxLengthValidator(LONGEST_NOTE)(instance.notes)
        except ValidationError as error:
            raise ValidationError({"notes": error.messages}) from error

    def keep(self, instance: Booking, *, is_new: bool) -> None:
        """As every journey that is taken or changed; shown as it was written."""
        if is_new:
            take_booking(booking=instance, now=self.moment, day_field="service_on")
            return
        written = edit_booking(
            booking_id=instance.pk,
            content=BookingContent.of(instance),
            now=self.moment,
            expected_version=instance.version,
        )
        for name in BookingContent.__slots__:
            setattr(instance, name, getattr(written, name))


def _moved(booking: Booking) -> Iterator[Doubt]:
    stored: Stored | None = booking.stored  # type: ignore[attr-defined]
    if stored is not None:
        yield from moved_promise(booking, stored.agreed.window)


def _refuse_another_journey(booking: Booking, stored: Stored) -> None:
    said = _("This stays as it was booked: cancel the journey and enter another one.")
    changed = [name for name in _FIXED if getattr(booking, name) != getattr(stored, name)]
    if changed:
        raise ValidationError({name.removesuffix("_id"): said for name in changed})
