"""`manage.py export_csv KIND > file`: a company's bookings, drivers or vehicles, as `import_csv` reads them back."""

from __future__ import annotations

import csv
import json
from datetime import date
from typing import TYPE_CHECKING

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from dispatch.management.companies import add_company_option, chosen_company
from dispatch.management.days import ACCEPTED, day_meant, day_or_word
from dispatch.tables.exporting import SEPARATOR, UTF8_MARK, export_lines
from dispatch.tables.formulas import restore
from dispatch.tables.importing import TABLES
from dispatch.usecases.day_clock import local_day

if TYPE_CHECKING:
    from argparse import ArgumentParser
    from collections.abc import Iterable, Iterator


class Command(BaseCommand):
    help = (
        "Write bookings, drivers or vehicles as CSV to standard output; with no row, the head alone. "
        "Exit codes: 0 written, 1 error, 2 usage."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=sorted(TABLES), help="what to write")
        add_company_option(parser)
        parser.add_argument(
            "--on", type=day_or_word, metavar="DAY", help=f"bookings of this day only: {ACCEPTED}"
        )
        parser.add_argument(
            "--json", action="store_true", help="one JSON object a row instead of CSV"
        )

    def handle(
        self,
        *_args: object,
        kind: str,
        company: str,
        on: date | str | None,
        json: bool,
        **_options: object,
    ) -> None:
        if on is not None and kind != "bookings":
            raise CommandError("Only bookings have a day: leave --on out.", returncode=2)
        chosen = chosen_company(company)
        day = None if on is None else day_meant(on, today=local_day(chosen, timezone.now()))
        lines = export_lines(kind=kind, company=chosen, day=day)
        for line in _as_json(lines) if json else lines:
            self.stdout.write(line, ending="")


def _as_json(lines: Iterable[str]) -> Iterator[str]:
    """Each row with the names of its columns, without the signs that keep spreadsheets from calculating."""
    for row in csv.DictReader(
        (line.removeprefix(UTF8_MARK) for line in lines), delimiter=SEPARATOR
    ):
        values = {name: restore(value) for name, value in row.items()}
        yield json.dumps(values, ensure_ascii=False) + "\n"
