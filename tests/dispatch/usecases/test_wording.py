from __future__ import annotations

from datetime import date

import pytest
from django.utils import translation

from dispatch.engine.plan import Unassigned
from dispatch.enums import Rule
from dispatch.models import Company
from dispatch.models import Unassigned as UnassignedRow
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.references import shift_ref
from dispatch.usecases.wording import (
    labels_of,
    left_of,
    params_of,
    row_sentences,
    unassigned_sentences,
)
from tests import factories

LONG_NIGHT = date(2026, 10, 25)  # the clocks go back at 3 in the morning


def kept(item: Unassigned) -> UnassignedRow:
    key = item.advice.partition(":")[0]
    return UnassignedRow(booking_id=3, reason=item.reason, advice=key, params=params_of(item))


@pytest.mark.parametrize("advice", ["", "check_times", "fits:s7", "room:seat,wheelchair/60/120"])
def test_a_row_keeps_all_of_a_reason(advice: str) -> None:
    item = Unassigned(
        trip="b3", reason=Rule.CAPACITY, advice=advice, amount=2, shift="s4", is_pinned=True
    )
    assert left_of(kept(item)) == item


def test_a_row_of_before_names_no_shift() -> None:
    row = UnassignedRow(booking_id=3, reason="shift", advice="later", params={"detail": "5"})
    assert left_of(row) == Unassigned(trip="b3", reason=Rule.SHIFT, advice="later:5")


def test_hours_are_those_of_the_companys_clocks() -> None:
    # 8 h 10 min and 9 h 15 min after midnight it is an hour less, for one hour came twice.
    clock = DayClock.of(Company(time_zone="Europe/Zurich"), LONG_NIGHT)
    item = Unassigned(
        trip="b3", reason=Rule.CAPACITY, advice="room:wheelchair/29400/33300", amount=1
    )
    said = row_sentences(kept(item), clock, str)
    assert said == (
        "No vehicle on duty that day has the places this trip needs, not even empty. "
        "One more vehicle with the places it needs (wheelchair), on duty from 07:10 to 08:15, can take it."
    )
    with translation.override("fr"):
        assert "(fauteuil roulant), en service de 07:10 à 08:15" in row_sentences(
            kept(item), clock, str
        )


@pytest.mark.django_db
def test_shifts_are_called_by_their_drivers() -> None:
    shift = factories.make_shift(factories.make_company())
    clock = DayClock.of(shift.company, LONG_NIGHT)
    reference = shift_ref(shift.pk)
    item = Unassigned(trip="b3", reason=Rule.COVERAGE, advice=f"fits:{reference}", shift=reference)
    said = f"Nothing stands in the way: the trip can be planned. {shift.driver} can take it."
    assert unassigned_sentences(item, clock) == said
    assert unassigned_sentences(item, clock, labels_of([item])) == said
