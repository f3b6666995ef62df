"""An independent judge of reasons: what each unassigned trip is told is done to the day, and tried.

Limits are widened and advice is followed here by hand, on whole problems: nothing is shared with
`shortfall` or `remedies` but the words of an advice. Each plan that results is judged by `checker.faults`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from dispatch.engine.insertion import Insertion, try_insertion, with_insertion
from dispatch.engine.plan import Plan, Unassigned
from dispatch.engine.problem import Load, Problem, Shift, Stop, Trip
from dispatch.engine.schedule import Refusal
from dispatch.enums import Rule
from tests.dispatch.engine.checker import faults

KINDS = ("seat", "wheelchair", "stretcher", "folded_chair")
MOVES = ("later", "earlier", "arrival_later", "all_later", "all_earlier")
NEW = "one more"
DAY_S = 86_400
LONGEST_MIN = 60
SMALL = 10  # trips of a day on which every number of minutes is tried


def false_claims(problem: Problem, plan: Plan) -> list[str]:
    """What is told of the unassigned trips and is not so; [] when every word holds."""
    return [
        f"{item.trip}: {claim} ({item})"
        for item in plan.unassigned
        for claim in _Judge(problem, plan, item).false_claims()
    ]


class _Judge:
    def __init__(self, problem: Problem, plan: Plan, item: Unassigned) -> None:
        self.problem, self.plan, self.item = problem, plan, item
        self.trip = next(trip for trip in problem.trips if trip.id == item.trip)

    def false_claims(self) -> Iterator[str]:
        if any(self._takes(self.problem, shift.id) for shift in self.problem.shifts):
            yield "a shift can take it"
            return
        if self.item.is_pinned != (self.trip.pinned_shift is not None):
            yield "is said to be fixed, or not to be"
        if self.item.is_pinned and self.item.shift != self.trip.pinned_shift:
            yield "is said to be fixed elsewhere"
        if self.item.shift:
            yield from self._false_amounts()
        if bool(self.item.advice) != bool(self.problem.shifts):
            yield "is told nothing that helps"
        elif self.item.advice and not self._helps(self.item.advice, self.problem):
            yield "the advice does not help"
        elif self._less_helps(self.item.advice):
            yield "a minute less helps too"
        elif self._is_silent_on_times():
            yield "other times would help"

    # Amounts

    def _false_amounts(self) -> Iterator[str]:
        rule, amount = self.item.reason, self.item.amount
        if rule is Rule.CAPACITY:
            yield from self._false_places()
        elif amount % 60:
            yield "the lack is not in whole minutes"
        elif amount:
            if not self._fits_with(amount):
                yield "what lacks is more than that"
            if amount > 60 and self._fits_with(amount - 60):
                yield "what lacks is less than that"

    def _false_places(self) -> Iterator[str]:
        asked = [
            s for s in self.problem.shifts if not self.item.is_pinned or s.id == self.item.shift
        ]
        can = [s for s in asked if any(self.trip.load.fits(c) for c in s.configurations)]
        if bool(self.item.amount) == bool(can):
            yield "full vehicles and small ones are confused"

    def _fits_with(self, by_s: int) -> bool:
        rule, shift_id = self.item.reason, self.item.shift
        if rule is Rule.MAX_RIDE_TIME:
            return any(self._takes(day, shift_id) for day in self._longer_rides(by_s))
        if rule is Rule.TIME_WINDOW:
            wide = _with_times(self.trip, (by_s, by_s), (by_s, by_s))
            return self._takes(_with_trip(self.problem, wide), shift_id)
        shift = next(s for s in self.problem.shifts if s.id == shift_id)
        if rule is Rule.SHIFT:
            wider = replace(shift, start_s=shift.start_s - by_s, end_s=shift.end_s + by_s)
        else:
            assert rule is Rule.DURATION, rule
            wider = replace(shift, max_duration_s=(shift.max_duration_s or 0) + by_s)
        return self._takes(_with_shift(self.problem, wider), shift_id)

    def _longer_rides(self, by_s: int) -> Iterator[Problem]:
        """One day for each patient who may be the one on board too long: the trip's or one of the route."""
        aboard = (
            {self.trip.id, *self.plan.route_of[self.item.shift].trip_ids}
            if (self.item.shift in self.plan.route_of)
            else {self.trip.id}
        )
        for trip in self.problem.trips:
            if trip.id in aboard:
                limit = max(trip.max_ride_s, self.problem.direct_s(trip))
                yield _with_trip(self.problem, replace(trip, max_ride_s=limit + by_s))

    # Advice

    def _helps(self, advice: str, problem: Problem) -> bool:
        key, _, detail = advice.partition(":")
        free = _with_trip(problem, replace(self.trip, pinned_shift=None))
        if key == "unpin":
            return self._takes(free, detail)
        if key.startswith("freed_"):
            return self._helps(advice.removeprefix("freed_"), free)
        if key in MOVES:
            return self._at_other_times(key, int(detail) * 60, problem)
        if key == "cap":
            shift = next(s for s in problem.shifts if s.id == detail)
            roomier = replace(shift, max_trips=(shift.max_trips or 0) + 1)
            return self._takes(_with_shift(problem, roomier), detail)
        is_hopeless = key == "check_times"
        hired = self._mightiest(problem) if is_hopeless else self._hired(key, detail, problem)
        return any(self._takes_with(problem, one) for one in hired) is not is_hopeless

    def _less_helps(self, advice: str) -> bool:
        """Whether minutes are advised, and fewer would do as well: of these times or of others.

        Where traffic or companions change with the hour, two minutes less may help where one less does not: on a
        small day all are tried.
        """
        key, _, detail = advice.partition(":")
        if key.removeprefix("freed_") not in MOVES:
            return False
        freed, most = "freed_" if key.startswith("freed_") else "", int(detail)
        fewer = range(1, most) if self._is_small else range(max(1, most - 1), most)
        return any(self._helps_within(freed, minutes) for minutes in fewer)

    @property
    def _is_small(self) -> bool:
        return len(self.problem.trips) <= SMALL

    def _is_silent_on_times(self) -> bool:
        """Whether dearer advice is given where other times would do; tried on small days."""
        key = self.item.advice.partition(":")[0]
        if not self._is_small or key in {
            "unpin",
            "cap",
            *MOVES,
            *(f"freed_{one}" for one in MOVES),
        }:
            return False
        freed = ("", "freed_") if key.startswith("freed_") else ("",)
        minutes = range(1, LONGEST_MIN + 1)
        return any(self._helps_within(one, by) for one in freed for by in minutes)

    def _helps_within(self, freed: str, minutes: int) -> bool:
        """Whether any move by so many minutes helps."""
        return any(self._helps(f"{freed}{key}:{minutes}", self.problem) for key in MOVES)

    def _at_other_times(self, key: str, by_s: int, problem: Problem) -> bool:
        before, after = (by_s, 0) if key.endswith("earlier") else (0, by_s)
        pickup = (0, 0) if key == "arrival_later" else (before, after)
        dropoff = (before, after) if key.startswith(("all_", "arrival_")) else (0, 0)
        trip = next(t for t in problem.trips if t.id == self.trip.id)
        moved = _with_times(trip, pickup, dropoff)
        if _arrives_whenever(problem, trip):
            if dropoff != (0, 0):
                return False  # there is no such hour in the booking
            moved = _arriving_whenever(problem, moved)
        day = _with_trip(problem, moved)
        return any(self._takes(day, shift.id) for shift in day.shifts)

    def _hired(self, key: str, detail: str, problem: Problem) -> Iterator[Shift]:
        """The shifts that an advice speaks of, hired beside those there are."""
        if key in {"one_more_shift", "other_driver"}:
            yield from (_hire(shift) for shift in problem.shifts if shift.id == detail)
            return
        words, at, until = detail.split("/")
        named = set(words.split(","))
        load = self.trip.load if named & set(KINDS) else None
        needs = self.trip.needs if key == "at_that_hour" else self.trip.needs & named
        if load is not None:
            assert {kind for kind, n in zip(KINDS, load, strict=True) if n} <= named
        for shift in problem.shifts:
            yield replace(
                _hire(shift),
                start_s=int(at),
                end_s=int(until),
                breaks=(),
                max_duration_s=None,
                capabilities=shift.capabilities | needs,
                configurations=_places(shift, self.trip.load if key == "at_that_hour" else load),
            )

    def _mightiest(self, problem: Problem) -> Iterator[Shift]:
        for shift in problem.shifts:
            yield replace(
                _hire(shift),
                start_s=-DAY_S,
                end_s=2 * DAY_S,
                breaks=(),
                max_duration_s=None,
                capabilities=shift.capabilities | self.trip.needs,
                configurations=_places(shift, self.trip.load),
            )

    def _takes_with(self, problem: Problem, hired: Shift) -> bool:
        free = replace(self.trip, pinned_shift=None)
        day = _with_trip(replace(problem, shifts=(*problem.shifts, hired)), free)
        return self._takes(day, hired.id)

    def _takes(self, problem: Problem, shift_id: str) -> bool:
        answer = try_insertion(problem, self.plan, self.trip.id, shift_id)
        if isinstance(answer, Refusal):
            return False
        assert isinstance(answer, Insertion)
        found = faults(problem, with_insertion(self.plan, answer))
        assert not found, found
        return True


def _hire(shift: Shift) -> Shift:
    """A shift like this one with nothing to do yet, another driver and another vehicle."""
    return replace(shift, id=NEW, driver=NEW, vehicle=NEW, max_trips=None, committed=())


def _places(shift: Shift, load: Load | None) -> tuple[Load, ...]:
    return shift.configurations if load is None else (*shift.configurations, load)


def _with_trip(problem: Problem, trip: Trip) -> Problem:
    trips = tuple(trip if one.id == trip.id else one for one in problem.trips)
    return replace(problem, trips=trips)


def _with_shift(problem: Problem, shift: Shift) -> Problem:
    shifts = tuple(shift if one.id == shift.id else one for one in problem.shifts)
    return replace(problem, shifts=shifts)


def _with_times(trip: Trip, pickup: tuple[int, int], dropoff: tuple[int, int]) -> Trip:
    return replace(trip, pickup=_open(trip.pickup, *pickup), dropoff=_open(trip.dropoff, *dropoff))


def _open(stop: Stop, before_s: int, after_s: int) -> Stop:
    return _given(stop, stop.earliest_s - before_s, stop.latest_s + after_s)


def _given(stop: Stop, earliest_s: int, latest_s: int) -> Stop:
    """With the window that a person gave it; its hour is the middle of that."""
    other = replace(stop, earliest_s=earliest_s, latest_s=latest_s)
    if stop.clock_s is None:
        return other
    was_s, is_s = ((one.earliest_s + one.latest_s) // 2 for one in (stop, other))
    return replace(other, clock_s=stop.clock_s + is_s - was_s)


def _arrives_whenever(problem: Problem, trip: Trip) -> bool:
    """No appointment: the arrival's window is what the pickup's and the longest ride leave."""
    window = trip.dropoff.earliest_s, trip.dropoff.latest_s
    whenever = _arriving_whenever(problem, trip).dropoff
    return window == (whenever.earliest_s, whenever.latest_s)


def _arriving_whenever(problem: Problem, trip: Trip) -> Trip:
    over_s = trip.pickup.latest_s + trip.pickup.service_s + problem.ride_limit_s(trip)
    return replace(trip, dropoff=_given(trip.dropoff, trip.pickup.earliest_s, over_s))
