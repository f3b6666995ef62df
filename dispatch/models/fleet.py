"""What is driven, how its places can be set, and who drives what when."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Self, cast

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GistIndex
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Case, ExpressionWrapper, F, Q, Value, When
from django.db.models.expressions import CombinedExpression
from django.db.models.lookups import LessThanOrEqual
from django.utils.translation import gettext_lazy as _

from dispatch.enums import Equipment, LicenceKind, ShiftStatus, UnavailabilityReason
from dispatch.models.company import Company, OfCompany
from dispatch.models.constraints import are_given, bounded, check, one_of, refuse_foreign
from dispatch.models.driver import Driver
from dispatch.models.labels import choices
from dispatch.models.place import Place
from dispatch.models.sort_keys import sort_key_field

if TYPE_CHECKING:
    from datetime import date, datetime

    from django.utils.functional import _StrPromise


# Ways in for who stays in the wheelchair.
STEP_FREE = (Equipment.RAMP.value, Equipment.LIFT.value)
NO_WAY_IN = _("Without ramp or lift nobody rolls in: fit one, or take the wheelchair places out.")


# Stand-by duty lasts a day and a night, no duty longer: a week in one row is a day typed wrong.
LONGEST_SHIFT = timedelta(hours=24)
TOO_LONG = _("The shift lasts longer than 24 hours.")


def _length(period: str) -> CombinedExpression:
    return F(f"{period}__endswith") - F(f"{period}__startswith")


def default_licences() -> list[str]:
    return [LicenceKind.B.value]


class Vehicle(models.Model):
    """A vehicle, whoever drives it."""

    company = models.ForeignKey(
        Company, on_delete=models.CASCADE, related_name="vehicles", verbose_name=_("company")
    )
    name = models.CharField(_("name"), max_length=80)
    sort_key = sort_key_field("name")
    plate = models.CharField(_("plate"), max_length=16)
    equipment = ArrayField(
        models.CharField(max_length=20, choices=choices(Equipment)),
        default=list,
        blank=True,
        verbose_name=_("equipment"),
    )
    required_licences = ArrayField(
        models.CharField(max_length=4, choices=choices(LicenceKind)),
        default=default_licences,
        blank=True,
        verbose_name=_("licences to drive it"),
    )
    is_step_free = models.GeneratedField(
        expression=ExpressionWrapper(
            Q(equipment__overlap=list(STEP_FREE)), output_field=models.BooleanField()
        ),
        output_field=models.BooleanField(),
        db_persist=True,
        verbose_name=_("step-free entry"),
    )
    active = models.BooleanField(_("active"), default=True)
    base = models.ForeignKey(
        Place,
        on_delete=models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("base"),
        help_text=_("Empty: the company's base."),
    )

    objects = OfCompany.as_manager()

    class Meta:
        ordering = ["sort_key", "id"]
        verbose_name = _("vehicle")
        verbose_name_plural = _("vehicles")
        indexes = [models.Index(fields=["company", "active", "sort_key"], name="vehicle_by_name")]
        constraints = [
            models.UniqueConstraint(fields=["company", "plate"], name="vehicle_plate"),
            models.UniqueConstraint(fields=["id", "company"], name="vehicle_of_company"),
            models.UniqueConstraint(fields=["id", "is_step_free"], name="vehicle_way_in"),
            check(
                Q(equipment__contained_by=[kind.value for kind in Equipment]),
                name="vehicle_equipment",
                message=_("This equipment is not known."),
            ),
            check(
                Q(required_licences__contained_by=[kind.value for kind in LicenceKind]),
                name="vehicle_licences",
                message=_("This licence is not known."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.plate})"

    def clean(self) -> None:
        refuse_foreign(self, "base")

    @property
    def has_step_free_entry(self) -> bool:
        """Whether a wheelchair gets in with its passenger, as the equipment says now (not only when stored)."""
        return not set(STEP_FREE).isdisjoint(self.equipment)

    def clean_parts(self) -> None:
        """What the rows that hang on this one say against it, once they are written."""
        rolls_in = self.configurations.filter(wheelchairs__gt=0)
        if not self.has_step_free_entry and rolls_in.exists():
            raise ValidationError({"equipment": NO_WAY_IN})


class SeatConfiguration(models.Model):
    """One way in which the places of a vehicle can be set."""

    vehicle = models.ForeignKey(
        Vehicle, on_delete=models.CASCADE, related_name="configurations", verbose_name=_("vehicle")
    )
    seats = models.PositiveSmallIntegerField(
        _("seats"), default=0, validators=[MaxValueValidator(60)]
    )
    wheelchairs = models.PositiveSmallIntegerField(
        _("wheelchair places"), default=0, validators=[MaxValueValidator(20)]
    )
    stretchers = models.PositiveSmallIntegerField(
        _("stretchers"), default=0, validators=[MaxValueValidator(4)]
    )
    folded_chairs = models.PositiveSmallIntegerField(
        _("folded wheelchairs"), default=0, validators=[MaxValueValidator(20)]
    )

    # True or nothing: with the vehicle it is a key of `vehicle_way_in` (see migration 0005), NULL asks nothing.
    needs_step_free = models.GeneratedField(
        expression=Case(When(wheelchairs__gt=0, then=Value(True))),
        output_field=models.BooleanField(null=True),
        db_persist=True,
        verbose_name=_("needs a step-free entry"),
    )

    class Meta:
        ordering = ["vehicle", "id"]
        verbose_name = _("seat configuration")
        verbose_name_plural = _("seat configurations")
        constraints = [
            models.UniqueConstraint(
                fields=["vehicle", "seats", "wheelchairs", "stretchers", "folded_chairs"],
                name="seat_configuration_once",
            ),
            check(
                Q(seats__gt=0) | Q(wheelchairs__gt=0) | Q(stretchers__gt=0),
                name="seat_configuration_takes_somebody",
                message=_("This way to set the places takes nobody."),
            ),
            check(
                Q(seats__lte=60, wheelchairs__lte=20, stretchers__lte=4, folded_chairs__lte=20),
                name="seat_configuration_fits_a_vehicle",
                message=_("No vehicle has so many places."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seats} + {self.wheelchairs} + {self.stretchers} + {self.folded_chairs}"

    def clean(self) -> None:
        """Also for a vehicle that is not stored yet."""
        vehicle: Vehicle | None = getattr(self, "vehicle", None)
        if vehicle is not None and self.wheelchairs and not vehicle.has_step_free_entry:
            raise ValidationError({"wheelchairs": NO_WAY_IN})


class VehicleUnavailability(models.Model):
    vehicle = models.ForeignKey(
        Vehicle,
        on_delete=models.CASCADE,
        related_name="unavailabilities",
        verbose_name=_("vehicle"),
    )
    period = DateTimeRangeField(_("period"))
    reason = models.CharField(
        _("reason"),
        max_length=10,
        choices=choices(UnavailabilityReason),
        default=UnavailabilityReason.SERVICE.value,
    )

    class Meta:
        ordering = ["-period", "vehicle"]
        verbose_name = _("unavailability of a vehicle")
        verbose_name_plural = _("unavailabilities of vehicles")
        constraints = [
            one_of("reason", UnavailabilityReason, name="unavailability_reason"),
            bounded(
                "period",
                name="unavailability_lasts",
                message=_("The unavailability has no beginning, no end or no length."),
            ),
            ExclusionConstraint(
                name="unavailability_no_overlap",
                expressions=[
                    ("vehicle", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                violation_error_message=_("The vehicle is already unavailable then."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.vehicle}: {self.get_reason_display()}"


class ShiftQuerySet(OfCompany["Shift"]):
    def planned(self) -> Self:
        return self.exclude(status=ShiftStatus.CANCELLED)

    def on_day(self, company: Company, day: date) -> Self:
        """The company's shifts that touch this local day."""
        return self.filter(company=company, period__overlap=company.day_bounds(day))

    def with_plan_relations(self) -> Self:
        """With all that a problem needs of a shift, in a fixed number of queries."""
        return self.select_related(
            "company__base", "driver", "vehicle__base", "start_place", "end_place"
        ).prefetch_related(
            "breaks",
            "vehicle__configurations",
            "vehicle__unavailabilities",
            "driver__driver_skills__skill",
            "driver__licences",
            "driver__absences",
        )


class Shift(models.Model):
    """A driver on duty with a vehicle; neither is ever in two shifts at once."""

    company = models.ForeignKey(
        Company, on_delete=models.CASCADE, related_name="shifts", verbose_name=_("company")
    )
    driver = models.ForeignKey(
        Driver, on_delete=models.RESTRICT, related_name="shifts", verbose_name=_("driver")
    )
    vehicle = models.ForeignKey(
        Vehicle, on_delete=models.RESTRICT, related_name="shifts", verbose_name=_("vehicle")
    )
    period = DateTimeRangeField(_("period"))
    start_place = models.ForeignKey(
        Place,
        on_delete=models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("starts at"),
        help_text=_("Empty: the base of the vehicle."),
    )
    end_place = models.ForeignKey(
        Place,
        on_delete=models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("ends at"),
        help_text=_("Empty: the base of the vehicle."),
    )
    max_trips = models.PositiveSmallIntegerField(
        _("most trips"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text=_("Empty: the company's limit."),
    )
    status = models.CharField(
        _("status"), max_length=10, choices=choices(ShiftStatus), default=ShiftStatus.PLANNED.value
    )
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    objects = ShiftQuerySet.as_manager()

    class Meta:
        ordering = ["period", "id"]
        verbose_name = _("shift")
        verbose_name_plural = _("shifts")
        indexes = [GistIndex(fields=["company", "period"], name="shift_by_period")]
        constraints = [
            models.UniqueConstraint(fields=["id", "company"], name="shift_of_company"),
            one_of("status", ShiftStatus, name="shift_status"),
            bounded(
                "period",
                name="shift_lasts",
                message=_("The shift has no beginning, no end or no length."),
            ),
            check(
                Q(status="cancelled") | Q(LessThanOrEqual(_length("period"), Value(LONGEST_SHIFT))),
                name="shift_within_a_day",
                message=TOO_LONG,
            ),
            check(
                Q(max_trips=None) | Q(max_trips__range=(1, 100)),
                name="shift_max_trips",
                message=_("The number of trips is below 1 or above 100."),
            ),
            ExclusionConstraint(
                name="shift_one_per_driver",
                expressions=[
                    ("driver", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                condition=~Q(status="cancelled"),
                violation_error_message=_("The driver already has a shift then."),
            ),
            ExclusionConstraint(
                name="shift_one_per_vehicle",
                expressions=[
                    ("vehicle", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                condition=~Q(status="cancelled"),
                violation_error_message=_("The vehicle already has a shift then."),
            ),
        ]

    def __str__(self) -> str:
        start, end = (at.astimezone(self.company.tz) for at in (self.starts_at, self.ends_at))
        return f"{self.driver}, {start:%Y-%m-%d %H:%M}–{end:%H:%M}"

    def clean(self) -> None:
        """What depends on other rows: the database keeps overlaps out, this keeps the unfit out."""
        refuse_foreign(self, "driver", "vehicle", "start_place", "end_place")
        if not are_given(self, "company", "driver", "vehicle", "period"):
            return
        if self.period.lower is None or self.period.upper is None:
            return  # shift_lasts says so
        if self.status == ShiftStatus.CANCELLED:
            return  # nobody drives it: it may be cancelled because somebody cannot
        if errors := self._faults():
            raise ValidationError(errors)

    def _faults(self) -> dict[str, _StrPromise]:
        day = self.starts_at.astimezone(self.company.tz).date()
        errors: dict[str, _StrPromise] = {}
        if not self.vehicle.active:
            errors["vehicle"] = _("The vehicle is out of use.")
        if not self.driver.active:
            errors["driver"] = _("The driver is no longer active.")
        if self.vehicle.unavailabilities.filter(period__overlap=self.period).exists():
            errors["vehicle"] = _("The vehicle is unavailable during this shift.")
        if set(self.vehicle.required_licences) - self.driver.licences_on(day):
            errors["driver"] = _("The driver has no valid licence for this vehicle.")
        if self.driver.absences.filter(first_on__lte=day, last_on__gte=day).exists():
            errors["driver"] = _("The driver is absent on this day.")
        if self.ends_at - self.starts_at > LONGEST_SHIFT:
            errors["period"] = TOO_LONG
        return errors

    @property
    def starts_at(self) -> datetime:
        return cast("datetime", self.period.lower)

    @property
    def ends_at(self) -> datetime:
        return cast("datetime", self.period.upper)

    @property
    def starts_where(self) -> Place | None:
        return self.start_place or self.vehicle.base or self.company.base

    @property
    def ends_where(self) -> Place | None:
        return self.end_place or self.vehicle.base or self.company.base


class ShiftBreak(models.Model):
    """A pause that begins inside a window of time."""

    shift = models.ForeignKey(
        Shift, on_delete=models.CASCADE, related_name="breaks", verbose_name=_("shift")
    )
    earliest_at = models.DateTimeField(_("earliest start"))
    latest_at = models.DateTimeField(_("latest start"))
    duration_min = models.PositiveSmallIntegerField(
        _("minutes"), validators=[MinValueValidator(1), MaxValueValidator(240)]
    )
    mandatory = models.BooleanField(_("mandatory"), default=True)

    class Meta:
        ordering = ["shift", "earliest_at"]
        verbose_name = _("break")
        verbose_name_plural = _("breaks")
        constraints = [
            check(
                Q(earliest_at__lte=F("latest_at")),
                name="shift_break_window",
                message=_("The latest start is before the earliest one."),
            ),
            check(
                Q(duration_min__range=(1, 240)),
                name="shift_break_lasts",
                message=_("The break is shorter than 1 or longer than 240 minutes."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.shift}: {self.duration_min} min"
