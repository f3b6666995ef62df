"""One journey of one patient on one day: what was promised, where it stands, and how it went."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Self

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Func, Prefetch, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from dispatch.enums import BookingStatus, Leg, Priority, StatusReason
from dispatch.models.company import Company, OfCompany
from dispatch.models.constraints import (
    are_given,
    check,
    in_order,
    one_of,
    refuse_foreign,
    together,
)
from dispatch.models.labels import choices
from dispatch.models.people import READ_WISHES, Patient
from dispatch.models.place import Place
from dispatch.models.references import new_reference
from dispatch.models.standing import StandingOrder
from dispatch.models.statuses import CANCELLATIONS, REASONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from dispatch.models.handover import Handover

READ_HANDOVERS = "read_handovers"  # a list beside the manager, which is dear to set up for each row
LONGEST_NOTE = 2000  # letters a driver can be expected to read


# Whoever is fetched today is there today: a longer span is a day typed wrong.
LONGEST_PROMISE = timedelta(hours=24)


def booking_reference() -> str:
    return new_reference("B")


def _utc_day(field: str) -> Func:
    """The day in UTC: within one day of the local day everywhere on earth."""
    return Func(
        F(field),
        template="(%(expressions)s AT TIME ZONE 'UTC')::date",
        output_field=models.DateField(),
    )


def _values(statuses: Iterable[BookingStatus]) -> list[str]:
    return sorted(status.value for status in statuses)


def _reason_fits() -> Q:
    """Each outcome with one of its reasons, everything else with none."""
    fits = ~Q(status__in=_values(REASONS)) & Q(status_reason="")
    for status, reasons in REASONS.items():
        fits |= Q(status=status.value, status_reason__in=sorted(r.value for r in reasons))
    return fits


def _only_in(field: str, *statuses: BookingStatus) -> Q:
    """The moment is known only where the journey has come that far."""
    return Q((f"{field}__isnull", True)) | Q(status__in=_values(statuses))


def _known_in(field: str, status: BookingStatus) -> Q:
    return ~Q(status=status.value) | Q((f"{field}__isnull", False))


_ON_THE_WAY = (
    BookingStatus.EN_ROUTE,
    BookingStatus.ARRIVED,
    BookingStatus.ON_BOARD,
    BookingStatus.COMPLETED,
    BookingStatus.NO_SHOW,
    BookingStatus.MISSED,
    BookingStatus.LATE_CANCEL,
    BookingStatus.PARTNER,
)
_RIDDEN = (BookingStatus.ON_BOARD, BookingStatus.COMPLETED)
_BOARDED = (*_RIDDEN, BookingStatus.PARTNER)  # who was on board when our vehicle broke down
_MAY_LACK_PROMISE = CANCELLATIONS | {BookingStatus.DRAFT, BookingStatus.REFUSED}


class BookingQuerySet(OfCompany["Booking"]):
    def on_day(self, day: date) -> Self:
        return self.filter(service_on=day)

    def with_plan_relations(self) -> Self:
        """With all that a problem needs of a booking, in a fixed number of queries."""
        handovers = Prefetch("handovers", to_attr=READ_HANDOVERS)
        wishes = Prefetch("patient__wishes", to_attr=READ_WISHES)
        rows = self.with_plan_rows().select_related("pickup__parent", "dropoff__parent")
        return rows.prefetch_related(wishes, handovers, f"{READ_HANDOVERS}__place__parent")

    def with_plan_rows(self) -> Self:
        """The same but for what `read_ahead` reads for a whole day."""
        return self.select_related("patient", "assignment")


class Booking(models.Model):
    """A journey; its status changes only by filtered updates that also raise `version`."""

    company = models.ForeignKey(
        Company, on_delete=models.CASCADE, related_name="bookings", verbose_name=_("company")
    )
    reference = models.CharField(_("reference"), max_length=20, default=booking_reference)
    patient = models.ForeignKey(
        Patient, on_delete=models.RESTRICT, related_name="bookings", verbose_name=_("patient")
    )
    standing_order = models.ForeignKey(
        StandingOrder,
        on_delete=models.RESTRICT,
        null=True,
        blank=True,
        related_name="bookings",
        verbose_name=_("standing order"),
    )
    series_on = models.DateField(
        _("day in the series"),
        null=True,
        blank=True,
        help_text=_("The day the series asked for, also when the journey was moved since."),
    )
    leg = models.CharField(_("leg"), max_length=8, choices=choices(Leg), default=Leg.SINGLE.value)
    outbound = models.OneToOneField(
        "self",
        on_delete=models.RESTRICT,
        null=True,
        blank=True,
        related_name="return_booking",
        verbose_name=_("outbound journey"),
    )
    pickup = models.ForeignKey(
        Place, on_delete=models.RESTRICT, related_name="+", verbose_name=_("from")
    )
    dropoff = models.ForeignKey(
        Place, on_delete=models.RESTRICT, related_name="+", verbose_name=_("to")
    )
    service_on = models.DateField(_("day"))
    requested_at = models.DateTimeField(
        _("requested pickup"), null=True, blank=True, help_text=_("The time the patient asked for.")
    )
    promised_from = models.DateTimeField(_("promised from"), null=True, blank=True)
    promised_to = models.DateTimeField(_("promised to"), null=True, blank=True)
    appointment_at = models.DateTimeField(_("appointment"), null=True, blank=True)
    is_will_call = models.BooleanField(
        _("return on call"), default=False, help_text=_("The patient calls when ready.")
    )
    ready_at = models.DateTimeField(_("ready"), null=True, blank=True)
    is_urgent = models.BooleanField(_("urgent"), default=False)
    priority = models.CharField(
        _("priority"), max_length=8, choices=choices(Priority), default=Priority.NORMAL.value
    )
    pooling_allowed = models.BooleanField(_("may share the vehicle"), default=True)
    same_driver_as_outbound = models.BooleanField(_("same driver as outbound"), default=False)
    escort_seats = models.PositiveSmallIntegerField(
        _("seats for escorts"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(4)],
        help_text=_("Empty: as many as the patient usually needs."),
    )
    notes = models.TextField(_("notes for the driver"), blank=True, help_text=_("Nothing medical."))
    status = models.CharField(
        _("status"),
        max_length=16,
        choices=choices(BookingStatus),
        default=BookingStatus.DRAFT.value,
    )
    status_reason = models.CharField(
        _("reason"), max_length=24, choices=choices(StatusReason), blank=True
    )
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    created_at = models.DateTimeField(_("received"), db_default=Now(), editable=False)
    en_route_at = models.DateTimeField(_("on the way"), null=True, blank=True)
    arrived_pickup_at = models.DateTimeField(_("at the pickup"), null=True, blank=True)
    boarded_at = models.DateTimeField(_("boarded"), null=True, blank=True)
    arrived_dropoff_at = models.DateTimeField(_("at the drop-off"), null=True, blank=True)
    alighted_at = models.DateTimeField(_("alighted"), null=True, blank=True)
    absent_at = models.DateTimeField(
        _("left without the patient"),
        null=True,
        blank=True,
        help_text=_("When the driver gave up waiting at the door."),
    )
    # Unknown (NULL) on journeys older than these columns; what is unknown stays so when it is raised.
    plan_changes = models.PositiveSmallIntegerField(
        _("changes of driver or time"), default=0, null=True, blank=True, editable=False
    )
    late_plan_changes = models.PositiveSmallIntegerField(
        _("changes in the last hour"), default=0, null=True, blank=True, editable=False
    )

    objects = BookingQuerySet.as_manager()

    class Meta:
        ordering = ["service_on", "promised_from", "id"]
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        indexes = [
            models.Index(fields=["company", "service_on", "status"], name="booking_by_day"),
            models.Index(fields=["patient", "-service_on"], name="booking_by_patient"),
            models.Index(
                fields=["company", "service_on"],
                condition=Q(is_will_call=True, ready_at=None, status="confirmed"),
                name="booking_open_return",
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["company", "reference"], name="booking_reference"),
            models.UniqueConstraint(fields=["id", "company"], name="booking_of_company"),
            models.UniqueConstraint(fields=["id", "company", "patient"], name="booking_of_patient"),
            models.UniqueConstraint(
                fields=["standing_order", "series_on", "leg"], name="booking_once_in_series"
            ),
            one_of("leg", Leg, name="booking_leg"),
            one_of("priority", Priority, name="booking_priority"),
            one_of("status", BookingStatus, name="booking_status"),
            check(
                _reason_fits(),
                name="booking_reason_fits_status",
                message=_(
                    "This outcome lacks one of its reasons, or a status that has none was given one."
                ),
            ),
            check(
                together("standing_order", "series_on"),
                name="booking_series_complete",
                message=_("The series or its day is missing."),
            ),
            check(
                Q(leg="return", outbound__isnull=False) | (~Q(leg="return") & Q(outbound=None)),
                name="booking_return_has_outbound",
                message=_(
                    "The return lacks its outbound journey, or a journey that is no return names one."
                ),
            ),
            check(
                Q(outbound=None) | ~Q(outbound=F("id")),
                name="booking_not_its_own_return",
                message=_("This journey is named as its own outbound journey."),
            ),
            check(
                Q(leg="return") | Q(same_driver_as_outbound=False, is_will_call=False),
                name="booking_only_returns_on_call",
                message=_(
                    "This is no return: it cannot be on call or keep the driver of the outbound journey."
                ),
            ),
            check(
                Q(is_will_call=True) | Q(ready_at=None),
                name="booking_ready_on_call",
                message=_("This journey is not on call: its patient cannot call as ready."),
            ),
            check(
                ~Q(pickup=F("dropoff")),
                name="booking_goes_somewhere",
                message=_("The journey would end where it begins."),
            ),
            check(
                together("promised_from", "promised_to"),
                name="booking_promise_complete",
                message=_("The promised window lacks its beginning or its end."),
            ),
            check(
                Q(promised_from__lt=F("promised_to")),
                name="booking_promise_lasts",
                message=_("The promised window ends before it begins."),
            ),
            check(
                Q(promised_from__isnull=False)
                | Q(status__in=_values(_MAY_LACK_PROMISE))
                | Q(is_will_call=True, ready_at=None, status="confirmed"),
                name="booking_promised",
                message=_(
                    "The promised window is missing: only a return on call may wait without one."
                ),
            ),
            check(
                Q(promised_from=None)
                | Q(
                    service_on__range=(
                        _utc_day("promised_from") - timedelta(days=1),
                        _utc_day("promised_from") + timedelta(days=1),
                    )
                ),
                name="booking_promised_on_its_day",
                message=_("The promised window lies on another day."),
            ),
            check(
                Q(appointment_at=None)
                | Q(promised_from=None)
                | Q(appointment_at__gt=F("promised_from")),
                name="booking_appointment_after_pickup",
                message=_("The appointment is before the pickup."),
            ),
            check(
                Q(promised_from=None) | Q(promised_to__lte=F("promised_from") + LONGEST_PROMISE),
                name="booking_promise_within_a_day",
                message=_("The promised window is longer than 24 hours."),
            ),
            check(
                Q(appointment_at=None)
                | Q(promised_from=None)
                | Q(appointment_at__lte=F("promised_from") + LONGEST_PROMISE),
                name="booking_appointment_within_a_day",
                message=_("The appointment is more than 24 hours after the pickup."),
            ),
            check(
                Q(escort_seats=None) | Q(escort_seats__lte=4),
                name="booking_escort_seats",
                message=_("More than four people would come along."),
            ),
            check(
                _known_in("en_route_at", BookingStatus.EN_ROUTE)
                & _known_in("arrived_pickup_at", BookingStatus.ARRIVED)
                & _known_in("arrived_pickup_at", BookingStatus.NO_SHOW)
                & _known_in("boarded_at", BookingStatus.ON_BOARD)
                & _known_in("alighted_at", BookingStatus.COMPLETED),
                name="booking_status_has_its_moment",
                message=_("The moment at which this status was reached is missing."),
            ),
            check(
                _only_in("en_route_at", *_ON_THE_WAY)
                & _only_in("arrived_pickup_at", *_ON_THE_WAY[1:])
                & _only_in("boarded_at", *_BOARDED)
                & _only_in("arrived_dropoff_at", *_RIDDEN)
                & _only_in("alighted_at", BookingStatus.COMPLETED)
                & _only_in("absent_at", BookingStatus.NO_SHOW, BookingStatus.MISSED),
                name="booking_moment_has_its_status",
                message=_("The journey has not come that far."),
            ),
            check(
                in_order("en_route_at", "arrived_pickup_at")
                & in_order("arrived_pickup_at", "boarded_at")
                & in_order("en_route_at", "boarded_at")
                & in_order("boarded_at", "arrived_dropoff_at")
                & in_order("arrived_pickup_at", "arrived_dropoff_at")
                & in_order("arrived_dropoff_at", "alighted_at")
                & in_order("boarded_at", "alighted_at")
                & in_order("arrived_pickup_at", "alighted_at")
                & in_order("arrived_pickup_at", "absent_at"),
                name="booking_moments_in_order",
                message=_("The moments of the journey are not in order."),
            ),
            check(
                together("plan_changes", "late_plan_changes")
                & (Q(plan_changes=None) | Q(late_plan_changes__lte=F("plan_changes"))),
                name="booking_late_changes_are_changes",
                message=_("A late change is a change."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} ({self.service_on})"

    def clean(self) -> None:
        """What depends on other rows or on the company's time zone."""
        refuse_foreign(self, "patient", "pickup", "dropoff", "standing_order", "outbound")
        if self.outbound and self.outbound.patient_id != self.patient_id:
            raise ValidationError({"outbound": _("This is the journey of another patient.")})
        if self.outbound and self.outbound.leg != Leg.OUTBOUND:
            raise ValidationError({"outbound": _("This is not an outbound journey.")})
        if self.promised_from and self.promised_to and are_given(self, "company", "service_on"):
            start, end = self.company.day_bounds(self.service_on)
            if self.promised_to < start or self.promised_from >= end:
                raise ValidationError(
                    {"promised_from": _("The promised window lies on another day.")}
                )

    @property
    def coordinates_known(self) -> bool:
        """Whether it can be planned: nothing is ever planned to or from an unknown position."""
        return self.pickup.position is not None and self.dropoff.position is not None

    @property
    def changes_of_vehicle(self) -> Sequence[Handover]:
        """Those on the road, as `with_plan_relations` or `read_ahead` read them, or read now."""
        read: list[Handover] | None = self.__dict__.get(READ_HANDOVERS)
        return list(self.handovers.all()) if read is None else read

    @property
    def waits_at(self) -> Place | None:
        """Where a patient who was on board waits for another vehicle (uses what was prefetched)."""
        wait = self._wait
        return None if wait is None else wait.place

    @property
    def waits_since(self) -> datetime | None:
        """From when on (uses what was prefetched)."""
        wait = self._wait
        return None if wait is None else wait.at

    @property
    def _wait(self) -> Handover | None:
        if self.status != BookingStatus.ON_BOARD:
            return None
        return next((row for row in self.changes_of_vehicle if row.is_waiting), None)

    @property
    def was_handed_on(self) -> bool:
        """Whether the patient changed vehicles on the road, or still waits to (uses what was prefetched)."""
        return any(row.place_id is not None for row in self.changes_of_vehicle)

    @property
    def escorts(self) -> int:
        """Seats for those who come along, on this journey."""
        return self.patient.escort_seats if self.escort_seats is None else self.escort_seats
