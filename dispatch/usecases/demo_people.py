"""Writes who and what a demo company has: places, patients, drivers with their week, vehicles, series."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time, timedelta

from dispatch.enums import (
    CoordinatesQuality,
    DriverKind,
    PlaceKind,
    Priority,
    ReturnMode,
    SkillCode,
    Stance,
)
from dispatch.models import (
    Company,
    Driver,
    DriverLicence,
    DriverSkill,
    DriverWish,
    Patient,
    Place,
    SeatConfiguration,
    Skill,
    StandingOrder,
    Vehicle,
    WeeklyShift,
)
from dispatch.twin import population as twin
from dispatch.twin.carrier import Carrier, Slot, VehicleType
from dispatch.twin.geneva import ESTABLISHMENTS, Establishment, EstablishmentKind
from dispatch.twin.requests import home_of_series_s

BATCH = 1000
LICENCE_DAYS = 5 * 365
SKILL_NAMES = {
    SkillCode.STRETCHER: "Transport couché",
    SkillCode.OXYGEN: "Oxygène",
    SkillCode.STAIRS: "Aide aux escaliers",
}
VEHICLE_NAMES = {
    VehicleType.CAR: "Voiture",
    VehicleType.VAN: "Fourgon",
    VehicleType.MINIBUS: "Minibus",
    VehicleType.STRETCHER_VAN: "Brancard",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoRows:
    """The rows of a company in the order of the population's tuples, and its places by (code, service)."""

    company: Company
    patients: list[Patient]
    drivers: list[Driver]
    vehicles: list[Vehicle]
    public: dict[tuple[str, str], Place]
    orders: dict[int, StandingOrder]  # by index of the patient


def write_people(company: Company, carrier: Carrier, seed: int, first_on: date) -> DemoRows:
    """Everybody and everything of the company; series run from `first_on` on."""
    people = twin.make_population(carrier, seed)
    public = write_public_places()
    company.base = Place.objects.create(
        company=company,
        name="Dépôt",
        kind=PlaceKind.BASE,
        town="Genève",
        lat=carrier.base.lat,
        lon=carrier.base.lon,
        coordinates_quality=CoordinatesQuality.STREET,
    )
    company.save(update_fields=["base"])
    vehicles = _write_vehicles(company, people.vehicles)
    drivers = _write_drivers(company, people.drivers, vehicles, first_on)
    patients = _write_patients(company, people.patients, drivers, public)
    orders = _write_orders(company, people.patients, patients, public, first_on)
    return DemoRows(
        company=company,
        patients=patients,
        drivers=drivers,
        vehicles=vehicles,
        public=public,
        orders=orders,
    )


def write_public_places() -> dict[tuple[str, str], Place]:
    """(code, service) → place, "" for the house itself; those of an earlier demo are found, not doubled."""
    known = {place.name: place for place in Place.objects.filter(company=None, parent=None)}
    missing = [_house(place) for place in ESTABLISHMENTS if place.name not in known]
    known |= {place.name: place for place in Place.objects.bulk_create(missing)}
    houses = {place.code: known[place.name] for place in ESTABLISHMENTS}
    wanted = [(place, service) for place in ESTABLISHMENTS for service in _services(place)]
    rows = Place.objects.filter(company=None, parent__in=houses.values())
    doors = {(place.parent_id, place.name): place for place in rows}
    new = [
        _door(houses[place.code], place, service)
        for place, service in wanted
        if (houses[place.code].pk, _title(service)) not in doors
    ]
    doors |= {(place.parent_id, place.name): place for place in Place.objects.bulk_create(new)}
    found = {(code, ""): house for code, house in houses.items()}
    for place, service in wanted:
        found[place.code, service] = doors[houses[place.code].pk, _title(service)]
    return found


def _services(place: Establishment) -> tuple[str, ...]:
    """A nursing home is one door; a hospital has a place for each service."""
    return () if place.kind is EstablishmentKind.NURSING_HOME else place.services


def _title(service: str) -> str:
    return service[:1].upper() + service[1:]


def _house(place: Establishment) -> Place:
    return Place(
        name=place.name,
        kind=PlaceKind.ESTABLISHMENT,
        address=place.street,
        postal_code=place.postal_code,
        town=place.town,
        area=place.postal_code,
        lat=place.point.lat,
        lon=place.point.lon,
        coordinates_quality=CoordinatesQuality(place.quality.value),
        access_notes=place.access,
    )


def _door(house: Place, place: Establishment, service: str) -> Place:
    """A service; it stands where its house stands."""
    return Place(
        name=_title(service),
        kind=PlaceKind.ESTABLISHMENT,
        parent=house,
        postal_code=place.postal_code,
        town=place.town,
        area=place.postal_code,
        coordinates_quality=CoordinatesQuality.UNKNOWN,
    )


def _write_vehicles(company: Company, vehicles: tuple[twin.Vehicle, ...]) -> list[Vehicle]:
    rows = Vehicle.objects.bulk_create(
        Vehicle(
            company=company,
            name=f"{VEHICLE_NAMES[vehicle.type]} {vehicle.index + 1:02d}",
            plate=vehicle.plate,
            equipment=sorted(item.value for item in vehicle.outfit.equipment),
            required_licences=sorted(kind.value for kind in vehicle.outfit.licences),
        )
        for vehicle in vehicles
    )
    SeatConfiguration.objects.bulk_create(
        SeatConfiguration(vehicle=row, **load._asdict())
        for row, vehicle in zip(rows, vehicles, strict=True)
        for load in vehicle.outfit.configurations
    )
    return rows


def _write_drivers(
    company: Company, drivers: tuple[twin.Driver, ...], vehicles: list[Vehicle], first_on: date
) -> list[Driver]:
    rows = Driver.objects.bulk_create(
        Driver(
            company=company,
            reference=f"D-{driver.index + 1:03d}",
            first_name=driver.first_name,
            last_name=driver.last_name,
            phone=driver.phone,
            kind=DriverKind(driver.kind),
        )
        for driver in drivers
    )
    skills = {
        code: Skill.objects.create(company=company, code=code.value, name=name)
        for code, name in SKILL_NAMES.items()
    }
    pairs = list(zip(rows, drivers, strict=True))
    DriverSkill.objects.bulk_create(
        DriverSkill(driver=row, skill=skills[code])
        for row, driver in pairs
        for code in sorted(driver.skills)
    )
    DriverLicence.objects.bulk_create(
        DriverLicence(
            driver=row,
            kind=kind,
            expires_on=first_on + timedelta(days=LICENCE_DAYS + 31 * driver.index),
        )
        for row, driver in pairs
        for kind in sorted(driver.licences)
    )
    WeeklyShift.objects.bulk_create(
        _weekly_shift(row, weekday, slot, vehicles)
        for row, driver in pairs
        for weekday, slot in enumerate(driver.week)
        if slot is not None
    )
    return rows


def _weekly_shift(driver: Driver, weekday: int, slot: Slot, vehicles: list[Vehicle]) -> WeeklyShift:
    row = WeeklyShift(
        driver=driver,
        weekday=weekday,
        start=clock_time(slot.start_min),
        end=clock_time(slot.end_min),
        vehicle=vehicles[slot.vehicle],
    )
    if slot.pauses:
        pause = slot.pauses[0]
        row.break_earliest = clock_time(pause.earliest_min)
        row.break_latest = clock_time(pause.latest_min)
        row.break_min, row.break_mandatory = pause.duration_min, pause.mandatory
    return row


def clock_time(minute: int) -> time:
    """The wall clock at this minute of the day."""
    return time(minute // 60, minute % 60)


def _write_patients(
    company: Company,
    patients: tuple[twin.Patient, ...],
    drivers: list[Driver],
    public: dict[tuple[str, str], Place],
) -> list[Patient]:
    at_home = [patient for patient in patients if patient.residence is None]
    homes = Place.objects.bulk_create((_home(company, p) for p in at_home), batch_size=BATCH)
    home_of = {patient.index: home for patient, home in zip(at_home, homes, strict=True)}
    home_of |= {p.index: public[p.residence, ""] for p in patients if p.residence is not None}
    rows = Patient.objects.bulk_create(
        (_patient_row(company, patient, home_of[patient.index]) for patient in patients),
        batch_size=BATCH,
    )
    DriverWish.objects.bulk_create(
        DriverWish(patient=rows[patient.index], driver=drivers[driver], stance=stance)
        for patient in patients
        for stance, driver in (
            (Stance.PREFERRED, patient.preferred_driver),
            (Stance.EXCLUDED, patient.excluded_driver),
        )
        if driver is not None
    )
    return rows


def _home(company: Company, patient: twin.Patient) -> Place:
    """An invented address near the middle of a real commune: its quality is that of a centroid."""
    return Place(
        company=company,
        name=f"{patient.street}, {patient.town}",
        kind=PlaceKind.HOME,
        address=patient.street,
        postal_code=patient.postal_code,
        town=patient.town,
        area=patient.postal_code,
        lat=patient.home.lat,
        lon=patient.home.lon,
        coordinates_quality=CoordinatesQuality.CENTROID,
    )


def _patient_row(company: Company, patient: twin.Patient, home: Place) -> Patient:
    return Patient(
        company=company,
        reference=f"P-{patient.index + 1:04d}",
        first_name=patient.first_name,
        last_name=patient.last_name,
        birth_year=patient.birth_year,
        phone=patient.phone,
        home=home,
        mobility=patient.mobility,
        needs_oxygen=patient.needs_oxygen,
        escort_seats=patient.escort_seats,
        stairs_help=patient.stairs_help,
        door_to_door=patient.door_to_door,
    )


def _write_orders(
    company: Company,
    patients: tuple[twin.Patient, ...],
    rows: list[Patient],
    public: dict[tuple[str, str], Place],
    first_on: date,
) -> dict[int, StandingOrder]:
    orders = {
        patient.index: StandingOrder(
            company=company,
            patient=rows[patient.index],
            pickup=rows[patient.index].home,
            dropoff=public[patient.series.centre, "dialyse"],
            weekdays=sorted(patient.series.weekdays),
            starts_on=first_on,
            appointment_time=clock_time(patient.series.start_min),
            return_mode=ReturnMode.FIXED,
            return_time=clock_time(home_of_series_s(patient.series) // 60),
            same_driver_return=patient.wants_same_driver,
            priority=Priority.VITAL,
        )
        for patient in patients
        if patient.series is not None
    }
    StandingOrder.objects.bulk_create(orders.values())
    return orders
