"""Plans one day of a company and, if told to, puts the plan in force."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from dispatch.engine.errors import EngineError
from dispatch.enums import RunTrigger
from dispatch.management.companies import chosen_company
from dispatch.management.days import ACCEPTED, day_meant, day_or_word
from dispatch.models import Company, DispatchRun
from dispatch.usecases.apply_plan import apply_plan
from dispatch.usecases.day_clock import DayClock, local_day
from dispatch.usecases.day_content import DayOverError, NothingToPlanError
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.note_sentences import note_sentences, source_words
from dispatch.usecases.request_run import request_run
from dispatch.usecases.run_dispatch import DayBusyError, run_dispatch
from dispatch.usecases.wording import labels_of, left_of, row_sentences

EXIT_ERROR, EXIT_NOTHING, EXIT_BUSY = 1, 4, 75
WORST_LAST = (EXIT_NOTHING, EXIT_BUSY, EXIT_ERROR)


class Command(BaseCommand):
    help = (
        "Plan a day and show the result. Nothing in force changes unless --apply is given. "
        "Exit codes: 0 planned, 1 error, 2 usage, 4 nothing to plan, 75 the day is being planned already, "
        "130 interrupted; of several companies the worst: 1, then 75, then 4."
    )
    trigger = RunTrigger.MANUAL

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--company", help="Short name (slug); default: every company.")
        parser.add_argument(
            "--on", type=day_or_word, metavar="DAY", help=f"Local day: {ACCEPTED}; default: today."
        )
        parser.add_argument("--apply", action="store_true", help="Put the plan in force.")
        parser.add_argument("--json", action="store_true", help="One JSON line a company.")

    def handle(self, *_args: Any, **options: Any) -> None:
        companies = self._companies(options["company"])
        failures: list[CommandError] = []
        for company in companies:
            try:
                self._plan_and_show(company, options)
            except CommandError as failure:
                if len(companies) == 1:
                    raise
                self.stderr.write(f"{company.name}: {failure}")
                failures.append(failure)
        if failures:
            raise CommandError(
                f"{len(failures)} of {len(companies)} companies were not planned.",
                returncode=max((f.returncode for f in failures), key=WORST_LAST.index),
            )

    def _plan_and_show(self, company: Company, options: dict[str, Any]) -> None:
        day = day_meant(options["on"], today=local_day(company, timezone.now()))
        run = self._plan(company, day)
        if options["apply"]:
            self._apply(run)
        self._show(run, as_json=options["json"])

    def _companies(self, slug: str | None) -> list[Company]:
        companies = [chosen_company(slug)] if slug else list(Company.objects.all())
        if not companies:
            raise CommandError("There is no company yet.", returncode=EXIT_NOTHING)
        return companies

    def _plan(self, company: Company, day: date) -> DispatchRun:
        self.stderr.write(f"Planning {day} for {company.name} …")
        try:
            run = request_run(company=company, day=day, trigger=self.trigger, by=None)
            return run_dispatch(run_id=run.pk, clock=timezone.now)
        except DayBusyError as error:
            raise CommandError(str(error), returncode=EXIT_BUSY) from error
        except (NothingToPlanError, DayOverError) as error:
            raise CommandError(str(error), returncode=EXIT_NOTHING) from error
        except (UseCaseError, EngineError) as error:
            raise CommandError(str(error)) from error

    def _apply(self, run: DispatchRun) -> None:
        try:
            apply_plan(run_id=run.pk, by=None, now=timezone.now())
        except UseCaseError as error:
            raise CommandError(str(error)) from error

    def _show(self, run: DispatchRun, *, as_json: bool) -> None:
        run = DispatchRun.objects.select_related("company").get(pk=run.pk)
        facts = _facts(run)
        if as_json:
            self.stdout.write(json.dumps(facts))
            return
        self.stdout.write(
            f"{run.company.name}, {run.service_on}, version {run.version} (run {run.pk}): "
            f"{facts['assigned']} of {facts['trips']} trips assigned, "
            f"{facts['seconds']:.1f} s, travel times: {source_words(run.travel_source)}"
            f"{' (degraded)' if run.is_degraded else ''}"
            f"{', in force' if run.applied_at else ', not applied'}."
        )
        for left in facts["left_out"]:
            self.stdout.write(f"  unassigned: {left['booking']}: {left['sentence']}")
        for note in note_sentences(run.notes):
            self.stdout.write(f"  note: {note}")


def _facts(run: DispatchRun) -> dict[str, Any]:
    routes = run.plan["routes"]
    assigned = sum(visit[1] == "pickup" for route in routes for visit in route["visits"])
    left_out = _left_out(run)
    started, finished = run.started_at, run.finished_at
    seconds = (finished - started).total_seconds() if started and finished else 0.0
    return {
        "company": run.company.slug,
        "day": run.service_on.isoformat(),
        "version": run.version,
        "run": run.pk,
        "status": run.status,
        "trips": assigned + len(left_out),
        "assigned": assigned,
        "unassigned": len(left_out),
        "left_out": left_out,
        "seconds": round(seconds, 3),
        "travel_source": run.travel_source,
        "is_degraded": run.is_degraded,
        "applied": run.applied_at is not None,
        "stages": run.stages,
        "notes": note_sentences(run.notes),
    }


def _left_out(run: DispatchRun) -> list[dict[str, str]]:
    """Why each trip that is not served is not, and what would help."""
    rows = list(run.unassigned.select_related("booking"))
    clock = DayClock.of(run.company, run.service_on)
    label = labels_of(map(left_of, rows))
    return [
        {
            "booking": row.booking.reference,
            "reason": row.reason,
            "sentence": row_sentences(row, clock, label),
        }
        for row in rows
    ]
