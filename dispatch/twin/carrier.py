"""What kind of company is simulated: its size, fleet, rota and the statistics of its demand, all in one place.

SMALL follows the published scale of a small patient-transport carrier: a median of 12 trips a day (3–24),
peaks at 9, 13 and 16 h, 44 % of the trips in same-day out-and-return pairs, few patients with many trips.
LARGE follows that of an ambulance service of a city of 250,000: 26 vehicles, 225 trips a day, of which only
30 % are known early in the morning. What is not published (needs, absences, rota) is a stated assumption.
Minutes are wall-clock minutes since local midnight unless a name says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from dispatch.engine.problem import Load
from dispatch.engine.travel import Point
from dispatch.enums import Equipment, LicenceKind
from dispatch.twin.geneva import BASE_LARGE, BASE_SMALL

# Permille by which each hour of a working day in Geneva stretches driving; also the console's default.
TRAFFIC_PERMILLE: tuple[int, ...] = (
    *(1000,) * 6, 1150,
    1450, 1500, 1300, 1200, 1200, 1250, 1200, 1200, 1250, 1400, 1550, 1450,
    1250, 1100, 1050, 1000, 1000,
)  # fmt: skip

EARLY_S = 6 * 3600  # "early in the morning": what is known before this second counts as known early
WORKING_DAYS = (0, 1, 2, 3, 4)
WEEKEND = (5, 6)


class VehicleType(StrEnum):
    CAR = "car"
    VAN = "van"
    MINIBUS = "minibus"
    STRETCHER_VAN = "stretcher_van"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outfit:
    """How vehicles of one type can be set, what is fitted, and what is needed to drive them."""

    configurations: tuple[Load, ...]
    equipment: frozenset[Equipment]
    licences: frozenset[LicenceKind] = frozenset({LicenceKind.B, LicenceKind.BPT})


OUTFITS: dict[VehicleType, Outfit] = {
    VehicleType.CAR: Outfit(
        configurations=(Load(seats=3, folded_chairs=1),), equipment=frozenset()
    ),
    VehicleType.VAN: Outfit(
        configurations=(
            Load(seats=4, wheelchairs=1, folded_chairs=1),
            Load(seats=2, wheelchairs=2),
        ),
        equipment=frozenset({Equipment.RAMP, Equipment.OXYGEN}),
    ),
    VehicleType.MINIBUS: Outfit(
        configurations=(
            Load(seats=8, wheelchairs=1, folded_chairs=2),
            Load(seats=4, wheelchairs=3, folded_chairs=1),
        ),
        equipment=frozenset({Equipment.LIFT, Equipment.OXYGEN}),
        licences=frozenset({LicenceKind.D1, LicenceKind.BPT}),
    ),
    VehicleType.STRETCHER_VAN: Outfit(
        configurations=(
            Load(seats=1, stretchers=1),
            Load(seats=3, wheelchairs=1, folded_chairs=1),
        ),
        equipment=frozenset(
            {Equipment.RAMP, Equipment.OXYGEN, Equipment.STAIRCLIMBER, Equipment.STRETCHER}
        ),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause:
    """A break that begins in [earliest_min, latest_min]."""

    earliest_min: int
    latest_min: int
    duration_min: int
    mandatory: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A line of the rota: one vehicle with one driver between two hours, on some weekdays (Monday is 0)."""

    code: str
    vehicle: int
    start_min: int
    end_min: int
    weekdays: tuple[int, ...] = WORKING_DAYS
    pauses: tuple[Pause, ...] = ()
    is_emergency: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Peak:
    """Pickups gather around `at_min` with a normal spread."""

    at_min: int
    spread_min: int
    weight: float


PEAKS: tuple[Peak, ...] = (
    Peak(at_min=9 * 60 + 28, spread_min=48, weight=0.40),
    Peak(at_min=13 * 60 + 28, spread_min=42, weight=0.28),
    Peak(at_min=16 * 60 + 25, spread_min=42, weight=0.32),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """The parameters of one company; shares are of trips unless said otherwise.

    `trips_by_weekday`: mean trips of each weekday; a day draws from a normal of relative spread
    `trips_spread`, cut to `trips_range`. `pair_share`: trips that belong to an out-and-return pair of the
    same patient and day. `will_call_share`: of the returns of pairs that are no series. `known_early_share`:
    trips with an hour that are known before EARLY_S. `background_share`: trips outside the peaks.
    """

    name: str
    base: Point
    fleet: tuple[VehicleType, ...]
    slots: tuple[Slot, ...]
    regular_drivers: int
    emergency_drivers: int
    patients: int
    dialysis_patients: int
    dialysis_starts_min: tuple[int, ...]
    trips_by_weekday: tuple[float, ...]
    trips_range: tuple[int, int]
    trips_spread: float
    known_early_share: float
    pair_share: float = 0.44
    zipf_exponent: float = 0.9
    will_call_share: float = 0.5
    urgent_share: float = 0.04
    background_share: float = 0.08
    wheelchair_fixed_share: float = 0.18
    wheelchair_foldable_share: float = 0.22
    stretcher_share: float = 0.03
    oxygen_share: float = 0.03
    stairs_share: float = 0.08
    door_to_door_share: float = 0.30
    escort_share: float = 0.14
    nursing_home_share: float = 0.15
    absence_rate: float = 0.04  # of drivers, a day
    peaks: tuple[Peak, ...] = PEAKS


def _pause(earliest: str, latest: str, minutes: int, *, mandatory: bool = True) -> Pause:
    return Pause(
        earliest_min=_minutes(earliest),
        latest_min=_minutes(latest),
        duration_min=minutes,
        mandatory=mandatory,
    )


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return 60 * int(hours) + int(minutes)


def _slots(
    code: str,
    hours: str,
    vehicles: tuple[int, ...],
    *,
    weekdays: tuple[int, ...] = WORKING_DAYS,
    pauses: tuple[Pause, ...] = (),
    is_emergency: bool = False,
) -> tuple[Slot, ...]:
    """One slot a vehicle, all with the same hours ("07:30-16:45")."""
    start, end = hours.split("-")
    return tuple(
        Slot(
            code=f"{code}-{vehicle:02d}",
            vehicle=vehicle,
            start_min=_minutes(start),
            end_min=_minutes(end),
            weekdays=weekdays,
            pauses=pauses,
            is_emergency=is_emergency,
        )
        for vehicle in vehicles
    )


# Breaks keep clear of the peaks; more than seven hours of work want half an hour (Swiss working time rules).
_EARLY = (_pause("10:15", "12:15", 30),)
_NOON = (_pause("11:00", "12:30", 45), _pause("14:15", "15:15", 15, mandatory=False))
_NOON_LATER = (_pause("11:30", "13:00", 45), _pause("14:30", "15:30", 15, mandatory=False))
_EVENING = (_pause("17:30", "19:00", 45),)

SMALL = Carrier(
    name="small",
    base=BASE_SMALL,
    fleet=(
        *(VehicleType.CAR,) * 2,
        *(VehicleType.VAN,) * 3,
        VehicleType.STRETCHER_VAN,
    ),
    slots=(
        *_slots("early", "06:00-14:30", (2,), pauses=_EARLY),
        *_slots("day", "07:30-16:45", (5,), pauses=_NOON),
        *_slots("noon", "08:45-18:15", (0, 3), pauses=_NOON_LATER),
        *_slots("late", "11:00-20:30", (4,), pauses=_EVENING),
        *_slots("evening", "14:45-21:00", (2,)),
        *_slots("emergency", "08:00-18:00", (1,), pauses=_NOON_LATER, is_emergency=True),
        *_slots("weekend-early", "06:15-15:00", (3,), weekdays=WEEKEND, pauses=_EARLY),
        *_slots("weekend-day", "07:45-17:00", (5,), weekdays=WEEKEND, pauses=_NOON),
        *_slots("weekend-noon", "08:45-18:00", (2,), weekdays=WEEKEND, pauses=_NOON_LATER),
        *_slots("weekend-late", "12:00-20:30", (4,), weekdays=WEEKEND, pauses=_EVENING),
    ),
    regular_drivers=9,
    emergency_drivers=1,
    patients=140,
    dialysis_patients=3,
    dialysis_starts_min=(_minutes("10:00"), _minutes("14:00")),
    trips_by_weekday=(13.8, 13.8, 13.8, 13.8, 13.8, 8.5, 6.5),
    trips_range=(3, 24),
    trips_spread=0.30,
    known_early_share=0.60,
)

LARGE = Carrier(
    name="large",
    base=BASE_LARGE,
    fleet=(
        *(VehicleType.CAR,) * 7,
        *(VehicleType.VAN,) * 13,
        *(VehicleType.MINIBUS,) * 2,
        *(VehicleType.STRETCHER_VAN,) * 4,
    ),
    slots=(
        *_slots("early", "05:45-13:15", (*range(7, 10), 22), pauses=_EARLY),
        *_slots("morning", "05:45-14:45", (*range(10, 13), 20), pauses=_EARLY),
        *_slots("day", "07:00-16:45", (0, 1, 13, 23), pauses=_NOON),
        *_slots(
            "noon", "08:15-18:00", (*range(2, 6), *range(14, 20), 21, 24, 25), pauses=_NOON_LATER
        ),
        *_slots("afternoon", "13:30-21:30", (*range(7, 10), 22), pauses=_EVENING),
        *_slots("late", "15:00-22:00", (*range(10, 13), 20)),
        *_slots("emergency", "08:00-17:30", (6,), pauses=_NOON_LATER, is_emergency=True),
        *_slots(
            "weekend-early", "05:45-13:15", (*range(7, 11), 22), weekdays=WEEKEND, pauses=_EARLY
        ),
        *_slots("weekend-day", "07:30-17:00", (0, 13, 14, 23), weekdays=WEEKEND, pauses=_NOON),
        *_slots(
            "weekend-noon", "08:30-18:15", (2, 3, 15, 16, 24), weekdays=WEEKEND, pauses=_NOON_LATER
        ),
        *_slots(
            "weekend-late", "13:30-21:30", (*range(7, 11), 22), weekdays=WEEKEND, pauses=_EVENING
        ),
    ),
    regular_drivers=48,
    emergency_drivers=2,
    patients=1400,
    dialysis_patients=36,
    dialysis_starts_min=(_minutes("07:00"), _minutes("12:30")),
    trips_by_weekday=(225.0, 225.0, 225.0, 225.0, 225.0, 110.0, 75.0),
    trips_range=(40, 290),
    trips_spread=0.07,
    known_early_share=0.30,
    background_share=0.12,
    peaks=(
        Peak(at_min=_minutes("09:28"), spread_min=58, weight=0.42),
        Peak(at_min=_minutes("13:28"), spread_min=50, weight=0.33),
        Peak(at_min=_minutes("16:22"), spread_min=52, weight=0.25),
    ),
)

CARRIERS: dict[str, Carrier] = {carrier.name: carrier for carrier in (SMALL, LARGE)}
