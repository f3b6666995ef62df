"""Times for an order of stops that a person wrote, whatever it breaks: late by as little as the order allows.

Without times of the person's own, every stop begins as early as its window and the way allow, so that each window is
missed by the least this order can miss it (the least solution of the system of `schedule` without its upper bounds).
Rides and the tour are then made shorter where no window is missed by more for it. An order that works gets exactly
the times of `schedule.time_route`, by code of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from dispatch.engine.legs import break_of, end_s, legs, stop_of
from dispatch.engine.plan import Route, TimedVisit
from dispatch.engine.problem import Problem, Shift, Visit
from dispatch.enums import VisitKind


@dataclass(frozen=True, slots=True, kw_only=True)
class HandVisit:
    """A visit a person wrote; `at_s`: when its service begins, where they said so."""

    visit: Visit
    at_s: int | None = None


def late_route(problem: Problem, shift: Shift, visits: tuple[HandVisit, ...]) -> Route:
    """The route with times, never refused; every visit must be of the problem, and stand there once.

    Times a person gave are kept as they are, possible or not, and the others follow as early as can be.
    """
    if not visits:
        return Route(shift=shift.id, leave_s=shift.start_s, return_s=shift.start_s)
    course = _Course(problem, shift, visits)
    if not course.is_timed:
        course.shorten()
    course.board_late()
    return course.route()


def lateness(problem: Problem, shift: Shift, route: Route) -> int:
    """Seconds by which a route of `late_route` misses its windows, its breaks' and the end of the shift, in all."""
    missed = max(0, route.return_s - shift.end_s)
    for timed in route.visits:
        missed += max(0, timed.start_s - _window(problem, shift, timed)[1])
    return missed


class _Course:
    """Positions are those of the visits; `gaps[k]` lies between the starts of k-1 (0: leaving the base) and k."""

    def __init__(self, problem: Problem, shift: Shift, visits: tuple[HandVisit, ...]) -> None:
        self.shift = shift
        self.fixed = [visit.at_s for visit in visits]
        self.bare = tuple(
            TimedVisit(id=hand.visit.id, kind=hand.visit.kind, arrive_s=0, start_s=0)
            for hand in visits
        )
        self.slides = [
            visit.kind is VisitKind.PICKUP and problem.trip_by_id[visit.id].ready_s is None
            for visit in self.bare
        ]
        ways = legs(problem, shift, Route(shift=shift.id, visits=self.bare))
        *self.gaps, self.last_gap = [way.reached_s + way.margin_s for way in ways]
        windows = [_window(problem, shift, visit) for visit in self.bare]
        self.low, self.high = [low for low, _ in windows], [high for _, high in windows]
        self.rides = list(_rides(problem, shift, self.bare))
        self.starts = [0] * len(visits)
        self._forward()

    @property
    def is_timed(self) -> bool:
        return any(at is not None for at in self.fixed)

    def _forward(self, first: int = 0) -> None:
        """From this position on, as early as what stands before allows; nothing gets earlier than it was."""
        for k in range(first, len(self.starts)):
            before = self.starts[k - 1] if k else self.shift.start_s
            early = max(self.low[k], before + self.gaps[k], self.starts[k])
            at = self.fixed[k]
            self.starts[k] = early if at is None else at

    def shorten(self) -> None:
        """Lift the beginnings of rides (and of the tour) that last too long, as late as costs no window more.

        A limit that stops and driving alone exceed counts as what they take. Each round lifts something
        to where a limit or its bound wants it, as in `schedule`; so the rounds end.
        """
        latest, limits = self._latest(), self._limits()
        lifted = True
        while lifted:
            lifted = False
            for begin, end, longest in limits:
                beyond = self.last_gap if end == len(self.starts) else 0
                over = self.starts[min(end, len(self.starts) - 1)] + beyond - longest
                target = min(over, latest[begin])
                if target > self.starts[begin]:
                    self.starts[begin] = target
                    self._forward(begin)
                    lifted = True

    def _latest(self) -> list[int]:
        """How late each stop may begin so that no window, nor the end of the shift, is missed by more."""
        latest = [max(high, start) for high, start in zip(self.high, self.starts, strict=True)]
        latest[-1] = min(latest[-1], max(self.shift.end_s - self.last_gap, self.starts[-1]))
        for k in range(len(latest) - 2, -1, -1):
            latest[k] = min(latest[k], latest[k + 1] - self.gaps[k + 1])
        return latest

    def _limits(self) -> list[tuple[int, int, int]]:
        """(first position, last one, longest start-to-start); the last of the tour is the return."""
        reached = list(accumulate(self.gaps))
        limits = [
            (pickup, dropoff, max(longest, reached[dropoff] - reached[pickup]))
            for pickup, dropoff, longest in self.rides
        ]
        if self.shift.max_duration_s is not None:
            whole = reached[-1] + self.last_gap - self.gaps[0]
            longest = max(self.shift.max_duration_s - self.gaps[0], whole)
            limits.append((0, len(self.starts), longest))
        return limits

    def board_late(self) -> None:
        """Patients wait at home: pickups slide into the idle time behind them, inside their windows; not of who is ready."""
        for k in range(len(self.starts) - 2, -1, -1):
            if self.slides[k] and self.fixed[k] is None:
                idle = min(self.high[k], self.starts[k + 1] - self.gaps[k + 1])
                self.starts[k] = max(self.starts[k], idle)

    def route(self) -> Route:
        """A stop begun before it can be reached is arrived at when it begins: the rules say by how much that lies."""
        leave = self.starts[0] - self.gaps[0]
        reached = [
            before + gap for before, gap in zip([leave, *self.starts], self.gaps, strict=False)
        ]
        visits = tuple(
            TimedVisit(id=v.id, kind=v.kind, arrive_s=min(arrive, start), start_s=start)
            for v, arrive, start in zip(self.bare, reached, self.starts, strict=True)
        )
        back = self.starts[-1] + self.last_gap
        return Route(shift=self.shift.id, visits=visits, leave_s=leave, return_s=back)


def _window(problem: Problem, shift: Shift, visit: TimedVisit) -> tuple[int, int]:
    if visit.kind is VisitKind.BREAK:
        pause = break_of(shift, visit)
        return pause.earliest_s, pause.latest_s
    stop = stop_of(problem, visit)
    return stop.earliest_s, stop.latest_s


def _rides(
    problem: Problem, shift: Shift, visits: tuple[TimedVisit, ...]
) -> list[tuple[int, int, int]]:
    """(pickup position, drop-off position, longest start-to-start) of the rides that are in order."""
    boarded: dict[str, int] = {}
    found = []
    for k, visit in enumerate(visits):
        if visit.kind is VisitKind.PICKUP:
            boarded[visit.id] = k
        elif visit.kind is VisitKind.DROPOFF and visit.id in boarded:
            pickup = boarded[visit.id]
            limit = problem.ride_limit_s(problem.trip_by_id[visit.id])
            found.append((pickup, k, end_s(problem, shift, visits[pickup]) + limit))
    return found
