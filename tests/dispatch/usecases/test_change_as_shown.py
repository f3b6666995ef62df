"""Swaps, other times and lists of changes: what was shown is what is written, to the row; and the way back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from dispatch.engine.cost import Score, score
from dispatch.engine.impact import Impact, Impossible
from dispatch.enums import BookingStatus, Rule
from dispatch.models import Assignment, Booking, Company, Shift
from dispatch.usecases.another_time import PromiseAt
from dispatch.usecases.assign_booking import assign_booking
from dispatch.usecases.change_as_shown import change_as_shown
from dispatch.usecases.change_token import StaleDayError
from dispatch.usecases.errors import NotFoundError, StaleBookingError
from dispatch.usecases.impact_card import preview_card
from dispatch.usecases.keep_row import InvalidRowError
from dispatch.usecases.open_day import NobodyFitsError, NotFeasibleError, OpenDay, open_day
from dispatch.usecases.preview_change import Preview, preview_changes
from dispatch.usecases.promise import Window
from dispatch.usecases.references import shift_ref, trip_ref
from dispatch.usecases.wanted_changes import (
    GiveTo,
    NothingAskedError,
    NothingToSwapError,
    SwapWith,
    TakeAway,
    Wanted,
    WantedChange,
    named_in,
    taking_back,
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
from tests.factories import DAY, at, make_booking, make_company, make_place, make_shift, make_user

pytestmark = pytest.mark.django_db

SEEN: Counter[str] = Counter()
TOMORROW = DAY + timedelta(days=1)


def window(hour: int, minute: int = 0, *, lasts_min: int = 20) -> PromiseAt:
    begins_at = at(hour, minute)
    return PromiseAt(window=Window(begins_at, begins_at + timedelta(minutes=lasts_min)))


def later(booking: Booking, minutes: int) -> PromiseAt:
    assert booking.promised_from is not None
    assert booking.promised_to is not None
    by = timedelta(minutes=minutes)
    return PromiseAt(window=Window(booking.promised_from + by, booking.promised_to + by))


def one(booking: Booking, wanted: Wanted) -> WantedChange:
    return WantedChange(booking.pk, wanted)


def put_in_force(
    asked: Sequence[WantedChange], now: datetime, *, shown: str | None = None, pin: bool = False
) -> Impact:
    if shown is None:
        shown = preview_changes(asked=asked, now=now).token
    return change_as_shown(asked=asked, shown=shown, by=None, now=now, pin=pin).impact


def give(booking: Booking, shift: Shift, *, now: datetime | None = None) -> Assignment:
    return assign_booking(
        booking_id=booking.pk,
        shift_id=shift.pk,
        by=None,
        now=now or at(6),
        expected_version=None,
        pin=False,
    )


def promises() -> dict[int, tuple[datetime | None, datetime | None]]:
    found = Booking.objects.values_list("pk", "promised_from", "promised_to")
    return {pk: (begins_at, ends_at) for pk, begins_at, ends_at in found}


def read_again(asked: Sequence[WantedChange], now: datetime) -> OpenDay:
    first = asked[0].booking_id
    return open_day(
        booking_id=first, now=now, expected_version=None, beside=named_in(asked) - {first}
    )


def compare(asked: Sequence[WantedChange], now: datetime) -> None:
    """Rows, promises, tours, people to tell and the price after the commit are those of the preview; or nothing changed."""
    before, promised = rows(), promises()
    try:
        preview = preview_changes(asked=asked, now=now)
    except (NothingToSwapError, NothingAskedError, InvalidRowError, NobodyFitsError) as error:
        SEEN[type(error).__name__] += 1
        return
    if isinstance(preview.answer, Impossible):
        SEEN["Impossible"] += 1
        with pytest.raises(NotFeasibleError) as refusal:
            put_in_force(asked, now, shown=preview.token)
        assert refusal.value.rule is preview.answer.refusal.rule
        assert (rows(), promises()) == (before, promised)
        return
    expected, known = foreseen(preview), Known.now(preview.day.clock)
    put_in_force(asked, now, shown=preview.token)
    SEEN.update(type(change.wanted).__name__ for change in asked)
    assert rows() == expected
    compare_moves(preview, before, expected)
    compare_people(preview.answer, known, Known.now(preview.day.clock))
    told = {pk: tuple(wanted.window) for pk, wanted in preview.day.promises.items()}
    assert promises() == promised | told
    compare_figures(preview, asked, now)


def compare_figures(preview: Preview, asked: Sequence[WantedChange], now: datetime) -> None:
    impact = preview.answer
    assert isinstance(impact, Impact)
    try:
        again = read_again(asked, now)
    except NobodyFitsError:
        return  # taken off after its time: it is no part of the day any more
    assert score(again.problem, again.plan) == impact.price[1]
    assert again.plan.diff(impact.carried.plan) == ()
    compare_tours(preview.day, impact, again, on_time=now == at(5))


def test_predicted_is_real_for_every_kind_and_for_lists() -> None:
    """Whatever was given to whom before, in the evening before and in the middle of the day."""
    _company, shifts, bookings = carriers_day()
    whom, which = st.sampled_from(shifts), st.sampled_from(bookings)
    kinds: list[st.SearchStrategy[Wanted]] = [
        st.builds(lambda s: GiveTo(shift_id=s.pk), whom),
        st.just(TakeAway()),
        st.builds(lambda b: SwapWith(booking_id=b.pk), which),
        st.builds(window, st.integers(8, 13), st.sampled_from([0, 10, 35])),
    ]
    changes = st.builds(one, which, st.one_of(kinds))
    a, b, c, *_rest = bookings  # at 8:00, 8:25 and 8:50; the first in a wheelchair

    @settings(max_examples=25, database=None)
    @given(
        st.lists(st.tuples(which, whom), min_size=3, max_size=9),
        st.lists(st.lists(changes, min_size=1, max_size=3), min_size=1, max_size=2),
        st.sampled_from([at(5), at(8, 40), at(9, 30)]),
    )
    # Each kind is put in force, and refused, in every run, whatever chance draws.
    @example(
        [(b, shifts[0]), (c, shifts[1])],
        [[one(b, SwapWith(booking_id=c.pk))], [one(b, window(10))]],
        at(5),
    )
    @example(
        [(a, shifts[0])],
        [[one(a, TakeAway()), one(b, GiveTo(shift_id=shifts[0].pk)), one(c, window(12, 35))]],
        at(5),
    )
    @example([(b, shifts[2])], [[one(a, GiveTo(shift_id=shifts[2].pk))]], at(5))
    def law(
        history: list[tuple[Booking, Shift]], asked: list[list[WantedChange]], now: datetime
    ) -> None:
        with undone():
            for booking, shift in history:
                with undone_if_refused():
                    give(booking, shift, now=at(5))
            for some in asked:
                with_driver = set(Assignment.objects.values_list("booking_id", flat=True))
                if any(isinstance(c.wanted, TakeAway) for c in some) and not with_driver:
                    continue
                compare(some, now)

    law()
    assert {"GiveTo", "TakeAway", "SwapWith", "PromiseAt", "Impossible"} <= SEEN.keys()


def price_of(asked: Sequence[WantedChange], now: datetime) -> Score:
    day = read_again(asked, now)
    return score(day.problem, day.plan)


def there_and_back(asked: Sequence[WantedChange], now: datetime) -> bool:
    """Whether both could be done."""
    preview = preview_changes(asked=asked, now=now)
    if isinstance(preview.answer, Impossible):
        return False
    done = change_as_shown(asked=asked, shown=preview.token, by=None, now=now, pin=False)
    put_in_force(done.back, now)
    return True


def test_the_way_back_gives_the_same_cost() -> None:
    """Who comes back does so at the best place: never dearer, and to the point the same from there on."""
    _company, shifts, bookings = carriers_day()
    whom, which = st.sampled_from(shifts), st.sampled_from(bookings)
    kinds: list[st.SearchStrategy[Wanted]] = [
        st.builds(lambda s: GiveTo(shift_id=s.pk), whom),
        st.just(TakeAway()),
        st.builds(lambda b: SwapWith(booking_id=b.pk), which),
        st.builds(window, st.integers(8, 13), st.sampled_from([0, 10, 35])),
    ]
    tried: Counter[str] = Counter()
    _wheelchair, first, second, *_others = bookings

    @settings(max_examples=15, database=None)
    @given(
        st.lists(st.tuples(which, whom), min_size=3, max_size=9),
        st.builds(one, which, st.one_of(kinds)),
    )
    @example([(first, shifts[0]), (second, shifts[1])], one(first, SwapWith(booking_id=second.pk)))
    @example([(first, shifts[0])], one(first, window(9, 10)))
    @example([(first, shifts[0])], one(first, GiveTo(shift_id=shifts[1].pk)))
    @example([(first, shifts[0])], one(first, TakeAway()))
    def law(history: list[tuple[Booking, Shift]], change: WantedChange) -> None:
        with undone():
            for booking, shift in history:
                with undone_if_refused():
                    give(booking, shift, now=at(5))
            try:
                before = price_of([change], at(5))
                if not there_and_back([change], at(5)):
                    return
            except (NothingToSwapError, InvalidRowError):
                return
            promised, held = promises(), rows()
            after = price_of([change], at(5))
            assert after.total <= before.total
            assert there_and_back([change], at(5))
            assert price_of([change], at(5)) == after
            assert (promises(), rows()) == (promised, held)
            tried[type(change.wanted).__name__] += 1

    law()
    assert tried.keys() == {"GiveTo", "TakeAway", "SwapWith", "PromiseAt"}


class TestSwap:
    @pytest.fixture
    def pair(self, company: Company) -> tuple[Booking, Booking]:
        a, b = make_booking(company), make_booking(company, pickup_at=at(9, 5))
        for booking in (a, b):
            give(booking, make_shift(company))
        return a, b

    def test_two_change_drivers_and_stay_with_them(self, pair: tuple[Booking, Booking]) -> None:
        a, b = pair
        held = {row.booking_id: row.shift_id for row in Assignment.objects.all()}
        put_in_force([one(a, SwapWith(booking_id=b.pk))], at(6), pin=True)
        now = {row.booking_id: row for row in Assignment.objects.all()}
        assert {pk: row.shift_id for pk, row in now.items()} == {a.pk: held[b.pk], b.pk: held[a.pk]}
        assert all(row.is_pinned for row in now.values())

    def test_one_that_was_changed_meanwhile(self, pair: tuple[Booking, Booking]) -> None:
        a, b = pair
        asked = [one(a, SwapWith(booking_id=b.pk))]
        shown = preview_changes(asked=asked, now=at(6)).token
        Booking.objects.filter(pk=b.pk).update(version=9)
        with pytest.raises(StaleDayError):
            put_in_force(asked, at(6), shown=shown)

    def test_in_one_tour_there_is_nothing_to_swap(self, company: Company) -> None:
        shift, a, b = make_shift(company), make_booking(company), make_booking(company)
        give(a, shift)
        give(b, shift)
        with pytest.raises(NothingToSwapError):
            preview_changes(asked=[one(a, SwapWith(booking_id=b.pk))], now=at(6))

    def test_whose_turn_comes_after_another_change(self, pair: tuple[Booking, Booking]) -> None:
        """A driver given just before counts, one taken away does not."""
        a, b = pair
        swap = one(a, SwapWith(booking_id=b.pk))
        with pytest.raises(NothingToSwapError):
            preview_changes(asked=[one(b, TakeAway()), swap], now=at(6))
        with pytest.raises(NothingToSwapError):
            preview_changes(
                asked=[
                    one(b, GiveTo(shift_id=Assignment.objects.get(booking=a).shift_id)),
                    swap,
                ],
                now=at(6),
            )
        c = make_booking(a.company, pickup_at=at(11))
        given = one(c, GiveTo(shift_id=Assignment.objects.get(booking=b).shift_id))
        preview = preview_changes(asked=[given, one(a, SwapWith(booking_id=c.pk))], now=at(6))
        assert isinstance(preview.answer, Impact)


class TestAnotherTime:
    def test_its_driver_comes_then_and_the_patient_is_told(self, company: Company) -> None:
        shift, booking = make_shift(company), make_booking(company)
        give(booking, shift)
        requested = PromiseAt(window=Window(at(9, 55), at(10, 15)), requested_at=at(10))
        impact = put_in_force([one(booking, requested)], at(6))
        booking.refresh_from_db()
        assert (booking.promised_from, booking.promised_to) == (at(9, 55), at(10, 15))
        assert (booking.requested_at, booking.status) == (at(10), BookingStatus.ASSIGNED)
        assert impact.patients == (trip_ref(booking.pk),)
        assert impact.drivers == (shift_ref(shift.pk),)
        ride = Assignment.objects.get(booking=booking)
        assert at(9, 55) <= ride.planned_pickup_at <= at(10, 15)

    def test_what_was_asked_for_stays_where_nothing_is_said_of_it(self, company: Company) -> None:
        booking = make_booking(company)
        asked_for = booking.requested_at
        put_in_force([one(booking, window(10))], at(6))
        booking.refresh_from_db()
        assert (booking.requested_at, booking.promised_from) == (asked_for, at(10))
        assert booking.status == BookingStatus.CONFIRMED

    def test_a_late_journey_without_driver_is_promised_again(self, company: Company) -> None:
        """Promised until 9:20, at 9:50 nobody can take it any more; at 10:30 somebody can."""
        shift = make_shift(company)
        late = make_booking(company, promised_from=at(9), promised_to=at(9, 20))
        given = one(late, GiveTo(shift_id=shift.pk))
        with pytest.raises(NobodyFitsError):
            preview_changes(asked=[given], now=at(9, 50))
        put_in_force([one(late, window(10, 30)), given], at(9, 50))
        assert Assignment.objects.get(booking=late).planned_pickup_at >= at(10, 30)

    def test_a_driver_who_is_elsewhere_then(self, company: Company) -> None:
        """The sentence speaks of the time that was asked for, not of the one that is promised now."""
        shift = make_shift(company, end=at(11))
        booking = make_booking(company)
        give(booking, shift)
        preview = preview_changes(asked=[one(booking, window(13))], now=at(6))
        assert isinstance(preview.answer, Impossible)
        assert preview.answer.refusal.rule is Rule.SHIFT
        card = preview_card(preview.day, preview.answer)
        assert card.refusal is not None
        assert "11:00" in card.refusal.sentence
        with pytest.raises(NotFeasibleError) as refused:
            put_in_force([one(booking, window(13))], at(6), shown="x")
        assert "11:00" in str(refused.value)

    def test_an_appointment_stays_what_it_was(self, company: Company) -> None:
        """At 9:55 the patient still waits, five minutes before it: no pickup of this morning makes it any more."""
        shift = make_shift(company)
        booking = make_booking(
            company,
            promised_from=at(9),
            promised_to=at(9, 20),
            appointment_at=at(10),
            dropoff=make_place(company, lat=46.25, lon=6.05),
        )
        give(booking, shift)
        again = PromiseAt(window=Window(at(9), at(10)))
        answer = preview_changes(asked=[one(booking, again)], now=at(9, 55)).answer
        assert isinstance(answer, Impossible)
        assert answer.refusal.rule is Rule.TIME_WINDOW
        assert answer.refusal.amount > 0

    @pytest.mark.parametrize(
        ("wanted", "field"),
        [
            (PromiseAt(window=Window(at(10), at(9))), "promised_to"),
            (PromiseAt(window=Window(at(9, day=TOMORROW), at(10, day=TOMORROW))), "promised_from"),
            (PromiseAt(window=Window(at(6), at(6, 20))), "promised_to"),
        ],
        ids=["backwards", "tomorrow", "over"],
    )
    def test_promises_nobody_could_mean(
        self, company: Company, wanted: PromiseAt, field: str
    ) -> None:
        make_shift(company)
        booking = make_booking(company)
        with pytest.raises(InvalidRowError) as refused:
            preview_changes(asked=[one(booking, wanted)], now=at(7))
        assert set(refused.value.errors) == {field}

    def test_a_patient_in_two_vehicles(self, company: Company) -> None:
        booking = make_booking(company)
        make_booking(company, patient=booking.patient, pickup_at=at(11))
        with pytest.raises(InvalidRowError) as refused:
            preview_changes(asked=[one(booking, window(11))], now=at(6))
        assert set(refused.value.errors) == {"patient"}

    def test_another_time_than_the_one_shown(self, company: Company) -> None:
        booking = make_booking(company)
        shown = preview_changes(asked=[one(booking, window(10))], now=at(6)).token
        with pytest.raises(StaleDayError):
            put_in_force([one(booking, window(10, 5))], at(6), shown=shown)


class TestLists:
    def test_all_or_nothing(self, company: Company) -> None:
        shift = make_shift(company)
        a, b = make_booking(company), make_booking(company)
        asked = [one(a, GiveTo(shift_id=shift.pk)), one(b, GiveTo(shift_id=shift.pk))]
        shown = preview_changes(asked=asked, now=at(6)).token
        Booking.objects.filter(pk=b.pk).update(version=9)
        with pytest.raises(StaleDayError):
            put_in_force(asked, at(6), shown=shown)
        assert not Assignment.objects.exists()

    def test_versions_the_caller_saw(self, company: Company) -> None:
        booking = make_booking(company)
        asked = [one(booking, window(10))]
        with pytest.raises(StaleBookingError):
            preview_changes(asked=asked, now=at(6), versions={booking.pk: 7})

    def test_who_is_pinned(self, company: Company) -> None:
        """Given and swapped journeys stay where a person put them; others keep the pin they had."""
        user, shift = make_user(), make_shift(company)
        a, b = make_booking(company), make_booking(company, pickup_at=at(11))
        give(b, shift)
        asked = [one(a, GiveTo(shift_id=shift.pk)), one(b, later(b, 10))]
        shown = preview_changes(asked=asked, now=at(6)).token
        change_as_shown(asked=asked, shown=shown, by=user, now=at(6))
        pins = {r.booking_id: (r.is_pinned, r.pinned_by) for r in Assignment.objects.all()}
        assert pins == {a.pk: (True, user), b.pk: (False, None)}

    @pytest.mark.parametrize("minutes", [None, (10, 20)])
    def test_none_and_two_times_for_one(
        self, company: Company, minutes: tuple[int, int] | None
    ) -> None:
        booking = make_booking(company)
        asked = [one(booking, later(booking, by)) for by in minutes or ()]
        with pytest.raises(NothingAskedError):
            preview_changes(asked=asked, now=at(6))

    def test_a_strangers_journey(self, company: Company) -> None:
        mine, theirs = make_booking(company), make_booking(make_company())
        with pytest.raises(NotFoundError):
            preview_changes(asked=[one(mine, window(10)), one(theirs, window(10))], now=at(6))

    def test_the_way_back_of_several(self, company: Company) -> None:
        """The opposite of each, the last one first."""
        one_shift, other = make_shift(company), make_shift(company)
        a, b = make_booking(company), make_booking(company, pickup_at=at(11))
        give(a, one_shift)
        asked = [
            one(a, GiveTo(shift_id=other.pk)),
            one(b, GiveTo(shift_id=one_shift.pk)),
            one(a, SwapWith(booking_id=b.pk)),
            one(b, later(b, 30)),
            one(a, TakeAway()),
        ]
        preview = preview_changes(asked=asked, now=at(6))
        assert taking_back(preview.day, asked) == (
            one(a, GiveTo(shift_id=one_shift.pk)),
            WantedChange(b.pk, PromiseAt.of(b)),
            one(a, SwapWith(booking_id=b.pk)),
            one(b, TakeAway()),
            one(a, GiveTo(shift_id=one_shift.pk)),
        )
        before = price_of(asked, at(6))
        put_in_force(asked, at(6), shown=preview.token)
        put_in_force(taking_back(preview.day, asked), at(6))
        assert price_of(asked, at(6)) == before
        b.refresh_from_db()
        assert b.promised_from == at(10, 55)
