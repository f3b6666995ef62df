"""Decides what happens to our processes over time: ordered start, restart with back-off, clean stop."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from atmr.embedded.children import Child, PlainError, Register, wait_until

FIRST_PAUSE_S = 1.0
LONGEST_PAUSE_S = 30.0
HEALTHY_AFTER_S = 60.0
LOOK_EVERY_S = 0.3
Say = Callable[[str], None]


@dataclass(slots=True, kw_only=True)
class Watched:
    """A child that should run: how to start it (which waits until it answers, where that matters),
    and since when it has been running or waiting to."""

    child: Child
    start: Callable[[], None]
    started_at: float = 0.0
    restart_at: float | None = None
    pause_s: float = 0.0

    def begin(self) -> None:
        self.start()
        self.started_at, self.restart_at = time.monotonic(), None


class Supervisor:
    """Watches children from one thread; they die with it (see atmr.embedded.children)."""

    def __init__(self, register: Register, say: Say) -> None:
        self.register = register
        self.say = say
        self.watched: list[Watched] = []

    def add(self, child: Child, *, start: Callable[[], None] | None = None) -> None:
        """Watch a child: one that is started here, or one that runs already and says how to restart it."""
        watched = Watched(child=child, start=start or child.start, started_at=time.monotonic())
        self.watched.append(watched)
        if not child.is_running:
            watched.begin()
            self._note()

    def wait_ready(self, child: Child, answers: Callable[[], bool], limit_s: float) -> None:
        if not wait_until(lambda: not child.is_running or answers(), limit_s, pause_s=0.1):
            raise PlainError(f"{child.name} gave no answer for {limit_s:.0f} s; see {child.log}.")
        if not child.is_running:
            raise PlainError(
                f"{child.name} stopped while starting: {child.tail(1)} (see {child.log})."
            )
        self.say(f"{child.name} ready")

    def watch(self, stop_asked: Callable[[], bool]) -> None:
        while not stop_asked():
            self.look(time.monotonic())
            time.sleep(LOOK_EVERY_S)

    def look(self, now: float) -> None:
        """Restart what died and has waited long enough."""
        for watched in self.watched:
            if watched.restart_at is not None:
                if now >= watched.restart_at:
                    self._restart(watched)
            elif not watched.child.is_running:
                self._plan_restart(watched, now)

    def stop(self) -> None:
        """Ask all our own processes at once, then wait for each; services are stopped by whoever started them."""
        ours = [w.child for w in self.watched if w.start == w.child.start]
        for child in ours:
            child.ask_to_stop()
        for child in reversed(ours):
            child.stop()
        self.register.path.unlink(missing_ok=True)

    def _plan_restart(self, watched: Watched, now: float) -> None:
        if now - watched.started_at > HEALTHY_AFTER_S:
            watched.pause_s = 0.0
        watched.pause_s = min(max(2 * watched.pause_s, FIRST_PAUSE_S), LONGEST_PAUSE_S)
        watched.restart_at = now + watched.pause_s
        child = watched.child
        self.say(
            f"{child.name} died ({child.ending}; see {child.log}); again in {watched.pause_s:.0f} s"
        )
        watched.child.stop()

    def _restart(self, watched: Watched) -> None:
        try:
            watched.begin()
        except PlainError as trouble:
            self.say(str(trouble))
            watched.child.stop()
            self._plan_restart(watched, time.monotonic())
            return
        self._note()
        self.say(f"{watched.child.name} started again")

    def _note(self) -> None:
        self.register.write([w.child for w in self.watched if w.start == w.child.start])
