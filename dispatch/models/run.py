"""What the planner did for a day, which bookings it could not serve and why, and what is in force."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Deferrable, Exists, F, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from dispatch.enums import AssignedBy, Rule, RunStatus, RunTrigger
from dispatch.models.booking import Booking
from dispatch.models.company import Company, OfCompany, User
from dispatch.models.compressed import CompressedJSONField
from dispatch.models.constraints import bounded, check, one_of
from dispatch.models.driver import Driver
from dispatch.models.fleet import Shift, Vehicle
from dispatch.models.labels import choices

if TYPE_CHECKING:
    from datetime import date, datetime


class DispatchRunQuerySet(OfCompany["DispatchRun"]):
    def on_day(self, day: date) -> Self:
        return self.filter(service_on=day)

    def in_force(self) -> Self:
        """The runs whose plans were applied last, one a day."""
        return self.filter(status=RunStatus.DONE.value, applied_at__isnull=False)

    def held_by_nobody(self, now: datetime) -> Self:
        """Neither planned nor being planned: waiting, or their lease is over; nor is another run of their day."""
        is_planned_now = self._of_its_day().filter(
            status=RunStatus.RUNNING.value, lease_until__gte=now
        )
        return self.filter(
            Q(status__in=[RunStatus.QUEUED.value, RunStatus.LOST.value])
            | Q(status=RunStatus.RUNNING.value, lease_until__lt=now),
            ~Exists(is_planned_now),
        )

    def not_overtaken(self) -> Self:
        """Without those whose day has a later plan."""
        is_done = [RunStatus.DONE.value, RunStatus.SUPERSEDED.value]
        return self.filter(
            ~Exists(self._of_its_day().filter(status__in=is_done, version__gt=OuterRef("version")))
        )

    def _of_its_day(self) -> DispatchRunQuerySet:
        """The runs of the same day, of a row of an outer query."""
        return self.model.objects.filter(
            company=OuterRef("company"), service_on=OuterRef("service_on")
        )

    def continuous(self) -> Self:
        """Re-plans that nobody asked for: the day had changed."""
        return self.filter(
            trigger=RunTrigger.REPLAN.value, is_handed_over=True, requested_by__isnull=True
        )

    def proposed(self) -> Self:
        """Plans that wait for somebody to put them in force."""
        return self.filter(status=RunStatus.DONE.value, applied_at__isnull=True)

    def without_documents(self) -> Self:
        """For lists: a problem is hundreds of kilobytes."""
        return self.defer("problem", "start", "plan")


class DispatchRun(models.Model):
    """One planning of one day, kept whole so that it can be replayed and compared."""

    company = models.ForeignKey(
        Company, on_delete=models.CASCADE, related_name="runs", verbose_name=_("company")
    )
    service_on = models.DateField(_("day"))
    version = models.PositiveIntegerField(_("version"))
    status = models.CharField(
        _("status"), max_length=10, choices=choices(RunStatus), default=RunStatus.QUEUED.value
    )
    trigger = models.CharField(_("started"), max_length=8, choices=choices(RunTrigger))
    requested_by = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("requested by"),
    )
    is_handed_over = models.BooleanField(
        _("left to a worker"),
        default=False,
        help_text=_(
            "Nobody waits for it in a page or a terminal: it is delivered until it is planned."
        ),
    )
    created_at = models.DateTimeField(_("requested"), db_default=Now(), editable=False)
    started_at = models.DateTimeField(_("started at"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    lease_until = models.DateTimeField(_("leased until"), null=True, blank=True)
    fence = models.BigIntegerField(
        _("fence"),
        default=0,
        help_text=_("Raised by each worker that takes the run: only the last one may write."),
    )
    problem_hash = models.CharField(_("hash of the problem"), max_length=64, blank=True)
    problem = CompressedJSONField(_("problem"), null=True, editable=False)
    # The plan in force that the planner began from, timed anew; none on an empty day, nor in runs of older versions.
    start = CompressedJSONField(_("first draft"), null=True, editable=False)
    settings = models.JSONField(_("settings"), default=dict, blank=True)
    based_on = models.JSONField(
        _("based on"),
        default=dict,
        blank=True,
        help_text=_("The versions of the bookings and shifts that the run read."),
    )
    plan = CompressedJSONField(_("plan"), null=True, editable=False)
    quality = models.JSONField(_("quality"), default=dict, blank=True)
    stages = models.JSONField(_("stages"), default=list, blank=True)
    travel_source = models.CharField(_("travel times from"), max_length=20, blank=True)
    is_degraded = models.BooleanField(_("degraded"), default=False)
    # Keys and figures (dispatch.notes), spoken when shown; plain sentences where an older version wrote them.
    notes = models.JSONField(
        _("notes"), default=list, blank=True, help_text=_("What was left out, and why.")
    )
    error = models.JSONField(_("error"), null=True, blank=True)
    applied_at = models.DateTimeField(_("applied at"), null=True, blank=True)
    applied_by = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("applied by"),
        help_text=_("Empty when nobody touched it."),
    )

    objects = DispatchRunQuerySet.as_manager()

    class Meta:
        ordering = ["-service_on", "-version"]
        verbose_name = _("planning run")
        verbose_name_plural = _("planning runs")
        indexes = [
            models.Index(fields=["company", "-service_on", "-version"], name="run_by_day"),
            models.Index(
                fields=["lease_until"], condition=Q(status="running"), name="run_by_lease"
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["company", "service_on", "version"], name="run_version"
            ),
            models.UniqueConstraint(fields=["id", "company"], name="run_of_company"),
            models.UniqueConstraint(
                fields=["company", "service_on"],
                condition=Q(status="running"),
                name="run_one_running",
                violation_error_message=_("This day is being planned already."),
            ),
            one_of("status", RunStatus, name="run_status"),
            one_of("trigger", RunTrigger, name="run_trigger"),
            check(
                ~Q(status="running") | Q(started_at__isnull=False, lease_until__isnull=False),
                name="run_running_has_lease",
                message=_(
                    "This run is marked as running, but nobody works on it: plan the day again."
                ),
            ),
            check(
                ~Q(status__in=["done", "superseded"])
                | (
                    Q(finished_at__isnull=False, problem__isnull=False, plan__isnull=False)
                    & ~Q(problem_hash="")
                ),
                name="run_done_has_plan",
                message=_(
                    "This run is marked as done, but its plan is not complete: plan the day again."
                ),
            ),
            check(
                ~Q(status="failed") | (Q(finished_at__isnull=False) & Q(error__isnull=False)),
                name="run_failed_says_why",
                message=_("A run that failed says why."),
            ),
            check(
                Q(applied_at=None) | Q(status__in=["done", "superseded"]),
                name="run_applied_is_done",
                message=_("This run has no finished plan to put in force: plan the day again."),
            ),
            check(
                Q(finished_at=None) | Q(finished_at__gte=F("started_at")),
                name="run_ends_after_start",
                message=_("A run ends after it starts."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.service_on} v{self.version}"

    @property
    def is_continuous(self) -> bool:
        """A re-plan that nobody asked for: the day had changed."""
        is_asked = self.requested_by_id is not None
        return self.trigger == RunTrigger.REPLAN and self.is_handed_over and not is_asked

    @property
    def seed(self) -> str:
        """What the planner's chance begins from: the same for the same version of a day."""
        return f"{self.company_id}:{self.service_on}:{self.version}"


class Assignment(models.Model):
    """Who drives a booking and when: the plan in force, one row a booking.

    Trips that share the vehicle for a while have one `ride_group` (the id of one of their bookings); two
    trips of different groups never overlap for a driver or a vehicle. A plan that is applied may defer
    these constraints to its commit (SET CONSTRAINTS … DEFERRED), because trips change places.
    """

    company = models.ForeignKey(
        Company, on_delete=models.CASCADE, related_name="assignments", verbose_name=_("company")
    )
    booking = models.OneToOneField(
        Booking, on_delete=models.CASCADE, related_name="assignment", verbose_name=_("booking")
    )
    shift = models.ForeignKey(
        Shift, on_delete=models.RESTRICT, related_name="assignments", verbose_name=_("shift")
    )
    driver = models.ForeignKey(
        Driver, on_delete=models.RESTRICT, related_name="assignments", verbose_name=_("driver")
    )
    vehicle = models.ForeignKey(
        Vehicle, on_delete=models.RESTRICT, related_name="assignments", verbose_name=_("vehicle")
    )
    run = models.ForeignKey(
        DispatchRun,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="assignments",
        verbose_name=_("planning run"),
    )
    period = DateTimeRangeField(
        _("period"), help_text=_("From the start of boarding to the end of alighting.")
    )
    planned_pickup_at = models.DateTimeField(_("planned pickup"))
    planned_dropoff_at = models.DateTimeField(_("planned drop-off"))
    noted_pickup_at = models.DateTimeField(
        _("pickup that changes count from"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("The planned pickup when it was first or last noticed: small slides add up."),
    )
    direct_s = models.PositiveIntegerField(
        _("direct way (s)"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("Driving without a detour, as the plan knew the roads."),
    )
    ride_group = models.BigIntegerField(_("shared ride"))
    position = models.PositiveSmallIntegerField(_("position in the shift"))
    is_pinned = models.BooleanField(_("pinned"), default=False)
    pinned_by = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("pinned by"),
    )
    is_over = models.BooleanField(
        _("over"),
        default=False,
        help_text=_("The journey has ended: it keeps nobody busy any more, whatever was planned."),
    )
    assigned_by = models.CharField(_("assigned by"), max_length=8, choices=choices(AssignedBy))
    created_at = models.DateTimeField(_("assigned at"), db_default=Now(), editable=False)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    objects = OfCompany.as_manager()

    class Meta:
        ordering = ["shift", "position", "id"]
        verbose_name = _("assignment")
        verbose_name_plural = _("assignments")
        indexes = [
            models.Index(fields=["shift", "position"], name="assignment_by_shift"),
            models.Index(fields=["company", "planned_pickup_at"], name="assignment_by_pickup"),
        ]
        constraints = [
            one_of("assigned_by", AssignedBy, name="assignment_assigned_by"),
            bounded("period", name="assignment_lasts", message=_("A journey starts and ends.")),
            check(
                Q(period__contains=F("planned_pickup_at"))
                & Q(period__contains=F("planned_dropoff_at"))
                & Q(planned_pickup_at__lt=F("planned_dropoff_at")),
                name="assignment_times_in_period",
                message=_("The planned times lie in the period, the pickup first."),
            ),
            check(
                Q(is_pinned=True) | Q(pinned_by=None),
                name="assignment_pinned_by",
                message=_("Nobody pinned what is not pinned."),
            ),
            ExclusionConstraint(
                name="assignment_one_per_driver",
                expressions=[
                    ("driver", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                    ("ride_group", RangeOperators.NOT_EQUAL),
                ],
                condition=Q(is_over=False),
                deferrable=Deferrable.IMMEDIATE,
                violation_error_message=_("The driver has another journey then."),
            ),
            ExclusionConstraint(
                name="assignment_one_per_vehicle",
                expressions=[
                    ("vehicle", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                    ("ride_group", RangeOperators.NOT_EQUAL),
                ],
                condition=Q(is_over=False),
                deferrable=Deferrable.IMMEDIATE,
                violation_error_message=_("The vehicle has another journey then."),
            ),
            # Those who share a ride share driver and vehicle: the two rules above let one ride overlap itself.
            ExclusionConstraint(
                name="assignment_driver_in_one_vehicle",
                expressions=[
                    ("driver", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                    ("vehicle", RangeOperators.NOT_EQUAL),
                ],
                condition=Q(is_over=False),
                deferrable=Deferrable.IMMEDIATE,
                violation_error_message=_("The driver is in another vehicle then."),
            ),
            ExclusionConstraint(
                name="assignment_vehicle_of_one_driver",
                expressions=[
                    ("vehicle", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                    ("driver", RangeOperators.NOT_EQUAL),
                ],
                condition=Q(is_over=False),
                deferrable=Deferrable.IMMEDIATE,
                violation_error_message=_("The vehicle has another driver then."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.booking}: {self.driver}"


class Unassigned(models.Model):
    """A booking that a run could not serve: the rule that stood in the way, and what would help."""

    run = models.ForeignKey(
        DispatchRun, on_delete=models.CASCADE, related_name="unassigned", verbose_name=_("run")
    )
    booking = models.ForeignKey(
        Booking, on_delete=models.CASCADE, related_name="unassigned", verbose_name=_("booking")
    )
    reason = models.CharField(_("reason"), max_length=24, choices=choices(Rule))
    advice = models.SlugField(_("advice"), max_length=40, blank=True)
    params = models.JSONField(_("figures of the advice"), default=dict, blank=True)

    class Meta:
        ordering = ["run", "booking"]
        verbose_name = _("unassigned booking")
        verbose_name_plural = _("unassigned bookings")
        constraints = [
            models.UniqueConstraint(fields=["run", "booking"], name="unassigned_once"),
            one_of("reason", Rule, name="unassigned_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.booking}: {self.get_reason_display()}"
