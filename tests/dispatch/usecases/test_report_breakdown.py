"""A breakdown is written down once: what is known already stays as it is."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from dispatch.enums import Loss
from dispatch.models import Absence, Shift, VehicleUnavailability
from dispatch.usecases.errors import NotFoundError
from dispatch.usecases.lost_shifts import BackBeforeError
from dispatch.usecases.report_breakdown import report_breakdown
from dispatch.usecases.stranded_shift import Lost
from tests.factories import DAY, at, between

pytestmark = pytest.mark.django_db

NOW = at(9, 10)


def report(shift: Shift, what: Loss, until: datetime | None = None) -> None:
    report_breakdown(lost=Lost(shift_id=shift.pk, what=what, until=until), now=NOW)


def midnight(shift: Shift) -> datetime:
    return shift.company.day_bounds(DAY)[1]


def test_a_vehicle_is_away_until_the_day_ends_or_until_then(shift: Shift) -> None:
    report(shift, Loss.VEHICLE)
    report(shift, Loss.VEHICLE, until=at(22))  # known already
    assert VehicleUnavailability.objects.get().period == between(NOW, midnight(shift))


def test_a_service_that_was_agreed_follows_the_breakdown(shift: Shift) -> None:
    VehicleUnavailability.objects.create(vehicle=shift.vehicle, period=between(at(12), at(14)))
    report(shift, Loss.VEHICLE)
    periods = VehicleUnavailability.objects.order_by("period").values_list("period", flat=True)
    assert list(periods) == [between(NOW, at(12)), between(at(12), at(14))]


def test_a_driver_is_absent_today_and_as_long_as_it_is_said(shift: Shift) -> None:
    report(shift, Loss.DRIVER, until=NOW + timedelta(days=2))
    report(shift, Loss.DRIVER)  # known already
    absence = Absence.objects.get()
    assert (absence.first_on, absence.last_on) == (DAY, DAY + timedelta(days=2))


def test_holidays_that_were_agreed_follow_the_illness(shift: Shift) -> None:
    friday = DAY + timedelta(days=2)
    Absence.objects.create(driver=shift.driver, first_on=friday, last_on=friday)
    report(shift, Loss.DRIVER, until=NOW + timedelta(days=2))
    assert Absence.objects.order_by("first_on")[0].last_on == DAY + timedelta(days=1)


def test_what_is_over_or_not_there_is_refused(shift: Shift) -> None:
    with pytest.raises(BackBeforeError):
        report(shift, Loss.VEHICLE, until=NOW)
    with pytest.raises(NotFoundError):
        report_breakdown(lost=Lost(shift_id=0, what=Loss.VEHICLE), now=NOW)


def test_who_is_back_at_midnight_is_there_on_the_next_day(shift: Shift) -> None:
    report(shift, Loss.DRIVER)
    assert Absence.objects.get().last_on == DAY
