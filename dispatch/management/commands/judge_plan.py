"""Judges a day's plan that a person wrote into a file: every rule it breaks, with its amount. Nothing is written."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from dispatch.enums import VisitKind
from dispatch.management.companies import add_company_option, chosen_company
from dispatch.management.days import ACCEPTED, day_meant, day_or_word
from dispatch.tables.hand_plans import COLUMNS, KINDS, LEFT, read_hand_plan
from dispatch.tables.reading import UnreadableFileError
from dispatch.usecases.compare_figures import compare_figures
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.day_content import DayOverError, NothingToPlanError
from dispatch.usecases.judge_plan import JudgedPlan, judge_plan
from dispatch.usecases.measure_day import kpi_json
from dispatch.usecases.wording import labels

EXIT_USAGE, EXIT_RULES, EXIT_NOTHING = 2, 3, 4


class Command(BaseCommand):
    help = (
        f"Judge a plan of a day from a file: CSV ({', '.join(COLUMNS)}; kind: {', '.join(KINDS)}, {LEFT} or empty "
        "for a whole journey) or JSON as the API takes it. Every rule it breaks is told with its amount; nothing is "
        "refused or written. Exit codes: 0 it keeps every hard rule, 1 error, 2 the file cannot be read, "
        "3 it breaks hard rules, 4 nothing to plan on that day."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        add_company_option(parser)
        parser.add_argument(
            "--on", type=day_or_word, metavar="DAY", help=f"Local day: {ACCEPTED}; default: today."
        )
        parser.add_argument("--json", action="store_true", help="One JSON document.")

    def handle(self, *_args: Any, **options: Any) -> None:
        company = chosen_company(options["company"])
        day = day_meant(options["on"], today=local_day(company, timezone.now()))
        try:
            hand = read_hand_plan(options["file"].read_bytes(), company=company, day=day)
            found = judge_plan(company=company, day=day, hand=hand, now=timezone.now())
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}.") from error
        except UnreadableFileError as error:
            lines = "\n".join(f"  {problem.sentence}" for problem in error.problems)
            raise CommandError(f"The file is no plan:\n{lines}", returncode=EXIT_USAGE) from error
        except (DayOverError, NothingToPlanError) as error:
            raise CommandError(str(error), returncode=EXIT_NOTHING) from error
        self.stdout.write(json.dumps(_document(found)) if options["json"] else _text(found))
        if not found.judgement.is_valid:
            raise CommandError("The plan breaks hard rules.", returncode=EXIT_RULES)


def _document(found: JudgedPlan) -> dict[str, Any]:
    plan = found.judgement.plan
    return {
        "is_valid": found.judgement.is_valid,
        "cost": found.judgement.score.total,
        "served": len(found.judgement.served.shift_of),
        "unserved": len(found.judgement.served.unassigned),
        "violations": [
            {
                "rule": one.rule,
                "severity": one.severity,
                "amount": one.amount,
                "trip": one.trip,
                "shift": one.shift,
                "sentence": said,
            }
            for one, said in found.violations
        ],
        "oddities": [{"kind": odd.kind, "sentence": said} for odd, said in found.oddities],
        "plan": plan.to_json(),
        "kpis": [kpi_json(value) for value in found.kpis],
    }


def _text(found: JudgedPlan) -> str:
    served, left = found.judgement.served.shift_of, found.judgement.served.unassigned
    lines = [
        f"{len(served)} of {len(served) + len(left)} trips served, price {found.judgement.score.total}"
    ]
    lines += [f"  odd: {said}" for _odd, said in found.oddities]
    lines += [f"  {one.severity}: {said}" for one, said in found.violations]
    lines += _tours(found)
    lines += [
        f"  {figure.name}: {figure.shown[0]} ({figure.details[0]})"
        for figure in compare_figures(found.kpis)
    ]
    return "\n".join(lines)


def _tours(found: JudgedPlan) -> list[str]:
    routes = [route for route in found.judgement.plan.routes if route.visits]
    known = {route.shift for route in routes} | {v.id for r in routes for v in r.visits}
    names = labels(known, found.breaks)
    signs = {VisitKind.PICKUP: "+", VisitKind.DROPOFF: "-", VisitKind.BREAK: "break "}
    shown = found.clock.shown
    return [
        f"  {names(route.shift)}: "
        + " ".join(f"{shown(v.start_s)} {signs[v.kind]}{names(v.id)}" for v in route.visits)
        + f" {shown(route.return_s)} home"
        for route in routes
    ]
