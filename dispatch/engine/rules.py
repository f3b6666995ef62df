"""Every business rule of a day's plan, one named function each: what is broken, where and by how much.

The rules read times from the plan and ways from the problem; they share no code with the scheduling and
the search they judge. A function takes (problem, plan) and yields a Violation for each breach it finds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import NamedTuple

from dispatch.engine.fairness import fairness
from dispatch.engine.legs import break_of, duty, end_s, legs, refuse_strangers, stop_of
from dispatch.engine.plan import Plan, Route, TimedVisit
from dispatch.engine.problem import Break, Load, Problem, Shift, Trip, Visit
from dispatch.engine.sentences import DETOUR, OFF_WINDOW, VIOLATIONS, Figures, Label, Language
from dispatch.enums import Rule, Severity, VisitKind

FAIR_GAP_TRIPS = 1  # KPI.md: drivers' loads may differ by one trip


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One breach of one rule.

    `amount`: seconds for the rules of time (SHIFT, DURATION, TIME_WINDOW, MAX_RIDE_TIME, POOLING's detour,
    TRANSITION_MARGIN, BREAK, OPTIONAL_BREAK, SEQUENCE), else a count (places, skills, trips, visits); 0 when
    there is nothing to count. `trip`, `shift`: references or ""; `other`: a second trip, shift or break.
    `end`, `is_early`: of TIME_WINDOW, which end of the trip is served before or after its window.
    """

    rule: Rule
    amount: int = 0
    trip: str = ""
    shift: str = ""
    other: str = ""
    skills: tuple[str, ...] = ()
    end: VisitKind | None = None
    is_early: bool = False

    @property
    def severity(self) -> Severity:
        return RULES[self.rule].severity

    def sentence(self, language: Language = "en", *, label: Label = str) -> str:
        """The breach in words; `label` turns a reference into what people call it."""
        template = VIOLATIONS[self.rule]
        if self.rule is Rule.POOLING and not self.other:
            template = DETOUR
        elif self.end is not None:
            template = OFF_WINDOW[self.end, self.is_early]
        figures = Figures(
            trip=self.trip,
            shift=self.shift,
            other=self.other,
            skills=self.skills,
            amount=self.amount,
        )
        return template.spoken(language, figures, label)


Check = Callable[[Problem, Plan], Iterator[Violation]]


class BusinessRule(NamedTuple):
    check: Check
    severity: Severity


def check(problem: Problem, plan: Plan) -> tuple[Violation, ...]:
    """All violations, hard ones first; raises InvalidPlanError when the plan names what it cannot know."""
    refuse_strangers(problem, plan)
    found = [violation for rule in RULES.values() for violation in rule.check(problem, plan)]
    return tuple(sorted(found, key=lambda violation: violation.severity is Severity.SOFT))


def hard_violations(problem: Problem, plan: Plan) -> tuple[Violation, ...]:
    """What makes the plan unfit to be applied; () for a plan that keeps every hard rule."""
    refuse_strangers(problem, plan)
    hard = (rule for rule in RULES.values() if rule.severity is Severity.HARD)
    return tuple(violation for rule in hard for violation in rule.check(problem, plan))


# Hard rules


def coverage(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Each trip is planned or carries its reason."""
    listed = set(plan.shift_of) | {item.trip for item in plan.unassigned}
    for trip in problem.trips:
        if trip.id not in listed:
            yield Violation(rule=Rule.COVERAGE, trip=trip.id)


def sequence(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Pickup before drop-off in one route, each visit once, and times a vehicle can keep."""
    for shift, route in duty(problem, plan):
        for visit in _out_of_order(route):
            yield _of_visit(Rule.SEQUENCE, shift, visit)
        for leg in legs(problem, shift, route):
            if leg.visit is None:
                late = leg.reached_s - route.return_s
            else:
                arrive = leg.visit.arrive_s
                late = max(leg.reached_s - arrive, arrive - leg.visit.start_s)
            if late > 0:
                yield _of_visit(Rule.SEQUENCE, shift, leg.visit, late)


def transition_margin(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Slack between emptying the vehicle and the next patient elsewhere (impossible times: SEQUENCE)."""
    for shift, route in duty(problem, plan):
        for leg in legs(problem, shift, route):
            if leg.visit is None or leg.visit.arrive_s < leg.reached_s:
                continue
            lacking = leg.reached_s + leg.margin_s - leg.visit.arrive_s
            if lacking > 0:
                yield _of_visit(Rule.TRANSITION_MARGIN, shift, leg.visit, lacking)


def time_window(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Service begins inside the window of its stop."""
    for shift, route in duty(problem, plan):
        for visit in route.visits:
            if visit.kind is VisitKind.BREAK:
                continue
            stop = stop_of(problem, visit)
            off = _outside(visit.start_s, stop.earliest_s, stop.latest_s)
            if off > 0:
                said = _of_visit(Rule.TIME_WINDOW, shift, visit, off)
                yield replace(said, end=visit.kind, is_early=visit.start_s < stop.earliest_s)


def ride_time(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Nobody is on board longer than the patient's own limit (or the direct way, if that is longer)."""
    for shift, trip, ride_s in _rides(problem, plan):
        limit = max(trip.max_ride_s, problem.direct_s(trip))
        if ride_s > limit:
            amount = ride_s - limit
            yield Violation(rule=Rule.MAX_RIDE_TIME, amount=amount, trip=trip.id, shift=shift.id)


def pooling(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Patients share only where they may, and sharing costs nobody more than the allowed detour."""
    for shift, route in duty(problem, plan):
        for one, two in _together(problem, shift, route):
            if not problem.may_share(problem.trip_by_id[one], problem.trip_by_id[two]):
                yield Violation(rule=Rule.POOLING, trip=one, other=two, shift=shift.id)
    for shift, trip, ride_s in _rides(problem, plan):
        excess = ride_s - problem.ride_limit_s(trip)
        if excess > 0 and ride_s <= max(trip.max_ride_s, problem.direct_s(trip)):
            yield Violation(rule=Rule.POOLING, amount=excess, trip=trip.id, shift=shift.id)


def capacity(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """After each pickup the load fits one configuration of the vehicle; amount: places missing."""
    for shift, route in duty(problem, plan):
        for leg in legs(problem, shift, route):
            if leg.visit is None or leg.visit.kind is not VisitKind.PICKUP:
                continue
            load = problem.trip_by_id[leg.visit.id].load
            for rider in leg.riders:
                load = load.plus(problem.trip_by_id[rider].load)
            missing = min(_missing(load, offered) for offered in shift.configurations)
            if missing:
                yield _of_visit(Rule.CAPACITY, shift, leg.visit, missing)


def skills(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """The driver and the vehicle have what the patient needs."""
    for shift, trip in _free_choices(problem, plan):
        lacking = tuple(sorted(trip.needs - shift.capabilities))
        if lacking:
            yield Violation(
                rule=Rule.SKILLS,
                amount=len(lacking),
                trip=trip.id,
                shift=shift.id,
                skills=lacking,
            )


def excluded_driver(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """No patient is driven by a driver who was excluded for them."""
    for shift, trip in _free_choices(problem, plan):
        if shift.driver in trip.excluded_drivers:
            yield Violation(rule=Rule.EXCLUDED_DRIVER, trip=trip.id, shift=shift.id)


def pinned(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """What a person fixed on a shift stays there."""
    for shift, trip in _free_choices(problem, plan):
        wanted = trip.pinned_shift
        if wanted is not None and wanted != shift.id:
            yield Violation(rule=Rule.PINNED, trip=trip.id, shift=shift.id, other=wanted)


def freeze_time(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """What has begun, or is about to, stays the beginning of its shift's route; amount: visits displaced."""
    for shift in problem.shifts:
        route = plan.route_of.get(shift.id, Route(shift=shift.id))
        visits = [visit.visit for visit in route.visits]
        kept = 0
        while kept < len(shift.committed) and visits[kept : kept + 1] == [shift.committed[kept]]:
            kept += 1
        displaced = shift.committed[kept:]
        if displaced:
            first = displaced[0].id
            yield Violation(
                rule=Rule.FREEZE_TIME, amount=len(displaced), shift=shift.id, other=first
            )


def hours_of_duty(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """The vehicle leaves and returns within the shift."""
    for shift, route in duty(problem, plan):
        if route.visits:
            off = max(shift.start_s - route.leave_s, 0) + max(route.return_s - shift.end_s, 0)
            if off > 0:
                yield Violation(rule=Rule.SHIFT, amount=off, shift=shift.id)


def duration(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """The tour lasts no longer than the shift's limit, base to base."""
    for shift, route in duty(problem, plan):
        if shift.max_duration_s is not None and route.visits:
            excess = route.return_s - route.leave_s - shift.max_duration_s
            if excess > 0:
                yield Violation(rule=Rule.DURATION, amount=excess, shift=shift.id)


def mandatory_break(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """A working shift gets its mandatory breaks; any break begins in its window with nobody on board.

    Amount: seconds outside the window, the length of a break that is missing, 0 with somebody on board.
    """
    for shift, route in duty(problem, plan):
        for pause in _missing_breaks(shift, route):
            if pause.mandatory:
                yield _of_break(Rule.BREAK, shift, pause.id, pause.duration_s)
        for leg in legs(problem, shift, route):
            if leg.visit is None or leg.visit.kind is not VisitKind.BREAK:
                continue
            pause = break_of(shift, leg.visit)
            off = _outside(leg.visit.start_s, pause.earliest_s, pause.latest_s)
            if off > 0 or leg.riders:
                yield _of_break(Rule.BREAK, shift, pause.id, off)


def workload_cap(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """No shift has more trips than it may."""
    for shift, route in duty(problem, plan):
        if shift.max_trips is not None and len(route.trip_ids) > shift.max_trips:
            excess = len(route.trip_ids) - shift.max_trips
            yield Violation(rule=Rule.WORKLOAD_CAP, amount=excess, shift=shift.id)


# Soft rules


def same_driver(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """A trip that asks for the driver of another planned trip has that driver."""
    driver_of = {trip: problem.shift_by_id[s].driver for trip, s in plan.shift_of.items()}
    for trip_id, shift_id in plan.shift_of.items():
        other = problem.trip_by_id[trip_id].same_driver_as
        if other in driver_of and driver_of[other] != driver_of[trip_id]:
            yield Violation(rule=Rule.SAME_DRIVER, trip=trip_id, shift=shift_id, other=other)


def preferred_driver(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """A patient who prefers drivers is driven by one of them."""
    for trip_id, shift_id in plan.shift_of.items():
        preferred = problem.trip_by_id[trip_id].preferred_drivers
        if preferred and problem.shift_by_id[shift_id].driver not in preferred:
            yield Violation(rule=Rule.PREFERRED_DRIVER, trip=trip_id, shift=shift_id)


def fair_loads(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Drivers' loads over the window differ by at most one trip; amount: the gap, rounded up."""
    gap = fairness(problem, plan).gap
    if gap > FAIR_GAP_TRIPS:
        yield Violation(rule=Rule.FAIRNESS, amount=ceil(gap))


def emergency_last(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """Emergency drivers stay at home; amount: the trips they drive."""
    for shift, route in duty(problem, plan):
        if shift.is_emergency and route.trip_ids:
            trips = len(route.trip_ids)
            yield Violation(rule=Rule.EMERGENCY_LAST, amount=trips, shift=shift.id)


def optional_break(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """A working shift gets its optional breaks too; amount: the length of the one missing."""
    for shift, route in duty(problem, plan):
        for pause in _missing_breaks(shift, route):
            if not pause.mandatory:
                yield _of_break(Rule.OPTIONAL_BREAK, shift, pause.id, pause.duration_s)


def stability(problem: Problem, plan: Plan) -> Iterator[Violation]:
    """A trip keeps the driver of the plan in force."""
    for trip_id, shift_id in plan.shift_of.items():
        driver = problem.shift_by_id[shift_id].driver
        if problem.driver_in_force.get(trip_id, driver) != driver:
            yield Violation(rule=Rule.STABILITY, trip=trip_id, shift=shift_id)


# What the rules look at


def _free_choices(problem: Problem, plan: Plan) -> Iterator[tuple[Shift, Trip]]:
    """Planned trips with their shifts, but for those a shift has already begun: a fact is no choice."""
    for trip_id, shift_id in plan.shift_of.items():
        if problem.committed_shift.get(trip_id) != shift_id:
            yield problem.shift_by_id[shift_id], problem.trip_by_id[trip_id]


def _rides(problem: Problem, plan: Plan) -> Iterator[tuple[Shift, Trip, int]]:
    """Seconds on board of each trip: from the end of boarding to the start of the drop-off."""
    for shift, route in duty(problem, plan):
        boarded: dict[str, int] = {}
        for visit in route.visits:
            if visit.kind is VisitKind.PICKUP:
                boarded[visit.id] = end_s(problem, shift, visit)
            elif visit.kind is VisitKind.DROPOFF and visit.id in boarded:
                trip = problem.trip_by_id[visit.id]
                yield shift, trip, visit.start_s - boarded[visit.id]


def _together(problem: Problem, shift: Shift, route: Route) -> Iterator[tuple[str, str]]:
    """Pairs of trips on board at the same moment, each once."""
    for leg in legs(problem, shift, route):
        if leg.visit is not None and leg.visit.kind is VisitKind.PICKUP:
            for rider in leg.riders:
                yield rider, leg.visit.id


def _out_of_order(route: Route) -> Iterator[TimedVisit]:
    """Visits done twice, drop-offs before (or without) their pickup, pickups never dropped off."""
    done: set[Visit] = set()
    for timed in route.visits:
        pickup = Visit(timed.id, VisitKind.PICKUP)
        if timed.visit in done or (timed.kind is VisitKind.DROPOFF and pickup not in done):
            yield timed
        done.add(timed.visit)
    for timed in route.visits:
        is_pickup = timed.kind is VisitKind.PICKUP
        if is_pickup and Visit(timed.id, VisitKind.DROPOFF) not in done:
            yield timed


def _missing_breaks(shift: Shift, route: Route) -> Iterator[Break]:
    """Breaks a working shift does not take; who drives nobody rests all day."""
    taken = {visit.id for visit in route.visits if visit.kind is VisitKind.BREAK}
    for pause in shift.breaks:
        if route.trip_ids and pause.id not in taken:
            yield pause


def _missing(load: Load, offered: Load) -> int:
    return sum(max(0, excess) for excess in load.minus(offered))


def _outside(start_s: int, earliest_s: int, latest_s: int) -> int:
    return max(earliest_s - start_s, start_s - latest_s, 0)


def _of_visit(rule: Rule, shift: Shift, visit: TimedVisit | None, amount: int = 0) -> Violation:
    """A breach at a visit; None is the return to the base."""
    if visit is None:
        return Violation(rule=rule, amount=amount, shift=shift.id, other=shift.id)
    trip = "" if visit.kind is VisitKind.BREAK else visit.id
    return Violation(rule=rule, amount=amount, trip=trip, shift=shift.id, other=visit.id)


def _of_break(rule: Rule, shift: Shift, pause: str, amount: int) -> Violation:
    return Violation(rule=rule, amount=amount, shift=shift.id, other=pause)


# UNKNOWN_COORDINATES has no check: a trip whose place is unknown never becomes part of a Problem.
RULES: Mapping[Rule, BusinessRule] = {
    Rule.COVERAGE: BusinessRule(coverage, Severity.HARD),
    Rule.SEQUENCE: BusinessRule(sequence, Severity.HARD),
    Rule.TRANSITION_MARGIN: BusinessRule(transition_margin, Severity.HARD),
    Rule.TIME_WINDOW: BusinessRule(time_window, Severity.HARD),
    Rule.MAX_RIDE_TIME: BusinessRule(ride_time, Severity.HARD),
    Rule.POOLING: BusinessRule(pooling, Severity.HARD),
    Rule.CAPACITY: BusinessRule(capacity, Severity.HARD),
    Rule.SKILLS: BusinessRule(skills, Severity.HARD),
    Rule.EXCLUDED_DRIVER: BusinessRule(excluded_driver, Severity.HARD),
    Rule.PINNED: BusinessRule(pinned, Severity.HARD),
    Rule.FREEZE_TIME: BusinessRule(freeze_time, Severity.HARD),
    Rule.SHIFT: BusinessRule(hours_of_duty, Severity.HARD),
    Rule.DURATION: BusinessRule(duration, Severity.HARD),
    Rule.BREAK: BusinessRule(mandatory_break, Severity.HARD),
    Rule.WORKLOAD_CAP: BusinessRule(workload_cap, Severity.HARD),
    Rule.SAME_DRIVER: BusinessRule(same_driver, Severity.SOFT),
    Rule.PREFERRED_DRIVER: BusinessRule(preferred_driver, Severity.SOFT),
    Rule.FAIRNESS: BusinessRule(fair_loads, Severity.SOFT),
    Rule.EMERGENCY_LAST: BusinessRule(emergency_last, Severity.SOFT),
    Rule.OPTIONAL_BREAK: BusinessRule(optional_break, Severity.SOFT),
    Rule.STABILITY: BusinessRule(stability, Severity.SOFT),
}
