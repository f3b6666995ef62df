from __future__ import annotations

import sys
import time

import pytest

from atmr.embedded.children import Child, PlainError, Register, plain_env, wait_until
from atmr.supervisor import HEALTHY_AFTER_S, LONGEST_PAUSE_S, Supervisor

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
FAIL = [sys.executable, "-c", "raise SystemExit('no such thing')"]


class Desk:
    """A supervisor and what it said."""

    def __init__(self, tmp_path) -> None:
        self.said: list[str] = []
        self.tmp_path = tmp_path
        self.supervisor = Supervisor(Register(tmp_path / "register"), self.said.append)

    def child(self, command: list[str]) -> Child:
        return Child(name="web", command=command, env=plain_env(), log=self.tmp_path / "log")


@pytest.fixture
def desk(tmp_path):
    desk = Desk(tmp_path)
    yield desk
    desk.supervisor.stop()


def died(child: Child) -> None:
    assert wait_until(lambda: not child.is_running, 20)


def test_a_died_child_is_started_again_after_a_pause(desk):
    child = desk.child(SLEEP)
    desk.supervisor.add(child)
    first = child.process.pid
    child.process.kill()
    died(child)
    now = time.monotonic()
    desk.supervisor.look(now)
    assert desk.said == [f"web died (signal 9; see {child.log}); again in 1 s"]
    desk.supervisor.look(now + 0.9)
    assert not child.is_running
    desk.supervisor.look(now + 1.1)
    assert child.is_running
    assert child.process.pid != first
    assert desk.said[1:] == ["web started again"]


def test_the_pauses_grow_to_a_limit_and_are_forgotten_by_a_healthy_child(desk):
    child = desk.child(FAIL)
    desk.supervisor.add(child)
    watched = desk.supervisor.watched[0]
    pauses = []
    for _ in range(7):
        died(child)
        desk.supervisor.look(time.monotonic())
        pauses.append(watched.pause_s)
        desk.supervisor.look(watched.restart_at)
    assert pauses == [1, 2, 4, 8, 16, LONGEST_PAUSE_S, LONGEST_PAUSE_S]
    died(child)
    watched.started_at = time.monotonic() - HEALTHY_AFTER_S - 1
    desk.supervisor.look(time.monotonic())
    assert watched.pause_s == 1


def test_a_restart_that_fails_is_tried_again(desk):
    child = desk.child(SLEEP)
    tries = []

    def start():
        tries.append(1)
        if len(tries) == 1:
            raise PlainError("not yet")
        child.start()

    child.start()
    desk.supervisor.add(child, start=start)
    child.process.kill()
    died(child)
    desk.supervisor.look(time.monotonic())
    desk.supervisor.look(desk.supervisor.watched[0].restart_at)
    assert "not yet" in desk.said
    desk.supervisor.look(desk.supervisor.watched[0].restart_at)
    assert child.is_running
    child.stop()


def test_a_child_that_dies_while_starting_is_named_with_its_last_word(desk):
    child = desk.child(FAIL)
    desk.supervisor.add(child)
    with pytest.raises(PlainError, match="web stopped while starting: no such thing"):
        desk.supervisor.wait_ready(child, lambda: False, 20)


def test_a_child_that_never_answers_is_named(desk):
    child = desk.child(SLEEP)
    desk.supervisor.add(child)
    with pytest.raises(PlainError, match="web gave no answer"):
        desk.supervisor.wait_ready(child, lambda: False, 0.2)


def test_what_others_started_is_not_stopped_here(desk):
    child = desk.child(SLEEP)
    child.start()
    desk.supervisor.add(child, start=lambda: None)
    desk.supervisor.stop()
    assert child.is_running
    child.stop()
