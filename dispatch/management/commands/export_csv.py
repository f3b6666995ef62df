"""`manage.py export_csv KIND > file`: a company's bookings, drivers or vehicles, as `import_csv` reads them back."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.core.management.base import BaseCommand, CommandError

from dispatch.management.companies import add_company_option, chosen_company
from dispatch.tables.exporting import export_lines
from dispatch.tables.importing import TABLES

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    help = "Write bookings, drivers or vehicles as CSV to standard output."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=sorted(TABLES), help="what to write")
        add_company_option(parser)
        parser.add_argument(
            "--on", type=date.fromisoformat, metavar="DATE", help="bookings of this day only"
        )

    def handle(
        self, *_args: object, kind: str, company: str, on: date | None, **_options: object
    ) -> None:
        if on is not None and kind != "bookings":
            raise CommandError("Only bookings have a day: leave --on out.", returncode=2)
        for line in export_lines(kind=kind, company=chosen_company(company), day=on):
            self.stdout.write(line, ending="")
