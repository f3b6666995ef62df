"""Who moves what a patient was promised reads what it was and what it is, on the company's clocks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dispatch.enums import DoubtKind
from dispatch.usecases.moved_promise import MovedPromise, moved_promise
from dispatch.usecases.promise import Window
from tests.factories import DAY, at, make_booking, make_company

WAS = Window(at(8, 10), at(8, 25))


@pytest.mark.django_db
def test_only_a_promise_that_was_made_and_has_moved_is_told() -> None:
    company = make_company()
    booking = make_booking(company, pickup_at=at(9))
    (told,) = moved_promise(booking, WAS)
    assert (told.kind, told.field) == (DoubtKind.PROMISE_MOVED, "promised_from")
    assert told.sentence == (
        "The pickup was promised 08:10–08:25, it is now 08:55–09:15: tell the patient."
    )
    assert moved_promise(booking, Window(at(8, 55), at(9, 15))) == ()
    assert moved_promise(booking, None) == ()
    assert moved_promise(make_booking(company, status="draft"), WAS) == ()


@pytest.mark.django_db
def test_another_day_and_a_call_are_told_as_such() -> None:
    tz = make_company().tz
    tomorrow = Window(*(moment + timedelta(days=1) for moment in WAS))
    said = MovedPromise(WAS, tomorrow).sentence(tz)
    assert said.count("08:10–08:25") == 2
    assert str(DAY.day) in said
    assert str(DAY.day + 1) in said
    assert MovedPromise(WAS, None).sentence(tz) == (
        "The pickup was promised 08:10–08:25; now the patient calls when ready."
    )
