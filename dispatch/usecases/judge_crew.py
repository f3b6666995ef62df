"""Decides whether a shift as it would be still holds its journeys, by the engine's own rules.

Another driver or vehicle takes them over; with other breaks or fewer journeys the same crew keeps them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dispatch.engine import problem as engine
from dispatch.engine.fitting import Fit, route_for, valid_fit
from dispatch.engine.insertion import Insertion, try_insertion
from dispatch.engine.network import network_of
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Problem, Trip, Visit
from dispatch.engine.schedule import Refusal
from dispatch.engine.sentences import word
from dispatch.enums import Rule
from dispatch.models import Assignment, Shift
from dispatch.models.statuses import UNDER_WAY
from dispatch.notes import Note
from dispatch.usecases.build_problem import build_problem
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.note_sentences import driver_and_hours, note_sentence
from dispatch.usecases.references import break_ref, row_id, shift_ref, trip_ref
from dispatch.usecases.ride_rows import RideRow, route_rows
from dispatch.usecases.wording import language, places_in_words, refusal_sentence


class UnfitCrewError(UseCaseError):
    """The journeys of the shift do not all fit the other driver or vehicle; `references` says which do not."""

    def __init__(self, message: str, references: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.references = tuple(references)


@dataclass(frozen=True, slots=True, kw_only=True)
class Takeover:
    """What the journeys' rows become (booking → row), and the versions of the bookings it was read from."""

    rows: dict[int, RideRow]
    versions: dict[int, int]


def judge_crew(*, successor: Shift, now: datetime) -> Takeover:
    """`successor`: the shift as it would be, not saved. Its journeys that are not over keep their order.

    Windows are those of the day as it stands: another base or driver makes nobody later than now. A journey
    that is under way stands in the way, for neither a patient on board nor a driver at the door changes
    vehicles by a click. Raises UnfitCrewError that names every journey that does not fit.
    """
    journeys = list(
        successor.assignments.filter(is_over=False).select_related("booking").order_by("period")
    )
    _refuse_under_way(journeys)
    day_now = successor.starts_at if successor.ends_at < now else now  # what is over was in time
    takeover = Takeover(rows={}, versions={row.booking_id: row.booking.version for row in journeys})
    misfits: dict[str, str] = {}
    for day in sorted({row.booking.service_on for row in journeys}):
        tour = _Tour(successor, day, day_now)
        takeover.rows.update({row.booking_id: row for row in tour.rows()})
        misfits |= tour.misfits()
        for reference in (row.booking.reference for row in journeys if tour.cannot_place(row)):
            misfits[reference] = _("Journey %s: the position of a place is unknown.") % reference
    if misfits:
        raise UnfitCrewError(" ".join(misfits.values()), misfits)
    return takeover


def judge_tour(*, successor: Shift, now: datetime, moves: bool) -> Takeover | None:
    """`successor`: the shift with its crew, but other breaks or another cap on journeys; not saved.

    The rows say new times only if the edit `moves` them. None when nothing of the tour is at stake: the planner
    leaves the shift out as it stands, or it does not hold even so. Raises UnfitCrewError as judge_crew does.
    """
    journeys = list(successor.assignments.filter(is_over=False).select_related("booking"))
    takeover = Takeover(rows={}, versions={row.booking_id: row.booking.version for row in journeys})
    misfits: dict[str, str] = {}
    for day in sorted({row.booking.service_on for row in journeys}):
        if not _holds(successor, day, now):
            continue
        tour = _Tour(successor, day, now, asks_breaks=moves)
        if moves:
            takeover.rows.update({row.booking_id: row for row in tour.rows()})
        misfits |= tour.misfits()
    if misfits:
        raise UnfitCrewError(" ".join(misfits.values()), misfits)
    return takeover


def _holds(shift: Shift, day: date, now: datetime) -> bool:
    """Whether the tour in force holds with the shift as it stands."""
    built = build_problem(company=shift.company, day=day, now=now)
    ref = shift_ref(shift.pk)
    if ref not in built.problem.shift_by_id:
        return False
    network = network_of(built.problem)
    sequence = network.sequence(built.problem.shift_by_id[ref], built.in_force.get(ref, ()))
    return valid_fit(network, network.shift_index[ref], sequence) is not None


def _refuse_under_way(journeys: Iterable[Assignment]) -> None:
    found = [row.booking.reference for row in journeys if row.booking.status in UNDER_WAY]
    if found:
        said = ngettext(
            "Journey %(journeys)s is under way: driver and vehicle change when it is over.",
            "Journeys %(journeys)s are under way: driver and vehicle change when they are over.",
            len(found),
        )
        raise UnfitCrewError(said % {"journeys": ", ".join(found)}, found)


def _why_out(notes: Iterable[Note], successor: Shift) -> str:
    """What the planner says of the shift as it would be, under its new driver's name."""
    mine = ("shift", shift_ref(successor.pk))
    name = driver_and_hours(successor)
    return " ".join(
        note_sentence(note, lambda _ref: name) for note in notes if mine in note.figures
    )


class _Tour:
    """The journeys of the shift on one day, with the crew they would have."""

    def __init__(
        self, successor: Shift, day: date, now: datetime, *, asks_breaks: bool = False
    ) -> None:
        company = successor.company
        before = build_problem(company=company, day=day, now=now)
        after = build_problem(company=company, day=day, now=now, stand_in=successor)
        self.successor, self.day = successor, day
        self.id = shift_ref(successor.pk)
        if self.id not in after.problem.shift_by_id:
            raise UnfitCrewError(_why_out(after.notes, successor))
        self.order = after.in_force.get(self.id, ())
        self.problem = _judged(after.problem, before.problem)
        if asks_breaks:
            self.problem = _demanded(self.problem, successor)
        self.network = network_of(self.problem)
        self.clock = DayClock.of(company, day)
        self.fit = self._fit(self.order)

    @property
    def shift(self) -> engine.Shift:
        return self.problem.shift_by_id[self.id]

    def _fit(self, order: Iterable[Visit]) -> Fit | None:
        return valid_fit(self.network, self._s, self.network.sequence(self.shift, order))

    @property
    def _s(self) -> int:
        return self.network.shift_index[self.id]

    def rows(self) -> Iterator[RideRow]:
        if self.fit is not None:
            route = route_for(self.network, self._s, self.fit.sequence)
            yield from route_rows(self.problem, route, self.clock)

    def cannot_place(self, row: Assignment) -> bool:
        """Whether this journey of the day has no part in the tour: the map does not know one of its ends."""
        is_here = row.booking.service_on == self.day
        return is_here and trip_ref(row.booking_id) not in {visit.id for visit in self.order}

    def misfits(self) -> dict[str, str]:
        """Reference → sentence, of each journey that does not fit behind those before it that do."""
        if self.fit is not None:
            return {}
        kept = {visit.id for visit in self.shift.committed}
        found: dict[str, str] = {}
        if self._fit(v for v in self.order if v.id in kept) is None:
            said = _(
                "Journey %s is under way or about to begin: there is no room for this any more."
            )
            return {ref: said % ref for trip, ref in self._references.items() if trip in kept}
        for trip in dict.fromkeys(v.id for v in self.order if v.id not in kept):
            if self._fit(v for v in self.order if v.id in kept | {trip}) is not None:
                kept.add(trip)
                continue
            reference = self._references[trip]
            found[reference] = self._sentence(trip, reference, kept)
        return found

    @property
    def _references(self) -> dict[str, str]:
        ids = [row_id(trip) for trip in {visit.id for visit in self.order}]
        held = self.successor.assignments.filter(booking_id__in=ids)
        pairs = held.values_list("booking_id", "booking__reference")
        return {trip_ref(pk): reference for pk, reference in pairs}

    def _sentence(self, trip_id: str, reference: str, kept: set[str]) -> str:
        fit = self._fit(v for v in self.order if v.id in kept)
        assert fit is not None  # it was found a moment ago
        plan = Plan(routes=(route_for(self.network, self._s, fit.sequence),))
        answer = try_insertion(self.problem, plan, trip_id, self.id)
        if isinstance(answer, Insertion):
            return _("Journey %s would fit only in another order of the tour.") % reference
        trip = self.problem.trip_by_id[trip_id]
        return self._refused(answer, trip, reference)

    def _refused(self, refusal: Refusal, trip: Trip, reference: str) -> str:
        driver, vehicle = self.successor.driver, self.successor.vehicle
        if refusal.rule is Rule.CAPACITY:
            said = _("Journey %(journey)s takes %(places)s: %(vehicle)s has no room for that then.")
            return said % {
                "journey": reference,
                "places": places_in_words(trip.load),
                "vehicle": vehicle.name,
            }
        if refusal.rule is Rule.SKILLS:
            lacking = sorted(trip.needs - self.shift.capabilities)
            said = _("Journey %(journey)s needs %(needs)s: %(crew)s cannot offer that.")
            return said % {
                "journey": reference,
                "needs": ", ".join(dict.fromkeys(word(need, language()) for need in lacking)),
                "crew": f"{driver} / {vehicle.name}",
            }
        if refusal.rule is Rule.EXCLUDED_DRIVER:
            said = _("Journey %(journey)s: its patient is not driven by %(driver)s.")
            return said % {"journey": reference, "driver": driver}
        names = {self.id: f"{driver} / {vehicle.name}"}
        said = refusal_sentence(
            self.problem, refusal, trip.id, self.id, clock=self.clock, names=names
        )
        return f"{reference}: {said}"


def _judged(after: Problem, before: Problem) -> Problem:
    """The new crew with the windows of the day as it stands."""
    windows = before.trip_by_id
    trips = (_with_windows(trip, windows.get(trip.id, trip)) for trip in after.trips)
    return replace(after, trips=tuple(trips))


def _demanded(problem: Problem, successor: Shift) -> Problem:
    """What has begun may swallow an old break, but not one that somebody asks for now."""
    mandatory = {break_ref(pause.pk): pause.mandatory for pause in successor.breaks.all()}

    def demanding(shift: engine.Shift) -> engine.Shift:
        if shift.id != shift_ref(successor.pk):
            return shift
        pauses = (replace(pause, mandatory=mandatory[pause.id]) for pause in shift.breaks)
        return replace(shift, breaks=tuple(pauses))

    return replace(problem, shifts=tuple(demanding(shift) for shift in problem.shifts))


def _with_windows(trip: Trip, standing: Trip) -> Trip:
    def at(stop: engine.Stop, other: engine.Stop) -> engine.Stop:
        return replace(other, location=stop.location)

    return replace(
        trip,
        pickup=at(trip.pickup, standing.pickup),
        dropoff=at(trip.dropoff, standing.dropoff),
        max_ride_s=standing.max_ride_s,
    )
