"""Plans a stored run once more and shows what differs; or compares two stored runs of one day."""

from __future__ import annotations

import json
import time
from argparse import ArgumentTypeError
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dispatch.engine.errors import EngineError
from dispatch.engine.kpi import KpiValue
from dispatch.engine.plan import Plan
from dispatch.engine.rules import Violation
from dispatch.models import DispatchRun
from dispatch.usecases.compare_figures import Figure, compare_figures
from dispatch.usecases.compare_plans import Moved, Ride, compare_plans
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.measure_day import kpi_json, kpis_of
from dispatch.usecases.replay_run import Kept, Replay, replay_run, stored_plan, stored_run
from dispatch.usecases.wording import labels

EXIT_USAGE, EXIT_RULES = 2, 3
OLDER_FORMAT = "The problem was kept in an older format: what it does not say has today's defaults."
NO_DRAFT = "The first draft was not kept by the version that planned: planned from nothing."
BY_SECONDS = "A search ends by the clock: another load or machine may find another plan."


class Command(BaseCommand):
    help = (
        "Plan a stored run once more (its problem, first draft, seed and seconds) and show what differs "
        "from the plan it kept; or compare two stored runs. Nothing is written. Exit codes: 0 shown, "
        "1 error, 2 usage, 3 one of the plans breaks a hard rule, 130 interrupted."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "run", type=int, help="Number of the run (plan_day and the desk say it)."
        )
        parser.add_argument(
            "--against",
            type=int,
            metavar="RUN",
            help="Plan nothing: compare the stored plan with this later or earlier one of the same day.",
        )
        parser.add_argument(
            "--time-limit", type=_seconds, metavar="S", help="Seconds; default: those of the run."
        )
        parser.add_argument("--json", action="store_true", help="One JSON document.")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["against"] is not None and options["time_limit"] is not None:
            raise CommandError(
                "With --against nothing is planned: leave --time-limit out.", returncode=EXIT_USAGE
            )
        try:
            found = (
                self._replayed(options["run"], options["time_limit"])
                if options["against"] is None
                else _compared(options["run"], options["against"])
            )
        except (UseCaseError, EngineError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(found.to_json()) if options["json"] else found.text())
        if found.broken:
            raise CommandError("A plan breaks hard rules.", returncode=EXIT_RULES)

    def _replayed(self, run_id: int, time_limit_s: float | None) -> _Difference:
        self.stderr.write(f"Planning run {run_id} again …")
        replay = replay_run(run_id=run_id, clock=time.monotonic, time_limit_s=time_limit_s)
        return _Difference(
            title=f"{_name(replay.run)}, planned again with seed {replay.run.seed} in {replay.time_limit_s:g} s",
            sides=("stored", "replay"),
            run=replay.run,
            against=None,
            notes=tuple(_notes(replay)),
            plans=(replay.before, replay.after),
            broken=_sentences(replay.before_violations),
            moves=replay.moves,
            kpis=(replay.before_kpis, replay.after_kpis),
            stages=(replay.run.stages, [asdict(stage) for stage in replay.result.stages]),
        )


@dataclass(frozen=True, kw_only=True)
class _Difference:
    """Two plans of one day beside each other; bookings by reference, nobody's name but the drivers'."""

    title: str
    sides: tuple[str, str]
    run: DispatchRun
    against: DispatchRun | None
    notes: tuple[str, ...]
    plans: tuple[Plan, Plan]
    broken: tuple[
        str, ...
    ]  # hard rules that the stored plan breaks; the planner offers none that does
    moves: Sequence[Moved]
    kpis: tuple[Sequence[KpiValue], Sequence[KpiValue]]
    stages: tuple[Sequence[Mapping[str, Any]], Sequence[Mapping[str, Any]]]

    @property
    def noticeable(self) -> list[Moved]:
        return [move for move in self.moves if move.is_noticeable]

    def to_json(self) -> dict[str, Any]:
        return {
            "company": self.run.company.slug,
            "day": self.run.service_on.isoformat(),
            "run": self.run.pk,
            "against": None if self.against is None else self.against.pk,
            "problem_hash": self.run.problem_hash,
            "notes": list(self.notes),
            "broken_rules": list(self.broken),
            "served": [len(plan.shift_of) for plan in self.plans],
            "unserved": [len(plan.unassigned) for plan in self.plans],
            "moves": [_move_json(move) for move in self.moves],
            "kpis": [[kpi_json(value) for value in values] for values in self.kpis],
            "stages": [list(stages) for stages in self.stages],
        }

    def text(self) -> str:
        return "\n".join(
            [
                self.title,
                f"  problem {self.run.problem_hash[:12]}…",
                *(f"  note: {note}" for note in self.notes),
                *(f"  broken rule: {sentence}" for sentence in self.broken),
                *(
                    _plan_line(side, plan)
                    for side, plan in zip(self.sides, self.plans, strict=True)
                ),
                *_move_lines(self.noticeable, self.run),
                *_figure_lines(compare_figures(*self.kpis)),
                *_stage_lines(*self.stages),
            ]
        )


def _compared(run_id: int, against_id: int) -> _Difference:
    before, after = stored_run(run_id), stored_run(against_id)
    if (before.company_id, before.service_on) != (after.company_id, after.service_on):
        raise CommandError(
            f"Run {run_id} and run {against_id} are not of one company and day.",
            returncode=EXIT_USAGE,
        )
    plans = (stored_plan(before), stored_plan(after))
    is_same = before.problem_hash == after.problem_hash
    return _Difference(
        title=f"{_name(before)}, compared with version {after.version} (run {after.pk})",
        sides=(f"v{before.version}", f"v{after.version}"),
        run=before,
        against=after,
        notes=(
            "Both planned the same problem." if is_same else "They planned different problems.",
        ),
        plans=plans,
        broken=(),
        moves=compare_plans(*plans, clock=DayClock.of(before.company, before.service_on)),
        kpis=(kpis_of(before.quality), kpis_of(after.quality)),
        stages=(before.stages, after.stages),
    )


def _name(run: DispatchRun) -> str:
    return f"{run.company.name}, {run.service_on}, version {run.version} (run {run.pk})"


def _notes(replay: Replay) -> Iterable[str]:
    if replay.kept is Kept.OLDER_FORMAT:
        yield OLDER_FORMAT
    if not replay.has_draft:
        yield NO_DRAFT
    yield BY_SECONDS


def _sentences(violations: Sequence[Violation]) -> tuple[str, ...]:
    named = labels({ref for v in violations for ref in (v.trip, v.shift, v.other)})
    return tuple(violation.sentence(label=named) for violation in violations)


def _plan_line(side: str, plan: Plan) -> str:
    served, left = len(plan.shift_of), len(plan.unassigned)
    return f"  {side}: {served} of {served + left} trips served"


def _move_lines(moves: Sequence[Moved], run: DispatchRun) -> Iterable[str]:
    served = sum(move.is_newly_served for move in moves)
    unserved = sum(move.is_newly_unserved for move in moves)
    yield f"Journeys: {len(moves)} differ, {served} newly served, {unserved} no longer served"
    clock = DayClock.of(run.company, run.service_on)
    for move in moves:
        late = "" if not move.minutes else f" ({move.minutes:+d} min)"
        before, after = (_ride_words(ride, clock) for ride in (move.before, move.after))
        yield f"  {move.reference or 'deleted since'}: {before} → {after}{late}"


def _ride_words(ride: Ride | None, clock: DayClock) -> str:
    if ride is None:
        return "nobody"
    return f"{clock.shown(clock.second(ride.pickup_at))} {ride.driver}"


def _figure_lines(figures: Sequence[Figure]) -> Iterable[str]:
    changed = [figure for figure in figures if len(set(figure.columns)) > 1]
    yield f"Figures: {len(changed)} of {len(figures)} differ"
    for figure in changed:
        before, after = (f"{shown} ({detail})" for shown, detail in figure.columns)
        yield f"  {figure.name}: {before} → {after}"


def _stage_lines(
    before: Sequence[Mapping[str, Any]], after: Sequence[Mapping[str, Any]]
) -> Iterable[str]:
    """By name: a stage may be missing on one side."""
    known = [{stage["name"]: stage for stage in stages} for stages in (before, after)]
    yield "Stages:"
    for name in dict.fromkeys([*known[0], *known[1]]):
        first, second = (_stage_words(stages.get(name)) for stages in known)
        yield f"  {name}: {first} → {second}"


def _stage_words(stage: Mapping[str, Any] | None) -> str:
    if stage is None:
        return "–"
    price = "" if stage["cost"] is None else f", price {stage['cost']}"
    return f"{stage['seconds']:.2f} s {stage['outcome']}{price}"


def _move_json(move: Moved) -> dict[str, Any]:
    return {
        "booking": move.reference,
        "before": None if move.before is None else _ride_json(move.before),
        "after": None if move.after is None else _ride_json(move.after),
    }


def _ride_json(ride: Ride) -> dict[str, Any]:
    return {
        "shift": ride.shift_id,
        "driver": ride.driver,
        "pickup_at": ride.pickup_at.isoformat(),
    }


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < float("inf"):
        raise ArgumentTypeError("the time limit is a number of seconds above 0")
    return seconds
