"""Brings a database and the static files to what this version of the program needs."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from atmr.embedded.children import replace_text

DEMO_FILE = "demo.txt"


class Command(BaseCommand):
    help = "Migrate, make the demo company where there is none (--demo), collect static files."

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
        if demo and _has_no_company():
            self._make_demo()
        self._collect_static()

    def _make_demo(self) -> None:
        if "seed_demo" not in get_commands():
            return
        self._say("making the demo company")
        said = io.StringIO()
        call_command("seed_demo", stdout=said)
        replace_text(settings.VAR_DIR / DEMO_FILE, said.getvalue())
        if "plan_day" in get_commands():
            self._say("planning today")
            call_command("plan_day", apply=True, stdout=self.stdout)

    def _collect_static(self) -> None:
        stamp = settings.VAR_DIR / "staticfiles.stamp"
        digest = _static_digest()
        if stamp.is_file() and stamp.read_text("utf-8") == digest:
            return
        self._say("collecting static files")
        call_command("collectstatic", interactive=False, verbosity=0, clear=True)
        replace_text(stamp, digest)

    def _say(self, sentence: str) -> None:
        self.stderr.write(f"  {sentence}", self.style.NOTICE)
        self.stderr.flush()


def _has_no_company() -> bool:
    try:
        company = apps.get_model("dispatch", "Company")
    except LookupError:
        return False
    return not company._default_manager.exists()


def _static_digest() -> str:
    """A word that changes when any static file does."""
    sources = [
        Path(storage.path(name)) for finder in get_finders() for name, storage in finder.list([])
    ]
    seen = sorted(f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}" for path in sources)
    return hashlib.sha256("\n".join([str(settings.STATIC_ROOT), *seen]).encode()).hexdigest()
