"""Makes a demo company of invented people in real Geneva: its week behind it, its day, its week ahead."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from dispatch.enums import DispatchMode, Role
from dispatch.models import Company, Driver, Membership, Shift, User
from dispatch.twin.carrier import Carrier
from dispatch.twin.demand import make_day
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.demo_days import days_around, write_days
from dispatch.usecases.demo_people import write_people
from dispatch.usecases.errors import UseCaseError

DEMO_PASSWORD = "leman-demo-2026"  # noqa: S105 - printed by the command; refused in production
NAMES = {
    "small": ("leman-demo", "Léman Transports (démo)"),
    "large": ("leman-demo-large", "Léman Ambulances (démo)"),
}
MODES = {  # the small one is offered a new plan whenever its day changes, the large one plans when asked
    "small": DispatchMode.SEMI_AUTO,
    "large": DispatchMode.MANUAL,
}
SERIES_SINCE = timedelta(days=28)  # series are older than the days that are shown


class DemoRefusedError(UseCaseError):
    """A demo has no place in production."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeded:
    """What stands in the database now; counts are zero when the company was there already."""

    company: Company
    is_new: bool
    users: tuple[str, ...]  # those that were created now, with the demo password
    patients: int = 0
    drivers: int = 0
    vehicles: int = 0
    bookings: int = 0


@transaction.atomic
def seed_demo(
    *,
    now: datetime,
    carrier: Carrier,
    seed: int = 1,
    days: int = 7,
    on: date | None = None,
    is_reset: bool = False,
) -> Seeded:
    """The demo company of this carrier, with `days` days before and after `on` (default: today).

    Days before `now` are recorded as they went, the others wait to be planned. A company that is there is
    left alone unless `is_reset` asks for a new one. Raises DemoRefusedError in production.
    """
    if settings.ENVIRONMENT == "prod":
        raise DemoRefusedError(_("Demo data is not written in production."))
    slug, name = NAMES[carrier.name]
    found = Company.objects.filter(slug=slug).first()
    if found is not None and not is_reset:
        return Seeded(company=found, is_new=False, users=())
    if found is not None:
        found.delete()
    company = Company.objects.create(name=name, slug=slug, mode=MODES[carrier.name])
    day = local_day(company, now) if on is None else on
    around = [make_day(carrier, seed, each) for each in days_around(day, days)]
    rows = write_people(company, carrier, seed, around[0].day - SERIES_SINCE)
    users = _write_users(company)
    bookings = write_days(rows, around, now)
    _give_driver(company, day)
    return Seeded(
        company=company,
        is_new=True,
        users=users,
        patients=len(rows.patients),
        drivers=len(rows.drivers),
        vehicles=len(rows.vehicles),
        bookings=bookings,
    )


def _write_users(company: Company) -> tuple[str, ...]:
    """One user a role; those who exist keep their password and get a membership."""
    created: list[str] = []
    for role in Role:
        user, is_new = User.objects.get_or_create(
            username=role.value,
            defaults={
                "is_staff": role is not Role.DRIVER,
                "email": f"{role.value}@demo.invalid",
            },
        )
        if is_new:
            user.set_password(DEMO_PASSWORD)
            user.save(update_fields=["password"])
            created.append(user.username)
        if role is Role.DRIVER and Driver.objects.filter(user=user).exists():
            continue  # drives for another company, and signs in there
        Membership.objects.get_or_create(user=user, company=company, defaults={"role": role})
    return tuple(created)


def _give_driver(company: Company, day: date) -> None:
    """The user "driver" is the first driver on duty that day, unless they drive for another company already."""
    user = User.objects.get(username=Role.DRIVER.value)
    if Driver.objects.filter(user=user).exists():
        return
    on_duty = Shift.objects.filter(company=company, period__overlap=company.day_bounds(day))
    drivers = Driver.objects.filter(company=company).order_by("reference")
    chosen = drivers.filter(pk__in=on_duty.values("driver")).first() or drivers.earliest(
        "reference"
    )
    Driver.objects.filter(pk=chosen.pk).update(user=user)
