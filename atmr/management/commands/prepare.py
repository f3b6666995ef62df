"""Brings a database and the static files to what this version of the program needs."""

from __future__ import annotations

import hashlib
import io
import json
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError
from django.utils import timezone

from atmr.embedded.children import replace_text
from dispatch.engine.kernel.compiled import is_compiled
from dispatch.engine.pipeline import make_ready
from dispatch.models import Company, DispatchRun
from dispatch.usecases.busier_working_day import busier_working_day

DEMO_FILE = "demo.txt"


class Command(BaseCommand):
    help = "Migrate, make the demo companies where there is none (--demo), collect static files."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--demo", action="store_true", help="make a demo company in an empty database"
        )

    def handle(self, *args: Any, demo: bool, **options: Any) -> None:
        self._say("bringing the database up to date")
        try:
            call_command("migrate", interactive=False, verbosity=0)
        except OperationalError as error:
            reason = str(error).strip().partition("\n")[0]
            raise CommandError(f"The database cannot be used: {reason}") from error
        self._collect_static()
        self._compile_planner()
        if demo and not Company.objects.exists():
            self._make_demo()
        if demo and (settings.VAR_DIR / DEMO_FILE).exists():
            self._plan_demo_days()

    def _make_demo(self) -> None:
        self._say("making the demo companies")
        said = io.StringIO()
        call_command("seed_demo", carrier="both", json=True, stdout=said, stderr=self.stderr)
        accounts = "".join(_accounts(json.loads(line)) for line in said.getvalue().splitlines())
        replace_text(settings.VAR_DIR / DEMO_FILE, accounts)

    def _plan_demo_days(self) -> None:
        """Those of today that nobody has planned: a demo of last week still shows a planned day."""
        now = timezone.now()
        for company in Company.objects.all():
            for day in _shown_days(company, now.astimezone(company.tz).date()):
                if not DispatchRun.objects.filter(company=company, service_on=day).exists():
                    self._plan(company, day)

    def _plan(self, company: Company, day: date) -> None:
        self._say(f"planning {day} for {company.name}")
        try:
            call_command(
                "plan_day",
                company=company.slug,
                on=day,
                apply=True,
                stdout=self.stdout,
                stderr=io.StringIO(),
            )
        except CommandError as error:
            # Such as a Sunday without bookings: no reason not to start.
            self._say(str(error))

    def _collect_static(self) -> None:
        stamp = settings.VAR_DIR / "staticfiles.stamp"
        digest = _static_digest()
        if stamp.is_file() and stamp.read_text("utf-8") == digest:
            return
        self._say("collecting static files")
        call_command("collectstatic", interactive=False, verbosity=0, clear=True)
        replace_text(stamp, digest)

    def _compile_planner(self) -> None:
        if not is_compiled():
            self._say("compiling the planner, which takes about a minute")
            make_ready()

    def _say(self, sentence: str) -> None:
        self.stderr.write(f"  {sentence}", self.style.NOTICE)
        self.stderr.flush()


def _accounts(seeded: dict[str, Any]) -> str:
    """Who signs in: it is said at every start, when the number of bookings is another one."""
    if not seeded["users"]:
        return f"Demo company {seeded['company']}: same users and password.\n"
    users = ", ".join(seeded["users"])
    return f"Demo company {seeded['company']}: users {users}; password: {seeded['password']}\n"


def _shown_days(company: Company, today: date) -> tuple[date, ...]:
    """Today, and where that is quiet (a weekend) the working day that its page leads to."""
    busier = busier_working_day(company, today)
    return (today,) if busier is None else (today, busier.day)


def _static_digest() -> str:
    """A word that changes when any static file does."""
    sources = [
        Path(storage.path(name)) for finder in get_finders() for name, storage in finder.list([])
    ]
    seen = sorted(f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in sources)
    return hashlib.sha256("\n".join([str(settings.STATIC_ROOT), *seen]).encode()).hexdigest()
