"""Why this driver, why not that one, why nobody: said from the rules and the prices, each claim tried out.

Advice is given only when it was proved: the relaxed trip (or one more shift) really fits beside the plan as
it stands. Sentences hold references; `label` turns them into what people call them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from dispatch.engine.cost import Score, score
from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.insertion import (
    NEAR_S,
    Insertion,
    Openings,
    try_insertion,
    with_insertion,
    without_trip,
)
from dispatch.engine.legs import driving_s, duty
from dispatch.engine.network import network_of
from dispatch.engine.plan import Plan, Unassigned
from dispatch.engine.problem import Problem, Shift, Trip
from dispatch.engine.remedies import remedies
from dispatch.engine.schedule import Refusal
from dispatch.engine.sentences import (
    FIXED,
    FIXED_TOO_SMALL,
    NO_PLACES,
    NO_SHIFT,
    NOT_YET_ON_DUTY,
    OWN_REFUSALS,
    REFUSALS,
    SHORTFALLS,
    TOO_SMALL,
    UNASSIGNED,
    Clock,
    Figures,
    Label,
    Language,
    Sentence,
    wall_clock,
)
from dispatch.engine.shortfall import LIMITS, Widening
from dispatch.enums import Rule

_TIMED = ("excess_ride", "patient_wait", "overtime")  # parts of the price that are seconds
# What stands between a trip and success, nearest first; equal ranks are told apart by the amount.
_NEARNESS: Mapping[Rule, int] = {
    Rule.TIME_WINDOW: 0,
    Rule.SHIFT: 0,
    Rule.DURATION: 0,
    Rule.MAX_RIDE_TIME: 0,
    Rule.BREAK: 1,
    Rule.POOLING: 1,
    Rule.WORKLOAD_CAP: 2,
    Rule.CAPACITY: 3,
    Rule.EXCLUDED_DRIVER: 5,
    Rule.SKILLS: 6,
    Rule.PINNED: 8,
    Rule.FREEZE_TIME: 8,
}
_HOURS_AWAY = 4  # a limit missed by more than an hour: who is there at the time comes nearer
_TOO_SMALL = 7  # the vehicle never has the places: further away than having none free


REASONS: Mapping[str, Sentence] = {
    "begun": Sentence(
        "This trip has begun, or is about to, with {shift}.",
        "Cette course a commencé, ou va commencer, avec {shift}.",
    ),
    "pinned": Sentence(
        "A person fixed this trip with {shift}.",
        "Une personne a fixé cette course avec {shift}.",
    ),
    "only": Sentence(
        "Nobody but {shift} can take this trip.",
        "Personne sauf {shift} ne peut prendre cette course.",
    ),
    "cheapest": Sentence(
        "{shift} is the best choice: with {other} the plan would cost {amount} points more.",
        "{shift} est le meilleur choix : avec {other} le plan coûterait {amount} points de plus.",
    ),
    "as_good": Sentence(
        "{other} would be as good a choice.",
        "{other} serait un aussi bon choix.",
    ),
    "dearer": Sentence(
        "{shift} costs {amount} points more than {other} would.",
        "{shift} coûte {amount} points de plus que {other}.",
    ),
    "woven": Sentence(
        "Without this trip, {shift} could not take the break and drive the rest.",
        "Sans cette course, {shift} ne pourrait pas prendre la pause et faire le reste.",
    ),
    "there": Sentence(
        "{shift} drives this trip already.",
        "{shift} fait déjà cette course.",
    ),
    "possible": Sentence(
        "{shift} can take this trip: {minutes} min more driving.",
        "{shift} peut prendre cette course : {minutes} min de route en plus.",
    ),
}

# What speaks for a shift against another, by the part of the price it saves.
ADVANTAGES: Mapping[str, Sentence] = {
    "driving": Sentence(
        "With {shift}, {minutes} min less driving than with {other}.",
        "Avec {shift}, {minutes} min de route de moins qu’avec {other}.",
    ),
    "excess_ride": Sentence(
        "With {shift}, patients are on board {minutes} min less than with {other}.",
        "Avec {shift}, les patients sont {minutes} min de moins à bord qu’avec {other}.",
    ),
    "waiting": Sentence(
        "With {shift}, {amount} points less waiting than with {other}.",
        "Avec {shift}, {amount} points d’attente de moins qu’avec {other}.",
    ),
    "patient_wait": Sentence(
        "With {shift}, patients who are ready wait {minutes} min less than with {other}.",
        "Avec {shift}, les patients prêts attendent {minutes} min de moins qu’avec {other}.",
    ),
    "overtime": Sentence(
        "With {shift}, {minutes} min less overtime than with {other}.",
        "Avec {shift}, {minutes} min d’heures supplémentaires de moins qu’avec {other}.",
    ),
    "emergency": Sentence(
        "{other} is an emergency driver, called last.",
        "{other} est un chauffeur de secours, appelé en dernier.",
    ),
    "used_shifts": Sentence(
        "With {shift}, one driver less has to drive than with {other}.",
        "Avec {shift}, un chauffeur de moins doit rouler qu’avec {other}.",
    ),
    "optional_breaks": Sentence(
        "With {other}, a driver would lose an optional break.",
        "Avec {other}, un chauffeur perdrait une pause facultative.",
    ),
    "preferred": Sentence(
        "The patient prefers {shift} to {other}.",
        "Le patient préfère {shift} à {other}.",
    ),
    "same_driver": Sentence(
        "With {shift} the linked trip keeps the same driver; with {other} it does not.",
        "Avec {shift}, la course liée garde son chauffeur ; avec {other}, non.",
    ),
    "fairness": Sentence(
        "{shift} has had less work lately than {other}.",
        "{shift} a eu moins de travail que {other} ces derniers jours.",
    ),
    "stability": Sentence(
        "With {shift}, fewer trips change driver than with {other}.",
        "Avec {shift}, moins de courses changent de chauffeur qu’avec {other}.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One sentence of an explanation. `key`: a rule's value or a key of REASONS or ADVANTAGES.

    `amount`: seconds for the rules of time and for driving, riding and overtime, else points of the price.
    `points`: what this concern adds to the price if the trip goes to the other shift (negative: what it saves).
    """

    key: str
    template: Sentence
    figures: Figures
    points: int = 0

    @property
    def amount(self) -> int:
        return self.figures.amount

    def sentence(
        self, language: Language = "en", *, label: Label = str, clock: Clock = wall_clock
    ) -> str:
        return self.template.spoken(language, self.figures, label, clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyNot:
    """What happens if the trip goes to that shift: a refusal, or the points it adds, with the reasons.

    `added_cost` counts against the plan as it stands (negative: the plan would be better); for a trip that
    is moved from another shift it is the sum of the `points` of the reasons.
    """

    refusal: Refusal | None
    added_cost: int | None
    reasons: tuple[Reason, ...]


def why_this_driver(problem: Problem, plan: Plan, trip_id: str) -> tuple[Reason, ...]:
    """Why the trip is where it is: facts first, else its shift compared with the best other one.

    Raises InvalidPlanError when the trip is not planned.
    """
    if trip_id not in plan.shift_of:
        raise InvalidPlanError(f"Trip {trip_id} has no driver to explain.")
    shift_id = plan.shift_of[trip_id]
    if trip_id in problem.committed_shift:
        return (_reason("begun", trip=trip_id, shift=shift_id),)
    if problem.trip_by_id[trip_id].pinned_shift is not None:
        return (_reason("pinned", trip=trip_id, shift=shift_id),)
    standing = _Standing(problem, plan, trip_id)
    if standing.rest is None:
        return (_reason("woven", trip=trip_id, shift=shift_id),)
    fits, refusals = _answers(Openings(problem, standing.rest), trip_id)
    best = _cheapest(fit for fit in fits if fit.shift != shift_id)
    if best is not None:
        return standing.compared(with_insertion(standing.rest, best))
    nearest = _nearest(problem, trip_id, refusals)
    only = _reason("only", trip=trip_id, shift=shift_id)
    return (only,) if nearest is None else (only, refused(problem, trip_id, *nearest))


def why_not(problem: Problem, plan: Plan, trip_id: str, shift_id: str) -> WhyNot:
    """What stands against giving the trip to that shift, or what it would cost.

    Raises InvalidPlanError for a trip or a shift the problem does not know.
    """
    if trip_id not in problem.trip_by_id or shift_id not in problem.shift_by_id:
        raise InvalidPlanError(f"Trip {trip_id} or shift {shift_id} is unknown.")
    return _Standing(problem, plan, trip_id).why_not(shift_id)


def why_not_each(problem: Problem, plan: Plan, trip_id: str) -> dict[str, WhyNot]:
    """The same for every shift that does not drive the trip; what they share is worked out once.

    Raises InvalidPlanError for a trip the problem does not know.
    """
    if trip_id not in problem.trip_by_id:
        raise InvalidPlanError(f"Trip {trip_id} is unknown.")
    standing = _Standing(problem, plan, trip_id)
    others = (shift.id for shift in problem.shifts if shift.id != standing.shift_id)
    return {shift_id: standing.why_not(shift_id) for shift_id in others}


class _Standing:
    """A trip where the plan has it, and what every other shift is compared with."""

    def __init__(self, problem: Problem, plan: Plan, trip_id: str) -> None:
        self.problem, self.plan, self.trip_id = problem, plan, trip_id
        self.shift_id = plan.shift_of.get(trip_id)

    @cached_property
    def rest(self) -> Plan | None:
        """The plan without the trip; None in the rare case that its shift could not drive the rest."""
        try:
            return without_trip(self.problem, self.plan, self.trip_id, reason=Rule.COVERAGE)
        except InvalidPlanError:
            return None

    @cached_property
    def score(self) -> Score:
        return score(self.problem, self.plan)

    @cached_property
    def driving_s(self) -> int:
        return _driving_s(self.problem, self.plan)

    def why_not(self, shift_id: str) -> WhyNot:
        if self.shift_id == shift_id:
            there = _reason("there", trip=self.trip_id, shift=shift_id)
            return WhyNot(refusal=None, added_cost=0, reasons=(there,))
        if self.trip_id in self.problem.committed_shift:
            return self._refused(shift_id, Refusal(rule=Rule.FREEZE_TIME, visit=self.trip_id))
        if self.shift_id is None:
            return self._added(shift_id)
        return self._moved(self.shift_id, shift_id)

    def _added(self, shift_id: str) -> WhyNot:
        answer = try_insertion(self.problem, self.plan, self.trip_id, shift_id)
        if isinstance(answer, Refusal):
            return self._refused(shift_id, answer)
        driven = _driving_s(self.problem, with_insertion(self.plan, answer)) - self.driving_s
        possible = _reason("possible", trip=self.trip_id, shift=shift_id, amount=driven)
        return WhyNot(refusal=None, added_cost=answer.added_cost, reasons=(possible,))

    def _moved(self, held_by: str, shift_id: str) -> WhyNot:
        if self.rest is None:
            woven = _reason("woven", trip=self.trip_id, shift=held_by)
            refusal = Refusal(rule=Rule.BREAK, visit=self.trip_id)
            return WhyNot(refusal=refusal, added_cost=None, reasons=(woven,))
        answer = try_insertion(self.problem, self.rest, self.trip_id, shift_id)
        if isinstance(answer, Refusal):
            return self._refused(shift_id, answer)
        moved = with_insertion(self.rest, answer)
        added = score(self.problem, moved).total - self.score.total
        return WhyNot(refusal=None, added_cost=added, reasons=self.compared(moved))

    def _refused(self, shift_id: str, refusal: Refusal) -> WhyNot:
        reason = refused(self.problem, self.trip_id, shift_id, refusal)
        return WhyNot(refusal=refusal, added_cost=None, reasons=(reason,))

    def compared(self, other: Plan) -> tuple[Reason, ...]:
        """The trip's shift against its shift in `other`: the balance, then part by part."""
        here, there = self.plan.shift_of[self.trip_id], other.shift_of[self.trip_id]
        theirs = score(self.problem, other)
        gain = theirs.total - self.score.total
        key = "cheapest" if gain > 0 else "dearer" if gain < 0 else "as_good"
        head = _reason(key, trip=self.trip_id, shift=here, other=there, amount=abs(gain))
        points = {part: getattr(theirs, part) - getattr(self.score, part) for part in ADVANTAGES}
        found = [
            self._advantage(part, here, there, added, self._told(part, added, other))
            for part, added in points.items()
            if added
        ]
        return (head, *sorted(found, key=lambda reason: -abs(reason.points)))

    def _told(self, part: str, added: int, other: Plan) -> int:
        """What is said of a part: seconds on the road, on board, of waiting and of overtime, else the points themselves."""
        if part == "driving":
            return _driving_s(self.problem, other) - self.driving_s
        if part in _TIMED:
            return added // int(getattr(self.problem.settings.weights, f"{part}_per_s"))
        return added

    def _advantage(self, part: str, here: str, there: str, added: int, told: int) -> Reason:
        """A saving speaks for us; a loss is said as the other's advantage."""
        ours, theirs = (here, there) if added > 0 else (there, here)
        figures = Figures(trip=self.trip_id, shift=ours, other=theirs, amount=abs(told))
        return Reason(key=part, template=ADVANTAGES[part], figures=figures, points=added)


def unassigned_reason(problem: Problem, plan: Plan, trip_id: str) -> Unassigned:
    """Why nobody can take the trip, by trying it on every shift, and what would help.

    The rule is the one nearest to success; `amount` is by how much it is missed there. COVERAGE with the
    advice "fits" means that a shift can take it after all.
    """
    return _reason_left(Openings(problem, plan), trip_id)


def _reason_left(openings: Openings, trip_id: str) -> Unassigned:
    problem = openings.problem
    fits, refusals = _answers(openings, trip_id)
    best = _cheapest(fits)
    if best is not None:
        return Unassigned(trip=trip_id, reason=Rule.COVERAGE, advice=f"fits:{best.shift}")
    trip = problem.trip_by_id[trip_id]
    if trip.pinned_shift is not None:  # what stands against the others is the pin alone
        refusals = {trip.pinned_shift: refusals[trip.pinned_shift]}
    widening = Widening(openings, trip)
    nearest = _nearest_of_all(widening, refusals)
    if nearest is None:
        return Unassigned(trip=trip_id, reason=Rule.SHIFT)
    shift_id, rule, amount = nearest
    return Unassigned(
        trip=trip_id,
        reason=rule,
        advice=next(remedies(openings, trip, refusals), ""),
        amount=amount,
        shift=shift_id,
        is_pinned=trip.pinned_shift is not None,
    )


def _nearest_of_all(
    widening: Widening, refusals: Mapping[str, Refusal]
) -> tuple[str, Rule, int] | None:
    """The shift to speak of, what stands in the way there, and by how much where that is proved.

    The fewest minutes come nearest, else the shift nearest by its rule; None when nobody was asked.
    """
    by_minutes = {shift: one for shift, one in refusals.items() if one.rule in LIMITS}
    least = widening.least(by_minutes)
    if least is not None:
        return least.shift, least.refusal.rule, least.minutes * 60
    problem, trip = widening.openings.problem, widening.trip
    nearest = _nearest(problem, trip.id, refusals)
    if nearest is None:
        return None
    shift = problem.shift_by_id[nearest[0]]
    rule = _obstacle(trip, shift, nearest[1])
    return shift.id, rule, shift.places_missing(trip.load) if rule is Rule.CAPACITY else 0


def fill_reasons(problem: Problem, plan: Plan) -> Plan:
    """The same routes, with every trip that nobody drives listed with its true reason."""
    openings = Openings(problem, plan)
    left = (trip.id for trip in problem.trips if trip.id not in plan.shift_of)
    return replace(plan, unassigned=tuple(_reason_left(openings, trip) for trip in left))


def unassigned_sentence(item: Unassigned, language: Language = "en", *, label: Label = str) -> str:
    """The reason of an unassigned trip in words, with what is lacking where that was proved."""
    figures = Figures(trip=item.trip, shift=item.shift, amount=item.amount)
    said = _why_nobody(item).spoken(language, figures, label)
    # Amounts of earlier versions name no shift: they were those of the first bound alone.
    if not (item.shift and item.amount) or item.reason not in SHORTFALLS:
        return said
    return f"{said} {SHORTFALLS[item.reason].spoken(language, figures, label)}"


def _why_nobody(item: Unassigned) -> Sentence:
    is_too_small = item.reason is Rule.CAPACITY and item.amount > 0  # even when it is empty
    if item.is_pinned:
        return FIXED_TOO_SMALL if is_too_small else FIXED[item.reason]
    if is_too_small:
        return NO_PLACES
    is_nobody_there = item.reason is Rule.SHIFT and not (item.shift or item.amount)
    return NO_SHIFT if is_nobody_there else UNASSIGNED[item.reason]


# Answers of the shifts


def _answers(openings: Openings, trip_id: str) -> tuple[list[Insertion], dict[str, Refusal]]:
    """Every shift asked: the ways in, and the refusals by shift."""
    fits: list[Insertion] = []
    refusals: dict[str, Refusal] = {}
    for shift in openings.problem.shifts:
        answer = openings.answer(trip_id, shift.id)
        if isinstance(answer, Refusal):
            refusals[shift.id] = answer
        else:
            fits.append(answer)
    return fits, refusals


def _cheapest(fits: Iterable[Insertion]) -> Insertion | None:
    return min(fits, key=lambda fit: (fit.added_cost, fit.shift), default=None)


def _nearest(
    problem: Problem, trip_id: str, refusals: Mapping[str, Refusal]
) -> tuple[str, Refusal] | None:
    """The shift that came nearest to taking the trip, and its refusal."""
    trip = problem.trip_by_id[trip_id]

    def distance(asked: tuple[str, Refusal]) -> tuple[int, int, str]:
        shift, refusal = problem.shift_by_id[asked[0]], asked[1]
        rule = _obstacle(trip, shift, refusal)
        is_too_small = rule is Rule.CAPACITY and not shift.can_hold(trip.load)
        if is_too_small:
            return _TOO_SMALL, refusal.amount, shift.id
        is_hours_away = rule in LIMITS and refusal.amount > NEAR_S
        rank = _HOURS_AWAY if is_hours_away else _NEARNESS[rule]
        return rank, refusal.amount, shift.id

    return min(refusals.items(), key=distance, default=None)


def _obstacle(trip: Trip, shift: Shift, refusal: Refusal) -> Rule:
    """The rule to name: an excluded driver who could not carry the patient anyway is not the obstacle."""
    if refusal.rule is not Rule.EXCLUDED_DRIVER:
        return refusal.rule
    if not trip.needs <= shift.capabilities:
        return Rule.SKILLS
    return refusal.rule if shift.can_hold(trip.load) else Rule.CAPACITY


def _reason(key: str, *, trip: str, shift: str, other: str = "", amount: int = 0) -> Reason:
    figures = Figures(trip=trip, shift=shift, other=other, amount=amount)
    return Reason(key=key, template=REASONS[key], figures=figures)


def refused(problem: Problem, trip_id: str, shift_id: str, refusal: Refusal) -> Reason:
    """The refusal as a statement about this trip, with its figures."""
    trip, shift = problem.trip_by_id[trip_id], problem.shift_by_id[shift_id]
    template, at = _in_the_way(problem, trip, shift, refusal)
    figures = Figures(
        trip=trip_id,
        shift=shift_id,
        other=refusal.visit,
        skills=tuple(sorted(trip.needs - shift.capabilities)),
        amount=refusal.amount,
        at=at,
    )
    return Reason(key=refusal.rule, template=template, figures=figures)


def _in_the_way(
    problem: Problem, trip: Trip, shift: Shift, refusal: Refusal
) -> tuple[Sentence, int]:
    """The sentence, and the time of the day it names."""
    if refusal.rule is Rule.SHIFT and refusal.amount == _begins_late_s(problem, trip, shift):
        return NOT_YET_ON_DUTY, shift.start_s
    if refusal.rule is Rule.CAPACITY and not shift.can_hold(trip.load):
        return TOO_SMALL, 0
    table = OWN_REFUSALS if refusal.visit == trip.id else REFUSALS
    return table.get(refusal.rule, REFUSALS[refusal.rule]), shift.end_s


def _begins_late_s(problem: Problem, trip: Trip, shift: Shift) -> int:
    """By how much an otherwise empty shift would be too late at the pickup."""
    network = network_of(problem)
    s, pickup = network.shift_index[shift.id], 2 * network.trip_index[trip.id]
    return shift.start_s + network.from_base[s][pickup] - trip.pickup.latest_s


def _driving_s(problem: Problem, plan: Plan) -> int:
    return sum(driving_s(problem, shift, route) for shift, route in duty(problem, plan))
