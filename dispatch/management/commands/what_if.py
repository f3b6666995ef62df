"""Plans a day as it is and as it might be, and shows the two side by side. Nothing is written."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser, ArgumentTypeError
from datetime import date, datetime
from datetime import time as wall_clock
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from dispatch.management.companies import add_company_option, chosen_company
from dispatch.management.day_names import DayNames
from dispatch.management.days import ACCEPTED, day_meant, day_or_word
from dispatch.models import Company
from dispatch.usecases.compare_figures import compare_figures
from dispatch.usecases.day_change import DayChange, Hours
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.day_content import DayOverError, NothingToPlanError
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.measure_day import kpi_json
from dispatch.usecases.plan_what_if import Side, WhatIf, plan_what_if
from dispatch.usecases.wall_time import moment_of

EXIT_NOTHING = 4
HOURS = "SHIFT=HH:MM-HH:MM"


class Command(BaseCommand):
    help = (
        "What if? Plan a day as it is and as it would be with the changes given, with the same seconds and the same "
        "chance, and compare. Nothing is written. Exit codes: 0 shown, 1 error, 2 usage, 4 nothing to plan."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_company_option(parser)
        parser.add_argument(
            "--on", type=day_or_word, metavar="DAY", help=f"Local day: {ACCEPTED}; default: today."
        )
        for name, what in (
            ("--without-shift", "A shift that stays at home."),
            ("--without-vehicle", "A vehicle that stays at home."),
            ("--without-booking", "A journey that is withdrawn."),
            ("--extra-booking", "One more journey like this one."),
        ):
            parser.add_argument(
                name, action="append", default=[], metavar="NAME",
                help=f"{what} By its {_called(name)} or its number.",
            )  # fmt: skip
        for name, what in (
            ("--hours", "Other hours of a shift."),
            ("--extra-shift", "One more shift like this one, at these hours."),
        ):
            parser.add_argument(
                name, type=_hours, action="append", default=[], metavar=HOURS, help=what
            )
        parser.add_argument(
            "--weight", type=_weight, action="append", default=[], metavar="NAME=VALUE",
            help="Another weight of the company's, as fairness=0.",
        )  # fmt: skip
        parser.add_argument(
            "--seconds",
            type=float,
            help="Of search for each of the two plans, and for the one both go on from where trips have no driver yet.",
        )
        parser.add_argument("--json", action="store_true", help="One JSON document.")

    def handle(self, *_args: Any, **options: Any) -> None:
        company = chosen_company(options["company"])
        day = day_meant(options["on"], today=local_day(company, timezone.now()))
        try:
            found = plan_what_if(
                company=company,
                day=day,
                change=_change(company, day, options),
                now=timezone.now(),
                clock=time.monotonic,
                seconds=options["seconds"],
            )
        except (DayOverError, NothingToPlanError) as error:
            raise CommandError(str(error), returncode=EXIT_NOTHING) from error
        except UseCaseError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(json.dumps(_document(found)) if options["json"] else _text(found))


def _called(option: str) -> str:
    if option.endswith("shift"):
        return "driver's name"
    return "name or plate" if option.endswith("vehicle") else "reference"


def _change(company: Company, day: date, options: dict[str, Any]) -> DayChange:
    names = DayNames(company, day)

    def hours(given: list[tuple[str, str, str]]) -> tuple[Hours, ...]:
        return tuple(
            Hours(
                shift=names.shift(shift),
                starts_at=moment_of(company, datetime.fromisoformat(f"{day}T{begins}")),
                ends_at=moment_of(company, datetime.fromisoformat(f"{day}T{ends}")),
            )
            for shift, begins, ends in given
        )

    return DayChange(
        without_shifts=tuple(map(names.shift, options["without_shift"])),
        without_vehicles=tuple(map(names.vehicle, options["without_vehicle"])),
        other_hours=hours(options["hours"]),
        extra_shifts=hours(options["extra_shift"]),
        weights=dict(options["weight"]),
        without_bookings=tuple(map(names.booking, options["without_booking"])),
        extra_bookings=tuple(map(names.booking, options["extra_booking"])),
    )


def _text(found: WhatIf) -> str:
    sides = {"as it is": found.as_is, "as if": found.as_if}
    lines = [
        f"{name}: {side.served} of {side.served + side.unserved} trips served, price {side.cost}"
        for name, side in sides.items()
    ]
    lines.append(f"Journeys with another driver or minute: {len(found.moves)}")
    lines += [f"  without a driver: {left.called}: {left.sentence}" for left in found.left]
    figures = compare_figures(found.as_is.kpis, found.as_if.kpis)
    lines += [f"  {figure.name}: {' → '.join(figure.shown)}" for figure in figures]
    return "\n".join(lines)


def _document(found: WhatIf) -> dict[str, Any]:
    return {
        "seconds": found.seconds,
        "as_is": _side(found.as_is),
        "as_if": _side(found.as_if),
        "moved": [move.reference for move in found.moves],
        "left": [{"booking": left.called, "sentence": left.sentence} for left in found.left],
    }


def _side(side: Side) -> dict[str, Any]:
    return {
        "served": side.served,
        "unserved": side.unserved,
        "cost": side.cost,
        "kpis": [kpi_json(value) for value in side.kpis],
    }


def _hours(text: str) -> tuple[str, str, str]:
    shift, _equals, hours = text.partition("=")
    begins, _dash, ends = hours.partition("-")
    try:
        for clock in (begins, ends):
            wall_clock.fromisoformat(clock)
    except ValueError:
        shift = ""
    if not shift:
        raise ArgumentTypeError(f"“{text}” is not of the form {HOURS}.")
    return shift, begins, ends


def _weight(text: str) -> tuple[str, int]:
    name, _equals, value = text.partition("=")
    try:
        return name, int(value)
    except ValueError:
        raise ArgumentTypeError(f"“{text}” is not of the form NAME=VALUE.") from None
