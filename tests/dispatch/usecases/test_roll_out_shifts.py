"""The ordinary week becomes shifts: once, where driver and vehicle are there, and told where they are not."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from dispatch.enums import ShiftStatus
from dispatch.models import Absence, Company, Driver, Shift, VehicleUnavailability, WeeklyShift
from dispatch.tasks import roll_out_shifts as roll_out_task
from dispatch.usecases.cancel_shift import cancel_shift
from dispatch.usecases.roll_out_shifts import SenselessSpanError, roll_out_shifts
from tests.factories import DAY, at, between, make_company, make_driver, make_shift, make_vehicle

pytestmark = pytest.mark.django_db

NOW = at(6)  # Wednesday 17 June 2026
SUNDAY = date(2026, 6, 21)


def weekly(company: Company, **fields: object) -> WeeklyShift:
    """07:00–16:00 on Wednesdays, with a vehicle of its own and a break at noon."""
    defaults = {
        "driver": fields.pop("driver", None) or make_driver(company),
        "vehicle": make_vehicle(company) if "vehicle" not in fields else None,
        "weekday": 2,
        "start": time(7),
        "end": time(16),
        "break_earliest": time(11, 30),
        "break_latest": time(13),
        "break_min": 30,
    }
    return WeeklyShift.objects.create(**defaults | fields)


def rolled(company: Company, first_on: date = DAY, last_on: date = SUNDAY, now: datetime = NOW):
    return roll_out_shifts(company=company, first_on=first_on, last_on=last_on, now=now)


def why(done) -> list[str]:
    return [each.sentence for each in done.skipped]


def test_each_weekday_of_the_span_gets_its_shift_with_its_break(company):
    row = weekly(company)
    done = rolled(company, last_on=DAY + timedelta(days=13))
    assert [shift.starts_at for shift in done.created] == [
        at(7),
        at(7, day=DAY + timedelta(days=7)),
    ]
    shift = Shift.objects.get(pk=done.created[0].pk)
    assert (shift.driver, shift.vehicle, shift.ends_at) == (row.driver, row.vehicle, at(16))
    pause = shift.breaks.get()
    assert (pause.earliest_at, pause.latest_at, pause.duration_min) == (at(11, 30), at(13), 30)


def test_rolled_out_twice_nobody_is_on_duty_twice(company):
    weekly(company)
    rolled(company)
    again = rolled(company)
    assert (again.created, again.kept, again.skipped) == ((), 1, ())
    assert Shift.objects.count() == 1


def test_a_shift_that_a_person_made_or_cancelled_is_their_decision(company):
    made, cancelled = weekly(company), weekly(company)
    make_shift(company, driver=made.driver, start=at(9), end=at(12))
    first = rolled(company)
    assert (len(first.created), first.kept) == (1, 1)
    cancel_shift(shift_id=first.created[0].pk, expected_version=None)
    assert rolled(company).created == ()
    assert Shift.objects.get(driver=cancelled.driver).status == ShiftStatus.CANCELLED


def test_an_absent_driver_is_skipped_by_name(company):
    row = weekly(company)
    Absence.objects.create(driver=row.driver, first_on=DAY, last_on=DAY)
    done = rolled(company, last_on=DAY + timedelta(days=7))
    assert [(s.driver, s.day, s.sentence) for s in done.skipped] == [
        (str(row.driver), DAY, "The driver is absent on this day.")
    ]
    assert [shift.starts_at for shift in done.created] == [at(7, day=DAY + timedelta(days=7))]


def test_a_vehicle_that_is_away_taken_unused_or_not_named_skips_the_shift(company):
    away, unused = weekly(company), weekly(company)
    assert away.vehicle is not None
    assert unused.vehicle is not None
    VehicleUnavailability.objects.create(vehicle=away.vehicle, period=between(at(15), at(18)))
    unused.vehicle.active = False
    unused.vehicle.save()
    taken = weekly(company)
    make_shift(company, vehicle=taken.vehicle, start=at(12), end=at(20))
    weekly(company, vehicle=None)
    assert why(rolled(company)) == [
        "The vehicle is unavailable during this shift.",
        "The usual vehicle is out of use.",
        "The vehicle already has a shift then.",
        "The driver has no usual vehicle on this weekday.",
    ]


def test_a_licence_that_has_run_out_skips_the_shift(company):
    row = weekly(company)
    row.driver.licences.update(expires_on=DAY - timedelta(days=1))
    assert why(rolled(company)) == ["The driver has no valid licence for this vehicle."]


def test_of_two_drivers_with_one_vehicle_the_same_one_gets_it_each_week(company):
    vehicle = make_vehicle(company)
    first, second = (weekly(company, vehicle=vehicle) for _ in range(2))
    done = rolled(company, last_on=DAY + timedelta(days=7))
    assert {shift.driver for shift in done.created} == {first.driver}
    assert {each.driver for each in done.skipped} == {str(second.driver)}


def test_who_drives_no_more_or_for_another_company_gets_no_shift(company):
    gone = weekly(company)
    Driver.objects.filter(pk=gone.driver_id).update(active=False)
    weekly(make_company())
    assert rolled(company).created == ()


def test_a_night_shift_ends_on_the_next_day_with_its_break_after_midnight(company):
    weekly(
        company,
        weekday=5,
        start=time(22),
        end=time(6),
        break_earliest=time(23, 30),
        break_latest=time(1, 30),
    )
    (shift,) = rolled(company).created
    saturday = SUNDAY - timedelta(days=1)
    assert (shift.starts_at, shift.ends_at) == (at(22, day=saturday), at(6, day=SUNDAY))
    pause = shift.breaks.get()
    assert pause.earliest_at == at(23, 30, day=saturday)
    assert pause.latest_at == at(1, 30, day=SUNDAY)


def test_a_night_in_which_the_clocks_change_is_as_long_as_it_is(company):
    weekly(company, weekday=5, start=time(22), end=time(6), break_min=None,
           break_earliest=None, break_latest=None)  # fmt: skip
    saturday = date(2026, 10, 24)
    (shift,) = rolled(company, first_on=saturday, last_on=saturday).created
    assert shift.ends_at - shift.starts_at == timedelta(hours=9)


SPRING, AUTUMN = date(2027, 3, 27), date(2026, 10, 24)  # Saturdays before the clocks change


def on_the_night(
    company: Company, saturday: date, start: int, end: int, pause: tuple[time, time, int]
):
    """The shift and its break, in UTC as hours and minutes."""
    earliest, latest, minutes = pause
    weekly(company, weekday=5, start=time(start), end=time(end), break_min=minutes,
           break_earliest=earliest, break_latest=latest)  # fmt: skip
    done = rolled(company, first_on=saturday, last_on=saturday)
    assert done.skipped == ()
    (shift,) = done.created
    held = shift.breaks.get()
    moments = (shift.starts_at, shift.ends_at, held.earliest_at, held.latest_at)
    assert held.latest_at + timedelta(minutes=minutes) <= shift.ends_at
    return [f"{moment.astimezone(UTC):%H:%M}" for moment in moments]


def test_a_break_in_the_hour_that_spring_lacks_is_moved_inside_the_shift(company):
    """02:00 is shown as 03:00, the end of the shift: it begins from 01:00 to 01:15 instead, winter time."""
    found = on_the_night(company, SPRING, 22, 3, (time(2), time(2, 15), 45))
    assert found == ["21:00", "01:00", "00:00", "00:15"]


def test_the_night_of_spring_takes_nothing_from_the_window_of_a_break(company):
    """02:00 and 03:00 are one moment then: the hour between them is kept, to 04:00 summer time."""
    found = on_the_night(company, SPRING, 20, 6, (time(2), time(3), 30))
    assert found == ["19:00", "04:00", "01:00", "02:00"]


def test_the_night_of_autumn_adds_nothing_to_the_window_of_a_break(company):
    """From the first 02:00 to the second one, an hour later."""
    found = on_the_night(company, AUTUMN, 20, 6, (time(2), time(3), 30))
    assert found == ["18:00", "05:00", "00:00", "01:00"]


def test_a_short_night_of_autumn_keeps_its_break_where_it_is(company):
    found = on_the_night(company, AUTUMN, 22, 3, (time(2), time(2, 15), 45))
    assert found == ["20:00", "02:00", "00:00", "00:15"]


@pytest.mark.parametrize(
    ("first_on", "last_on", "said"),
    [
        (DAY, DAY - timedelta(days=1), "The last day is before the first one."),
        (DAY - timedelta(days=1), DAY, "These days are over."),
        (DAY, DAY + timedelta(days=366), "At most a year at a time."),
    ],
)
def test_a_senseless_span_is_refused(company, first_on, last_on, said):
    with pytest.raises(SenselessSpanError, match=said):
        rolled(company, first_on, last_on)


# The task and the command ---------------------------------------------------------------------


def every_day(company: Company) -> None:
    driver, vehicle = make_driver(company), make_vehicle(company)
    for weekday in range(7):
        weekly(company, driver=driver, vehicle=vehicle, weekday=weekday)


def test_the_task_rolls_out_four_weeks_of_every_company(company, settings, caplog):
    every_day(company)
    weekly(company, vehicle=None)
    caplog.set_level("INFO", "dispatch.tasks")
    assert roll_out_task() == {company.slug: 28}
    assert "has no usual vehicle" in caplog.text
    assert roll_out_task() == {company.slug: 0}
    scheduled = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert "dispatch.roll_out_shifts" in scheduled


def command(*arguments: str) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("roll_out", *arguments, stdout=out, stderr=err)
    return out.getvalue(), err.getvalue()


def span(days: int = 7) -> tuple[str, ...]:
    first = timezone.now().date() + timedelta(days=2)
    return f"--from={first}", f"--to={first + timedelta(days=days - 1)}"


def test_the_command_is_dry_unless_told(company):
    every_day(company)
    weekly(company, vehicle=None)
    out, err = command(*span())
    assert out == "Would make 7 shift(s); 0 kept, 1 skipped.\n"
    assert "no usual vehicle" in err
    assert not Shift.objects.exists()
    out, _err = command(*span(), "--wet-run", "--json")
    told = json.loads(out)
    assert (told["created"], told["kept"], len(told["skipped"])) == (7, 0, 1)
    assert Shift.objects.count() == 7


def test_nothing_to_do_and_a_senseless_span_have_their_exit_codes(company):
    with pytest.raises(SystemExit) as nothing:
        command(*span())
    assert nothing.value.code == 4
    with pytest.raises(CommandError, match="These days are over") as refusal:
        command("--from=2020-01-01", "--to=2020-01-02")
    assert refusal.value.returncode == 1
