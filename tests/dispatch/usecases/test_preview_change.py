"""What is shown beforehand is what happens: predicted and real are compared row by row on the real database."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dispatch.engine.cost import score
from dispatch.engine.impact import Impact, Impossible
from dispatch.enums import BookingStatus, Rule
from dispatch.models import Assignment, Booking, Company, Shift
from dispatch.usecases.assign_booking import assign_booking
from dispatch.usecases.change_as_shown import change_as_shown
from dispatch.usecases.change_token import StaleDayError
from dispatch.usecases.dispatch_now import dispatch_now
from dispatch.usecases.errors import NotFoundError
from dispatch.usecases.open_day import (
    NobodyFitsError,
    NotAssignableError,
    NotFeasibleError,
    open_day,
)
from dispatch.usecases.preview_change import Preview, preview_change
from dispatch.usecases.rank_drivers import rank_drivers
from dispatch.usecases.references import shift_ref, trip_ref
from dispatch.usecases.unassign import unassign
from dispatch.usecases.wanted_changes import (
    GiveTo,
    NothingToSwapError,
    SwapWith,
    TakeAway,
    Wanted,
    WantedChange,
)
from tests.dispatch.usecases.changes_world import (
    Known,
    carriers_day,
    compare_moves,
    compare_people,
    compare_tours,
    foreseen,
    rows,
    undone,
    undone_if_refused,
)
from tests.factories import (
    at,
    bring,
    make_booking,
    make_break,
    make_company,
    make_establishment,
    make_place,
    make_shift,
)

pytestmark = pytest.mark.django_db

COUNTS: Counter[str] = Counter()


def carry_out(booking: Booking, wanted: Wanted, preview: Preview, now: datetime) -> None:
    if isinstance(wanted, GiveTo):
        change_as_shown(
            asked=[WantedChange(booking.pk, wanted)], shown=preview.token, by=None, now=now
        )
    else:
        unassign(booking_id=booking.pk, now=now, expected_version=None)


def is_over(booking: Booking, now: datetime) -> bool:
    assert booking.promised_to is not None
    return booking.promised_to < now


def compare_refusals(booking: Booking, wanted: Wanted, now: datetime) -> None:
    """Both entries refuse a journey that cannot be planned at all, in the same words."""
    assert isinstance(wanted, GiveTo)
    before, sentences = rows(), set()
    for ask in (
        lambda: preview_change(booking_id=booking.pk, wanted=wanted, now=now),
        lambda: assign_booking(
            booking_id=booking.pk, shift_id=wanted.shift_id, by=None, now=now, expected_version=None
        ),
    ):
        with pytest.raises(NobodyFitsError) as refusal:
            ask()
        sentences.add(str(refusal.value))
    assert len(sentences) == 1
    assert rows() == before


def compare(booking: Booking, wanted: Wanted, now: datetime) -> None:
    before, preview = rows(), preview_change(booking_id=booking.pk, wanted=wanted, now=now)
    COUNTS[type(preview.answer).__name__] += 1
    if isinstance(preview.answer, Impossible):
        if isinstance(wanted, GiveTo):
            with pytest.raises(NotFeasibleError) as refusal:
                carry_out(booking, wanted, preview, now)
            assert refusal.value.rule is preview.answer.refusal.rule
            assert rows() == before
        return
    expected, known = foreseen(preview), Known.now(preview.day.clock)
    carry_out(booking, wanted, preview, now)
    assert rows() == expected
    compare_moves(preview, before, expected)
    compare_people(preview.answer, known, Known.now(preview.day.clock))
    if booking.pk not in expected and is_over(booking, now):
        return  # without a driver it is no part of the day any more: nothing to read again
    again = open_day(booking_id=booking.pk, now=now, expected_version=None)
    assert score(again.problem, again.plan) == preview.answer.price[1]
    assert again.plan.diff(preview.answer.carried.plan) == ()
    compare_tours(preview.day, preview.answer, again, on_time=now == at(5))


def test_predicted_is_real() -> None:
    """Whatever was given to whom before, in the evening before and in the middle of the day."""
    _company, shifts, bookings = carriers_day()
    whom, which = st.sampled_from(shifts), st.sampled_from(bookings)
    wishes = st.one_of(st.builds(lambda s: GiveTo(shift_id=s.pk), whom), st.just(TakeAway()))

    @settings(max_examples=25, database=None)
    @given(
        st.lists(st.tuples(which, whom), min_size=2, max_size=9),
        st.lists(st.tuples(which, wishes), min_size=1, max_size=3),
        st.sampled_from([at(5), at(8, 40), at(9, 30)]),
    )
    # A late journey loses its driver; a wheelchair does not fit: in every run, whatever chance draws.
    @example([(bookings[0], shifts[0])], [(bookings[0], TakeAway())], at(8, 40))
    @example([], [(bookings[0], GiveTo(shift_id=shifts[2].pk))], at(5))
    def law(
        history: list[tuple[Booking, Shift]], asked: list[tuple[Booking, Wanted]], now: datetime
    ) -> None:
        with undone():
            for booking, shift in history:
                with undone_if_refused():
                    assign_booking(
                        booking_id=booking.pk,
                        shift_id=shift.pk,
                        by=None,
                        now=at(5),
                        expected_version=None,
                        pin=False,
                    )
            for booking, wanted in asked:
                is_driven = Assignment.objects.filter(booking=booking).exists()
                if isinstance(wanted, TakeAway) and not is_driven:
                    continue
                is_hopeless = not is_driven and is_over(booking, now)
                (compare_refusals if is_hopeless else compare)(booking, wanted, now)

    law()
    assert min(COUNTS["Impact"], COUNTS["Impossible"]) > 0  # both were tried


def preview_of(booking: Booking, wanted: Wanted, now: datetime | None = None) -> Preview:
    return preview_change(booking_id=booking.pk, wanted=wanted, now=now or at(6))


def impact_of(booking: Booking, wanted: Wanted, now: datetime | None = None) -> Impact:
    answer = preview_of(booking, wanted, now).answer
    assert isinstance(answer, Impact), answer
    return answer


def give(booking: Booking, shift: Shift, *, now: datetime | None = None) -> Assignment:
    return assign_booking(
        booking_id=booking.pk, shift_id=shift.pk, by=None, now=now or at(6), expected_version=None
    )


class TestWhatItSays:
    def test_a_neighbour_is_told_of_the_slide(self, company: Company) -> None:
        """Its vehicle fetches somebody else first, at the same minute: the neighbour waits, and is told."""
        shift, home = make_shift(company), make_place(company, lat=46.19, lon=6.14)
        far = make_place(company, lat=46.24, lon=6.05)
        near = make_booking(
            company,
            pickup_at=at(9),
            pickup=home,
            promised_from=at(9),
            promised_to=at(10, 30),
            pooling_allowed=False,
        )
        first = give(near, shift)
        urgent = make_booking(
            company,
            pickup_at=at(9),
            pickup=far,
            dropoff=home,
            promised_from=at(9),
            promised_to=at(9, 5),
            pooling_allowed=False,
        )
        impact = impact_of(urgent, GiveTo(shift_id=shift.pk))
        assert impact.patients == (trip_ref(near.pk),)
        assert impact.drivers == (shift_ref(shift.pk),)
        assert first.planned_pickup_at == at(9)
        (slide,) = [move for move in impact.moves if move.trip == trip_ref(near.pk)]
        assert slide.from_start_s == 9 * 3600
        assert slide.to_start_s is not None
        assert slide.to_start_s > 9 * 3600 + 300

    @pytest.mark.parametrize("is_taken_away", [True, False])
    def test_the_hours_of_who_loses_a_journey_are_those_of_the_rows_that_stay(
        self, company: Company, is_taken_away: bool
    ) -> None:
        """Without the urgent one, the other could be fetched at 9:00: it was told later, and keeps that."""
        shift, other = make_shift(company), make_shift(company)
        home = make_place(company, lat=46.19, lon=6.14)
        far = make_place(company, lat=46.24, lon=6.05)
        near = make_booking(company, pickup=home, promised_from=at(9), promised_to=at(10, 30))
        urgent = make_booking(
            company, pickup=far, dropoff=home, promised_from=at(9), promised_to=at(9, 5)
        )
        give(urgent, shift)
        row = give(near, shift)
        assert row.planned_pickup_at > at(9, 20)
        wanted = TakeAway() if is_taken_away else GiveTo(shift_id=other.pk)
        preview = preview_of(urgent, wanted)
        assert isinstance(preview.answer, Impact)
        (tour,) = (t for t in preview.answer.tours if t.shift == shift_ref(shift.pk))
        problem, clock = preview.day.problem, preview.day.clock
        drives, trip = problem.shift_by_id[tour.shift], problem.trip_by_id[trip_ref(near.pk)]
        there_s = problem.leg_s(None, trip.pickup, drives)
        home_s = trip.dropoff.service_s + problem.leg_s(trip.dropoff, None, drives)
        assert tour.after.leave_s == clock.second(row.planned_pickup_at) - there_s
        assert tour.after.back_s == clock.second(row.planned_dropoff_at) + home_s
        assert tour.before.back_s == tour.after.back_s
        assert preview.answer.patients == (trip_ref(urgent.pk),)

    def test_a_swap_of_two(self, company: Company) -> None:
        one, two = make_shift(company), make_shift(company)
        a, b = make_booking(company), make_booking(company)
        give(a, one)
        give(b, two)
        impact = impact_of(a, SwapWith(booking_id=b.pk))
        assert {(m.trip, m.to_shift) for m in impact.moves} == {
            (trip_ref(a.pk), shift_ref(two.pk)),
            (trip_ref(b.pk), shift_ref(one.pk)),
        }

    def test_a_swap_with_nobody(self, company: Company) -> None:
        shift, a, b = make_shift(company), make_booking(company), make_booking(company)
        give(a, shift)
        with pytest.raises(NothingToSwapError):
            preview_of(a, SwapWith(booking_id=b.pk))

    def test_a_swap_with_a_strangers_journey(self, company: Company) -> None:
        make_shift(company)
        foreign = make_booking(make_company())
        with pytest.raises(NotFoundError):
            preview_of(make_booking(company), SwapWith(booking_id=foreign.pk))

    def test_a_shift_of_another_day(self, company: Company) -> None:
        make_shift(company)
        with pytest.raises(NotFoundError):
            preview_of(make_booking(company), GiveTo(shift_id=1))

    def test_an_impossible_change_has_no_token(self, company: Company) -> None:
        shift = make_shift(company, end=at(8))
        preview = preview_of(make_booking(company), GiveTo(shift_id=shift.pk))
        assert isinstance(preview.answer, Impossible)
        assert (preview.answer.refusal.rule, preview.token) == (Rule.SHIFT, "")

    def test_who_is_under_way_is_not_moved(self, company: Company) -> None:
        shift, booking = make_shift(company), make_booking(company)
        give(booking, shift)
        bring(booking, BookingStatus.EN_ROUTE, en_route_at=at(8, 40))
        with pytest.raises(NotAssignableError):
            preview_of(booking, TakeAway())

    def test_a_late_journey_can_be_taken_away(self, company: Company) -> None:
        """Promised for 9:00, at 9:50 still waiting: nobody could begin it in time, and it leaves its driver all the same."""
        shift = make_shift(company)
        late = make_booking(company, promised_from=at(9), promised_to=at(9, 20))
        give(late, shift)
        impact = impact_of(late, TakeAway(), at(9, 50))
        assert [(m.trip, m.to_shift) for m in impact.moves] == [(trip_ref(late.pk), None)]
        unassign(booking_id=late.pk, now=at(9, 50), expected_version=None)
        with pytest.raises(NobodyFitsError):
            preview_of(late, GiveTo(shift_id=shift.pk), at(9, 50))

    def test_a_late_journey_goes_to_nobody_who_is_not_there(self, company: Company) -> None:
        shift, other = make_shift(company), make_shift(company)
        late = make_booking(company, promised_from=at(9), promised_to=at(9, 20))
        give(late, shift)
        answer = preview_of(late, GiveTo(shift_id=other.pk), at(9, 50)).answer
        assert isinstance(answer, Impossible)
        with pytest.raises(NotFeasibleError) as refusal:
            give(late, other, now=at(9, 50))
        assert refusal.value.rule is answer.refusal.rule is Rule.TIME_WINDOW

    def test_out_of_a_tour_that_no_schedule_keeps(self, company: Company) -> None:
        """At 9:25 both journeys of 9:00 are late, the first one inside the freeze time: the tour is shown as told."""
        shift, other = make_shift(company), make_shift(company)
        make_break(shift, earliest_at=at(11), latest_at=at(12))
        a = make_booking(company, pickup_at=at(9, 20))
        b = make_booking(company, pickup_at=at(9, 10))
        give(b, shift)
        give(a, shift)
        preview = preview_of(b, GiveTo(shift_id=other.pk), at(9, 5))
        assert isinstance(preview.answer, Impact)
        before = preview.day.plan.route_of[shift_ref(shift.pk)]
        assert set(before.trip_ids) == {trip_ref(a.pk), trip_ref(b.pk)}
        assert preview.answer.drivers == tuple(sorted((shift_ref(shift.pk), shift_ref(other.pk))))


class TestAsShown:
    def token(self, booking: Booking, shift: Shift, now: datetime | None = None) -> str:
        return preview_of(booking, GiveTo(shift_id=shift.pk), now).token

    def given(
        self, booking: Booking, shift: Shift, shown: str, now: datetime | None = None
    ) -> Assignment:
        asked = [WantedChange(booking.pk, GiveTo(shift_id=shift.pk))]
        change_as_shown(asked=asked, shown=shown, by=None, now=now or at(6))
        return Assignment.objects.get(booking=booking)

    def test_another_journey_in_the_tour_meanwhile(self, company: Company) -> None:
        shift, booking = make_shift(company), make_booking(company)
        shown = self.token(booking, shift)
        give(make_booking(company), shift)
        with pytest.raises(StaleDayError):
            self.given(booking, shift, shown)
        assert not Assignment.objects.filter(booking=booking).exists()

    @pytest.mark.parametrize("is_taken_away", [True, False])
    def test_another_journey_in_the_tour_it_leaves(
        self, company: Company, is_taken_away: bool
    ) -> None:
        """What the driver who loses it is left with, was shown as well."""
        shift, other, booking = make_shift(company), make_shift(company), make_booking(company)
        give(booking, shift)
        wanted = TakeAway() if is_taken_away else GiveTo(shift_id=other.pk)
        asked, shown = [WantedChange(booking.pk, wanted)], preview_of(booking, wanted).token
        give(make_booking(company, pickup_at=at(11)), shift)
        with pytest.raises(StaleDayError):
            change_as_shown(asked=asked, shown=shown, by=None, now=at(6))
        assert Assignment.objects.get(booking=booking).shift == shift
        shown = preview_of(booking, wanted).token
        change_as_shown(asked=asked, shown=shown, by=None, now=at(6))
        assert not Assignment.objects.filter(booking=booking, shift=shift).exists()

    def test_a_journey_that_was_changed_meanwhile(self, company: Company) -> None:
        shift, booking = make_shift(company), make_booking(company)
        shown = self.token(booking, shift)
        Booking.objects.filter(pk=booking.pk).update(version=9)
        with pytest.raises(StaleDayError):
            self.given(booking, shift, shown)

    def test_seconds_that_pass_while_a_person_thinks_change_nothing(self, company: Company) -> None:
        """Who is ready now is fetched as soon as the vehicle comes: four minutes later, four minutes later."""
        shift = make_shift(company)
        urgent = make_booking(company, promised_from=at(9), promised_to=at(10))
        shown = self.token(urgent, shift, at(9, 10))
        with pytest.raises(StaleDayError):
            self.given(urgent, shift, shown, at(9, 16))
        assert self.given(urgent, shift, shown, at(9, 14)).planned_pickup_at > at(9, 14)

    @pytest.mark.parametrize(
        "nonsense", ["", "x", "{digest}", "{digest}.1", "{digest}.1-x", "é.1-"]
    )
    def test_what_is_no_token(self, company: Company, nonsense: str) -> None:
        shift, booking = make_shift(company), make_booking(company)
        digest = self.token(booking, shift).partition(".")[0]
        with pytest.raises(StaleDayError):
            self.given(booking, shift, nonsense.format(digest=digest))
        pickup = f"{digest}.{booking.pk}-x"
        with pytest.raises(StaleDayError):
            self.given(booking, shift, pickup)


class TestRanking:
    def test_the_first_is_whom_dispatch_now_takes(self, company: Company) -> None:
        make_shift(company, start_place=make_place(company, lat=46.30, lon=6.25))
        make_shift(company)
        make_shift(company, end=at(8))
        booking = make_booking(company)
        found = rank_drivers(booking_id=booking.pk, now=at(6))
        assert [option.difference.points >= 0 for option in found.options] == [True, True]
        assert found.options[0].difference.points == 0
        assert [(one.rule, one.amount > 3600) for one in found.unable] == [(Rule.SHIFT, True)]
        assert found.unable[0].sentence.startswith(str(found.unable[0].shift.driver))
        ride = dispatch_now(booking_id=booking.pk, by=None, now=at(6), expected_version=None)
        best = found.options[0]
        assert (ride.shift, ride.planned_pickup_at) == (best.shift, best.card.pickup_at)

    def test_who_has_it_is_no_alternative(self, company: Company) -> None:
        shift, other, booking = make_shift(company), make_shift(company), make_booking(company)
        give(booking, shift)
        found = rank_drivers(booking_id=booking.pk, now=at(6))
        assert [option.shift for option in found.options] == [other]

    def test_nobody_can(self, company: Company) -> None:
        make_shift(company, end=at(8))
        booking = make_booking(company)
        assert rank_drivers(booking_id=booking.pk, now=at(6)).options == ()
        with pytest.raises(NobodyFitsError):
            dispatch_now(booking_id=booking.pk, by=None, now=at(6), expected_version=None)

    def test_a_driver_who_could_not_go_on_without_it(self, company: Company) -> None:
        """The break begins at ten, wherever the vehicle is: only with this journey is that near the next one."""
        clinic = make_establishment(lat=46.30, lon=6.25)
        shift, _other = make_shift(company), make_shift(company)
        booking = make_booking(company, promised_from=at(9), promised_to=at(9, 1), dropoff=clinic)
        after = make_booking(
            company, promised_from=at(10, 21), promised_to=at(10, 22), pickup=clinic
        )
        give(booking, shift)
        give(after, shift)
        make_break(shift, earliest_at=at(10), latest_at=at(10), duration_min=20)
        answer = preview_of(booking, TakeAway()).answer
        assert isinstance(answer, Impossible)
        assert answer.refusal.rule is Rule.BREAK
        with pytest.raises(NotFeasibleError) as refusal:
            dispatch_now(booking_id=booking.pk, by=None, now=at(6), expected_version=None)
        assert refusal.value.rule is Rule.BREAK
