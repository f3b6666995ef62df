"""What a person saw before a change was made, in one word: with it, nothing else than what was shown is put in force."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256

from django.utils.translation import gettext as _

from dispatch.engine.impact import Impact
from dispatch.engine.plan import Route
from dispatch.engine.stability import NOTICED_S
from dispatch.enums import VisitKind
from dispatch.usecases.errors import StaleBookingError
from dispatch.usecases.open_day import OpenDay
from dispatch.usecases.references import row_id


class StaleDayError(StaleBookingError):
    """The day is not the one the person saw any more: the same change would do something else."""


def token_of(day: OpenDay, impact: Impact) -> str:
    """Every tour that was compared, before and after: who is driven in which order, what is promised anew, the
    versions this rests on; and the pickups that are written (seconds of the day).
    """
    plan, written = impact.carried.plan, impact.carried.written
    compared = _compared(impact)
    before = [route for route in day.plan.routes if route.shift in compared]
    after = [route for route in plan.routes if route.shift in compared]
    trips = sorted(trip for route in after if route.shift in written for trip in route.trip_ids)
    built = day.built
    concerned = {row_id(trip) for route in (*before, *after) for trip in route.trip_ids}
    concerned |= {row_id(move.trip) for move in impact.moves} | day.promises.keys()
    facts = {
        "before": _orders(before),
        "after": _orders(after),
        "moves": [(m.trip, m.from_shift, m.to_shift) for m in impact.moves],
        "promises": sorted((pk, *map(str, one.window)) for pk, one in day.promises.items()),
        "bookings": sorted((pk, built.booking_versions[pk]) for pk in concerned),
        "shifts": sorted((shift, built.shift_versions[row_id(shift)]) for shift in compared),
    }
    digest = sha256(json.dumps(facts).encode()).hexdigest()[:24]
    pickups = (f"{row_id(trip)}-{plan.pickup_start_s[trip]}" for trip in trips)
    return ".".join([digest, *pickups])


def _compared(impact: Impact) -> set[str]:
    """The shifts that take a trip in, give one away, or whose tour becomes another one."""
    ends = {shift for move in impact.moves for shift in (move.from_shift, move.to_shift)}
    tours = {tour.shift for tour in impact.tours}
    return {shift for shift in ends if shift is not None} | tours | impact.carried.written


def _orders(routes: Iterable[Route]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Without breaks: no ride says when one is taken, and it may be over by now."""
    return sorted(
        (r.shift, [(v.id, v.kind.value) for v in r.visits if v.kind is not VisitKind.BREAK])
        for r in routes
    )


def refuse_other_outcome(day: OpenDay, impact: Impact, shown: str) -> None:
    """Time passes between looking and deciding: pickups may slide by less than a patient would notice.

    Raises StaleDayError when anything else has become different.
    """
    digest, *pickups = token_of(day, impact).split(".")
    shown_digest, *shown_pickups = shown.split(".")
    is_same = digest == shown_digest and len(pickups) == len(shown_pickups)
    if not is_same or not all(map(_is_near, pickups, shown_pickups)):
        raise StaleDayError(_("The day changed meanwhile: please look again at what it would do."))


def _is_near(pickup: str, shown: str) -> bool:
    trip, second = pickup.split("-", 1)
    other, _dash, other_second = shown.partition("-")
    if trip != other or not other_second.lstrip("-").isdecimal():
        return False
    return abs(int(second) - int(other_second)) < NOTICED_S
