"""Writes a demo company: invented people, real public places of Geneva, days behind and ahead."""

from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from dispatch.management.days import ACCEPTED, day_meant, day_or_word
from dispatch.twin.carrier import CARRIERS
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.seed_demo import DEMO_PASSWORD, Seeded, seed_demo

MOST_DAYS = 60


def _days(text: str) -> int:
    if not text.isdigit() or int(text) > MOST_DAYS:
        raise ArgumentTypeError(f"a number of days from 0 to {MOST_DAYS}, not “{text}”")
    return int(text)


class Command(BaseCommand):
    help = (
        "Write a demo company with its users and days. It writes at once: that is its purpose. A company "
        "that is there already is left alone unless --reset is given. Exit codes: 0 written or already "
        "there, 1 refused (production), 2 usage."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--carrier",
            choices=[*CARRIERS, "both"],
            default="small",
            help="small: 6 vehicles, about 12 trips a day (default); large: 26 vehicles, 225 trips.",
        )
        parser.add_argument("--seed", type=int, default=1, help="Another seed, other people.")
        parser.add_argument(
            "--days", type=_days, default=7, help="Days before and after the day (default 7)."
        )
        parser.add_argument(
            "--on",
            type=day_or_word,
            metavar="DAY",
            help=f"The day in the middle: {ACCEPTED} (today).",
        )
        parser.add_argument(
            "--reset", action="store_true", help="Delete the demo company first, with all it has."
        )
        parser.add_argument("--json", action="store_true", help="One JSON line a company.")

    def handle(self, *_args: Any, **options: Any) -> None:
        chosen = CARRIERS if options["carrier"] == "both" else {options["carrier"]}
        for name in chosen:
            self.stderr.write(f"Writing the {name} demo company …")
            try:
                seeded = seed_demo(
                    now=timezone.now(),
                    carrier=CARRIERS[name],
                    seed=options["seed"],
                    days=options["days"],
                    on=day_meant(options["on"], today=timezone.localdate()),
                    is_reset=options["reset"],
                )
            except UseCaseError as error:
                raise CommandError(str(error)) from error
            self.stdout.write(json.dumps(_facts(seeded)) if options["json"] else _sentence(seeded))


def _facts(seeded: Seeded) -> dict[str, Any]:
    return {
        "company": seeded.company.slug,
        "is_new": seeded.is_new,
        "users": list(seeded.users),
        "password": DEMO_PASSWORD if seeded.users else None,
        "patients": seeded.patients,
        "drivers": seeded.drivers,
        "vehicles": seeded.vehicles,
        "bookings": seeded.bookings,
    }


def _sentence(seeded: Seeded) -> str:
    company = seeded.company
    if not seeded.is_new:
        return f"{company.name} ({company.slug}) is there already; --reset makes it anew."
    written = (
        f"{company.name} ({company.slug}): {seeded.patients} patients, {seeded.drivers} drivers, "
        f"{seeded.vehicles} vehicles, {seeded.bookings} bookings."
    )
    if not seeded.users:
        return f"{written} Same users and passwords as before."
    return f"{written} Users {', '.join(seeded.users)}; password: {DEMO_PASSWORD}"
