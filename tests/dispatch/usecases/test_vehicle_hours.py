"""A shift whose vehicle is away for a while drives in the longest part that is left."""

from __future__ import annotations

import pytest

from dispatch.enums import BookingStatus
from dispatch.models import Booking, Company, Shift, VehicleUnavailability
from dispatch.notes import Note, NoteKey
from dispatch.usecases.build_problem import build_problem
from dispatch.usecases.vehicle_hours import Hours, first_part, longest_part
from tests.factories import (
    DAY,
    at,
    between,
    bring,
    make_assignment,
    make_booking,
    make_break,
    make_shift,
)

H = 3600


@pytest.mark.parametrize(
    ("away", "now", "expected"),
    [
        ([], 5, (7, 19)),
        ([(5, 9)], 5, (9, 19)),
        ([(17, 22)], 5, (7, 17)),
        ([(12, 14)], 5, (7, 12)),  # both parts last five hours: the first one
        ([(12, 14)], 8, (14, 19)),  # four hours are left of the first part
        ([(9, 10), (8, 11), (15, 16)], 5, (11, 15)),
        ([(5, 12), (12, 20)], 5, None),
        ([(7, 19)], 5, None),
        ([(14, 19)], 15, None),
        ([(20, 22), (3, 7)], 5, (7, 19)),  # it touches nothing
    ],
)
def test_the_longest_part_to_come(away: list[Hours], now: int, expected: Hours | None) -> None:
    parts = [(gone * H, back * H) for gone, back in away]
    found = longest_part((7 * H, 19 * H), parts, now_s=now * H)
    assert found == (None if expected is None else (expected[0] * H, expected[1] * H))


@pytest.mark.parametrize(
    ("away", "now", "end"),
    [
        ([(12, 14)], 9, 12),
        ([(8, 9)], 10, 19),  # behind it
        ([(8, 12)], 9, None),  # away right now
        ([(6, 8)], 5, None),  # and when the shift begins
        ([], 9, 19),
    ],
)
def test_the_part_that_has_begun(away: list[Hours], now: int, end: int | None) -> None:
    parts = [(gone * H, back * H) for gone, back in away]
    found = first_part((7 * H, 19 * H), parts, now_s=now * H)
    assert found == (None if end is None else (7 * H, end * H))


def away(shift: Shift, start: int, end: int) -> None:
    VehicleUnavailability.objects.create(vehicle=shift.vehicle, period=between(at(start), at(end)))


def held(shift: Shift, hour: int) -> Booking:
    booking = make_booking(shift.company, pickup_at=at(hour))
    make_assignment(booking, shift)
    Booking.objects.filter(pk=booking.pk).update(status=BookingStatus.ASSIGNED)
    return booking


@pytest.mark.django_db
class TestAShift:
    def test_away_in_the_morning_starts_at_noon_and_says_so(self, company: Company) -> None:
        shift = make_shift(company)
        away(shift, 6, 12)
        built = build_problem(company=company, day=DAY, now=at(5))
        (found,) = built.problem.shifts
        assert (found.start_s, found.end_s) == (12 * H, 19 * H)
        cut = Note.of(NoteKey.SHIFT_CUT, shift=f"s{shift.pk}", start="12:00", end="19:00")
        assert cut in built.notes
        assert built.left_out == {}

    def test_nobody_waits_for_a_vehicle_to_come_back(self, company: Company) -> None:
        """Its morning trip keeps its own window: another shift takes it, or nobody does."""
        shift = make_shift(company)
        early, late = held(shift, 9), held(shift, 15)
        away(shift, 6, 12)
        built = build_problem(company=company, day=DAY, now=at(5))
        windows = {t.id: t.pickup.latest_s // H for t in built.problem.trips}
        assert windows == {f"b{early.pk}": 9, f"b{late.pk}": 15}
        assert built.in_force == {f"s{shift.pk}": ()}

    def test_away_in_the_evening_ends_before_and_takes_no_break_after(
        self, company: Company
    ) -> None:
        shift = make_shift(company)
        make_break(shift)  # 30 minutes between 11:30 and 13:00
        away(shift, 11, 22)
        (found,) = build_problem(company=company, day=DAY, now=at(5)).problem.shifts
        assert (found.end_s, found.breaks) == (11 * H, ())

    def test_away_during_overtime_only_is_no_cut_to_tell(self, company: Company) -> None:
        company.settings = {"max_overtime_min": 30}
        company.save()
        shift = make_shift(company)
        away(shift, 19, 22)
        built = build_problem(company=company, day=DAY, now=at(5))
        assert built.problem.shifts[0].end_s == 19 * H
        assert {note.key for note in built.notes} == {NoteKey.NO_ROAD_SERVER}

    def test_who_is_on_board_is_left_to_the_driver(self, company: Company) -> None:
        """The vehicle broke down on paper at nine: what it has begun is nobody's to plan, the rest is for others."""
        shift = make_shift(company)
        riding = held(shift, 9)
        later = held(shift, 15)
        bring(riding, BookingStatus.ON_BOARD, arrived_pickup_at=at(9), boarded_at=at(9, 6))
        away(shift, 9, 22)
        built = build_problem(company=company, day=DAY, now=at(9, 10))
        assert built.problem.shifts == ()
        assert [trip.id for trip in built.problem.trips] == [f"b{later.pk}"]
        assert Note.of(NoteKey.UNDER_WAY_OUTSIDE, trip=f"b{riding.pk}") in built.notes
