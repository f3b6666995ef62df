"""Says what this machine has for the console and what it lacks."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from atmr.checkup import examine
from atmr.finding import Finding
from atmr.management.ports import add_port_option


class Command(BaseCommand):
    help = (
        "Look at this machine. Exit codes: 0 nothing required is missing, 1 something is, 2 usage."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        add_port_option(parser, "the web port to look at")
        parser.add_argument("--json", action="store_true", help="one JSON object instead of lines")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = examine(settings.VAR_DIR, options["port"])
        healthy = all(finding.state != "missing" for finding in findings)
        if options["json"]:
            rows = [asdict(finding) for finding in findings]
            self.stdout.write(json.dumps({"ok": healthy, "findings": rows}))
        else:
            for finding in findings:
                self.stdout.write(self._line(finding))
        if not healthy:
            sys.exit(1)

    def _line(self, finding: Finding) -> str:
        style = {
            "ok": self.style.SUCCESS,
            "advice": self.style.WARNING,
            "missing": self.style.ERROR,
        }[finding.state]
        line = f"{style(finding.state.ljust(8))} {finding.what.ljust(14)} {finding.found}"
        return f"{line}\n{' ' * 24}{finding.remedy}" if finding.remedy else line
