"""Who uses the console: companies, people who sign in, and what each may do where."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Self, TypeVar
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dispatch.enums import DispatchMode, Role
from dispatch.models.constraints import one_of
from dispatch.models.errors import UseCaseError
from dispatch.models.labels import choices
from dispatch.models.settings import CompanySettings
from dispatch.models.settings_faults import Fault, read_settings
from dispatch.models.sort_keys import sort_key_field
from dispatch.models.statuses import NOT_SET_OFF, UNDER_WAY

if TYPE_CHECKING:
    from typing import Any


LAST_COMPANY = "company"  # in a session: the short name of the company last worked on


class User(AbstractUser):
    """A person who signs in; what they may do is said by their memberships."""

    class Meta:
        ordering = ["username"]
        verbose_name = _("user")
        verbose_name_plural = _("users")


NO_ZONE = _("There is no such time zone.")
ZONE_IN_USE = _(
    "The time zone cannot change while journeys are open or shifts are still to come: the hours of all of them would"
    " change. Close or cancel them first."
)

# Of the machine's list: whatever the machine is set to, and the place holder of one that was never set.
NO_ZONES = frozenset({"localtime", "Factory"})


def validate_time_zone(value: str) -> None:
    if value in NO_ZONES or value not in available_timezones():
        raise ValidationError(
            _("“%(value)s” is not a time zone."), code="time_zone", params={"value": value}
        )


def validate_settings(value: dict[str, Any]) -> None:
    """Refuses settings that the schema refuses, each with the field it is about."""
    found = read_settings(value)
    if not isinstance(found, CompanySettings):
        raise ValidationError([f"{fault.name}: {fault.sentence}" for fault in found])


class InvalidSettingsError(UseCaseError):
    """What is stored as the company's settings is refused by their schema: its days cannot be shown or planned."""

    def __init__(self, company: Company, faults: tuple[Fault, ...]) -> None:
        self.company_id, self.faults = company.pk, faults
        said = gettext(
            "The settings of %(company)s cannot be used. %(faults)s"
            " An administrator can mend them on the form of the company."
        )
        super().__init__(said % {"company": company.name, "faults": " ".join(map(str, faults))})


class CompanyQuerySet(models.QuerySet["Company"]):
    def for_user(self, user: User) -> Self:
        return self.filter(memberships__user=user, memberships__user__is_active=True)


class Company(models.Model):
    """A carrier: its days, its rules, and everything that belongs to it and to no other."""

    name = models.CharField(_("name"), max_length=120)
    sort_key = sort_key_field("name")
    slug = models.SlugField(_("short name"), max_length=60, unique=True)
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="Europe/Zurich", validators=[validate_time_zone]
    )
    base = models.ForeignKey(
        "dispatch.Place",
        on_delete=models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("base"),
    )
    mode = models.CharField(
        _("dispatch mode"),
        max_length=12,
        choices=choices(DispatchMode),
        default=DispatchMode.MANUAL.value,
    )
    settings = models.JSONField(
        _("settings"), default=dict, blank=True, validators=[validate_settings]
    )

    objects = CompanyQuerySet.as_manager()

    class Meta:
        ordering = ["sort_key", "id"]
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        constraints = [one_of("mode", DispatchMode, name="company_mode")]

    def __str__(self) -> str:
        return self.name

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def day_bounds(self, day: date) -> tuple[datetime, datetime]:
        """The first moment of the local day and that of the next: 23, 24 or 25 hours apart."""
        first, following = (
            datetime.combine(on, time.min, tzinfo=self.tz) for on in (day, day + timedelta(days=1))
        )
        return first.astimezone(UTC), following.astimezone(UTC)

    @property
    def rules(self) -> CompanySettings:
        """The settings in force: what is stored, over the defaults. Raises InvalidSettingsError."""
        found = read_settings(self.settings)
        if not isinstance(found, CompanySettings):
            raise InvalidSettingsError(self, found)
        return found

    def clean(self) -> None:
        super().clean()
        moved = Company.objects.filter(pk=self.pk).exclude(time_zone=self.time_zone)
        if moved.exists() and self._has_times_ahead():
            raise ValidationError({"time_zone": ValidationError(ZONE_IN_USE, code="in_use")})

    def _has_times_ahead(self) -> bool:
        """By the clock of the database, which asks the same (migration 0017)."""
        open_ones = self.bookings.filter(status__in=NOT_SET_OFF | UNDER_WAY)
        return (
            open_ones.exists() or self.shifts.planned().filter(period__endswith__gt=Now()).exists()
        )


class Membership(models.Model):
    """What one person may do in one company."""

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("user")
    )
    company = models.ForeignKey(
        Company, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("company")
    )
    role = models.CharField(_("role"), max_length=12, choices=choices(Role))

    class Meta:
        ordering = ["company", "user"]
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["user", "company"], name="membership_once"),
            one_of("role", Role, name="membership_role"),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.company}: {self.get_role_display()}"


_Row = TypeVar("_Row", bound=models.Model)


class OfCompany(models.QuerySet[_Row]):
    """Rows that belong to one company."""

    def for_company(self, company: Company) -> Self:
        return self.filter(company=company)

    def for_user(self, user: User) -> Self:
        """The rows of the companies in which this person has a role."""
        return self.filter(company__in=Company.objects.for_user(user))
