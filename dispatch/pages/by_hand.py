"""The page where a plan made by hand is judged: who drives what is chosen journey by journey, and nothing is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from dispatch.engine.errors import EngineError
from dispatch.enums import Severity
from dispatch.models import Booking, Shift
from dispatch.pages.policy import signed_in
from dispatch.pages.seats import Seat, refuse_drivers, refuse_onlookers, seat_of
from dispatch.pages.trip_lines import TripLine, namesakes, trip_line
from dispatch.pages.views import page
from dispatch.usecases.compare_figures import Figure, compare_figures
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.judge_tours import JudgedTours, Side, judge_tours
from dispatch.usecases.references import shift_ref
from dispatch.usecases.tours_by_hand import Place, ToursByHand, tours_by_hand
from dispatch.usecases.wall_time import moment_of

MOST_JOURNEYS = 450  # two fields each: Django reads a thousand
MOST_MOVES = 50  # that are put in force together
EMPTY = "empty"  # the start from which nobody has a journey yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A journey with what is chosen for it; `hour` as the field shows it, `before`: who has it, where that differs."""

    line: TripLine
    shift_id: int | None
    hour: str
    before: str

    @property
    def pk(self) -> int:
        return self.line.booking.pk


@dataclass(frozen=True, slots=True, kw_only=True)
class Tour:
    """The journeys of a shift in the order of their hours; `shift` None: of nobody."""

    shift: Shift | None
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    found: JudgedTours
    figures: list[Figure]
    moves_url: str

    @property
    def most_moves(self) -> int:
        return MOST_MOVES

    @property
    def may_be_asked(self) -> bool:
        return len(self.found.moves) <= MOST_MOVES

    @property
    def hard(self) -> list[str]:
        return _told(self.found.by_hand, Severity.HARD)

    @property
    def soft(self) -> list[str]:
        return _told(self.found.by_hand, Severity.SOFT)

    @property
    def soft_in_force(self) -> int:
        return len(_told(self.found.in_force, Severity.SOFT))


def _told(side: Side, severity: Severity) -> list[str]:
    return [said for one, said in side.found.violations if one.severity is severity]


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def by_hand(request: HttpRequest, day: date) -> HttpResponse:
    """Judged while the browser waits; what is written down here is kept in the form alone."""
    seat = seat_of(request)
    if seat is None:
        raise Http404
    refuse_drivers(seat)
    facts: dict[str, object] = {"day": day, "is_empty": request.GET.get("from") == EMPTY}
    if request.method == "POST":
        refuse_onlookers(seat)
    try:
        tours = tours_by_hand(company=seat.company, day=day, now=timezone.now())
        facts |= _answered(request, seat, tours)
    except (UseCaseError, EngineError) as error:
        facts["refusal"] = str(error)
    return page(request, seat, "pages/by_hand.html", facts)


def _answered(request: HttpRequest, seat: Seat, tours: ToursByHand) -> dict[str, object]:
    if len(tours.bookings) > MOST_JOURNEYS:
        return {"too_many": len(tours.bookings)}
    places = dict(tours.in_force)
    answer = None
    if request.method == "POST":
        places = _chosen(tours, request.POST)
        answer = _judged(seat, tours, places)
    elif request.GET.get("from") == EMPTY:
        places = {pk: Place(shift_id=None, at=place.at) for pk, place in places.items()}
    shifts = [row for row in tours.built.shifts if shift_ref(row.pk) in tours.problem.shift_by_id]
    shifts.sort(key=lambda row: (str(row.driver), row.pk))
    return {"tours": _tours(tours, shifts, places), "shifts": shifts, "answer": answer}


def _chosen(tours: ToursByHand, sent: QueryDict) -> dict[int, Place]:
    """What the form says; a field that is missing, or says nothing that the day knows, leaves the journey where it is."""
    shifts = {str(row.pk): row.pk for row in tours.built.shifts}
    shifts = {word: pk for word, pk in shifts.items() if shift_ref(pk) in tours.problem.shift_by_id}
    return {
        pk: _place(tours, place, sent.get(f"d{pk}"), sent.get(f"h{pk}", ""), shifts)
        for pk, place in tours.in_force.items()
    }


def _place(
    tours: ToursByHand, before: Place, word: str | None, hour: str, shifts: Mapping[str, int]
) -> Place:
    chosen = None if word == "" else shifts.get(word or "", before.shift_id)
    if hour == _hour(tours, before.at):
        return Place(shift_id=chosen, at=before.at)
    at = _moment(tours, hour)
    return Place(shift_id=chosen, at=at or before.at, is_typed=at is not None)


def _moment(tours: ToursByHand, hour: str) -> datetime | None:
    try:
        typed = time.fromisoformat(hour).replace(tzinfo=None)
        return moment_of(tours.company, datetime.combine(tours.day, typed))
    except (ValueError, UseCaseError):
        return None


def _hour(tours: ToursByHand, at: datetime) -> str:
    return f"{at.astimezone(tours.company.tz):%H:%M}"


def _judged(seat: Seat, tours: ToursByHand, places: Mapping[int, Place]) -> Answer:
    found = judge_tours(tours=tours, places=places)
    return Answer(
        found=found,
        figures=compare_figures(found.in_force.found.kpis, found.by_hand.found.kpis),
        moves_url=moves_url(seat, tours.day, found.moves),
    )


def moves_url(seat: Seat, day: date, moves: Mapping[int, int | None]) -> str:
    """The page that shows what these moves would do: "12-7" gives booking 12 to shift 7, "12-" to nobody."""
    query = [("m", f"{pk}-{shift or ''}") for pk, shift in moves.items()]
    if seat.suffix:
        query.insert(0, ("company", seat.company.slug))
    return f"{reverse('pages:moves', args=[day])}?{urlencode(query)}"


def _tours(tours: ToursByHand, shifts: list[Shift], places: Mapping[int, Place]) -> list[Tour]:
    names = {row.pk: str(row.driver) for row in shifts}
    twins = namesakes(tours.bookings)
    rows: dict[int | None, list[Row]] = {None: []}
    for booking in sorted(tours.bookings, key=lambda row: (places[row.pk].at, row.pk)):
        place, before = places[booking.pk], tours.in_force[booking.pk]
        is_moved = place.shift_id != before.shift_id
        row = Row(
            line=_line(booking, has_namesake=booking.patient_id in twins),
            shift_id=place.shift_id,
            hour=_hour(tours, place.at),
            before=names.get(before.shift_id or 0, "–") if is_moved else "",
        )
        rows.setdefault(place.shift_id, []).append(row)
    found = [Tour(shift=shift, rows=tuple(rows.get(shift.pk, ()))) for shift in shifts]
    nobody = Tour(shift=None, rows=tuple(rows[None]))
    return [tour for tour in (nobody, *found) if tour.rows]


def _line(booking: Booking, *, has_namesake: bool) -> TripLine:
    return trip_line(booking, now=timezone.now(), has_namesake=has_namesake)
