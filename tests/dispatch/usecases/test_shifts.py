"""A driver is put on duty; what journeys need stays as it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from dispatch.enums import ShiftStatus
from dispatch.models import Assignment, Company, Shift, ShiftBreak
from dispatch.usecases.cancel_shift import cancel_shift
from dispatch.usecases.create_shift import create_shift
from dispatch.usecases.edit_shift import edit_shift
from dispatch.usecases.errors import NotFoundError
from dispatch.usecases.keep_row import InvalidRowError
from dispatch.usecases.shift_content import (
    BreakContent,
    ShiftCancelledError,
    ShiftContent,
    ShiftInUseError,
    StaleShiftError,
)
from tests.factories import (
    DAY,
    at,
    make_assignment,
    make_booking,
    make_break,
    make_company,
    make_driver,
    make_shift,
    make_vehicle,
)

pytestmark = pytest.mark.django_db

NOW = at(6)


def pause(earliest: datetime, latest: datetime, minutes: int = 30) -> BreakContent:
    return BreakContent(earliest_at=earliest, latest_at=latest, duration_min=minutes)


def content(company: Company, **fields: Any) -> ShiftContent:
    plain = ShiftContent(
        driver_id=make_driver(company).pk,
        vehicle_id=make_vehicle(company).pk,
        starts_at=at(7),
        ends_at=at(19),
    )
    return replace(plain, **fields)


def edited(shift: Shift, **changes: Any) -> Shift:
    shift.refresh_from_db()
    return edit_shift(
        shift_id=shift.pk,
        content=replace(ShiftContent.of(shift), **changes),
        now=NOW,
        expected_version=shift.version,
    )


def test_a_shift_is_what_was_said(company: Company) -> None:
    wanted = content(company, max_trips=8, breaks=(pause(at(11), at(13)),))
    shift = create_shift(company=company, content=wanted)
    assert ShiftContent.of(Shift.objects.get(pk=shift.pk)) == wanted


def test_a_refused_shift_leaves_nothing(company: Company) -> None:
    upside_down = pause(at(13), at(11))
    for wanted, field in (
        (content(company, starts_at=at(19)), "ends_at"),
        (content(company, ends_at=at(7, 1, day=DAY + timedelta(days=1))), "ends_at"),
        (content(company, breaks=(pause(at(6), at(8)),)), "breaks.0"),
        # Begun at the last moment it would end at 19:15.
        (content(company, breaks=(pause(at(11), at(13)), pause(at(18), at(18, 45)))), "breaks.1"),
        (content(company, breaks=(upside_down,)), "breaks.0"),
        (content(company, vehicle_id=make_vehicle(make_company()).pk), "vehicle"),
    ):
        with pytest.raises(InvalidRowError) as refusal:
            create_shift(company=company, content=wanted)
        assert set(refusal.value.errors) == {field}
    assert not Shift.objects.exists()
    assert not ShiftBreak.objects.exists()


def test_an_edit_that_changes_nothing_is_none(company: Company) -> None:
    assert edited(make_shift(company)).version == 1


def test_breaks_are_replaced(company: Company) -> None:
    shift = make_shift(company)
    make_break(shift)
    after = edited(shift, breaks=(pause(at(12), at(14), 45),))
    assert [b.duration_min for b in after.breaks.all()] == [45]
    assert after.version == 2


def test_an_overlap_is_refused_in_words(company: Company) -> None:
    make_shift(company, driver=(driver := make_driver(company)))
    shift = make_shift(company)
    with pytest.raises(InvalidRowError, match="driver already has a shift"):
        edited(shift, driver_id=driver.pk)


def test_without_journeys_anything_may_change(company: Company) -> None:
    shift = make_shift(company)
    after = edited(shift, driver_id=make_driver(company).pk, starts_at=at(12))
    assert (after.version, after.starts_at) == (2, at(12))


class TestWithAJourney:
    @pytest.fixture
    def shift(self, company: Company) -> Shift:
        """Driven from 08:55 to 09:25."""
        shift = make_shift(company)
        make_assignment(make_booking(company), shift)
        return shift

    def test_hours_stay(self, shift: Shift) -> None:
        for change in ({"starts_at": at(9)}, {"ends_at": at(9, 20)}):
            with pytest.raises(ShiftInUseError, match="1 journey"):
                edited(shift, **change)
        with pytest.raises(ShiftInUseError):
            cancel_shift(shift_id=shift.pk, expected_version=1)

    def test_hours_that_still_hold_it_may_change(self, shift: Shift) -> None:
        assert edited(shift, starts_at=at(8, 55), ends_at=at(9, 25)).version == 2

    def test_a_journey_in_overtime_does_not_freeze_the_hours(self, shift: Shift) -> None:
        """It lies outside the shift already: it does not need the hours to stay."""
        late = make_booking(shift.company, pickup_at=at(18, 50))
        make_assignment(late, shift)
        assert edited(shift, starts_at=at(8)).version == 2

    def test_one_that_is_over_holds_nobody(self, shift: Shift) -> None:
        Assignment.objects.update(is_over=True)
        assert cancel_shift(shift_id=shift.pk, expected_version=1).status == ShiftStatus.CANCELLED


def test_a_cancelled_shift_is_cancelled_once_and_changed_no_more(company: Company) -> None:
    shift = make_shift(company)
    assert cancel_shift(shift_id=shift.pk, expected_version=1).version == 2
    assert cancel_shift(shift_id=shift.pk, expected_version=2).version == 2
    with pytest.raises(ShiftCancelledError):
        edited(shift, max_trips=3)


def test_who_saw_an_old_version_writes_nothing(company: Company) -> None:
    shift = make_shift(company)
    with pytest.raises(StaleShiftError):
        cancel_shift(shift_id=shift.pk, expected_version=2)
    with pytest.raises(NotFoundError):
        cancel_shift(shift_id=0, expected_version=None)
