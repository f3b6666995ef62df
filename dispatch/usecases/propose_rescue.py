"""Finds a way on for every journey of the shifts whose vehicle or driver drops out; nothing is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from dispatch.engine import breakdown as engine
from dispatch.engine.draft import resume
from dispatch.engine.plan import Plan, Unassigned
from dispatch.engine.problem import Load
from dispatch.engine.rescue import Breakdown, Partner, Prices, Rescue, Stranded
from dispatch.enums import BookingStatus
from dispatch.models import Booking, CompanySettings, Shift
from dispatch.models.settings import Rescue as RescueRules
from dispatch.usecases.build_problem import BuiltProblem, build_problem
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.day_rows import MIN_S, Stranding
from dispatch.usecases.day_trips import promise_of
from dispatch.usecases.references import shift_ref, trip_ref
from dispatch.usecases.relief_crew import relief_shift
from dispatch.usecases.stranded_shift import Lost, StrandedShift, stranded_shift
from dispatch.usecases.wording import labels, unassigned_sentences

CENTIMES = 100
ORDINARY_CAR = Load(seats=4, folded_chairs=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """`as_of`: the moment a proposal was made for; `seen`: a fingerprint of the whole day as it was read then."""

    as_of: datetime
    seen: str


@dataclass(frozen=True, kw_only=True)
class RescueProposal:
    """Made once more for the same loss and moment it is the same, as long as its fingerprint `shown.seen` is."""

    stranded: StrandedShift
    shown: Shown
    built: BuiltProblem
    breakdown: Breakdown
    rescue: Rescue
    relief: Shift | None

    @property
    def clock(self) -> DayClock:
        return self.stranded.clock

    @property
    def left_out(self) -> tuple[Unassigned, ...]:
        """Stranded journeys that cannot be planned at all: a position is unknown."""
        mine = {trip_ref(row.pk) for row in self.stranded.bookings}
        return tuple(item for item in self.built.unplannable if item.trip in mine)


def reason_sentence(proposal: RescueProposal, item: Unassigned) -> str:
    """Why nobody takes this journey, and what would help; the crew that would stand in is called by its driver."""
    relief = proposal.relief
    names = {} if relief is None else {shift_ref(relief.pk): str(relief.driver)}
    label = labels((item.shift, item.advice.partition(":")[2]), names)
    return unassigned_sentences(item, proposal.clock, label)


def propose_rescue(*, lost: Lost, now: datetime) -> RescueProposal:
    """Every stranded journey with its priced ways on, people on board first.

    May ask the road server: not to be called in a transaction. Raises NotFoundError, NothingStrandedError,
    NowhereError or BackBeforeError.
    """
    stranded = stranded_shift(lost=lost, now=now)
    relief = relief_shift(stranded, now=now)
    company = stranded.shift.company
    built = build_problem(
        company=company,
        day=stranded.day,
        now=now,
        stranding=Stranding(
            bookings=frozenset(row.pk for row in stranded.bookings),
            at=stranded.at,
            relief=relief,
        ),
    )
    plan = resume(built.problem, built.in_force)
    relief_ref = None if relief is None else shift_ref(relief.pk)
    breakdown = Breakdown(
        problem=built.problem,
        plan=plan,
        stranded=tuple(_stranded(stranded, built)),
        since_s=stranded.clock.second(now),
        prices=prices_of(company.rules),
        partner=partner_of(company.rules.rescue),
        closed=_closed(built, plan) | {shift_ref(row.pk) for row in stranded.shifts},
        relief=relief_ref if relief_ref in built.problem.shift_by_id else None,
    )
    return RescueProposal(
        stranded=stranded,
        shown=Shown(as_of=now, seen=built.problem.hash),
        built=built,
        breakdown=breakdown,
        rescue=engine.propose(breakdown),
        relief=relief,
    )


def prices_of(rules: CompanySettings) -> Prices:
    """Overtime weighs beside driving as much as in every plan: an hour of driving is what tells centimes from weights."""
    own, weights = rules.rescue, rules.weights
    return Prices(
        per_km_c=_centimes(own.own_per_km),
        per_hour_c=_centimes(own.own_per_hour),
        new_run_c=_centimes(own.new_run),
        late_per_min_c=_centimes(own.late_per_min),
        aboard_per_min_c=_centimes(own.late_per_min * own.aboard_times),
        overtime_per_hour_c=_centimes(
            own.own_per_hour * weights.overtime / max(1, weights.driving)
        ),
    )


def partner_of(rules: RescueRules) -> Partner | None:
    """None for a company that works with no taxi company. No taxi takes a stretcher."""
    if not rules.partner_enabled:
        return None
    ramps = frozenset({"equipment:ramp", "equipment:lift"})
    return Partner(
        base_c=_centimes(rules.partner_base),
        per_km_c=_centimes(rules.partner_per_km),
        notice_s=rules.partner_notice_min * MIN_S,
        places=ORDINARY_CAR._replace(wheelchairs=int(rules.partner_has_ramp)),
        capabilities=ramps if rules.partner_has_ramp else frozenset(),
    )


def _centimes(francs: float) -> int:
    return round(francs * CENTIMES)


def _stranded(stranded: StrandedShift, built: BuiltProblem) -> list[Stranded]:
    known = built.problem.trip_by_id
    rows = (row for row in stranded.bookings if trip_ref(row.pk) in known)
    return [_one(row, stranded.clock) for row in rows]


def _one(row: Booking, clock: DayClock) -> Stranded:
    return Stranded(
        trip=trip_ref(row.pk),
        promised_to_s=clock.second(promise_of(row)[1]),
        appointment_s=clock.second_if(row.appointment_at),
        is_aboard=row.status == BookingStatus.ON_BOARD,
        waits_since_s=clock.second_if(row.waits_since),
    )


def _closed(built: BuiltProblem, plan: Plan) -> frozenset[str]:
    """Shifts whose tour in force works no more: they are for people, and take nobody else."""
    return frozenset(
        shift
        for shift, order in built.in_force.items()
        if {visit.id for visit in order} - set(plan.route_of[shift].trip_ids)
    )
