"""Asks for a re-plan of today where the day has changed, in companies that let the machine propose or decide.

Whether there is something to re-plan is read off the day itself: open journeys and shifts that have another version
than the last plan saw, journeys it held that are gone, rides whose driver or vehicle cannot drive them any more, and
vehicles that are late, or silent when a pickup was due. So an event may be told twice, or never: the next minute finds it. A day has one re-plan in the
queue at most, which reads everything that happened until it begins.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import takewhile
from typing import Any

from django.db import transaction
from django.db.models import Prefetch, Q, QuerySet
from django.db.models.functions import Coalesce

from dispatch.engine.stability import NOTICED_S
from dispatch.enums import BookingStatus, DispatchMode, RunStatus, RunTrigger
from dispatch.models import Assignment, Booking, Company, DispatchRun, Shift
from dispatch.models.run import DispatchRunQuerySet
from dispatch.models.statuses import OPEN, UNDER_WAY
from dispatch.notes import NoteKey
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.day_content import NothingToPlanError
from dispatch.usecases.day_versions import day_versions
from dispatch.usecases.redeliver_runs import MAX_TRIES, valid_rules
from dispatch.usecases.request_run import request_run
from dispatch.usecases.shift_faults import journey_fault
from dispatch.usecases.silent_shifts import silent_shifts

PAUSE_AFTER_FAILURES = timedelta(minutes=15)
LEFT_BEHIND = frozenset(
    {
        NoteKey.BOOKINGS_CHANGED,
        NoteKey.SHIFTS_CHANGED,
        NoteKey.JOURNEYS_UNFIT_NOW,
        NoteKey.TIMES_PASSED,
    }
)  # why a plan that was found was not put in force: the day went on, nothing broke
REMEMBERED = 8  # of the last re-plans: how many in a row failed
SETTLED = (RunStatus.DONE, RunStatus.SUPERSEDED)
STILL_KNOWN = frozenset({*OPEN, *UNDER_WAY, BookingStatus.COMPLETED})

Seen = dict[str, Any]


def replan_today(*, now: datetime, company_id: int | None = None) -> list[int]:
    """Ids of the runs newly requested, for one company or for all; none in companies that plan by hand."""
    companies = Company.objects.exclude(mode=DispatchMode.MANUAL)
    if company_id is not None:
        companies = companies.filter(pk=company_id)
    return [run.pk for company in companies if (run := _due_run(company, now))]


def day_as_seen(company: Company, day: date, now: datetime) -> Seen:
    """What a later look compares with: kept by each re-plan, read before anything else of the day."""
    return {
        "day": day_versions(company, day),
        "stranded": sorted(_stranded(company, day)),
        "late": _minutes_late(company, day, now),
        "silent": _silent(company, day, now),
    }


@transaction.atomic
def _due_run(company: Company, now: datetime) -> DispatchRun | None:
    rules = valid_rules(company)
    if rules is None or not rules.replan_enabled:
        return None
    Company.objects.select_for_update(of=("self",)).get(pk=company.pk)
    today = local_day(company, now)
    has_plan = Assignment.objects.filter(company=company, booking__service_on=today).exists()
    if not has_plan or not _may_ask(company, today, now):
        return None
    if not _has_changed(_last_seen(company, today), day_as_seen(company, today, now)):
        return None
    try:
        return request_run(
            company=company, day=today, trigger=RunTrigger.REPLAN, by=None, is_handed_over=True
        )
    except NothingToPlanError:
        return None  # its last journey was called off


def _may_ask(company: Company, day: date, now: datetime) -> bool:
    """Whether nobody plans the day now, no re-plan waits for a worker, and the last ones did not all fail just now (see
    `_pause`).
    """
    runs = DispatchRun.objects.filter(company=company, service_on=day)
    if runs.filter(status=RunStatus.RUNNING, lease_until__gte=now).exists():
        return False
    asked = runs.continuous()
    if asked.held_by_nobody(now).filter(fence__lt=MAX_TRIES).exists():
        return False
    last = asked.order_by("-version").without_documents()[:REMEMBERED]
    failed = list(takewhile(lambda run: run.status == RunStatus.FAILED, last))
    pause = _pause(failed)
    return not any(run.finished_at and run.finished_at > now - pause for run in failed)


def _pause(failed: list[DispatchRun]) -> timedelta:
    """After these re-plans, the newest first and none between them that did not fail.

    A plan that the day has left behind says nothing of the next one: three are made one after the other, then the
    minutes between them double, so that a day on which none ever fits does not plan all the time.
    """
    newest = failed[:MAX_TRIES]
    if len(newest) < MAX_TRIES:
        return timedelta()
    if not any(_was_left_behind(run) for run in newest):
        return PAUSE_AFTER_FAILURES
    return min(timedelta(minutes=2 ** (len(failed) - MAX_TRIES)), PAUSE_AFTER_FAILURES)


def _was_left_behind(run: DispatchRun) -> bool:
    return isinstance(run.error, dict) and run.error.get("key") in LEFT_BEHIND


def _last_seen(company: Company, day: date) -> Seen:
    """The day as the newest plan left it, or as the newest re-plan found it; nothing where there is none."""
    runs: DispatchRunQuerySet = DispatchRun.objects.filter(
        Q(based_on__has_key="left") | Q(based_on__has_key="day"),
        company=company,
        service_on=day,
        status__in=SETTLED,
    )
    newest = runs.order_by(Coalesce("applied_at", "finished_at").desc(), "-version")
    found: Seen = newest.values_list("based_on", flat=True).first() or {}
    return found


def _has_changed(before: Seen, now: Seen) -> bool:
    versions: dict[str, dict[str, int]] = before.get("left") or before.get("day") or {}
    bookings, shifts = versions.get("bookings", {}), versions.get("shifts", {})
    found = now["day"]
    is_late = any(
        minutes >= 2 * before.get("late", {}).get(pk, 0) for pk, minutes in now["late"].items()
    )
    return (
        _open_ones(found["bookings"]).items() - bookings.items() != set()
        or bool(_gone(bookings.keys()))
        or found["shifts"] != shifts
        or bool(set(now["stranded"]) - set(before.get("stranded", ())))
        or bool(set(now["silent"]) - set(before.get("silent", ())))
        or is_late
    )


def _open_ones(versions: dict[str, int]) -> dict[str, int]:
    """A journey that has set off goes its way: that alone changes nothing for the others."""
    still_open = [status.value for status in OPEN]
    open_ones = Booking.objects.filter(pk__in=versions, status__in=still_open)
    return {str(pk): versions[str(pk)] for pk in open_ones.values_list("pk", flat=True)}


def _gone(bookings: Any) -> set[str]:
    """Cancelled, not met, or moved to another day: whoever was to drive them has time."""
    known = [status.value for status in STILL_KNOWN]
    kept = Booking.objects.filter(pk__in=bookings, status__in=known).values_list("pk", flat=True)
    return set(bookings) - {str(pk) for pk in kept}


def _rides(company: Company, day: date) -> QuerySet[Assignment]:
    return Assignment.objects.filter(
        company=company, booking__service_on=day, is_over=False
    ).order_by("pk")


def _stranded(company: Company, day: date) -> Iterator[int]:
    """Bookings whose driver or vehicle cannot drive them any more."""
    shifts = Prefetch("shift", Shift.objects.with_plan_relations())
    waiting = _rides(company, day).filter(booking__status=BookingStatus.ASSIGNED.value)
    for ride in waiting.select_related("booking__patient").prefetch_related(shifts):
        if journey_fault(ride, ride.shift, day) is not None:
            yield ride.booking_id


def _silent(company: Company, day: date, now: datetime) -> list[int]:
    """Shifts of which nothing is recorded although a planned pickup is long past: asked for once, until they are heard of.

    None where the machine decides: a button that was not pressed would move journeys. A person who gets a proposal
    reads in it that nothing is recorded, and rings the driver.
    """
    if company.mode == DispatchMode.FULLY_AUTO:
        return []
    rows = Booking.objects.filter(company=company, service_on=day, assignment__is_over=False)
    rows = rows.select_related("assignment").prefetch_related("handovers")
    return sorted(silent_shifts(company, rows, now=now))


def _minutes_late(company: Company, day: date, now: datetime) -> dict[str, int]:
    """Journeys under way whose vehicle is late by what people notice: it is asked again when that has doubled."""
    late: dict[str, int] = {}
    begun = _rides(company, day).filter(booking__status__in=[s.value for s in UNDER_WAY])
    for pk, status, pickup_at, dropoff_at in begun.values_list(
        "booking_id", "booking__status", "planned_pickup_at", "planned_dropoff_at"
    ):
        due_at = dropoff_at if status == BookingStatus.ON_BOARD else pickup_at
        seconds = (now - due_at).total_seconds()
        if seconds >= NOTICED_S:
            late[str(pk)] = int(seconds // 60)
    return late
