"""Runs the whole console on this machine in the foreground, and says where it is."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from atmr import environment
from atmr.console import HOST, Console
from atmr.embedded.children import PlainError, leave_with_parent
from atmr.embedded.running import speaking_plainly
from atmr.management.commands.prepare import DEMO_FILE
from atmr.management.ports import add_port_option

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Command(BaseCommand):
    help = (
        "Start services, web, worker and scheduler and stay in the foreground; Ctrl-C stops them all. "
        "Exit codes: 0 stopped, 1 could not start, 2 usage."
    )
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        add_port_option(parser, f"web port on {HOST}")
        parser.add_argument("--once", action="store_true", help="start, see that all answers, stop")
        parser.add_argument("--no-demo", action="store_true", help="leave an empty database empty")
        parser.add_argument(
            "--leave-with-parent", action="store_true", help="stop when the calling process is gone"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        stop = _Stop()
        if options["leave_with_parent"]:
            leave_with_parent(signal.SIGTERM)
        console = Console(settings.VAR_DIR, options["port"], self._say)
        try:
            with speaking_plainly():
                console.start(demo=not options["no_demo"])
                if stop.asked():
                    raise KeyboardInterrupt
                self._tell(console.address)
                if not options["once"]:
                    console.supervisor.watch(stop.asked)
                    self._say("stopping")
        except (PlainError, environment.BadValue) as trouble:
            raise CommandError(str(trouble)) from trouble
        except KeyboardInterrupt:
            self._say("stopping")
        finally:
            stop.is_under_way()
            console.stop()
        self._say("stopped")

    def _tell(self, address: str) -> None:
        demo = environment.read_text(settings.VAR_DIR / DEMO_FILE)
        self.stdout.write(f"\nThe console is ready: {address}")
        if demo:
            self.stdout.write(demo)
        self.stdout.write(f"Logs: {settings.VAR_DIR / 'log'}. Ctrl-C stops everything.\n")
        self.stdout.flush()

    def _say(self, sentence: str) -> None:
        self.stderr.write(f"  {sentence}", str)
        self.stderr.flush()


class _Stop:
    """Ctrl-C and its relatives. The exception ends a wait at once; the mark stays for the case that it
    was raised inside a callback of the interpreter, which swallows it."""

    def __init__(self) -> None:
        self._asked = False
        for number in _STOP_SIGNALS:
            # `nohup` and `&` ask for a signal to be ignored; that wish stays.
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._take)

    def asked(self) -> bool:
        return self._asked

    def is_under_way(self) -> None:
        """A second Ctrl-C would only leave things behind: every wait of the stop has an end."""
        for number in _STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)

    def _take(self, number: int, frame: FrameType | None) -> NoReturn:
        self._asked = True
        raise KeyboardInterrupt
