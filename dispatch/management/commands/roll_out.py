"""`manage.py roll_out --from DAY --to DAY`: says which shifts the ordinary week gives; with --wet-run it makes them."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from dispatch.management.companies import add_company_option, chosen_company
from dispatch.management.days import ACCEPTED, day_meant, day_or_word
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.roll_out_shifts import RolledOut, SenselessSpanError, roll_out_shifts

if TYPE_CHECKING:
    from argparse import ArgumentParser

NOTHING_TO_DO = 4


class Command(BaseCommand):
    help = (
        "Make shifts from the weekly templates. Dry unless --wet-run is given. "
        f"A DAY is {ACCEPTED}. "
        "Exit codes: 0 made (or would be), 1 error, 2 usage, 4 nothing to do."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--from", dest="first_on", type=day_or_word, metavar="DAY", required=True
        )
        parser.add_argument("--to", dest="last_on", type=day_or_word, metavar="DAY", required=True)
        add_company_option(parser)
        parser.add_argument("--wet-run", action="store_true", help="write the shifts")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *_args: object, **options: Any) -> None:
        company = chosen_company(options["company"])
        today = local_day(company, timezone.now())
        try:
            with transaction.atomic():
                done = roll_out_shifts(
                    company=company,
                    first_on=day_meant(options["first_on"], today=today),
                    last_on=day_meant(options["last_on"], today=today),
                    now=timezone.now(),
                )
                transaction.set_rollback(not options["wet_run"])
        except SenselessSpanError as error:
            raise CommandError(str(error)) from error
        for each in done.skipped:
            self.stderr.write(f"{each.day} {each.driver}: {each.sentence}")
        is_wet = options["wet_run"]
        self.stdout.write(_json(done) if options["json"] else _summary(done, is_wet=is_wet))
        if not done.created:
            sys.exit(NOTHING_TO_DO)


def _summary(done: RolledOut, *, is_wet: bool) -> str:
    said = "Made" if is_wet else "Would make"
    return f"{said} {len(done.created)} shift(s); {done.kept} kept, {len(done.skipped)} skipped."


def _json(done: RolledOut) -> str:
    skipped = [
        {"day": each.day.isoformat(), "driver": each.driver, "reason": each.sentence}
        for each in done.skipped
    ]
    return json.dumps({"created": len(done.created), "kept": done.kept, "skipped": skipped})
