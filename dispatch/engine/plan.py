"""A plan: who drives whom, in which order and when; and what stays unassigned, with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.problem import Visit
from dispatch.enums import Rule, VisitKind


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedVisit:
    """A visit with its times: the vehicle is there at `arrive_s`, service (or the break) begins at `start_s`."""

    id: str
    kind: VisitKind
    arrive_s: int
    start_s: int

    @property
    def visit(self) -> Visit:
        return Visit(self.id, self.kind)


@dataclass(frozen=True, kw_only=True)
class Route:
    """The way of one shift: leaves its base at `leave_s`, is back at `return_s`; empty when it does not drive."""

    shift: str
    visits: tuple[TimedVisit, ...] = ()
    leave_s: int = 0
    return_s: int = 0

    @cached_property
    def trip_ids(self) -> tuple[str, ...]:
        return tuple(v.id for v in self.visits if v.kind is VisitKind.PICKUP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unassigned:
    """A trip nobody drives. `reason`: the rule that stands in the way nearest to success.

    `shift` came nearest: the reason speaks of it ("" where there is none to speak of). With `is_pinned` it is
    the one a person fixed the trip to, and no other was asked. `amount`: by how much that rule is missed
    there (seconds, places), 0 where that was not proved. `advice` says what would help, as a key of
    `remedies.ADVICE` with its figures (minutes, a shift, places, hours).
    """

    trip: str
    reason: Rule
    advice: str = ""
    amount: int = 0
    shift: str = ""
    is_pinned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One trip whose driver or times differ between two plans; None means unassigned there."""

    trip: str
    from_shift: str | None
    to_shift: str | None
    from_start_s: int | None
    to_start_s: int | None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Immutable; raises InvalidPlanError when a trip stands in it twice."""

    routes: tuple[Route, ...]
    unassigned: tuple[Unassigned, ...] = ()

    def __post_init__(self) -> None:
        listed = [trip for route in self.routes for trip in route.trip_ids]
        listed += [item.trip for item in self.unassigned]
        if len(set(listed)) != len(listed):
            raise InvalidPlanError("A trip stands twice in the plan.")
        if len({route.shift for route in self.routes}) != len(self.routes):
            raise InvalidPlanError("A shift has two routes.")

    @cached_property
    def shift_of(self) -> dict[str, str]:
        """trip → shift, for planned trips."""
        return {trip: route.shift for route in self.routes for trip in route.trip_ids}

    @cached_property
    def pickup_start_s(self) -> dict[str, int]:
        pickup = VisitKind.PICKUP
        return {v.id: v.start_s for r in self.routes for v in r.visits if v.kind is pickup}

    @cached_property
    def route_of(self) -> dict[str, Route]:
        """shift → route."""
        return {route.shift: route for route in self.routes}

    def diff(self, other: Plan) -> tuple[Move, ...]:
        """What changes from this plan to `other`: trips with another shift or another pickup second."""
        trips = sorted(set(self.shift_of) | set(other.shift_of))
        moves = (
            Move(
                trip=trip,
                from_shift=self.shift_of.get(trip),
                to_shift=other.shift_of.get(trip),
                from_start_s=self.pickup_start_s.get(trip),
                to_start_s=other.pickup_start_s.get(trip),
            )
            for trip in trips
        )
        return tuple(
            move
            for move in moves
            if (move.from_shift, move.from_start_s) != (move.to_shift, move.to_start_s)
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "routes": [
                {
                    "shift": r.shift,
                    "leave_s": r.leave_s,
                    "return_s": r.return_s,
                    "visits": [[v.id, v.kind, v.arrive_s, v.start_s] for v in r.visits],
                }
                for r in self.routes
            ],
            "unassigned": [
                [u.trip, u.reason, u.advice, u.amount, u.shift, u.is_pinned]
                for u in self.unassigned
            ],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        return cls(
            routes=tuple(
                Route(
                    shift=item["shift"],
                    leave_s=item["leave_s"],
                    return_s=item["return_s"],
                    visits=tuple(
                        TimedVisit(id=ref, kind=VisitKind(kind), arrive_s=arrive, start_s=start)
                        for ref, kind, arrive, start in item["visits"]
                    ),
                )
                for item in data["routes"]
            ),
            unassigned=tuple(_unassigned(item) for item in data["unassigned"]),
        )


def _unassigned(item: list[Any]) -> Unassigned:
    trip, reason, advice, amount, *nearest = item
    shift, is_pinned = nearest or ("", False)  # plans of earlier versions do not say it
    return Unassigned(
        trip=trip,
        reason=Rule(reason),
        advice=advice,
        amount=amount,
        shift=shift,
        is_pinned=is_pinned,
    )
