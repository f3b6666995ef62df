"""What runs say about themselves in the words of the person who looks: their language, their drivers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from dispatch.models import Booking, Shift
from dispatch.notes import Figure, Note, NoteKey
from dispatch.roads.values import ESTIMATE, MIXED, OSRM
from dispatch.usecases.references import row_id

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from dispatch.engine.sentences import Label

NAMED = frozenset({"shift", "trip", "other"})  # figures that are references
Stored = str | dict[str, Any]  # a row's note; a plain sentence where an older version wrote it

SENTENCES: Mapping[NoteKey, _StrPromise] = {
    NoteKey.NO_ROAD_SERVER: _(
        "No road server is set: travel times are estimated from straight lines."
    ),
    NoteKey.ROADS_ESTIMATED: _(
        "%(gaps)d of %(pairs)d travel times are estimated from straight lines."
    ),
    NoteKey.ROAD_PLACES_OFF_MAP: ngettext_lazy(
        "%(count)d place lies outside the road map: its trips are estimated.",
        "%(count)d places lie outside the road map: their trips are estimated.",
        "count",
    ),
    NoteKey.ROAD_PAIRS_UNLINKED: ngettext_lazy(
        "%(count)d pair of places has no road between them on the map.",
        "%(count)d pairs of places have no road between them on the map.",
        "count",
    ),
    NoteKey.STRAIGHT_LINES: _("Straight lines: not the way that is driven."),
    NoteKey.ROAD_TIME_SPENT: _("The time for asking the road server is spent."),
    NoteKey.ROAD_RESTING: _(
        "The road server failed repeatedly and is asked again in %(seconds)d s."
    ),
    NoteKey.ROAD_SLOW: _("The road server does not answer in time."),
    NoteKey.ROAD_ADDRESS: _("OSRM_URL is not an http address."),
    NoteKey.ROAD_UNREACHABLE: _("The road server cannot be reached."),
    NoteKey.ROAD_UNREADABLE: _("The road server's answer cannot be read."),
    NoteKey.ROAD_TOO_LARGE: _("The road server's answer is too large."),
    NoteKey.ROAD_STATUS: _("The road server reports an error (%(status)d)."),
    NoteKey.ROAD_NOT_JSON: _("The road server's answer is not JSON."),
    NoteKey.ROAD_NOT_OSRM: _("The road server's answer is not one of OSRM."),
    NoteKey.ROAD_REFUSED: _("The road server refuses the question (%(code)s)."),
    NoteKey.ROAD_TABLE_INCOMPLETE: _("The road server's table is incomplete."),
    NoteKey.ROAD_NO_NUMBER: _("The road server's answer holds something that is no number."),
    NoteKey.ROAD_IMPOSSIBLE: _("The road server's answer holds an impossible number."),
    NoteKey.ROAD_NO_SNAP: _("The road server does not say which roads it took."),
    NoteKey.ROAD_NO_LINE: _("The road server's answer holds no line."),
    NoteKey.SHIFT_DRIVER_LEFT: _("Left out: %(shift)s. The driver is no longer active."),
    NoteKey.SHIFT_VEHICLE_RETIRED: _("Left out: %(shift)s. The vehicle is no longer active."),
    NoteKey.SHIFT_DRIVER_ABSENT: _("Left out: %(shift)s. The driver is absent."),
    NoteKey.SHIFT_VEHICLE_AWAY: _("Left out: %(shift)s. The vehicle is unavailable."),
    NoteKey.SHIFT_NO_LICENCE: _(
        "Left out: %(shift)s. The driver has no valid licence for the vehicle."
    ),
    NoteKey.SHIFT_NO_SEATS: _("Left out: %(shift)s. The vehicle has no seat configuration."),
    NoteKey.SHIFT_NO_BASE: _("Left out: %(shift)s. The base has no coordinates."),
    NoteKey.SHIFT_CUT: _(
        "Planned from %(start)s to %(end)s only: %(shift)s. The vehicle is unavailable at other times."
    ),
    NoteKey.SHIFT_STUCK: _(
        "Left as it is: %(shift)s. What it has begun cannot be timed by the rules."
    ),
    NoteKey.SHIFT_SILENT: _(
        "%(shift)s: nothing recorded since %(since)s, and a pickup was planned for %(due)s. Taken to set off now: "
        "ring the driver."
    ),
    NoteKey.SHIFT_UNHEARD: _(
        "%(shift)s: nothing recorded yet, and a pickup was planned for %(due)s. Taken to set off now: ring the "
        "driver."
    ),
    NoteKey.WINDOW_STRETCHED: _(
        "The promised window of journey %(trip)s was opened by %(minutes)d min, because its vehicle is late; here it comes "
        "in time."
    ),
    NoteKey.WINDOW_LATE: _(
        "The promised window of journey %(trip)s was opened by %(minutes)d min, because its vehicle is late; here it comes "
        "%(late)d min late: tell the patient."
    ),
    NoteKey.UNDER_WAY_OUTSIDE: _(
        "Journey %(trip)s is under way with a shift that takes no part: it stays there, until the page of the "
        "breakdown gives it to others."
    ),
    NoteKey.PIN_RELEASED: _(
        "Journey %(trip)s was pinned to a shift that takes no part, or not at that time: another driver may have it."
    ),
    NoteKey.FAIRNESS_WEIGHED: ngettext_lazy(
        "The only plan between fair and cheap: fairness is weighed at %(weight)d in it (the company: %(usual)d).",
        "One of %(count)d plans between fair and cheap: fairness is weighed at %(weight)d in it (the company: "
        "%(usual)d).",
        "count",
    ),
    NoteKey.CHOICE_CLOSED: _(
        "Version %(version)d of the plans between fair and cheap was put in force: this one was put aside."
    ),
    NoteKey.PATIENT_TWICE: _(
        "Journeys %(trip)s and %(other)s are of one patient and promised at the same time: one of them is "
        "probably too many."
    ),
    NoteKey.REPLAN_CHANGES: ngettext_lazy(
        "%(count)d journey gets another driver or another time by choice; at most %(budget)d may.",
        "%(count)d journeys get another driver or another time by choice; at most %(budget)d may.",
        "count",
    ),
    NoteKey.REPLAN_KEEPS: _("Nobody with a driver gets another one, or another time, by choice."),
    NoteKey.REPLAN_UNAVOIDABLE: ngettext_lazy(
        "%(count)d journey could not stay as it was: its driver or its vehicle is missing or late.",
        "%(count)d journeys could not stay as they were: their driver or their vehicle is missing or late.",
        "count",
    ),
    NoteKey.REPLAN_HELD_BACK: ngettext_lazy(
        "With %(count)d change in all there would be a better plan, with %(served)d more journeys driven.",
        "With %(count)d changes in all there would be a better plan, with %(served)d more journeys driven.",
        "count",
    ),
    NoteKey.PROMISE_BROKEN: _(
        "Journey %(trip)s comes %(minutes)d min later than promised: tell the patient."
    ),
    NoteKey.ROAD_PICKUP_MOVED: _(
        "Journey %(trip)s: the patient waits on the road and is fetched at %(at)s, not at %(before)s as planned: tell "
        "them."
    ),
    NoteKey.NOTHING_BETTER: _("Nothing better was found: the plan in force stays."),
    NoteKey.TIMES_PASSED: _(
        "The times of this re-plan no longer held when it was to be put in force: the day is planned again."
    ),
    NoteKey.DAY_BUSY: _("This day is being planned already."),
    NoteKey.DAY_OVER: _("This day is over: it is not planned any more."),
    NoteKey.DAY_EMPTY: _("There is neither a shift nor a booking on this day."),
    NoteKey.SETTINGS_NOT_VALID: _("The settings of the company are not valid: %(fields)s."),
    NoteKey.PLANNER_REFUSED: _("The planner refuses this day: %(detail)s"),
    NoteKey.DAY_CONTRADICTORY: _(
        "The day cannot be planned: what is recorded of it contradicts itself; the log says more."
    ),
    NoteKey.PLAN_UNFIT: ngettext_lazy(
        "The planner broke %(count)d rule and kept its plan back: a mistake of the program; the log says more.",
        "The planner broke %(count)d rules and kept its plan back: a mistake of the program; the log says more.",
        "count",
    ),
    NoteKey.INTERRUPTED: _("The planning was interrupted."),
    NoteKey.JOURNEYS_UNFIT_NOW: ngettext_lazy(
        "%(count)d journey can no longer be driven as planned: its hour, its driver, its vehicle or its patient's "
        "needs have changed. Plan the day again.",
        "%(count)d journeys can no longer be driven as planned: their hour, their driver, their vehicle or their "
        "patients' needs have changed. Plan the day again.",
        "count",
    ),
    NoteKey.BOOKINGS_CHANGED: ngettext_lazy(
        "%(count)d booking changed since this plan was made: plan the day again.",
        "%(count)d bookings changed since this plan was made: plan the day again.",
        "count",
    ),
    NoteKey.SHIFTS_CHANGED: _("A shift changed since this plan was made: plan the day again."),
    NoteKey.JOURNEYS_COLLIDE: _(
        "The driver or the vehicle got another journey at that time meanwhile."
    ),
    NoteKey.BROKE_OFF: _("The planner broke off unexpectedly (%(kind)s); the log says more."),
}


SOURCES: Mapping[str, _StrPromise] = {
    OSRM: _("road server"),
    MIXED: _("road server, some estimated"),
    ESTIMATE: _("estimated"),
}


# Why a stage of the planner was left out or failed; the engine's keys and, of failures, the class of the error.
STAGE_NOTES: Mapping[str, _StrPromise] = {
    "no_time_left": _("no time was left"),
    "switched_off": _("it is switched off"),
    "rounds_counted": _("rounds are counted, not seconds"),
    "nothing_to_plan": _("there is nothing to plan"),
    "fair_loads_priced": _("it does not see the price of fair loads"),
    "day_very_large": _("the day is too large for it"),
    "fairness_is_free": _("it costs nothing who drives how much"),
    "every_trip_placed": _("every trip has a place"),
    "UnfitPlanError": _("its plan broke a rule: a mistake of the program"),
    "NoPlanFoundError": _("it found no plan"),
    "InvalidPlanError": _("what it began from breaks a rule"),
}


def stage_words(note: str) -> str:
    """What older versions wrote is shown as it is."""
    return str(STAGE_NOTES.get(note.partition(":")[0], note))


def source_words(source: str) -> str:
    """Where a run's travel times are from; empty for a run that has none."""
    return str(SOURCES.get(source, source))


def note_sentence(note: Note, label: Label | None = None) -> str:
    """One note in the reader's language; `label` says what people call a shift."""
    figures: dict[str, Figure] = dict(note.figures)
    for name in NAMED & figures.keys():
        reference = str(figures[name])
        figures[name] = (label or label_of({reference}))(reference)
    return str(SENTENCES[note.key] % figures)


def note_sentences(stored: Iterable[Stored], label: Label | None = None) -> list[str]:
    """The notes of a run as its row keeps them; without a `label` the rows are asked once for all."""
    rows = list(stored)
    named = label or label_of(references_in(rows))
    return [_spoken(row, named) for row in rows]


def error_sentence(stored: Stored | None) -> str:
    """Why a run failed; empty for one that did not."""
    return "" if stored is None else note_sentences([stored])[0]


def note_key(stored: Stored | None) -> str | None:
    """The same for machines; None for a plain sentence and for nothing."""
    return str(stored["key"]) if isinstance(stored, dict) else None


def references_in(stored: Iterable[Stored]) -> set[str]:
    """The shifts and trips that these notes speak of."""
    figures = (row["figures"] for row in stored if isinstance(row, dict))
    return {str(found[name]) for found in figures for name in NAMED & found.keys()}


def notes_of_shifts(stored: Iterable[Stored]) -> dict[int, Note]:
    """Shift → what the run says of it; sentences of older versions name no row."""
    known = (_note(row) for row in stored if isinstance(row, dict))
    notes = ((dict(note.figures).get("shift"), note) for note in known if note is not None)
    return {row_id(str(shift)): note for shift, note in notes if shift is not None}


def label_of(references: Iterable[str]) -> Label:
    """A trip's booking, a shift's driver and hours in the company's time; whoever looks may see them."""
    wanted = set(references)
    shifts = {row_id(reference) for reference in wanted if reference.startswith("s")}
    rows = Shift.objects.filter(pk__in=shifts).select_related("driver", "company") if shifts else ()
    known = {f"s{row.pk}": driver_and_hours(row) for row in rows}
    trips = {row_id(reference) for reference in wanted if reference.startswith("b")}
    bookings = Booking.objects.filter(pk__in=trips).values_list("pk", "reference") if trips else ()
    known |= {f"b{pk}": name for pk, name in bookings}
    return lambda reference: known.get(reference) or _gone(reference)


def _gone(reference: str) -> str:
    return gettext("a shift that is gone") if reference.startswith("s") else "–"


def driver_and_hours(row: Shift) -> str:
    """What people call a shift; an unsaved one too."""
    start, end = (moment.astimezone(row.company.tz) for moment in (row.starts_at, row.ends_at))
    return f"{row.driver}, {start:%H:%M}–{end:%H:%M}"


def _spoken(stored: Stored, label: Label) -> str:
    if isinstance(stored, str):
        return stored
    note = _note(stored)
    return str(stored["key"]) if note is None else note_sentence(note, label)


def _note(stored: dict[str, Any]) -> Note | None:
    """None where a newer version wrote it: its key says more than nothing."""
    try:
        return Note.from_json(stored)
    except ValueError:
        return None
