"""Files that hold a plan of a day as people write it: lines of CSV, or one JSON document as the API takes it.

Shifts go by their number or their driver's name, journeys by their reference or their number, breaks by their
place in the shift. What the day does not know keeps its word: the judge names it, and refuses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time
from typing import TYPE_CHECKING, Annotated, Any

from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from dispatch.engine.handmade import HandPlan, HandRoute, HandTrips
from dispatch.engine.least_late import HandVisit
from dispatch.engine.problem import Visit
from dispatch.enums import VisitKind
from dispatch.models import Booking, Shift
from dispatch.tables.reading import UnreadableFileError, read_sheet
from dispatch.tables.report import Problem
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.references import break_ref, shift_ref, trip_ref
from dispatch.usecases.wall_time import moment_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from dispatch.models import Company

COLUMNS = ("shift", "booking", "kind", "at")
LEFT = "left"  # a kind of line: nobody drives this journey, knowingly
KINDS = {kind.value: kind for kind in VisitKind}

Word = Annotated[str, Field(coerce_numbers_to_str=True, min_length=1, max_length=100)]


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)


class _VisitDocument(_Closed):
    kind: VisitKind
    booking: Word | None = None
    number: Word | None = Field(default=None, alias="break")
    at: str | None = None


class _RouteDocument(_Closed):
    shift: Word
    visits: list[_VisitDocument] | None = None
    bookings: list[Word] | None = None


class _PlanDocument(_Closed):
    routes: list[_RouteDocument]
    left: list[Word] = []


def read_hand_plan(content: bytes, *, company: Company, day: date) -> HandPlan:
    """Raises UnreadableFileError for what is neither; its problems say which line and why."""
    if content.lstrip().startswith(b"{"):
        return _of_document(content, DayWords(company, day))
    return _of_lines(content, DayWords(company, day))


class DayWords:
    """What the words of a file stand for on this day; what stands for nothing stays what it is."""

    def __init__(self, company: Company, day: date) -> None:
        self.day, self.clock = day, DayClock.of(company, day)
        shifts = Shift.objects.on_day(company, day).planned()
        rows = list(shifts.select_related("driver").prefetch_related("breaks"))
        self.shifts = {str(row.pk): shift_ref(row.pk) for row in rows}
        named: dict[str, list[Shift]] = {}
        for row in rows:
            named.setdefault(str(row.driver).casefold(), []).append(row)
        self.shifts |= {name: shift_ref(n[0].pk) for name, n in named.items() if len(n) == 1}
        self.breaks = {
            shift_ref(row.pk): [break_ref(pause.pk) for pause in row.breaks.all()] for row in rows
        }
        bookings = Booking.objects.filter(company=company).on_day(day)
        self.trips = {
            word: trip_ref(pk)
            for pk, reference in bookings.values_list("pk", "reference")
            for word in (str(pk), reference.casefold())
        }

    def shift(self, word: str) -> str:
        return self.shifts.get(word.casefold(), word)

    def trip(self, word: str) -> str:
        return self.trips.get(word.casefold(), word)

    def pause(self, shift: str, word: str) -> str:
        known = self.breaks.get(shift, [])
        place = int(word) if word.isdecimal() else 0
        return known[place - 1] if 0 < place <= len(known) else word

    def second(self, word: str) -> int | None:
        """ "07:45" of this day, or a whole moment. Raises ValueError and UseCaseError."""
        if not word:
            return None
        try:
            said = datetime.combine(self.day, time.fromisoformat(word))
        except ValueError:
            said = datetime.fromisoformat(word)
        if said.tzinfo is None:
            said = moment_of(self.clock.company, said)
        return self.clock.second(said)


@dataclass
class _Lines:
    """The lines of one shift, in their order."""

    visits: list[HandVisit] = field(default_factory=list)
    trips: list[str] = field(default_factory=list)
    is_ordered: bool = False

    def part(self, shift: str) -> HandRoute | HandTrips:
        if self.is_ordered:
            return HandRoute(shift=shift, visits=tuple(self.visits))
        return HandTrips(shift=shift, trips=tuple(self.trips))


def _of_lines(content: bytes, words: DayWords) -> HandPlan:
    """A line without a kind is a whole journey; where no line of a shift has a kind or a time, they have no order."""
    sheet = read_sheet(content, columns=COLUMNS)
    problems = list(sheet.problems)
    shifts: dict[str, _Lines] = {}
    left: list[str] = []
    for line, cells in zip(sheet.lines, sheet.rows, strict=True):
        row = {name: cell.strip() for name, cell in zip(sheet.header, cells, strict=True)}
        kind = row.get("kind", "").lower()
        if kind == LEFT:
            left.append(words.trip(row.get("booking", "")))
            continue
        if kind and kind not in KINDS:
            problems.append(
                Problem(
                    line=line,
                    column="kind",
                    what=_("This is no kind of stop."),
                    expected=", ".join([*KINDS, LEFT]),
                )
            )
            continue
        try:
            at_s = words.second(row.get("at", ""))
        except (ValueError, UseCaseError) as error:
            what = str(error) if isinstance(error, UseCaseError) else _("This is no time.")
            problems.append(Problem(line=line, column="at", what=what, expected="07:45"))
            continue
        shift = words.shift(row["shift"])
        lines = shifts.setdefault(shift, _Lines())
        lines.is_ordered |= bool(kind) or at_s is not None
        _add(lines, words, shift, kind, row.get("booking", ""), at_s)
    if problems:
        raise UnreadableFileError(*problems)
    parts = tuple(lines.part(shift) for shift, lines in shifts.items())
    return HandPlan(routes=parts, left=tuple(left))


def _add(
    lines: _Lines, words: DayWords, shift: str, kind: str, word: str, at_s: int | None
) -> None:
    if kind == VisitKind.BREAK:
        pause = Visit(words.pause(shift, word or "1"), VisitKind.BREAK)
        lines.visits.append(HandVisit(visit=pause, at_s=at_s))
        return
    trip = words.trip(word)
    lines.trips.append(trip)
    ends = [KINDS[kind]] if kind else [VisitKind.PICKUP, VisitKind.DROPOFF]
    for end in ends:
        is_first = end is ends[0]  # the time of a whole journey is that of its pickup
        lines.visits.append(HandVisit(visit=Visit(trip, end), at_s=at_s if is_first else None))


def _of_document(content: bytes, words: DayWords) -> HandPlan:
    try:
        document = _PlanDocument.model_validate_json(content)
        parts = tuple(_part(route, words) for route in document.routes)
    except ValidationError as error:
        raise UnreadableFileError(*_problems(error)) from error
    except (ValueError, UseCaseError) as error:
        raise UnreadableFileError(Problem(line=0, what=str(error))) from error
    return HandPlan(routes=parts, left=tuple(map(words.trip, document.left)))


def _problems(error: ValidationError) -> Iterator[Problem]:
    for line in error.errors():
        at = ".".join(map(str, line["loc"]))
        yield Problem(line=0, column=at, what=line["msg"])


def _part(route: _RouteDocument, words: DayWords) -> HandRoute | HandTrips:
    shift = words.shift(route.shift)
    if route.visits is None:
        return HandTrips(shift=shift, trips=tuple(map(words.trip, route.bookings or ())))
    visits: Iterable[Any] = route.visits
    return HandRoute(
        shift=shift,
        visits=tuple(
            HandVisit(visit=_visit(visit, shift, words), at_s=words.second(visit.at or ""))
            for visit in visits
        ),
    )


def _visit(visit: _VisitDocument, shift: str, words: DayWords) -> Visit:
    if visit.kind is VisitKind.BREAK:
        return Visit(words.pause(shift, visit.number or "1"), visit.kind)
    return Visit(words.trip(visit.booking or ""), visit.kind)
