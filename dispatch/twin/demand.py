"""What one day asks of a simulated company, as frozen values: requests, and who is there to serve them.

`make_day` draws a day, `to_problem` states it for the planner. Both are functions of their arguments alone:
the same carrier, seed and date give the same day on any machine and under any hash randomisation.
Seconds are wall-clock seconds since local midnight; nobody drives in the night hours that a clock change
repeats or skips. Published scales: see `dispatch.twin.carrier`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from random import Random

from dispatch.engine.problem import Break, Problem, Settings, Shift, Stop, Trip
from dispatch.engine.travel import Point, TravelTimes, estimate
from dispatch.enums import AbsenceReason, DriverKind, Leg, Priority
from dispatch.twin.carrier import (
    CARRIERS,
    LARGE,
    OUTFITS,
    SMALL,
    TRAFFIC_PERMILLE,
    Carrier,
    Slot,
)
from dispatch.twin.population import (
    Driver,
    Patient,
    Population,
    Vehicle,
    is_qualified,
    is_rested,
    make_population,
)
from dispatch.twin.requests import MINUTE_S, Request, draw_requests

__all__ = [
    "CARRIERS",
    "LARGE",
    "SMALL",
    "Absence",
    "Carrier",
    "DemandDay",
    "Duty",
    "Rules",
    "make_day",
    "to_problem",
]


END_OF_DAY_S = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """A driver who does not work on this day."""

    driver: int
    reason: AbsenceReason


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """A driver with a vehicle on this day, by the slot of the rota; `is_replacement`: not their own slot."""

    index: int
    driver: int
    slot: Slot
    is_replacement: bool = False

    @property
    def vehicle(self) -> int:
        return self.slot.vehicle


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandDay:
    """A day of one carrier. `points[0]` is the base; requests are in the order of their pickup hour."""

    carrier: Carrier
    seed: int
    day: date
    points: tuple[Point, ...]
    patients: tuple[Patient, ...]
    drivers: tuple[Driver, ...]
    vehicles: tuple[Vehicle, ...]
    requests: tuple[Request, ...]
    duties: tuple[Duty, ...]
    absences: tuple[Absence, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What the planner is told about promises; minutes. The defaults are those of a new company."""

    window_before_min: int = 5
    window_after_min: int = 15
    appointment_early_min: int = 60
    appointment_early_vital_min: int = 45
    will_call_window_min: int = 45
    urgent_window_min: int = 30
    max_ride_min: int = 60
    max_trips: int | None = 20


def make_day(carrier: Carrier, seed: int, day: date) -> DemandDay:
    """The day drawn for this carrier, seed and date."""
    people = make_population(carrier, seed)
    rng = Random(f"day/{carrier.name}/{seed}/{day.isoformat()}")
    draft = draw_requests(carrier, people, rng, day.weekday())
    absences = _draw_absences(carrier, people, seed, rng, day)
    return DemandDay(
        carrier=carrier,
        seed=seed,
        day=day,
        points=tuple(draft.points),
        patients=people.patients,
        drivers=people.drivers,
        vehicles=people.vehicles,
        requests=tuple(_in_order(draft.requests)),
        duties=tuple(_duties(carrier, people, absences, day.weekday())),
        absences=absences,
    )


def _in_order(requests: list[Request]) -> list[Request]:
    """Numbered anew by pickup hour; partners keep pointing at each other."""
    ordered = sorted(requests, key=lambda request: (request.pickup_s, request.index))
    new_index = {request.index: position for position, request in enumerate(ordered)}
    return [
        replace(
            request,
            index=new_index[request.index],
            partner=None if request.partner is None else new_index[request.partner],
        )
        for request in ordered
    ]


def _draw_absences(
    carrier: Carrier, people: Population, seed: int, rng: Random, day: date
) -> tuple[Absence, ...]:
    """Holidays last a calendar week (the same draw on each of its days), illness is drawn by day."""
    year, week, _weekday = day.isocalendar()
    holidays = Random(f"holidays/{carrier.name}/{seed}/{year}-{week}")
    absences: list[Absence] = []
    for driver in people.drivers:
        is_on_holiday = holidays.random() < carrier.absence_rate * 0.6
        is_ill = rng.random() < carrier.absence_rate * 0.4
        if is_on_holiday or is_ill:
            reason = AbsenceReason.HOLIDAY if is_on_holiday else AbsenceReason.ILLNESS
            absences.append(Absence(driver=driver.index, reason=reason))
    return tuple(absences)


def _duties(
    carrier: Carrier, people: Population, absences: tuple[Absence, ...], weekday: int
) -> list[Duty]:
    """The rota of the weekday; a rested colleague who is off stands in for an absent one, else nobody does."""
    absent = {absence.driver for absence in absences}
    duties: list[Duty] = []
    taken = {d.index for d in people.drivers if d.week[weekday] is not None} | absent
    owner = {duty.code: d.index for d in people.drivers if (duty := d.week[weekday]) is not None}
    for slot in (slot for slot in carrier.slots if weekday in slot.weekdays):
        own = owner.get(slot.code)
        driver = own if own not in absent else None
        if driver is None:
            driver = _stand_in(carrier, people, taken, weekday, slot)
        if driver is not None:
            taken.add(driver)
            duties.append(
                Duty(index=len(duties), driver=driver, slot=slot, is_replacement=driver != own)
            )
    return duties


def _stand_in(
    carrier: Carrier, people: Population, taken: set[int], weekday: int, slot: Slot
) -> int | None:
    able = (
        driver.index
        for driver in people.drivers
        if driver.index not in taken
        and is_qualified(carrier, driver, slot)
        and is_rested(driver.week, weekday, slot)
    )
    return next(able, None)


def to_problem(
    day: DemandDay,
    *,
    known_by_s: int | None = None,
    rules: Rules | None = None,
    settings: Settings | None = None,
    travel: TravelTimes | None = None,
) -> Problem:
    """The day for the planner: trips `T000`…, shifts `S00`…, drivers `D00`…, vehicles `V00`….

    `known_by_s`: only what the carrier can plan at that second (a return on call counts from its call on);
    None: the whole day in hindsight. `travel`: tables over `day.points`, estimated when not given.
    Pickup windows are those of `rules` around the promise; an appointment is reached in its window of
    arrival. Raises InvalidProblemError when `travel` does not cover the points.
    """
    told = [r for r in day.requests if known_by_s is None or r.plannable_s <= known_by_s]
    if travel is None:
        travel = estimate(day.points, traffic_permille=TRAFFIC_PERMILLE)
    terms = Rules() if rules is None else rules
    return Problem(
        trips=tuple(_trip(day, request, terms, {r.index for r in told}) for request in told),
        shifts=tuple(_shift(day, duty, terms) for duty in day.duties),
        travel=travel,
        settings=Settings() if settings is None else settings,
    )


def trip_id(index: int) -> str:
    """The planner's reference of a request."""
    return f"T{index:03d}"


def driver_id(index: int) -> str:
    return f"D{index:02d}"


def _trip(day: DemandDay, request: Request, rules: Rules, told: set[int]) -> Trip:
    patient = day.patients[request.patient]
    pickup = _pickup(request, patient, rules)
    same = patient.wants_same_driver and request.leg is Leg.RETURN and request.partner in told
    return Trip(
        id=trip_id(request.index),
        pickup=pickup,
        dropoff=_dropoff(request, patient, pickup, rules),
        max_ride_s=rules.max_ride_min * MINUTE_S,
        load=patient.load,
        needs=frozenset(
            {f"skill:{skill}" for skill in patient.skills}
            | {f"equipment:{item}" for item in patient.equipment}
        ),
        priority=request.priority,
        area=request.pickup.area,
        may_pool=not patient.load.stretchers,
        same_driver_as=trip_id(request.partner) if same and request.partner is not None else None,
        preferred_drivers=_drivers(patient.preferred_driver),
        excluded_drivers=_drivers(patient.excluded_driver),
    )


def _drivers(index: int | None) -> frozenset[str]:
    return frozenset() if index is None else frozenset({driver_id(index)})


def _pickup(request: Request, patient: Patient, rules: Rules) -> Stop:
    """Around the promise; from readiness on for those who wait."""
    at_s = request.pickup_s
    if request.is_will_call:
        earliest, latest = at_s, at_s + rules.will_call_window_min * MINUTE_S
    elif request.is_urgent:
        earliest, latest = at_s, at_s + rules.urgent_window_min * MINUTE_S
    else:
        earliest = at_s - rules.window_before_min * MINUTE_S
        latest = at_s + rules.window_after_min * MINUTE_S
    return Stop(
        location=request.pickup.location,
        earliest_s=earliest,
        latest_s=latest,
        service_s=patient.load_s,
    )


def _dropoff(request: Request, patient: Patient, pickup: Stop, rules: Rules) -> Stop:
    """In the arrival window of the appointment; without one, any time until the day is over."""
    if request.appointment_s is None:
        earliest, latest = pickup.earliest_s, END_OF_DAY_S
    else:
        is_vital = request.priority is Priority.VITAL
        early = rules.appointment_early_vital_min if is_vital else rules.appointment_early_min
        earliest, latest = request.appointment_s - early * MINUTE_S, request.appointment_s
    return Stop(
        location=request.dropoff.location,
        earliest_s=earliest,
        latest_s=latest,
        service_s=patient.unload_s,
    )


def _shift(day: DemandDay, duty: Duty, rules: Rules) -> Shift:
    driver, slot = day.drivers[duty.driver], duty.slot
    outfit = OUTFITS[day.vehicles[duty.vehicle].type]
    return Shift(
        id=f"S{duty.index:02d}",
        driver=driver_id(duty.driver),
        vehicle=f"V{duty.vehicle:02d}",
        start_location=0,
        end_location=0,
        start_s=slot.start_min * MINUTE_S,
        end_s=slot.end_min * MINUTE_S,
        configurations=outfit.configurations,
        capabilities=frozenset(
            {f"skill:{skill}" for skill in driver.skills}
            | {f"equipment:{item}" for item in outfit.equipment}
        ),
        breaks=tuple(
            Break(
                id=f"S{duty.index:02d}-B{number}",
                earliest_s=pause.earliest_min * MINUTE_S,
                latest_s=pause.latest_min * MINUTE_S,
                duration_s=pause.duration_min * MINUTE_S,
                mandatory=pause.mandatory,
            )
            for number, pause in enumerate(slot.pauses)
        ),
        max_trips=rules.max_trips,
        is_emergency=driver.kind is DriverKind.EMERGENCY,
    )
