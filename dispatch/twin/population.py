"""Who a simulated company works with: patients with their needs, drivers with a weekly rota, vehicles.

The same carrier and seed give the same people on any machine: a person exists before the days are drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random

from dispatch.engine.problem import Load
from dispatch.engine.travel import Point, estimate
from dispatch.enums import DriverKind, Equipment, LicenceKind, Mobility, SkillCode
from dispatch.twin.carrier import (
    OUTFITS,
    WEEKEND,
    WORKING_DAYS,
    Carrier,
    Outfit,
    Slot,
    VehicleType,
)
from dispatch.twin.geneva import HOMES, Commune, EstablishmentKind, establishments
from dispatch.twin.people import person_name, phone_number, street_address

FAR_FROM_DIALYSIS_S = 22 * 60  # free flow
MIN_REST_MIN = 11 * 60  # between two duties of a driver (Swiss working time rules)
MAX_DUTIES_A_WEEK = 5
DAY_MIN = 24 * 60
SPREAD_AROUND_CENTROID_DEG = 0.0035  # about 350 m: a home is near the middle of its commune
YOUNGEST_BIRTH_YEAR, OLDEST_BIRTH_YEAR = 1995, 1932

# Minutes of boarding and alighting; the same figures as the console's (dispatch.models.people).
LOAD_MIN = {
    Mobility.WALKING: 3,
    Mobility.WHEELCHAIR_FIXED: 6,
    Mobility.WHEELCHAIR_FOLDABLE: 5,
    Mobility.STRETCHER: 10,
}
UNLOAD_MIN = {
    Mobility.WALKING: 2,
    Mobility.WHEELCHAIR_FIXED: 5,
    Mobility.WHEELCHAIR_FOLDABLE: 4,
    Mobility.STRETCHER: 10,
}
DOOR_TO_DOOR_MIN = 3
STAIRS_MIN = 5

PLACE_TAKEN = {
    Mobility.WALKING: Load(seats=1),
    Mobility.WHEELCHAIR_FIXED: Load(wheelchairs=1),
    Mobility.WHEELCHAIR_FOLDABLE: Load(seats=1, folded_chairs=1),
    Mobility.STRETCHER: Load(stretchers=1),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """Dialysis: the same hour three days a week. `care_min` from the appointment to being ready."""

    weekdays: frozenset[int]
    centre: str  # code of the establishment
    start_min: int
    care_min: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """`appetite`: relative frequency of trips outside a series. `residence`: nursing home lived in, by code."""

    index: int
    first_name: str
    last_name: str
    birth_year: int
    phone: str
    home: Point
    street: str
    postal_code: str
    town: str
    residence: str | None
    appetite: float
    mobility: Mobility = Mobility.WALKING
    escort_seats: int = 0
    needs_oxygen: bool = False
    stairs_help: bool = False
    door_to_door: bool = False
    wants_same_driver: bool = False
    preferred_driver: int | None = None
    excluded_driver: int | None = None
    series: Series | None = None

    @property
    def load(self) -> Load:
        """Places taken in the vehicle, escorts included."""
        return PLACE_TAKEN[self.mobility].plus(Load(seats=self.escort_seats))

    @property
    def load_s(self) -> int:
        return 60 * (LOAD_MIN[self.mobility] + self._help_min)

    @property
    def unload_s(self) -> int:
        return 60 * (UNLOAD_MIN[self.mobility] + self._help_min)

    @property
    def _help_min(self) -> int:
        return DOOR_TO_DOOR_MIN * self.door_to_door + STAIRS_MIN * self.stairs_help

    @property
    def skills(self) -> frozenset[SkillCode]:
        """What the driver must have learnt."""
        needed = {
            SkillCode.STRETCHER: self.mobility is Mobility.STRETCHER,
            SkillCode.OXYGEN: self.needs_oxygen,
            SkillCode.STAIRS: self.stairs_help,
        }
        return frozenset(code for code, is_needed in needed.items() if is_needed)

    @property
    def equipment(self) -> frozenset[Equipment]:
        """What the vehicle must have; room for a wheelchair is a matter of seats."""
        needed = {
            Equipment.STRETCHER: self.mobility is Mobility.STRETCHER,
            Equipment.OXYGEN: self.needs_oxygen,
        }
        return frozenset(code for code, is_needed in needed.items() if is_needed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """`week`: the slot of each weekday, None when off."""

    index: int
    first_name: str
    last_name: str
    phone: str
    kind: DriverKind
    skills: frozenset[SkillCode]
    licences: frozenset[LicenceKind]
    week: tuple[Slot | None, ...] = (None,) * 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    index: int
    type: VehicleType
    plate: str

    @property
    def outfit(self) -> Outfit:
        return OUTFITS[self.type]


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """Everybody and everything of a company; `index` of each is its place in its tuple."""

    patients: tuple[Patient, ...]
    drivers: tuple[Driver, ...]
    vehicles: tuple[Vehicle, ...]


@lru_cache(maxsize=8)
def make_population(carrier: Carrier, seed: int) -> Population:
    """The company's people; the same for equal arguments, independent of hash randomisation."""
    rng = Random(f"population/{carrier.name}/{seed}")
    vehicles = tuple(
        Vehicle(
            index=index,
            type=kind,
            plate=f"GE {900_000 + 1_000 * (carrier.name == 'large') + index}",
        )
        for index, kind in enumerate(carrier.fleet)
    )
    drivers = _with_rota(carrier, [_driver(rng, carrier, i) for i in range(_driver_count(carrier))])
    patients = tuple(_patient(rng, carrier, index) for index in range(carrier.patients))
    return Population(patients=patients, drivers=drivers, vehicles=vehicles)


def _driver_count(carrier: Carrier) -> int:
    return carrier.regular_drivers + carrier.emergency_drivers


def _driver(rng: Random, carrier: Carrier, index: int) -> Driver:
    """Skills and licences come in fixed proportions, so that each slot has candidates."""
    is_regular = index < carrier.regular_drivers
    has = {
        SkillCode.STRETCHER: index % 3 != 0,
        SkillCode.OXYGEN: index % 10 != 4,
        SkillCode.STAIRS: index % 12 != 9,  # all who carry stretchers carry on stairs
    }
    d1 = {LicenceKind.D1} if index % 3 != 1 else set()
    first_name, last_name = person_name(rng)
    return Driver(
        index=index,
        first_name=first_name,
        last_name=last_name,
        phone=phone_number(9_000 + index),
        kind=DriverKind.REGULAR if is_regular else DriverKind.EMERGENCY,
        skills=frozenset(code for code, is_held in has.items() if is_held),
        licences=frozenset({LicenceKind.B, LicenceKind.BPT} | d1),
    )


def is_qualified(carrier: Carrier, driver: Driver, slot: Slot) -> bool:
    """Licence for the vehicle, training for its stretcher, and emergency slots for emergency drivers."""
    outfit = OUTFITS[carrier.fleet[slot.vehicle]]
    needs_stretcher = Equipment.STRETCHER in outfit.equipment
    return (
        outfit.licences <= driver.licences
        and (SkillCode.STRETCHER in driver.skills or not needs_stretcher)
        and slot.is_emergency == (driver.kind is DriverKind.EMERGENCY)
    )


def is_rested(week: tuple[Slot | None, ...], weekday: int, slot: Slot) -> bool:
    """Free on that weekday, with the legal rest to the duties of the day before and the day after."""
    before, after = week[weekday - 1], week[(weekday + 1) % 7]
    rested_before = before is None or slot.start_min + DAY_MIN - before.end_min >= MIN_REST_MIN
    rested_after = after is None or after.start_min + DAY_MIN - slot.end_min >= MIN_REST_MIN
    return week[weekday] is None and rested_before and rested_after


def _with_rota(carrier: Carrier, drivers: list[Driver]) -> tuple[Driver, ...]:
    """The weekly template: each slot goes to the qualified, rested driver with the fewest duties.

    Weekends are given out first: who works then has fewer working days left for the rest of the week.
    """
    for weekday in (*WEEKEND, *WORKING_DAYS):
        for slot in (slot for slot in carrier.slots if weekday in slot.weekdays):
            able = [
                driver
                for driver in drivers
                if is_qualified(carrier, driver, slot)
                and is_rested(driver.week, weekday, slot)
                and sum(duty is not None for duty in driver.week) < MAX_DUTIES_A_WEEK
            ]
            if able:
                chosen = min(able, key=lambda d: (*_rota_order(d, weekday, slot), d.index))
                week = (*chosen.week[:weekday], slot, *chosen.week[weekday + 1 :])
                drivers[chosen.index] = replace(chosen, week=week)
    return tuple(drivers)


def _rota_order(driver: Driver, weekday: int, slot: Slot) -> tuple[bool, int]:
    """People keep their slot from one day to the next where they can; then the least busy comes first."""
    yesterday = driver.week[weekday - 1]
    keeps = yesterday is not None and yesterday.code == slot.code
    return not keeps, sum(duty is not None for duty in driver.week)


def _patient(rng: Random, carrier: Carrier, index: int) -> Patient:
    first_name, last_name = person_name(rng)
    commune = rng.choices(HOMES, weights=[home.population_k for home in HOMES])[0]
    invented = Patient(
        index=index,
        first_name=first_name,
        last_name=last_name,
        birth_year=rng.randint(OLDEST_BIRTH_YEAR, YOUNGEST_BIRTH_YEAR),
        phone=phone_number(index),
        home=_near(rng, commune),
        street=street_address(rng),
        postal_code=commune.postal_code,
        town=commune.name.split(" – ")[0],
        residence=None,
        appetite=_appetite(carrier, index),
    )
    patient = _housed(rng, carrier, invented)
    if index < carrier.dialysis_patients:
        patient = replace(patient, series=_series(rng, carrier, patient))
    return _with_wishes(rng, carrier, _with_needs(rng, carrier, patient))


def _appetite(carrier: Carrier, index: int) -> float:
    """Zipf over those without a series: the k-th patient asks 1 / k^s as often as the first."""
    rank = index - carrier.dialysis_patients + 1
    return 0.0 if rank < 1 else 1.0 / rank**carrier.zipf_exponent


def _near(rng: Random, commune: Commune) -> Point:
    """A point near the middle of the commune, to 1e-5 degrees (1 m)."""
    lat = rng.gauss(commune.point.lat, SPREAD_AROUND_CENTROID_DEG)
    lon = rng.gauss(commune.point.lon, SPREAD_AROUND_CENTROID_DEG * 1.4)  # a degree east is shorter
    return Point(lat=round(lat, 5), lon=round(lon, 5))


def _housed(rng: Random, carrier: Carrier, patient: Patient) -> Patient:
    """Some live in a nursing home instead of the invented street."""
    if rng.random() >= carrier.nursing_home_share:
        return patient
    house = rng.choice(establishments(EstablishmentKind.NURSING_HOME))
    return replace(
        patient,
        home=house.point,
        street=house.street,
        postal_code=house.postal_code,
        town=house.town,
        residence=house.code,
    )


def _with_needs(rng: Random, carrier: Carrier, patient: Patient) -> Patient:
    is_regular = patient.index < carrier.dialysis_patients + carrier.patients // 10
    lying = 0.0 if is_regular else carrier.stretcher_share  # who lies does not travel every week
    fixed, foldable = carrier.wheelchair_fixed_share, carrier.wheelchair_foldable_share
    mobility = rng.choices(
        (
            Mobility.WALKING,
            Mobility.WHEELCHAIR_FIXED,
            Mobility.WHEELCHAIR_FOLDABLE,
            Mobility.STRETCHER,
        ),
        weights=(1 - fixed - foldable - lying, fixed, foldable, lying),
    )[0]
    return replace(
        patient,
        mobility=mobility,
        escort_seats=int(rng.random() < carrier.escort_share),
        needs_oxygen=rng.random() < carrier.oxygen_share,
        stairs_help=patient.residence is None and rng.random() < carrier.stairs_share,
        door_to_door=rng.random() < carrier.door_to_door_share,
    )


def _with_wishes(rng: Random, carrier: Carrier, patient: Patient) -> Patient:
    """A few want the same driver both ways, have a favourite driver or never want one again."""
    same, favourite, never = rng.random() < 0.08, rng.random() < 0.05, rng.random() < 0.02
    drivers = rng.sample(range(carrier.regular_drivers), 2)
    return replace(
        patient,
        wants_same_driver=same,
        preferred_driver=drivers[0] if favourite else None,
        excluded_driver=drivers[1] if never else None,
    )


def _series(rng: Random, carrier: Carrier, patient: Patient) -> Series:
    """At the nearest centre; who lives far away has a later chair.

    Two thirds of the chairs run on Monday, Wednesday, Friday; the others on Tuesday, Thursday, Saturday.
    """
    centres = establishments(EstablishmentKind.DIALYSIS)
    ways = {c.code: estimate((patient.home, c.point)).seconds[0][1] for c in centres}
    centre = min(ways, key=lambda code: (ways[code], code))
    starts = carrier.dialysis_starts_min
    is_far = ways[centre] > FAR_FROM_DIALYSIS_S
    return Series(
        weekdays=frozenset({1, 3, 5}) if patient.index % 3 == 1 else frozenset({0, 2, 4}),
        centre=centre,
        start_min=starts[-1] if is_far else starts[patient.index // 2 % len(starts)],
        care_min=rng.choice((210, 225, 240)),
    )
