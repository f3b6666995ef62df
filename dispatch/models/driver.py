"""Who drives, what they may drive and do, and when they work in an ordinary week."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, IntegerRangeField, RangeOperators
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Greatest, Least
from django.db.models.lookups import LessThanOrEqual
from django.utils.translation import gettext_lazy as _

from dispatch.enums import AbsenceReason, DriverKind, LicenceKind
from dispatch.models.company import Company, OfCompany, User
from dispatch.models.constraints import are_given, check, one_of, together
from dispatch.models.labels import choices
from dispatch.models.references import new_reference
from dispatch.models.sort_keys import sort_key_field

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date

    from django.db.models.expressions import Combinable

WEEKDAYS = [
    (0, _("Monday")),
    (1, _("Tuesday")),
    (2, _("Wednesday")),
    (3, _("Thursday")),
    (4, _("Friday")),
    (5, _("Saturday")),
    (6, _("Sunday")),
]
BREAK_OUTSIDE = _("The break would lie outside the shift.")


def driver_reference() -> str:
    return new_reference("D")


def days(first: str, last: str) -> Func:
    """The days from one column to another, both included."""
    return Func(
        F(first),
        F(last),
        Value("[]"),
        function="daterange",
        output_field=DateRangeField(),
    )


class SpanOfDays(models.Model):
    """Rows of days from a first to a last one, which do not overlap."""

    class Meta:
        abstract = True

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Checks come first: days in the wrong order make no range that could be compared with others."""
        for constraint in self._meta.constraints:
            if isinstance(constraint, models.CheckConstraint):
                constraint.validate(type(self), self, exclude=set(exclude or ()))
        super().validate_constraints(exclude)


class Skill(models.Model):
    """Something a driver has learnt; `SkillCode` names those that patients' needs ask for."""

    company = models.ForeignKey(
        Company, on_delete=models.CASCADE, related_name="skills", verbose_name=_("company")
    )
    code = models.SlugField(_("code"), max_length=30)
    name = models.CharField(_("name"), max_length=80)

    objects = OfCompany.as_manager()

    class Meta:
        ordering = ["code", "id"]
        verbose_name = _("skill")
        verbose_name_plural = _("skills")
        constraints = [models.UniqueConstraint(fields=["company", "code"], name="skill_code")]

    def __str__(self) -> str:
        return self.name


class Driver(models.Model):
    """A person who drives; emergency drivers are used last."""

    company = models.ForeignKey(
        Company, on_delete=models.CASCADE, related_name="drivers", verbose_name=_("company")
    )
    user = models.OneToOneField(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="driver",
        verbose_name=_("user"),
    )
    reference = models.CharField(_("reference"), max_length=20, default=driver_reference)
    first_name = models.CharField(_("first name"), max_length=80)
    last_name = models.CharField(_("last name"), max_length=80)
    sort_key = sort_key_field("last_name", "first_name")
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    kind = models.CharField(
        _("kind"), max_length=10, choices=choices(DriverKind), default=DriverKind.REGULAR.value
    )
    active = models.BooleanField(_("active"), default=True)
    skills = models.ManyToManyField(
        Skill, through="DriverSkill", related_name="drivers", verbose_name=_("skills")
    )

    objects = OfCompany.as_manager()

    class Meta:
        ordering = ["sort_key", "id"]
        verbose_name = _("driver")
        verbose_name_plural = _("drivers")
        indexes = [
            models.Index(fields=["company", "active", "sort_key"], name="driver_by_name"),
            GinIndex(fields=["sort_key"], opclasses=["gin_trgm_ops"], name="driver_search"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["company", "reference"], name="driver_reference"),
            models.UniqueConstraint(fields=["id", "company"], name="driver_of_company"),
            one_of("kind", DriverKind, name="driver_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.last_name} {self.first_name}"

    def skill_codes_on(self, day: date) -> frozenset[str]:
        """Codes of the skills held that have not expired (uses what was prefetched)."""
        return frozenset(
            held.skill.code for held in self.driver_skills.all() if held.is_valid_on(day)
        )

    def licences_on(self, day: date) -> frozenset[str]:
        """Kinds of the licences valid on this day (uses what was prefetched)."""
        return frozenset(held.kind for held in self.licences.all() if held.expires_on >= day)


class DriverSkill(models.Model):
    driver = models.ForeignKey(
        Driver, on_delete=models.CASCADE, related_name="driver_skills", verbose_name=_("driver")
    )
    skill = models.ForeignKey(
        Skill, on_delete=models.RESTRICT, related_name="driver_skills", verbose_name=_("skill")
    )
    expires_on = models.DateField(_("last valid day"), null=True, blank=True)

    class Meta:
        verbose_name = _("skill of a driver")
        verbose_name_plural = _("skills of drivers")
        constraints = [
            models.UniqueConstraint(fields=["driver", "skill"], name="driver_skill_once")
        ]

    def __str__(self) -> str:
        return f"{self.driver}: {self.skill}"

    def clean(self) -> None:
        if not are_given(self, "driver", "skill"):
            return
        if self.driver.company_id != self.skill.company_id:
            raise ValidationError({"skill": _("This skill belongs to another company.")})

    def is_valid_on(self, day: date) -> bool:
        return self.expires_on is None or day <= self.expires_on


class DriverLicence(models.Model):
    driver = models.ForeignKey(
        Driver, on_delete=models.CASCADE, related_name="licences", verbose_name=_("driver")
    )
    kind = models.CharField(_("kind"), max_length=4, choices=choices(LicenceKind))
    expires_on = models.DateField(_("last valid day"))

    class Meta:
        ordering = ["driver", "kind"]
        verbose_name = _("licence")
        verbose_name_plural = _("licences")
        indexes = [models.Index(fields=["expires_on"], name="licence_by_expiry")]
        constraints = [
            models.UniqueConstraint(fields=["driver", "kind"], name="driver_licence_once"),
            one_of("kind", LicenceKind, name="driver_licence_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.driver}: {self.kind}"


A_DAY_S, A_WEEK_S = 86_400, 604_800


def _seconds(wall_time: str) -> Func:
    """Since midnight."""
    return Func(
        F(wall_time),
        template="(EXTRACT(epoch FROM %(expressions)s)::integer)",
        output_field=models.IntegerField(),
    )


def _after_start(wall_time: str) -> Func:
    """Seconds from the start of the shift until the clock shows this time."""
    return Func(
        _seconds(wall_time) - _seconds("start") + A_DAY_S,
        Value(A_DAY_S),
        function="mod",
        output_field=models.IntegerField(),
    )


def _time_of_week() -> Func:
    """The seconds of the week on duty: a night from Sunday goes on in Monday's first hours."""
    starts = F("weekday") * Value(A_DAY_S) + _seconds("start")
    ends = starts + _after_start("end")
    parts = [
        _range(starts, Least(ends, Value(A_WEEK_S))),
        _range(Value(0), Greatest(ends - Value(A_WEEK_S), Value(0))),
    ]
    return Func(*parts, function="int4multirange", output_field=models.TextField())


def _range(start: Combinable, end: Combinable) -> Func:
    return Func(start, end, function="int4range", output_field=IntegerRangeField())


class WeeklyShift(models.Model):
    """When a driver works in an ordinary week, in local times; an end before the start is on the next day."""

    driver = models.ForeignKey(
        Driver, on_delete=models.CASCADE, related_name="weekly_shifts", verbose_name=_("driver")
    )
    weekday = models.PositiveSmallIntegerField(_("weekday"), choices=WEEKDAYS)
    start = models.TimeField(_("start"))
    end = models.TimeField(_("end"))
    vehicle = models.ForeignKey(
        "dispatch.Vehicle",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="weekly_shifts",
        verbose_name=_("usual vehicle"),
    )
    break_earliest = models.TimeField(_("break: earliest start"), null=True, blank=True)
    break_latest = models.TimeField(_("break: latest start"), null=True, blank=True)
    break_min = models.PositiveSmallIntegerField(
        _("break (min)"), null=True, blank=True, validators=[MaxValueValidator(240)]
    )
    break_mandatory = models.BooleanField(_("mandatory break"), default=True)

    class Meta:
        ordering = ["driver", "weekday", "start"]
        verbose_name = _("weekly shift")
        verbose_name_plural = _("weekly shifts")
        constraints = [
            models.UniqueConstraint(
                fields=["driver", "weekday", "start"], name="weekly_shift_once"
            ),
            check(
                Q(weekday__lte=6),
                name="weekly_shift_weekday",
                message=_("This is no day of the week."),
            ),
            check(
                ~Q(start=F("end")),
                name="weekly_shift_lasts",
                message=_("The shift ends at the minute it starts."),
            ),
            check(
                together("break_earliest", "break_latest", "break_min"),
                name="weekly_shift_break_complete",
                message=_("The break lacks its earliest start, its latest start or its length."),
            ),
            check(
                Q(break_min=None) | Q(break_min__range=(1, 240)),
                name="weekly_shift_break_lasts",
                message=_("The break is shorter than 1 or longer than 240 minutes."),
            ),
            check(
                Q(break_min=None)
                | Q(LessThanOrEqual(_after_start("break_earliest"), _after_start("break_latest")))
                & Q(
                    LessThanOrEqual(
                        _after_start("break_latest") + F("break_min") * Value(60),
                        _after_start("end"),
                    )
                ),
                name="weekly_shift_break_inside",
                message=BREAK_OUTSIDE,
            ),
            ExclusionConstraint(
                name="weekly_shift_one_at_a_time",
                expressions=[
                    ("driver", RangeOperators.EQUAL),
                    (_time_of_week(), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("The driver already works then in an ordinary week."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.driver}: {self.get_weekday_display()} {self.start:%H:%M}–{self.end:%H:%M}"

    def clean(self) -> None:
        if not are_given(self, "driver", "vehicle"):
            return
        if self.vehicle and self.vehicle.company_id != self.driver.company_id:
            raise ValidationError({"vehicle": _("This vehicle belongs to another company.")})


class Absence(SpanOfDays):
    """Days on which a driver does not work, the first and the last included."""

    driver = models.ForeignKey(
        Driver, on_delete=models.CASCADE, related_name="absences", verbose_name=_("driver")
    )
    first_on = models.DateField(_("first day"))
    last_on = models.DateField(_("last day"))
    reason = models.CharField(
        _("reason"),
        max_length=10,
        choices=choices(AbsenceReason),
        default=AbsenceReason.HOLIDAY.value,
    )

    class Meta:
        ordering = ["-first_on", "driver"]
        verbose_name = _("absence")
        verbose_name_plural = _("absences")
        constraints = [
            one_of("reason", AbsenceReason, name="absence_reason"),
            check(
                Q(last_on__gte=F("first_on")),
                name="absence_lasts",
                message=_("The absence ends before its first day."),
            ),
            ExclusionConstraint(
                name="absence_no_overlap",
                expressions=[
                    ("driver", RangeOperators.EQUAL),
                    (days("first_on", "last_on"), RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("The driver is already absent then."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.driver}: {self.first_on} – {self.last_on}"
