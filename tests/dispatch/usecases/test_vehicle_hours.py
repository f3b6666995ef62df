"""A shift whose vehicle is away for a while drives in the longest part that is left."""

from __future__ import annotations

import pytest

from dispatch.enums import BookingStatus, VisitKind
from dispatch.models import Booking, Company, Shift, VehicleUnavailability
from dispatch.notes import Note, NoteKey
from dispatch.usecases.build_problem import build_problem
from dispatch.usecases.vehicle_hours import Hours, drivable
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
    found = drivable((7 * H, 19 * H), parts, now_s=now * H, has_begun=False)
    assert found == (None if expected is None else (expected[0] * H, expected[1] * H))


@pytest.mark.parametrize(
    ("away", "now", "end_s"),
    [
        ([(12, 14)], 9, 12 * H),
        ([(8, 9)], 10, 19 * H),  # behind it
        ([(8, 12)], 9, 7 * H + 1),  # away right now: only what has begun
        ([], 9, 19 * H),
    ],
)
def test_who_has_begun_keeps_the_beginning(away: list[Hours], now: int, end_s: int) -> None:
    parts = [(gone * H, back * H) for gone, back in away]
    found = drivable((7 * H, 19 * H), parts, now_s=now * H, has_begun=True)
    assert found == (7 * H, end_s)


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

    def test_who_is_on_board_is_brought_to_the_door(self, company: Company) -> None:
        """The vehicle broke down on paper at nine; what it has begun stays, and nothing else is added."""
        shift = make_shift(company)
        riding = held(shift, 9)
        later = held(shift, 15)
        bring(riding, BookingStatus.ON_BOARD, arrived_pickup_at=at(9), boarded_at=at(9, 6))
        away(shift, 9, 22)
        built = build_problem(company=company, day=DAY, now=at(9, 10))
        (found,) = built.problem.shifts
        assert [(v.id, v.kind) for v in found.committed] == [
            (f"b{riding.pk}", VisitKind.PICKUP),
            (f"b{riding.pk}", VisitKind.DROPOFF),
        ]
        assert found.end_s < 11 * H
        assert f"b{later.pk}" in built.problem.trip_by_id
