"""Why this driver, why not that one, why nobody: said from the rules and the prices, each claim tried out.

Advice is given only when it was proved: the relaxed trip (or one more shift) really fits beside the plan as
it stands. Sentences hold references; `label` turns them into what people call them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from dispatch.engine.cost import Score, score
from dispatch.engine.errors import InvalidPlanError
from dispatch.engine.insertion import Insertion, try_insertion, with_insertion, without_trip
from dispatch.engine.legs import driving_s, duty
from dispatch.engine.plan import Plan, Unassigned
from dispatch.engine.problem import Problem, Shift, Trip
from dispatch.engine.remedies import remedies
from dispatch.engine.schedule import Refusal
from dispatch.engine.sentences import (
    NO_SHIFT,
    REFUSALS,
    UNASSIGNED,
    Figures,
    Label,
    Language,
    Sentence,
)
from dispatch.enums import Rule

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
    Rule.EXCLUDED_DRIVER: 4,
    Rule.SKILLS: 5,
    Rule.PINNED: 7,
    Rule.FREEZE_TIME: 7,
}
_TOO_SMALL = 6  # the vehicle never has the places: further away than having none free


REASONS: Mapping[str, Sentence] = {
    "begun": Sentence(
        "Trip {trip} has begun, or is about to, on shift {shift}.",
        "La course {trip} a commencé, ou va commencer, sur le service {shift}.",
    ),
    "pinned": Sentence(
        "A person fixed trip {trip} on shift {shift}.",
        "Une personne a fixé la course {trip} sur le service {shift}.",
    ),
    "only": Sentence(
        "No shift but {shift} can take trip {trip}.",
        "Aucun service sauf {shift} ne peut prendre la course {trip}.",
    ),
    "cheapest": Sentence(
        "Shift {shift} is the best choice, {amount} points before shift {other}.",
        "Le service {shift} est le meilleur choix, {amount} points devant le service {other}.",
    ),
    "as_good": Sentence(
        "Shift {other} would be as good a choice.",
        "Le service {other} serait un aussi bon choix.",
    ),
    "dearer": Sentence(
        "Shift {shift} costs {amount} points more than shift {other} would.",
        "Le service {shift} coûte {amount} points de plus que le service {other}.",
    ),
    "woven": Sentence(
        "Without trip {trip}, shift {shift} could not take its break and drive the rest.",
        "Sans la course {trip}, le service {shift} ne pourrait pas prendre sa pause et faire le reste.",
    ),
    "there": Sentence(
        "Trip {trip} already is on shift {shift}.",
        "La course {trip} est déjà sur le service {shift}.",
    ),
    "possible": Sentence(
        "Shift {shift} can take trip {trip}: {minutes} min more driving.",
        "Le service {shift} peut prendre la course {trip} : {minutes} min de route en plus.",
    ),
}

# What speaks for a shift against another, by the part of the price it saves.
ADVANTAGES: Mapping[str, Sentence] = {
    "driving": Sentence(
        "Shift {shift}: {minutes} min less driving than with shift {other}.",
        "Service {shift} : {minutes} min de route de moins qu’avec le service {other}.",
    ),
    "excess_ride": Sentence(
        "Shift {shift}: patients are on board {minutes} min less than with shift {other}.",
        "Service {shift} : les patients sont {minutes} min de moins à bord qu’avec {other}.",
    ),
    "waiting": Sentence(
        "Shift {shift}: {amount} points less waiting than with shift {other}.",
        "Service {shift} : {amount} points d’attente de moins qu’avec le service {other}.",
    ),
    "emergency": Sentence(
        "Shift {other} is an emergency shift, used last.",
        "Le service {other} est un service de secours, utilisé en dernier.",
    ),
    "optional_breaks": Sentence(
        "With shift {other} a driver would lose an optional break.",
        "Avec le service {other}, un chauffeur perdrait une pause facultative.",
    ),
    "preferred": Sentence(
        "The patient prefers the driver of shift {shift} to that of shift {other}.",
        "Le patient préfère le chauffeur du service {shift} à celui du service {other}.",
    ),
    "same_driver": Sentence(
        "With shift {shift} the linked trip keeps the same driver; with shift {other} it does not.",
        "Avec le service {shift}, la course liée garde son chauffeur ; avec {other}, non.",
    ),
    "fairness": Sentence(
        "The driver of shift {shift} has had less work over the window than that of shift {other}.",
        "Le chauffeur du service {shift} a eu moins de travail sur la période que celui de {other}.",
    ),
    "stability": Sentence(
        "With shift {shift} fewer trips change driver than with shift {other}.",
        "Avec le service {shift}, moins de courses changent de chauffeur qu’avec {other}.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One sentence of an explanation. `key`: a rule's value or a key of REASONS or ADVANTAGES.

    `amount`: seconds for the rules of time and for driving and riding, else points of the price.
    """

    key: str
    template: Sentence
    figures: Figures

    @property
    def amount(self) -> int:
        return self.figures.amount

    def sentence(self, language: Language = "en", *, label: Label = str) -> str:
        return self.template.spoken(language, self.figures, label)


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyNot:
    """What happens if the trip goes to that shift: a refusal, or the points it adds, with the reasons.

    `added_cost` counts against the plan as it stands (negative: the plan would be better).
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
    rest = _taken_out(problem, plan, trip_id)
    if rest is None:
        return (_reason("woven", trip=trip_id, shift=shift_id),)
    fits, refusals = _answers(problem, rest, trip_id)
    best = _cheapest(fit for fit in fits if fit.shift != shift_id)
    if best is not None:
        return _compared(problem, plan, with_insertion(rest, best), trip_id)
    nearest = _nearest(problem, trip_id, refusals)
    only = _reason("only", trip=trip_id, shift=shift_id)
    return (only,) if nearest is None else (only, _refused(problem, trip_id, *nearest))


def why_not(problem: Problem, plan: Plan, trip_id: str, shift_id: str) -> WhyNot:
    """What stands against giving the trip to that shift, or what it would cost.

    Raises InvalidPlanError for a trip or a shift the problem does not know.
    """
    if trip_id not in problem.trip_by_id or shift_id not in problem.shift_by_id:
        raise InvalidPlanError(f"Trip {trip_id} or shift {shift_id} is unknown.")
    current = plan.shift_of.get(trip_id)
    if current == shift_id:
        there = _reason("there", trip=trip_id, shift=shift_id)
        return WhyNot(refusal=None, added_cost=0, reasons=(there,))
    if trip_id in problem.committed_shift:
        return _refusal(problem, trip_id, shift_id, Refusal(rule=Rule.FREEZE_TIME, visit=trip_id))
    if current is None:
        return _why_not_added(problem, plan, trip_id, shift_id)
    return _why_not_moved(problem, plan, trip_id, shift_id)


def _why_not_added(problem: Problem, plan: Plan, trip_id: str, shift_id: str) -> WhyNot:
    answer = try_insertion(problem, plan, trip_id, shift_id)
    if isinstance(answer, Refusal):
        return _refusal(problem, trip_id, shift_id, answer)
    driven = _driving_s(problem, with_insertion(plan, answer)) - _driving_s(problem, plan)
    possible = _reason("possible", trip=trip_id, shift=shift_id, amount=driven)
    return WhyNot(refusal=None, added_cost=answer.added_cost, reasons=(possible,))


def _why_not_moved(problem: Problem, plan: Plan, trip_id: str, shift_id: str) -> WhyNot:
    rest = _taken_out(problem, plan, trip_id)
    if rest is None:
        woven = _reason("woven", trip=trip_id, shift=plan.shift_of[trip_id])
        refusal = Refusal(rule=Rule.BREAK, visit=trip_id)
        return WhyNot(refusal=refusal, added_cost=None, reasons=(woven,))
    answer = try_insertion(problem, rest, trip_id, shift_id)
    if isinstance(answer, Refusal):
        return _refusal(problem, trip_id, shift_id, answer)
    moved = with_insertion(rest, answer)
    added = score(problem, moved).total - score(problem, plan).total
    reasons = _compared(problem, plan, moved, trip_id)
    return WhyNot(refusal=None, added_cost=added, reasons=reasons)


def unassigned_reason(problem: Problem, plan: Plan, trip_id: str) -> Unassigned:
    """Why nobody can take the trip, by trying it on every shift, and what would help.

    The rule is the one nearest to success; `amount` is by how much it is missed there. COVERAGE with the
    advice "fits" means that a shift can take it after all.
    """
    fits, refusals = _answers(problem, plan, trip_id)
    best = _cheapest(fits)
    if best is not None:
        return Unassigned(trip=trip_id, reason=Rule.COVERAGE, advice=f"fits:{best.shift}")
    nearest = _nearest(problem, trip_id, refusals)
    if nearest is None:
        return Unassigned(trip=trip_id, reason=Rule.SHIFT)
    trip, (shift_id, refusal) = problem.trip_by_id[trip_id], nearest
    return Unassigned(
        trip=trip_id,
        reason=_obstacle(trip, problem.shift_by_id[shift_id], refusal),
        advice=next(remedies(problem, plan, trip, refusals), ""),
        amount=refusal.amount,
    )


def fill_reasons(problem: Problem, plan: Plan) -> Plan:
    """The same routes, with every trip that nobody drives listed with its true reason."""
    left = (trip.id for trip in problem.trips if trip.id not in plan.shift_of)
    return replace(plan, unassigned=tuple(unassigned_reason(problem, plan, trip) for trip in left))


def unassigned_sentence(item: Unassigned, language: Language = "en") -> str:
    """The reason of an unassigned trip in words."""
    is_nobody_there = item.reason is Rule.SHIFT and not item.amount
    template = NO_SHIFT if is_nobody_there else UNASSIGNED[item.reason]
    return template.spoken(language, Figures(trip=item.trip, amount=item.amount))


# Answers of the shifts


def _answers(
    problem: Problem, plan: Plan, trip_id: str
) -> tuple[list[Insertion], dict[str, Refusal]]:
    """Every shift asked: the ways in, and the refusals by shift."""
    fits: list[Insertion] = []
    refusals: dict[str, Refusal] = {}
    for shift in problem.shifts:
        answer = try_insertion(problem, plan, trip_id, shift.id)
        if isinstance(answer, Refusal):
            refusals[shift.id] = answer
        else:
            fits.append(answer)
    return fits, refusals


def _taken_out(problem: Problem, plan: Plan, trip_id: str) -> Plan | None:
    """The plan without the trip; None in the rare case that its shift could not drive the rest."""
    try:
        return without_trip(problem, plan, trip_id, reason=Rule.COVERAGE)
    except InvalidPlanError:
        return None


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
        rank = _TOO_SMALL if is_too_small else _NEARNESS[rule]
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


def _refused(problem: Problem, trip_id: str, shift_id: str, refusal: Refusal) -> Reason:
    lacking = problem.trip_by_id[trip_id].needs - problem.shift_by_id[shift_id].capabilities
    figures = Figures(
        trip=trip_id,
        shift=shift_id,
        other=refusal.visit,
        skills=tuple(sorted(lacking)),
        amount=refusal.amount,
    )
    return Reason(key=refusal.rule, template=REFUSALS[refusal.rule], figures=figures)


def _refusal(problem: Problem, trip_id: str, shift_id: str, refusal: Refusal) -> WhyNot:
    reason = _refused(problem, trip_id, shift_id, refusal)
    return WhyNot(refusal=refusal, added_cost=None, reasons=(reason,))


# Two plans that differ in one trip's shift


def _compared(problem: Problem, plan: Plan, other: Plan, trip_id: str) -> tuple[Reason, ...]:
    """The trip's shift in `plan` against its shift in `other`: the balance, then part by part."""
    here, there = plan.shift_of[trip_id], other.shift_of[trip_id]
    ours, theirs = score(problem, plan), score(problem, other)
    gain = theirs.total - ours.total
    key = "cheapest" if gain > 0 else "dearer" if gain < 0 else "as_good"
    head = _reason(key, trip=trip_id, shift=here, other=there, amount=abs(gain))
    savings = _savings(problem, ours, theirs)
    if savings["driving"]:  # told in seconds, where driving has a price at all
        savings["driving"] = _driving_s(problem, other) - _driving_s(problem, plan)
    parts = sorted(savings.items(), key=lambda part: -abs(part[1]))
    reasons = (_advantage(part, trip_id, here, there, saved) for part, saved in parts if saved)
    return (head, *reasons)


def _savings(problem: Problem, ours: Score, theirs: Score) -> dict[str, int]:
    """What we save against them in each part: points, but seconds on board."""
    saved = {part: getattr(theirs, part) - getattr(ours, part) for part in ADVANTAGES}
    per_s = problem.settings.weights.excess_ride_per_s
    saved["excess_ride"] = saved["excess_ride"] // per_s if per_s else 0
    return saved


def _advantage(part: str, trip_id: str, here: str, there: str, saved: int) -> Reason:
    """A saving speaks for us; a loss is said as the other's advantage."""
    ours, theirs = (here, there) if saved > 0 else (there, here)
    figures = Figures(trip=trip_id, shift=ours, other=theirs, amount=abs(saved))
    return Reason(key=part, template=ADVANTAGES[part], figures=figures)


def _driving_s(problem: Problem, plan: Plan) -> int:
    return sum(driving_s(problem, shift, route) for shift, route in duty(problem, plan))
