"""Small valid rows for tests: each function makes one thing, with only what the test cares about as arguments."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from dispatch.enums import (
    BookingStatus,
    CoordinatesQuality,
    Equipment,
    Leg,
    LicenceKind,
    PlaceKind,
    Role,
    RunTrigger,
)
from dispatch.models import (
    Assignment,
    Booking,
    Company,
    DispatchRun,
    Driver,
    DriverLicence,
    DriverSkill,
    Membership,
    Patient,
    Place,
    SeatConfiguration,
    Shift,
    ShiftBreak,
    Skill,
    StandingOrder,
    User,
    Vehicle,
)
from dispatch.models.statuses import MOVES, OUTCOMES
from dispatch.usecases.record_progress import KNOWN_MOMENTS, MOMENTS

DAY = date(2026, 6, 17)  # a Wednesday
ZONE = ZoneInfo("Europe/Zurich")
_number = count(1)


def at(hour: int, minute: int = 0, *, day: date = DAY) -> datetime:
    """This local time of the day, in UTC as the database gives it back."""
    return datetime.combine(day, time(hour, minute), tzinfo=ZONE).astimezone(UTC)


def between(start: datetime, end: datetime) -> DateTimeTZRange:
    return DateTimeTZRange(start, end)


def make_user(**fields: Any) -> User:
    number = next(_number)
    return User.objects.create_user(**{"username": f"user{number}", **fields})


def make_company(**fields: Any) -> Company:
    """A company with a base at Geneva's main station."""
    number = next(_number)
    base = fields.pop("base", ...)
    company = Company.objects.create(
        **{"name": f"Company {number}", "slug": f"company-{number}", **fields}
    )
    company.base = (
        make_place(company, name="Base", kind=PlaceKind.BASE, lat=46.2102, lon=6.1424)
        if base is ...
        else base
    )
    company.save()
    return company


def make_member(company: Company, role: Role = Role.DISPATCHER, **fields: Any) -> User:
    user = make_user(**fields)
    Membership.objects.create(company=company, user=user, role=role)
    return user


def make_place(company: Company | None, **fields: Any) -> Place:
    """A place with exact coordinates, 22 m from the one before; `lat=None` makes them unknown."""
    number = next(_number)
    north = abs(number % 100 - 50)  # to and fro: whatever ran before, all are near one another
    defaults: dict[str, Any] = {
        "name": f"Place {number}",
        "lat": 46.19 + north * 0.0002,
        "lon": 6.14 + number // 50 % 100 * 0.00003,
        "town": "Genève",
        "area": "centre",
    }
    values = defaults | fields
    if values["lat"] is None:
        values["lon"] = None
    quality = CoordinatesQuality.UNKNOWN if values["lat"] is None else CoordinatesQuality.EXACT
    return Place.objects.create(company=company, **{"coordinates_quality": quality} | values)


def make_establishment(company: Company | None = None, **fields: Any) -> Place:
    return make_place(company, **{"kind": PlaceKind.ESTABLISHMENT} | fields)


def make_patient(company: Company, **fields: Any) -> Patient:
    number = next(_number)
    if "home" not in fields:
        fields["home"] = make_place(company, kind=PlaceKind.HOME)
    return Patient.objects.create(
        company=company,
        **{"first_name": "Ana", "last_name": f"Patient{number}"} | fields,
    )


def make_driver(company: Company, *, skills: tuple[str, ...] = (), **fields: Any) -> Driver:
    """A regular driver with a licence for a car that does not expire soon."""
    number = next(_number)
    driver = Driver.objects.create(
        company=company, **{"first_name": "Léo", "last_name": f"Driver{number}"} | fields
    )
    DriverLicence.objects.create(
        driver=driver, kind=LicenceKind.B, expires_on=DAY + timedelta(days=3650)
    )
    for code in skills:
        skill, _created = Skill.objects.get_or_create(
            company=company, code=code, defaults={"name": code}
        )
        DriverSkill.objects.create(driver=driver, skill=skill)
    return driver


def make_vehicle(
    company: Company,
    *,
    seats: int = 3,
    wheelchairs: int = 1,
    stretchers: int = 0,
    folded_chairs: int = 2,
    **fields: Any,
) -> Vehicle:
    """A van with a ramp and one seat configuration."""
    number = next(_number)
    defaults = {
        "name": f"Van {number}",
        "plate": f"GE {number}",
        "equipment": [Equipment.RAMP.value],
    }
    vehicle = Vehicle.objects.create(company=company, **defaults | fields)
    SeatConfiguration.objects.create(
        vehicle=vehicle,
        seats=seats,
        wheelchairs=wheelchairs,
        stretchers=stretchers,
        folded_chairs=folded_chairs,
    )
    return vehicle


def make_shift(
    company: Company,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    **fields: Any,
) -> Shift:
    """07:00–19:00 on DAY, with a driver and a vehicle of its own."""
    if "driver" not in fields:
        fields["driver"] = make_driver(company)
    if "vehicle" not in fields:
        fields["vehicle"] = make_vehicle(company)
    return Shift.objects.create(
        company=company, **{"period": between(start or at(7), end or at(19))} | fields
    )


def make_break(shift: Shift, **fields: Any) -> ShiftBreak:
    defaults = {"earliest_at": at(11, 30), "latest_at": at(13), "duration_min": 30}
    return ShiftBreak.objects.create(shift=shift, **defaults | fields)


def make_booking(company: Company, *, pickup_at: datetime | None = None, **fields: Any) -> Booking:
    """A confirmed journey from the patient's home to a clinic, promised −5/+15 min around `pickup_at` (09:00)."""
    around = pickup_at or at(9)
    if "patient" not in fields:
        fields["patient"] = make_patient(company)
    if "pickup" not in fields:
        fields["pickup"] = fields["patient"].home
    if "dropoff" not in fields:
        fields["dropoff"] = make_establishment()
    defaults = {
        "service_on": around.astimezone(company.tz).date(),
        "requested_at": around,
        "promised_from": around - timedelta(minutes=5),
        "promised_to": around + timedelta(minutes=15),
        "status": BookingStatus.CONFIRMED,
    }
    return Booking.objects.create(company=company, **defaults | fields)


def make_outbound(company: Company, **fields: Any) -> Booking:
    return make_booking(company, **{"leg": Leg.OUTBOUND} | fields)


def make_return(outbound: Booking, *, pickup_at: datetime | None = None, **fields: Any) -> Booking:
    """The way back, at `pickup_at` (14:00); `is_will_call=True` makes it wait for the patient's call."""
    around = pickup_at or at(14, day=outbound.service_on)
    defaults: dict[str, Any] = {
        "leg": Leg.RETURN,
        "outbound": outbound,
        "patient": outbound.patient,
        "pickup": outbound.dropoff,
        "dropoff": outbound.pickup,
    }
    if fields.get("is_will_call") and pickup_at is None:
        defaults |= {"requested_at": None, "promised_from": None, "promised_to": None}
    return make_booking(outbound.company, pickup_at=around, **defaults | fields)


def make_standing_order(company: Company, **fields: Any) -> StandingOrder:
    """Dialysis at 08:00 on Monday, Wednesday and Friday, from DAY on."""
    if "patient" not in fields:
        fields["patient"] = make_patient(company)
    if "pickup" not in fields:
        fields["pickup"] = fields["patient"].home
    if "dropoff" not in fields:
        fields["dropoff"] = make_establishment()
    defaults = {"weekdays": [0, 2, 4], "starts_on": DAY, "appointment_time": time(8)}
    return StandingOrder.objects.create(company=company, **defaults | fields)


def make_run(company: Company, **fields: Any) -> DispatchRun:
    """A queued run of DAY, with the next version."""
    day = fields.get("service_on", DAY)
    version = DispatchRun.objects.filter(company=company, service_on=day).count() + 1
    defaults = {"service_on": day, "version": version, "trigger": RunTrigger.MANUAL}
    return DispatchRun.objects.create(company=company, **defaults | fields)


def make_assignment(
    booking: Booking,
    shift: Shift,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    **fields: Any,
) -> Assignment:
    """The booking on this shift, from the start of its promised window for 30 minutes, alone on board."""
    begins = start or booking.promised_from
    assert begins is not None
    ends = end or begins + timedelta(minutes=30)
    defaults = {
        "company": booking.company,
        "booking": booking,
        "shift": shift,
        "driver": shift.driver,
        "vehicle": shift.vehicle,
        "period": between(begins, ends),
        "planned_pickup_at": begins,
        "planned_dropoff_at": ends - timedelta(minutes=2),
        "ride_group": booking.pk,
        "position": shift.assignments.count() + 1,
        "assigned_by": "person",
    }
    with transaction.atomic():  # the status and its row agree at commit
        Booking.objects.filter(pk=booking.pk, status=BookingStatus.CONFIRMED).update(
            status=BookingStatus.ASSIGNED, version=booking.version + 1
        )
        booking.refresh_from_db(fields=["status", "version"])
        return Assignment.objects.create(**defaults | fields)


def bring(booking: Booking, to: BookingStatus, **columns: Any) -> None:
    """Write the status and these columns, by the steps the database wants; of the moments only these stay known."""
    first = min((columns[name] for name in MOMENTS if columns.get(name)), default=at(6))
    for step in _steps(BookingStatus(Booking.objects.get(pk=booking.pk).status), to):
        passed = dict.fromkeys(MOMENTS) | dict.fromkeys(MOMENTS[: KNOWN_MOMENTS[step]], first)
        Booking.objects.filter(pk=booking.pk).update(status=step, **passed)
    known = dict.fromkeys(MOMENTS) | columns
    Booking.objects.filter(pk=booking.pk).update(status=to, **known)


def _steps(start: BookingStatus, to: BookingStatus) -> list[BookingStatus]:
    """The shortest way, both ends left out, with no outcome on it."""
    ways = [[start]]
    while to not in MOVES[ways[0][-1]]:
        way = ways.pop(0)
        ways += [[*way, each] for each in MOVES[way[-1]] - OUTCOMES if each not in way]
    return ways[0][1:]
