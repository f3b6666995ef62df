"""`manage.py import_csv KIND FILE`: says what a file would change; with --wet-run it changes it, all or nothing."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from dispatch.management.companies import add_company_option, chosen_company
from dispatch.tables.importing import TABLES, import_file

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from dispatch.tables.report import Report

NOTHING_TO_DO = 4


class Command(BaseCommand):
    help = (
        "Read bookings, drivers or vehicles from a CSV file. Dry unless --wet-run is given. Exit codes: "
        "0 written (or would be), 1 the file has problems and nothing is written, 2 usage, 4 nothing to do."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=sorted(TABLES), help="what the file holds")
        parser.add_argument("file", help="the CSV file, or - for standard input")
        add_company_option(parser)
        parser.add_argument("--wet-run", action="store_true", help="write it, all lines or none")
        parser.add_argument(
            "--json", action="store_true", help="print the report as one JSON object"
        )

    def handle(
        self,
        *_args: object,
        kind: str,
        file: str,
        company: str,
        wet_run: bool,
        json: bool,
        **_rest: object,
    ) -> None:
        report = import_file(
            kind=kind,
            content=_content(file),
            company=chosen_company(company),
            now=timezone.now(),
            is_preview=not wet_run,
        )
        self.stdout.write(_json(report) if json else _summary(report))
        if report.problems:
            for problem in report.problems:
                self.stderr.write(problem.sentence)
            raise CommandError(f"Nothing was written: {len(report.problems)} problem(s).")
        if not report.lines:
            sys.exit(NOTHING_TO_DO)


def _content(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.", returncode=2) from error


def _json(report: Report) -> str:
    return json.dumps(report.to_json(), ensure_ascii=False)


def _summary(report: Report) -> str:
    verb = "Written" if report.is_written else "Would write"
    counts = (
        f"{verb}: {report.created} new, {report.updated} changed; {report.unchanged} unchanged."
    )
    lines = [
        f"line {line.line}: {'new' if line.is_new else 'changed'} {line.name}: "
        + ", ".join(f"{c.column} {c.before or '–'} → {c.after or '–'}" for c in line.changes)
        + "".join(f"\n  look again: {said}" for said in line.warnings)
        for line in report.lines
    ]
    return "\n".join([*lines, counts] if not report.problems else [])
