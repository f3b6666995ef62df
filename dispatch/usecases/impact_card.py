"""An impact in the words and on the clocks of the people who decide: who moves, who must be told, what it costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import datetime

from django.utils.translation import gettext as _

from dispatch.engine.cost import Score
from dispatch.engine.explain import refused
from dispatch.engine.impact import Breach, Impact, Impossible, Pledge, TourChange, slide_s
from dispatch.engine.plan import Move
from dispatch.engine.remedies import advice_sentence
from dispatch.engine.sentences import Label, minutes
from dispatch.engine.tour import Tour
from dispatch.enums import Rule
from dispatch.models import Booking, Shift
from dispatch.usecases.change_token import token_of
from dispatch.usecases.open_day import OpenDay
from dispatch.usecases.references import row_id, shift_ref, trip_ref
from dispatch.usecases.wording import language


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedRide:
    """A booking with another driver or another pickup; None where it has, or had, nobody."""

    booking: Booking
    from_shift: Shift | None
    to_shift: Shift | None
    from_at: datetime | None
    to_at: datetime | None
    minutes: int
    is_told: bool

    @property
    def changes_driver(self) -> bool:
        return self.from_shift != self.to_shift


@dataclass(frozen=True, slots=True, kw_only=True)
class TourLine:
    """A driver's tour, before and after: hours at the base, minutes of overtime, kilometres."""

    shift: Shift
    leaves_before: datetime | None
    leaves_at: datetime | None
    back_before: datetime | None
    back_at: datetime | None
    overtime_before_min: int
    overtime_min: int
    added_km: float

    @property
    def changes_hours(self) -> bool:
        return (self.leaves_before, self.back_before) != (self.leaves_at, self.back_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class PricePart:
    key: str
    name: str
    before: int
    after: int

    @property
    def points(self) -> int:
        return self.after - self.before

    @property
    def size(self) -> int:
        """How many points, saved or added: what a plural goes by."""
        return abs(self.points)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactCard:
    """What a change would do. `token`: what it is put in force with. Points leave out that somebody is served.

    `patients`: whom to tell of another pickup; `drivers`: whose journeys change; `warnings`: promises that break
    and patients who sit longer, each a sentence.
    """

    token: str
    pickup_at: datetime | None
    dropoff_at: datetime | None
    moves: tuple[MovedRide, ...]
    patients: tuple[Booking, ...]
    drivers: tuple[Shift, ...]
    breaches: tuple[str, ...]
    longer_rides: tuple[str, ...]
    tours: tuple[TourLine, ...]
    added_km: float
    added_empty_km: float
    added_driving_min: int
    gap_before: float
    gap_after: float
    points: int
    price: tuple[PricePart, ...]

    @property
    def size(self) -> int:
        """As of a part."""
        return abs(self.points)

    @property
    def others(self) -> tuple[MovedRide, ...]:
        """Who keeps the driver and is fetched at another time."""
        return tuple(m for m in self.moves if m.from_shift == m.to_shift)

    @property
    def hours(self) -> tuple[TourLine, ...]:
        """The tours that begin or end at another minute."""
        return tuple(t for t in self.tours if t.changes_hours)

    @property
    def overtime(self) -> tuple[TourLine, ...]:
        return tuple(t for t in self.tours if t.overtime_min > t.overtime_before_min)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusalCard:
    """Why a change is impossible, by how much (seconds for the rules of time, else a count), and what would help."""

    rule: Rule
    amount: int
    sentence: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewCard:
    """Either of the two."""

    impact: ImpactCard | None = None
    refusal: RefusalCard | None = None


def preview_card(day: OpenDay, answer: Impact | Impossible) -> PreviewCard:
    """Of the booking that `day` was opened for."""
    if isinstance(answer, Impact):
        return PreviewCard(impact=impact_card(day, answer))
    label = names_of(day)
    reason = refused(answer.problem, answer.trip, answer.shift, answer.refusal)
    clock = day.clock.shown
    return PreviewCard(
        refusal=RefusalCard(
            rule=answer.refusal.rule,
            amount=answer.refusal.amount,
            sentence=reason.sentence(language(), label=label, clock=clock),
            advice=advice_sentence(answer.unassigned, language(), label=label, clock=clock),
        )
    )


def names_of(day: OpenDay) -> Label:
    """What people call the day's shifts (by their drivers) and trips (by their references)."""
    names = {shift_ref(row.pk): str(row.driver) for row in day.built.shifts}
    names |= {trip_ref(row.pk): row.reference for row in day.built.bookings}
    return lambda reference: names.get(reference, reference)


def impact_card(day: OpenDay, impact: Impact) -> ImpactCard:
    """Of the booking that `day` was opened for."""
    return _Card(day, impact).card()


class _Card:
    def __init__(self, day: OpenDay, impact: Impact) -> None:
        self.day, self.impact, self.clock = day, impact, day.clock
        self.bookings = {row.pk: row for row in day.built.bookings}
        self.shifts = {row.pk: row for row in day.built.shifts}

    def card(self) -> ImpactCard:
        impact = self.impact
        own = self._own_times()
        return ImpactCard(
            token=token_of(self.day, impact),
            pickup_at=own[0],
            dropoff_at=own[1],
            moves=tuple(map(self._moved, impact.moves)),
            patients=tuple(self.bookings[row_id(trip)] for trip in impact.patients),
            drivers=tuple(self.shifts[row_id(shift)] for shift in impact.drivers),
            breaches=tuple(map(self._breach, impact.breaches)),
            longer_rides=tuple(self._longer_rides()),
            tours=tuple(map(self._tour, impact.tours)),
            added_km=_km(impact.metres),
            added_empty_km=_km(impact.empty_metres),
            added_driving_min=round(impact.driving_s / 60),
            gap_before=round(impact.gap[0], 2),
            gap_after=round(impact.gap[1], 2),
            points=impact.points,
            price=tuple(price_parts(*impact.price)),
        )

    def _own_times(self) -> tuple[datetime | None, datetime | None]:
        plan = self.impact.carried.plan
        route = plan.route_of.get(plan.shift_of.get(self.day.trip_id, ""))
        if route is None:
            return None, None
        pickup_s, dropoff_s = (v.start_s for v in route.visits if v.id == self.day.trip_id)
        return self.clock.moment(pickup_s), self.clock.moment(dropoff_s)

    def _moved(self, move: Move) -> MovedRide:
        return MovedRide(
            booking=self.bookings[row_id(move.trip)],
            from_shift=self._shift(move.from_shift),
            to_shift=self._shift(move.to_shift),
            from_at=self._moment(move.from_start_s),
            to_at=self._moment(move.to_start_s),
            minutes=round(slide_s(move) / 60),
            is_told=move.trip in self.impact.patients,
        )

    def _shift(self, reference: str | None) -> Shift | None:
        return None if reference is None else self.shifts[row_id(reference)]

    def _moment(self, second: int | None) -> datetime | None:
        return None if second is None else self.clock.moment(second)

    def _breach(self, breach: Breach) -> str:
        figures = {
            "booking": self.bookings[row_id(breach.trip)].reference,
            "minutes": minutes(breach.off_s.after),
            "before": minutes(breach.off_s.before),
        }
        if breach.pledge is Pledge.APPOINTMENT:
            said = _("%(booking)s would miss its appointment by %(minutes)s min.")
        else:
            said = _("%(booking)s would be fetched %(minutes)s min outside its promised window.")
        if not breach.off_s.before:
            return said % figures
        return f"{said % figures} {_('Now it is %(before)s min.') % figures}"

    def _longer_rides(self) -> Iterator[str]:
        for one in self.impact.longer_rides:
            said = _("%(booking)s would be on board %(minutes)s min longer.")
            reference = self.bookings[row_id(one.trip)].reference
            yield said % {"booking": reference, "minutes": minutes(one.aboard_s.added)}

    def _tour(self, change: TourChange) -> TourLine:
        before, after = change.before, change.after
        return TourLine(
            shift=self.shifts[row_id(change.shift)],
            leaves_before=self._at(before, before.leave_s),
            leaves_at=self._at(after, after.leave_s),
            back_before=self._at(before, before.back_s),
            back_at=self._at(after, after.back_s),
            overtime_before_min=minutes(before.overtime_s),
            overtime_min=minutes(after.overtime_s),
            added_km=_km(after.metres - before.metres),
        )

    def _at(self, tour: Tour, second: int) -> datetime | None:
        return self.clock.moment(second) if tour.trips else None


def price_parts(before: Score, after: Score) -> Iterator[PricePart]:
    """What changes, by concern; that somebody is served at all is no matter of points."""
    names = _part_names()
    for part in fields(Score):
        was, is_now = getattr(before, part.name), getattr(after, part.name)
        if part.name in names and was != is_now:
            yield PricePart(key=part.name, name=names[part.name], before=was, after=is_now)


def _part_names() -> Mapping[str, str]:
    return {
        "driving": _("driving"),
        "excess_ride": _("detours on board"),
        "waiting": _("waiting vehicles"),
        "patient_wait": _("waiting patients"),
        "overtime": _("overtime"),
        "emergency": _("emergency drivers"),
        "used_shifts": _("drivers who set out"),
        "optional_breaks": _("optional breaks lost"),
        "preferred": _("wished drivers"),
        "same_driver": _("same driver both ways"),
        "fairness": _("fair loads"),
        "stability": _("changes of driver"),
    }


def _km(metres: int) -> float:
    return round(metres / 1000, 1)
