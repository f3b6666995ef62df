"""Series of bookings: who travels on which days of which weeks, and when a series rests."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, RangeOperators
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from dispatch.enums import Priority, ReturnMode
from dispatch.models.company import Company, OfCompany
from dispatch.models.constraints import check, one_of, refuse_foreign
from dispatch.models.driver import WEEKDAYS, SpanOfDays, days
from dispatch.models.labels import choices
from dispatch.models.people import Patient
from dispatch.models.place import Place

if TYPE_CHECKING:
    from datetime import date


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


class StandingOrder(models.Model):
    """The same journey again and again, in local times: dialysis on Monday, Wednesday and Friday."""

    company = models.ForeignKey(
        Company, on_delete=models.CASCADE, related_name="standing_orders", verbose_name=_("company")
    )
    patient = models.ForeignKey(
        Patient,
        on_delete=models.RESTRICT,
        related_name="standing_orders",
        verbose_name=_("patient"),
    )
    pickup = models.ForeignKey(
        Place, on_delete=models.RESTRICT, related_name="+", verbose_name=_("from")
    )
    dropoff = models.ForeignKey(
        Place, on_delete=models.RESTRICT, related_name="+", verbose_name=_("to")
    )
    weekdays = ArrayField(
        models.PositiveSmallIntegerField(choices=WEEKDAYS), verbose_name=_("weekdays")
    )
    interval_weeks = models.PositiveSmallIntegerField(
        _("every … weeks"), default=1, validators=[MinValueValidator(1), MaxValueValidator(52)]
    )
    starts_on = models.DateField(_("first day"))
    ends_on = models.DateField(_("last day"), null=True, blank=True)
    pickup_time = models.TimeField(_("pickup time"), null=True, blank=True)
    appointment_time = models.TimeField(_("appointment time"), null=True, blank=True)
    return_mode = models.CharField(
        _("return"), max_length=10, choices=choices(ReturnMode), default=ReturnMode.NONE.value
    )
    return_time = models.TimeField(_("return time"), null=True, blank=True)
    same_driver_return = models.BooleanField(_("same driver on the return"), default=False)
    priority = models.CharField(
        _("priority"), max_length=8, choices=choices(Priority), default=Priority.NORMAL.value
    )
    pooling_allowed = models.BooleanField(_("may share the vehicle"), default=True)
    active = models.BooleanField(_("active"), default=True)

    objects = OfCompany.as_manager()

    class Meta:
        ordering = ["patient", "starts_on", "id"]
        verbose_name = _("standing order")
        verbose_name_plural = _("standing orders")
        indexes = [
            models.Index(
                fields=["company", "starts_on"], condition=Q(active=True), name="standing_active"
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["id", "company", "patient"], name="standing_of_patient"
            ),
            one_of("return_mode", ReturnMode, name="standing_return_mode"),
            one_of("priority", Priority, name="standing_priority"),
            check(
                Q(weekdays__len__gt=0) & Q(weekdays__contained_by=list(range(7))),
                name="standing_weekdays",
                message=_("The series has no weekday: choose at least one."),
            ),
            check(
                Q(interval_weeks__range=(1, 52)),
                name="standing_interval",
                message=_(
                    "The series comes back after no week, or after more than 52: choose 1 to 52 weeks."
                ),
            ),
            check(
                Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="standing_lasts",
                message=_(
                    "The series ends before its first day: choose a later last day, or leave it empty."
                ),
            ),
            check(
                Q(pickup_time__isnull=False) | Q(appointment_time__isnull=False),
                name="standing_has_a_time",
                message=_("A series needs a pickup time or an appointment time."),
            ),
            check(
                Q(return_mode="fixed", return_time__isnull=False)
                | (~Q(return_mode="fixed") & Q(return_time=None)),
                name="standing_return_time",
                message=_(
                    "The return lacks its time, or has one and is not at a fixed time:"
                    " choose “at a fixed time” and give it, or leave it empty."
                ),
            ),
            check(
                Q(same_driver_return=False) | ~Q(return_mode="none"),
                name="standing_same_driver_has_return",
                message=_("Without a return there is no driver to keep."),
            ),
            check(
                ~Q(pickup=F("dropoff")),
                name="standing_goes_somewhere",
                message=_("The journey would end where it begins."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient}: {self.pickup} → {self.dropoff}"

    def clean(self) -> None:
        refuse_foreign(self, "patient", "pickup", "dropoff")

    def falls_on(self, day: date) -> bool:
        """Whether this local day is one of the series' days, pauses aside."""
        if not self.active or day < self.starts_on or (self.ends_on and day > self.ends_on):
            return False
        weeks = (_monday(day) - _monday(self.starts_on)).days // 7
        return day.weekday() in self.weekdays and weeks % self.interval_weeks == 0

    def occurs_on(self, day: date) -> bool:
        """Whether the series asks for a journey on this local day (uses prefetched pauses)."""
        is_paused = any(pause.first_on <= day <= pause.last_on for pause in self.pauses.all())
        return self.falls_on(day) and not is_paused


class StandingOrderPause(SpanOfDays):
    """Days on which a series rests, the first and the last included."""

    standing_order = models.ForeignKey(
        StandingOrder,
        on_delete=models.CASCADE,
        related_name="pauses",
        verbose_name=_("standing order"),
    )
    first_on = models.DateField(_("first day"))
    last_on = models.DateField(_("last day"))

    class Meta:
        ordering = ["standing_order", "first_on"]
        verbose_name = _("pause of a standing order")
        verbose_name_plural = _("pauses of standing orders")
        constraints = [
            check(
                Q(last_on__gte=F("first_on")),
                name="standing_pause_lasts",
                message=_("The pause ends before its first day: choose a later last day."),
            ),
            ExclusionConstraint(
                name="standing_pause_no_overlap",
                expressions=[
                    ("standing_order", RangeOperators.EQUAL),
                    (days("first_on", "last_on"), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("The series is already paused then."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_on} – {self.last_on}"
