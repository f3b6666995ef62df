"""What a person saw before a change was made, in one word: with it, nothing else than what was shown is put in force."""

from __future__ import annotations

import json
from hashlib import sha256

from django.utils.translation import gettext as _

from dispatch.engine.impact import Impact
from dispatch.engine.stability import NOTICED_S
from dispatch.usecases.errors import StaleBookingError
from dispatch.usecases.open_day import OpenDay
from dispatch.usecases.references import row_id


class StaleDayError(StaleBookingError):
    """The day is not the one the person saw any more: the same change would do something else."""


def token_of(day: OpenDay, impact: Impact) -> str:
    """Who drives whom in which order, what is promised anew, the versions this rests on, and the pickups (seconds of the day)."""
    carried = impact.carried
    routes = [route for route in carried.plan.routes if route.shift in carried.written]
    trips = [trip for route in routes for trip in route.trip_ids]
    built = day.built
    concerned = {row_id(trip) for trip in trips} | {row_id(move.trip) for move in impact.moves}
    concerned |= day.promises.keys()
    facts = {
        "orders": sorted((r.shift, [(v.id, v.kind) for v in r.visits]) for r in routes),
        "moves": [(m.trip, m.from_shift, m.to_shift) for m in impact.moves],
        "promises": sorted((pk, *map(str, one.window)) for pk, one in day.promises.items()),
        "bookings": sorted((pk, built.booking_versions[pk]) for pk in concerned),
        "shifts": sorted((r.shift, built.shift_versions[row_id(r.shift)]) for r in routes),
    }
    digest = sha256(json.dumps(facts).encode()).hexdigest()[:24]
    pickups = (f"{row_id(trip)}-{carried.plan.pickup_start_s[trip]}" for trip in sorted(trips))
    return ".".join([digest, *pickups])


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
