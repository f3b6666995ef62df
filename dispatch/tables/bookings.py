"""The table of bookings: journeys that may still be changed by a file, and those that may not."""

from __future__ import annotations

from functools import cached_property
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
from dispatch.usecases.doubts import Offer, doubts_about, fleet_of
from dispatch.usecases.edit_booking import BookingContent, edit_booking
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.judge_booking import (
    refuse_the_past,
    refuse_the_senseless,
    refuse_two_vehicles,
)
from dispatch.usecases.keep_row import InvalidRowError
from dispatch.usecases.moved_promise import moved_promise
from dispatch.usecases.promise import Agreed, Window, complete_promise, follow_appointment

if TYPE_CHECKING:
    from datetime import date, datetime
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
            self._judge(instance)
        super().validate_instance(instance, import_validation_errors, validate_unique)

    def _judge(self, instance: Booking) -> None:
        """By the rules of every other way in: what is promised follows, what cannot be is refused."""
        stored: Stored | None = instance.stored  # type: ignore[attr-defined]
        is_new = stored is None
        is_firm = (
            is_new and not instance.is_will_call and instance.status == BookingStatus.CONFIRMED
        )
        says_no_window = instance.promised_from is None and instance.promised_to is None
        try:
            if is_firm and says_no_window:
                complete_promise(instance)
            if stored is not None:
                follow_appointment(instance, stored.agreed)
            if stored is None or stored.when != Stored.of(instance).when:
                refuse_the_past(instance, self._moment, field="service_on")
            if is_new:
                refuse_the_senseless(instance)
                refuse_two_vehicles(instance)
        except InvalidRowError as refusal:
            raise _told(refusal) from refusal

    @property
    def _moment(self) -> datetime:
        if self.now is None:
            raise RuntimeError("a file is judged at a moment")
        return self.now

    @cached_property
    def _fleet(self) -> tuple[Offer, ...]:
        return fleet_of(self.company)

    def doubts(self, instance: Booking) -> tuple[str, ...]:
        stored: Stored | None = instance.stored  # type: ignore[attr-defined]
        found = doubts_about(instance, now=self._moment, fleet=self._fleet)
        if stored is not None:
            found = (*moved_promise(instance, stored.agreed.window), *found)
        return tuple(doubt.sentence for doubt in found)

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

    def store(self, instance: Booking) -> None:
        """As every change of a journey, and shown as it was written."""
        try:
            written = edit_booking(
                booking_id=instance.pk,
                content=BookingContent.of(instance),
                now=self._moment,
                expected_version=instance.version,
            )
        except UseCaseError as refusal:
            raise _told(refusal) from refusal
        for name in BookingContent.__slots__:
            setattr(instance, name, getattr(written, name))


def _refuse_another_journey(booking: Booking, stored: Stored) -> None:
    said = _("This stays as it was booked: cancel the journey and enter another one.")
    changed = [name for name in _FIXED if getattr(booking, name) != getattr(stored, name)]
    if changed:
        raise ValidationError({name.removesuffix("_id"): said for name in changed})


def _told(refusal: UseCaseError) -> ValidationError:
    """In the words of the use case, each beside its column."""
    if isinstance(refusal, InvalidRowError):
        return ValidationError({name: list(said) for name, said in refusal.errors.items()})
    return ValidationError(str(refusal))
