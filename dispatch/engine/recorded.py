"""What a driver's recorded moments say about driving and about the tour: nothing more than what was recorded.

Breaks and kilometres are recorded by nobody, and the breaks of the shift are only a plan: a tour leaves
them unknown rather than mix what happened with what was meant to happen (KPI.md, rules 2 and 3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from dispatch.engine.records import TourRecord, TripRecord
from dispatch.enums import BookingStatus

Span = tuple[int, int]

ENDED = frozenset({BookingStatus.COMPLETED, BookingStatus.NO_SHOW, BookingStatus.MISSED})


def is_timed(trip: TripRecord) -> bool:
    """Whether all driving for an ended trip is known; for a miss nobody may ever have set off."""
    if trip.status is BookingStatus.COMPLETED:
        moments = (trip.en_route_s, trip.arrived_pickup_s, trip.boarded_s, trip.arrived_dropoff_s)
        return None not in moments
    has_left, has_come = trip.en_route_s is not None, trip.arrived_pickup_s is not None
    return has_left == has_come and (has_left or trip.status is BookingStatus.MISSED)


def driven_s(trips: Iterable[TripRecord]) -> int:
    """Seconds at the wheel for these trips of one driver, as far as they were recorded.

    On the way to a pickup, or with somebody on board and not at a door; shared seconds count once.
    """
    return _length(_driving(list(trips)))


def recorded_tour(shift: str, trips: Sequence[TripRecord]) -> TourRecord:
    """The tour of one shift's ended trips, of which somebody was carried on one at least."""
    rides = [trip for trip in trips if trip.status is BookingStatus.COMPLETED]
    begin = _when_known([trip.arrived_pickup_s for trip in rides], min)
    end = _when_known([trip.alighted_s for trip in rides], max)
    empty_s = None
    if begin is not None and end is not None and all(map(is_timed, trips)):
        aboard = [span for trip in rides for span in _span(trip.boarded_s, trip.alighted_s)]
        inside = [
            (max(first, begin), min(last, end))
            for first, last in _without(_driving(trips), aboard)
            if first < end and last > begin
        ]
        empty_s = _length(inside)
    return TourRecord(
        shift=shift,
        passenger_trips=len(rides),
        first_pickup_s=begin,
        last_dropoff_s=end,
        empty_driving_s=empty_s,
    )


def _when_known(moments: list[int | None], choose: Callable[[list[int]], int]) -> int | None:
    """The first or the last of all moments; None as soon as one is missing: it might be the one."""
    known = [moment for moment in moments if moment is not None]
    return choose(known) if len(known) == len(moments) else None


def _driving(trips: Iterable[TripRecord]) -> list[Span]:
    moving, standing = [], []
    for trip in trips:
        moving += _span(trip.en_route_s, trip.arrived_pickup_s)
        moving += _span(trip.boarded_s, trip.arrived_dropoff_s)
        left_s = trip.absent_s if trip.boarded_s is None else trip.boarded_s
        standing += _span(trip.arrived_pickup_s, left_s)
        standing += _span(trip.arrived_dropoff_s, trip.alighted_s)
    return _without(moving, standing)


def _span(begin: int | None, end: int | None) -> list[Span]:
    """None where a moment is missing."""
    return [] if begin is None or end is None else [(begin, end)]


def _without(spans: Sequence[Span], holes: Sequence[Span]) -> list[Span]:
    """The seconds of any span that lie in no hole, as spans that do not overlap."""
    edges = sorted({edge for span in (*spans, *holes) for edge in span})
    return [
        piece
        for piece in pairwise(edges)
        if _is_in_any(piece, spans) and not _is_in_any(piece, holes)
    ]


def _is_in_any(piece: Span, spans: Sequence[Span]) -> bool:
    return any(begin <= piece[0] and piece[1] <= end for begin, end in spans)


def _length(spans: Iterable[Span]) -> int:
    return sum(end - begin for begin, end in spans)
