"""Tours that hold a journey which cannot be timed with them: at which hours their vehicle is free is unknown."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from dispatch.enums import Rule
from dispatch.usecases.day_so_far import assignment_of
from dispatch.usecases.open_day import NotFeasibleError, OpenDay
from dispatch.usecases.references import shift_ref, trip_ref


def untimed_tours(day: OpenDay) -> dict[str, NotFeasibleError]:
    """shift → why it takes no journey in. By the rows it drives somebody whom the day's plan does not have there: a
    place that nobody can find, a vehicle that is away at that time, a seat that is gone.
    """
    nowhere = {item.trip for item in day.built.unplannable}
    untimed: dict[str, dict[str, str]] = {}
    for booking in day.built.bookings:
        row, trip = assignment_of(booking), trip_ref(booking.pk)
        if row is None:
            continue
        shift = shift_ref(row.shift_id)
        if shift in day.problem.shift_by_id and day.plan.shift_of.get(trip) != shift:
            untimed.setdefault(shift, {})[trip] = booking.reference
    return {
        shift: _refusal(held.values(), is_lost=not nowhere.isdisjoint(held))
        for shift, held in untimed.items()
    }


def refuse_untimed(day: OpenDay, shifts: Iterable[str]) -> None:
    """Raises NotFeasibleError when one of these shifts would have to drive at hours that nobody knows."""
    known = untimed_tours(day)
    for shift in sorted(shifts):
        if shift in known:
            raise known[shift]


def _refusal(references: Iterable[str], *, is_lost: bool) -> NotFeasibleError:
    said = _(
        "When this vehicle is free is not known, because its tour holds journeys that cannot be timed: %(journeys)s. "
        "Correct their addresses, or give them to somebody else, first."
    )
    rule = Rule.UNKNOWN_COORDINATES if is_lost else Rule.COVERAGE
    return NotFeasibleError(said % {"journeys": ", ".join(references)}, rule=rule)
