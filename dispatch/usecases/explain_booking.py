"""Answers why this driver drives a journey, why none of the others does, or why nobody can; writes nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from dispatch.engine.explain import (
    Reason,
    WhyNot,
    unassigned_reason,
    why_not_each,
    why_this_driver,
)
from dispatch.engine.plan import Unassigned
from dispatch.engine.problem import Problem
from dispatch.engine.sentences import Label
from dispatch.enums import BookingStatus, Rule
from dispatch.models import Booking, DispatchRun, Shift
from dispatch.models.statuses import OUTCOMES
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.day_so_far import assignment_of
from dispatch.usecases.errors import NotFoundError
from dispatch.usecases.note_sentences import driver_and_hours, note_sentence, note_sentences
from dispatch.usecases.plan_behind import PlanBehind, plan_behind
from dispatch.usecases.references import row_id, shift_ref, trip_ref
from dispatch.usecases.wording import language, unassigned_sentences

# Journeys that end with one of these may have been driven as far as the door.
DRIVEN = frozenset({BookingStatus.COMPLETED, BookingStatus.NO_SHOW, BookingStatus.MISSED})


class Standing(StrEnum):
    DRIVEN = "driven"  # somebody has it
    WAITING = "waiting"  # nobody has it
    NOT_PLANNED = "not_planned"  # nothing to decide: a draft, on call, cancelled, over


class Verdict(StrEnum):
    POSSIBLE = "possible"
    REFUSED = "refused"
    LEFT_OUT = "left_out"  # takes no part in the planning


class BasisKind(StrEnum):
    RUN = "run"
    NOW = "now"


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What the answer is drawn from; `version`: of the run in force, if there is one.

    `is_current`: whether it still tells what can be done; else it tells what could be when the plan was made.
    """

    kind: BasisKind
    is_current: bool
    version: int | None
    at: datetime
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One reason. `key`: a rule, or a concern of the price; `points`: what it adds to the price elsewhere."""

    key: str
    sentence: str
    points: int

    @property
    def size(self) -> int:
        """How many points, saved or added: what a plural goes by."""
        return abs(self.points)


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherDriver:
    """What giving the journey to somebody else meets with.

    `rule` and `amount` (seconds, or a count) when refused; `added_cost` with its terms when possible.
    """

    shift: Shift
    verdict: Verdict
    sentence: str
    rule: Rule | None = None
    amount: int = 0
    added_cost: int | None = None
    terms: tuple[Argument, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """`sentence` says how the journey stands; `shift` drives it."""

    booking: Booking
    standing: Standing
    sentence: str
    shift: Shift | None = None
    basis: Basis | None = None
    reasons: tuple[Argument, ...] = ()
    others: tuple[OtherDriver, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_settled(self) -> bool:
        """Whether the journey is too far gone for anybody else: then there is one answer for all."""
        return bool(self.others) and all(o.rule is Rule.FREEZE_TIME for o in self.others)

    @property
    def is_current(self) -> bool:
        """Whether who is called possible is so now; else only the comparison of drivers says it."""
        return self.basis is None or self.basis.is_current

    @property
    def tells_points(self) -> bool:
        """Whether a price is named anywhere in the answer."""
        arguments = [*self.reasons, *(term for other in self.others for term in other.terms)]
        return any(a.points for a in arguments) or any(o.added_cost for o in self.others)


def explain_booking(*, booking_id: int, now: datetime) -> Explanation:
    """Why the journey is with its driver and with no other one, or with nobody. Raises NotFoundError."""
    booking = (
        Booking.objects.select_related("company__base")
        .with_plan_relations()
        .select_related("assignment__shift__driver", "assignment__shift__vehicle")
        .filter(pk=booking_id)
        .first()
    )
    if booking is None:
        raise NotFoundError(_("This booking does not exist."))
    nothing = _nothing_to_decide(booking)
    if nothing:
        return Explanation(booking=booking, standing=Standing.NOT_PLANNED, sentence=nothing)
    behind = plan_behind(booking, now)
    if behind is None:
        return _over(booking)
    return _Answer(booking, behind, now).explanation()


def _nothing_to_decide(booking: Booking) -> str:
    status = BookingStatus(booking.status)
    if status is BookingStatus.DRAFT:
        return _("This journey is a draft: it is planned once it is confirmed.")
    if status in OUTCOMES - DRIVEN:
        said = str(booking.get_status_display())
        if booking.status_reason:
            said += f" ({booking.get_status_reason_display()})"
        return _("This journey is not driven: %(status)s.") % {"status": said}
    if booking.promised_from is None:  # confirmed without a promise: on call (`booking_promised`)
        return _("The patient has not called yet: the return is planned once the hour is known.")
    return ""


def _over(booking: Booking) -> Explanation:
    ride = assignment_of(booking)
    if ride is None:
        sentence = _("This journey is over; who drove it is not recorded.")
    else:
        sentence = _(
            "This journey is over: %(driver)s had it. It did not come from the plan in force, so "
            "what else was possible then is not known."
        ) % {"driver": ride.shift.driver}
    shift = None if ride is None else ride.shift
    return Explanation(
        booking=booking, standing=Standing.NOT_PLANNED, sentence=sentence, shift=shift
    )


class _Answer:
    """One question, the plan it is answered from, and the words for both."""

    def __init__(self, booking: Booking, behind: PlanBehind, now: datetime) -> None:
        self.booking, self.behind, self.now = booking, behind, now
        self.trip_id = trip_ref(booking.pk)
        self.clock = DayClock.of(booking.company, booking.service_on)
        ride = assignment_of(booking)
        self.held_by = None if ride is None else ride.shift
        self.shifts = self._shifts()
        self.is_current = not (behind.is_run and behind.has_moved)

    def explanation(self) -> Explanation:
        problem, plan = self.behind.problem, self.behind.plan
        is_known = self.trip_id in problem.trip_by_id
        free = _unpinned(
            problem, self.trip_id
        )  # whom a person chose instead is for the reasons to say
        answers = why_not_each(free, plan, self.trip_id) if is_known else {}
        label = self._label(answers)
        others = [
            self._other(shift, answers.get(shift_ref(pk)), label)
            for pk, shift in self.shifts.items()
            if self.held_by is None or pk != self.held_by.pk
        ]
        return Explanation(
            booking=self.booking,
            standing=Standing.WAITING if self.held_by is None else Standing.DRIVEN,
            sentence=self._headline(label),
            shift=self.held_by,
            basis=self._basis(),
            reasons=self._reasons(answers, label),
            others=tuple(sorted(others, key=_order)) if is_known else (),
            notes=tuple(note_sentences(self.behind.notes)),
        )

    def _shifts(self) -> dict[int, Shift]:
        """Everybody on duty that day, and whoever the plan knew."""
        known = [row_id(shift.id) for shift in self.behind.problem.shifts]
        start, end = self.booking.company.day_bounds(self.booking.service_on)
        on_duty = Q(pk__in=Shift.objects.planned().filter(period__overlap=(start, end)))
        rows = Shift.objects.filter(on_duty | Q(pk__in=known), company=self.booking.company)
        found = rows.select_related("company", "driver", "vehicle").order_by(
            "driver__sort_key", "period"
        )
        return {shift.pk: shift for shift in found}

    def _label(self, answers: dict[str, WhyNot]) -> Label:
        """Drivers by name, with their hours where two shifts have one name; trips by their reference."""
        duties = Counter(str(shift.driver) for shift in self.shifts.values())
        names = {
            shift_ref(pk): str(shift.driver)
            if duties[str(shift.driver)] == 1
            else self._hours(shift)
            for pk, shift in self.shifts.items()
        }
        named = {reason.figures.other for answer in answers.values() for reason in answer.reasons}
        trips = [row_id(one) for one in named if one in self.behind.problem.trip_by_id]
        rows = Booking.objects.filter(pk__in=trips).values_list("pk", "reference")
        names |= {trip_ref(pk): reference for pk, reference in rows}
        return lambda reference: names.get(reference, reference)

    def _hours(self, shift: Shift) -> str:
        ends = (
            moment.astimezone(self.booking.company.tz)
            for moment in (shift.starts_at, shift.ends_at)
        )
        return f"{shift.driver} ({'–'.join(f'{moment:%H:%M}' for moment in ends)})"

    def _headline(self, label: Label) -> str:
        if self.held_by is None:
            return f"{_('Nobody drives this journey.')} {self._why_nobody(label)}"
        driver = label(shift_ref(self.held_by.pk))
        if self.booking.status in OUTCOMES:
            return _("%(driver)s had this journey; it is over.") % {"driver": driver}
        return _("%(driver)s drives this journey.") % {"driver": driver}

    def _why_nobody(self, label: Label) -> str:
        outside = self.behind.outside.get(self.trip_id)
        if outside is not None and outside.reason is Rule.TIME_WINDOW:
            return _("Its promised time has passed.")
        item = outside or self._unassigned()
        if item.reason is Rule.COVERAGE:
            return _("Somebody can take it, though.")
        return unassigned_sentences(item, self.clock, label)

    def _unassigned(self) -> Unassigned:
        """The reason the run kept, or what it is now."""
        if self.behind.is_run:
            return next(i for i in self.behind.plan.unassigned if i.trip == self.trip_id)
        return unassigned_reason(self.behind.problem, self.behind.plan, self.trip_id)

    def _reasons(self, answers: dict[str, WhyNot], label: Label) -> tuple[Argument, ...]:
        """Why the driver is the one; of a journey without one, the headline has said it."""
        if self.held_by is None:
            return ()
        problem, plan = self.behind.problem, self.behind.plan
        if self.trip_id not in problem.trip_by_id:
            return (self._apart(label),)
        if plan.shift_of.get(self.trip_id) == shift_ref(self.held_by.pk):
            found = why_this_driver(problem, plan, self.trip_id)
            return tuple(self._argument(reason, label) for reason in found)
        own = answers.get(shift_ref(self.held_by.pk))
        if own is None or own.refusal is None:
            return (self._broken_tour(self.held_by, label),)
        return tuple(self._argument(reason, label) for reason in own.reasons)

    def _broken_tour(self, shift: Shift, label: Label) -> Argument:
        """Of a journey whose driver cannot drive it as it stands, while the journey alone would be no trouble."""
        if shift.pk in self.behind.left_out:
            said = self._left_out(shift, label)
            return Argument(key=Rule.SHIFT, sentence=said, points=0)
        said = _("The journeys of this driver no longer work in their order.")
        return Argument(key=Rule.SEQUENCE, sentence=said, points=0)

    def _apart(self, label: Label) -> Argument:
        """Of a journey that somebody has and that stays outside the planning."""
        outside = self.behind.outside.get(self.trip_id)
        if outside is not None:
            said = unassigned_sentences(outside, self.clock, label)
            return Argument(key=outside.reason, sentence=said, points=0)
        sentence = _("It stays as it is, outside the planning: the notes say why.")
        return Argument(key=Rule.FREEZE_TIME, sentence=sentence, points=0)

    def _argument(self, reason: Reason, label: Label) -> Argument:
        said = reason.sentence(language(), label=label, clock=self.clock.shown)
        return Argument(key=str(reason.key), sentence=said, points=reason.points)

    def _other(self, shift: Shift, answer: WhyNot | None, label: Label) -> OtherDriver:
        if answer is None:
            sentence = self._left_out(shift, label)
            return OtherDriver(shift=shift, verdict=Verdict.LEFT_OUT, sentence=sentence)
        first, *rest = (self._argument(reason, label) for reason in answer.reasons)
        if answer.refusal is not None:
            gone = self._gone_home(shift, answer.refusal.rule, label)
            return OtherDriver(
                shift=shift,
                verdict=Verdict.REFUSED,
                sentence=gone or self._of_then(first.sentence),
                rule=answer.refusal.rule,
                amount=answer.refusal.amount,
            )
        is_new = first.key == "possible"
        return OtherDriver(
            shift=shift,
            verdict=Verdict.POSSIBLE,
            sentence=self._of_then(first.sentence if is_new else _priced(answer.added_cost or 0)),
            added_cost=answer.added_cost,
            terms=tuple(rest),
        )

    def _of_then(self, sentence: str) -> str:
        """Other tours have changed since: what was weighed then is no answer for now, and says so."""
        if self.is_current:
            return sentence
        return _("When the plan was made: %(sentence)s") % {"sentence": sentence}

    def _gone_home(self, shift: Shift, rule: Rule, label: Label) -> str:
        """Of a shift that is over by now, when it ended; the engine knows only that it has no time left."""
        if self.behind.is_run or rule is not Rule.SHIFT or shift.ends_at > self.now:
            return ""
        ended = self.clock.shown(self.clock.second(shift.ends_at))
        said = _("%(driver)s went off duty at %(at)s.")
        return said % {"driver": label(shift_ref(shift.pk)), "at": ended}

    def _left_out(self, shift: Shift, label: Label) -> str:
        note = self.behind.left_out.get(shift.pk)
        if note is None:
            said = _("%(driver)s took no part in this plan.")
            return said % {"driver": label(shift_ref(shift.pk))}
        return note_sentence(note, lambda _reference: driver_and_hours(shift))

    def _basis(self) -> Basis:
        run = self.behind.run
        at = self.now if run is None or not self.behind.is_run else _planned_at(run)
        return Basis(
            kind=BasisKind.RUN if self.behind.is_run else BasisKind.NOW,
            is_current=self.is_current,
            version=None if run is None else run.version,
            at=at,
            sentence=self._basis_sentence(run, at),
        )

    def _basis_sentence(self, run: DispatchRun | None, at: datetime) -> str:
        shown = date_format(timezone.localtime(at, self.booking.company.tz), "j F, H:i")
        figures = {"at": shown, "version": None if run is None else run.version}
        if run is None:
            said = _("As the day stands now (%(at)s): no planned version is in force.")
        elif not self.behind.is_run:
            said = _(
                "As the day stands now (%(at)s): it has changed since version %(version)s was put in force."
            )
        elif self.behind.has_moved:
            said = _(
                "As version %(version)s planned it (%(at)s): the journey has begun or is about to, "
                "and is not weighed anew."
            )
        else:
            said = _(
                "As version %(version)s planned it (%(at)s): nothing has changed since it was put in force."
            )
        return said % figures


def _unpinned(problem: Problem, trip_id: str) -> Problem:
    """The problem as if no person had fixed the trip."""
    trips = tuple(
        replace(trip, pinned_shift=None) if trip.id == trip_id else trip for trip in problem.trips
    )
    return problem if trips == problem.trips else replace(problem, trips=trips)


def _planned_at(run: DispatchRun) -> datetime:
    return run.finished_at or run.created_at


def _priced(added: int) -> str:
    if added > 0:
        return _("Possible, but the plan would cost %(points)d points more.") % {"points": added}
    if added < 0:
        return _("Possible, and the plan would cost %(points)d points less.") % {"points": -added}
    return _("Possible, at the same price.")


_RANKS = (Verdict.POSSIBLE, Verdict.REFUSED, Verdict.LEFT_OUT)


def _order(other: OtherDriver) -> tuple[int, int, str, int]:
    """Who could do it first, the cheapest before; then by name."""
    name = other.shift.driver.sort_key
    return _RANKS.index(other.verdict), other.added_cost or 0, name, other.shift.pk
