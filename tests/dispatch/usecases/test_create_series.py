"""A new series is tried on its first day to come, kept, and booked four weeks ahead."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from dispatch.enums import Priority, ReturnMode
from dispatch.models import Booking, Company, StandingOrder
from dispatch.usecases.change_series import change_series, preview_series
from dispatch.usecases.create_series import NewSeries, create_series
from dispatch.usecases.keep_row import InvalidRowError
from dispatch.usecases.series_change import StaleSeriesError
from dispatch.usecases.series_rests import End, Pause
from dispatch.usecases.series_rows import SeriesContent, read_series
from tests.factories import DAY, at, make_establishment, make_patient, make_place

pytestmark = pytest.mark.django_db

NOW = at(5)  # of DAY, a Wednesday


def wanted(company: Company, *, starts_on: date = DAY, **fields: object) -> NewSeries:
    """Wednesdays at nine."""
    usual: dict[str, object] = {
        "pickup_id": make_place(company).pk,
        "dropoff_id": make_establishment().pk,
        "weekdays": (2,),
        "interval_weeks": 1,
        "ends_on": None,
        "pickup_time": time(9),
        "appointment_time": None,
        "return_mode": ReturnMode.NONE,
        "return_time": None,
        "same_driver_return": False,
        "priority": Priority.NORMAL,
        "pooling_allowed": True,
    }
    content = SeriesContent(**(usual | fields))  # type: ignore[arg-type]
    return NewSeries(patient_id=make_patient(company).pk, starts_on=starts_on, content=content)


def test_its_journeys_are_booked(company: Company) -> None:
    made = create_series(company=company, wanted=wanted(company), now=NOW)
    order = StandingOrder.objects.get()
    assert (made.order_id, order.weekdays) == (order.pk, [2])
    days = [row.service_on for row in Booking.objects.order_by("service_on")]
    assert days == [DAY + timedelta(weeks=n) for n in range(4)]


def test_one_that_began_in_the_past_keeps_its_rhythm(company: Company) -> None:
    begun = DAY - timedelta(weeks=3)
    new = wanted(company, starts_on=begun, interval_weeks=2)
    made = create_series(company=company, wanted=new, now=NOW)
    assert "booked from today on" in made.notes[0]
    days = [row.service_on for row in Booking.objects.order_by("service_on")]
    assert days == [DAY + timedelta(weeks=1), DAY + timedelta(weeks=3)]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"ends_on": DAY - timedelta(days=1)}, "ends_on"),
        ({"appointment_time": time(8, 30)}, "appointment_time"),
        ({"weekdays": ()}, ""),
        ({"pickup_id": 0}, "pickup"),
        ({"starts_on": date(2000, 1, 1)}, "starts_on"),
    ],
)
def test_what_cannot_be_leaves_nothing_behind(
    company: Company, fields: dict[str, object], field: str
) -> None:
    new = wanted(company, **{"starts_on": DAY - timedelta(weeks=1), **fields})  # type: ignore[arg-type]
    with pytest.raises(InvalidRowError) as refused:
        create_series(company=company, wanted=new, now=NOW)
    assert field in refused.value.errors or (field == "" and "weekdays" in refused.value.errors)
    assert not StandingOrder.objects.exists()
    assert not Booking.objects.exists()


def test_a_series_that_never_takes_place_is_kept_and_books_nothing(company: Company) -> None:
    """It ends before its first Wednesday."""
    new = wanted(company, starts_on=DAY + timedelta(days=1), ends_on=DAY + timedelta(days=2))
    assert create_series(company=company, wanted=new, now=NOW).created == ()


def test_the_version_follows_the_row_and_its_pauses(company: Company) -> None:
    order_id = create_series(company=company, wanted=wanted(company), now=NOW).order_id
    seen = read_series(order_id).version
    assert read_series(order_id).version == seen
    rest = Pause(first_on=DAY, last_on=DAY)
    change_series(order_id=order_id, edit=rest, now=NOW, expected_token=None, expected_version=seen)
    assert read_series(order_id).version != seen
    before = preview_series(order_id=order_id, edit=End(last_on=None), now=NOW)
    with pytest.raises(StaleSeriesError):
        change_series(
            order_id=order_id,
            edit=End(last_on=None),
            now=NOW,
            expected_token=before.token,
            expected_version=seen,
        )
    assert StandingOrder.objects.get().active
