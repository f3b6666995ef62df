"""Who could go on with a shift at once: its driver in a spare vehicle, or a driver on call in its vehicle."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from django.conf import settings as django_settings
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from dispatch import roads
from dispatch.engine.travel import Point
from dispatch.enums import DriverKind, Loss, Mobility
from dispatch.models import Booking, Driver, Place, Shift, ShiftBreak, Vehicle
from dispatch.usecases.shift_content import BreakContent
from dispatch.usecases.shift_faults import load_of, load_offered
from dispatch.usecases.stranded_shift import StrandedShift

NOT_SAVED = 0  # the number of a row that is not there yet
WHOLE_MINUTES = timedelta(minutes=1)


def relief_shift(stranded: StrandedShift, *, now: datetime) -> Shift | None:
    """The rest of the shift with another vehicle (or driver), never saved; None when there is nobody.

    It begins when the new crew can be there: by road from where the vehicle stands, and the company's time for
    changing over. A shift that has not begun yet has no need of it: it goes on as a whole (`stand_in`).
    """
    shift = stranded.shift
    is_under_way = stranded.clock.starts_at < shift.ends_at and shift.starts_at < now
    crew = other_crew(stranded, now) if is_under_way else None
    if crew is None:
        return None
    driver, vehicle = crew
    begins = stranded.at if vehicle == shift.vehicle else vehicle.base or shift.company.base
    return _rest(stranded, driver, vehicle, begins, now)


def other_crew(stranded: StrandedShift, now: datetime) -> tuple[Driver, Vehicle] | None:
    """Who has nothing else to do until the shift ends, and takes the most of it; None when there is nobody."""
    shift = stranded.shift
    if stranded.lost.what is Loss.VEHICLE:
        vehicle = _spare_vehicle(stranded, now)
        return None if vehicle is None else (shift.driver, vehicle)
    driver = _driver_on_call(stranded, now)
    return None if driver is None else (driver, shift.vehicle)


def _rest(
    stranded: StrandedShift, driver: Driver, vehicle: Vehicle, begins: Place | None, now: datetime
) -> Shift | None:
    """Who drives comes from where the vehicle stands to the spare one, or from the base to the vehicle."""
    shift, company = stranded.shift, stranded.shift.company
    base = begins if stranded.lost.what is Loss.VEHICLE else company.base
    way_s = _way_s(stranded, base)
    if begins is None or way_s is None:
        return None
    changing = timedelta(minutes=company.rules.rescue.relief_min)
    starts_at = _next_minute(now + timedelta(seconds=way_s) + changing)
    if starts_at >= shift.ends_at:
        return None
    relief = Shift(
        pk=NOT_SAVED,
        company=company,
        driver=driver,
        vehicle=vehicle,
        period=DateTimeTZRange(starts_at, shift.ends_at),
        start_place=begins,
        end_place=shift.end_place,
        max_trips=shift.max_trips,
    )
    held, pauses = relief.breaks.all(), breaks_left(shift, starts_at)
    rows = [_as_row(pause, relief, -1 - position) for position, pause in enumerate(pauses)]
    held._result_cache = rows  # noqa: SLF001 - as prefetch_related leaves it
    vars(relief)["_prefetched_objects_cache"] = {"breaks": held}
    return relief


def breaks_left(shift: Shift, starts_at: datetime) -> list[BreakContent]:
    """The breaks of the shift that can still be taken from then on."""
    found = []
    for row in shift.breaks.all():
        pause = replace(BreakContent.of(row), earliest_at=max(row.earliest_at, starts_at))
        if pause.earliest_at <= pause.latest_at:
            found.append(pause)
    return found


def _as_row(pause: BreakContent, shift: Shift, number: int) -> ShiftBreak:
    return ShiftBreak(
        pk=number,
        shift=shift,
        earliest_at=pause.earliest_at,
        latest_at=pause.latest_at,
        duration_min=pause.duration_min,
        mandatory=pause.mandatory,
    )


def _next_minute(moment: datetime) -> datetime:
    whole = moment.replace(second=0, microsecond=0)
    return whole if whole == moment else whole + WHOLE_MINUTES


def _way_s(stranded: StrandedShift, base: Place | None) -> int | None:
    position, here = None if base is None else base.position, stranded.at.position
    if position is None or here is None:
        return None
    points = tuple(Point(lat=round(p[0], 5), lon=round(p[1], 5)) for p in (here, position))
    rules = stranded.shift.company.rules
    road = roads.travel_times(
        points,
        traffic_permille=stranded.clock.traffic_permille(),
        detour_factor=rules.detour_factor,
        speed_kmh=rules.speed_kmh,
        osrm_url=django_settings.OSRM_URL,
    )
    there, back = road.times.seconds[0][1], road.times.seconds[1][0]
    return there if stranded.lost.what is Loss.VEHICLE else back


def _rest_of(shift: Shift, now: datetime) -> DateTimeTZRange:
    since = max(shift.starts_at, now)
    return DateTimeTZRange(since, max(shift.ends_at, since + WHOLE_MINUTES))


def _spare_vehicle(stranded: StrandedShift, now: datetime) -> Vehicle | None:
    """One that nobody drives until the shift ends; it takes the most of the patients."""
    shift = stranded.shift
    rest = _rest_of(shift, now)
    licences = shift.driver.licences_on(stranded.day)
    rows = (
        Vehicle.objects.filter(company=shift.company, active=True)
        .exclude(pk=shift.vehicle_id)
        .exclude(pk__in=Shift.objects.planned().filter(period__overlap=rest).values("vehicle"))
        .exclude(unavailabilities__period__overlap=rest)
        .select_related("base")
        .prefetch_related("configurations", "unavailabilities")
    )
    fit = [row for row in rows.order_by("pk") if set(row.required_licences) <= licences]
    usable = [(_taken(row, stranded.bookings), row) for row in fit]
    return max((one for one in usable if one[0]), key=_most_first, default=(0, None))[1]


def _most_first(one: tuple[int, Vehicle]) -> tuple[int, int]:
    return one[0], -one[1].pk


def _taken(vehicle: Vehicle, bookings: Iterable[Booking]) -> int:
    offered = [load_offered(row) for row in vehicle.configurations.all()]
    loads = (
        load_of(Mobility(row.patient.mobility), row.escorts)
        for row in bookings
        if row.patient.required_equipment <= set(vehicle.equipment)
    )
    return sum(any(load.fits(places) for places in offered) for load in loads)


def _driver_on_call(stranded: StrandedShift, now: datetime) -> Driver | None:
    """An emergency driver who is not on duty, with a licence for the vehicle and the most of the skills needed."""
    shift, day = stranded.shift, stranded.day
    rest = _rest_of(shift, now)
    rows = (
        Driver.objects.filter(company=shift.company, active=True, kind=DriverKind.EMERGENCY.value)
        .exclude(pk=shift.driver_id)
        .exclude(pk__in=Shift.objects.planned().filter(period__overlap=rest).values("driver"))
        .exclude(absences__first_on__lte=day, absences__last_on__gte=day)
        .prefetch_related("driver_skills__skill", "licences", "absences")
    )
    needed = set(shift.vehicle.required_licences)
    fit = [row for row in rows.order_by("pk") if needed <= row.licences_on(day)]
    return max(fit, key=lambda row: (len(row.skill_codes_on(day)), -row.pk), default=None)
