"""The slices of a very large day on real workers: the same plan as in one process."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from celery.exceptions import WorkerLostError
from celery.result import AsyncResult, GroupResult
from kombu.exceptions import OperationalError

from atmr.celery import app
from dispatch import tasks
from dispatch.engine.construct import construct
from dispatch.engine.cost import score
from dispatch.engine.decompose import Runner, Slice, Sweeps, improve_in_slices, in_process
from dispatch.engine.plan import Plan
from dispatch.engine.search import warm
from tests.dispatch.engine.builders import large_day

# Celery keeps results by a command that redis-py would like to be called by another name.
pytestmark = pytest.mark.filterwarnings("ignore:Call to deprecated setex:DeprecationWarning")

SWEEPS = Sweeps(count=2, slice_trips=12, rounds_per_trip=5)
DAY = large_day(trips=40, shifts=6)


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    """The real job queue, and 40 trips are many."""
    warm()
    settings.SPREAD_FROM_TRIPS = 40
    monkeypatch.setattr(tasks, "ANSWER_S", 2.0)
    app.conf.task_always_eager = False
    yield
    app.conf.task_always_eager = True


@pytest.fixture
def workers(queue: None, settings: Any, var: Path) -> Iterator[None]:
    """Two processes of their own, as on two machines."""
    command = [sys.executable, "-m", "celery", "-A", "atmr.celery", "worker", "--pool", "solo"]
    env = os.environ | {"REDIS_URL": settings.REDIS_URL}
    with ExitStack() as stack:
        for name in ("one", "two"):
            log = stack.enter_context((var / name).open("w"))
            process = subprocess.Popen(
                [*command, "--hostname", f"{name}@here"], env=env, stdout=log, stderr=log
            )
            stack.callback(process.wait, 30)
            stack.callback(process.terminate)
        until = time.monotonic() + 120
        while tasks._workers() < 2:
            assert time.monotonic() < until, (var / "one").read_text()
        yield


def planned(run: Runner = in_process) -> Plan:
    return improve_in_slices(DAY, construct(DAY), seed=3, sweeps=SWEEPS, run=run).plan


def test_the_task_gives_back_what_it_would_have_found_here() -> None:
    part = Slice(problem=DAY, plan=construct(DAY), seed=1, rounds=50, hot=1.5, cold=0.1)
    sent = json.loads(json.dumps(part.to_json()))
    answer = json.loads(json.dumps(tasks.improve_slice(sent)))
    assert Plan.from_json(answer) == next(iter(tasks.over_workers([part])))


def test_workers_find_the_plan_that_one_process_finds(
    workers: None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "dispatch.tasks")
    there = planned(tasks.over_workers)
    assert there == planned()
    assert score(DAY, there).total < score(DAY, construct(DAY)).total
    assert not caplog.records


def test_without_workers_it_is_searched_here(queue: None) -> None:
    assert tasks._workers() == 0
    assert planned(tasks.over_workers) == planned()


def test_workers_that_give_nothing_back_hold_nobody_up(
    queue: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They answered, and are gone or busy: after the wait everything is searched here."""
    monkeypatch.setattr(tasks, "_workers", lambda: 2)
    monkeypatch.setattr(tasks, "SLICE_KEEPS_S", 0.2)
    assert planned(tasks.over_workers) == planned()
    app.control.purge()


class Sent:
    """A group that was sent: `error` is what the queue, or the worker of its first slice, came to."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def apply_async(self, **_options: object) -> GroupResult:
        if isinstance(self.error, OperationalError):
            raise self.error
        app.backend.store_result("lost", self.error, "FAILURE")
        return GroupResult("group", [AsyncResult("lost")])


@pytest.mark.parametrize("error", [WorkerLostError("killed"), OperationalError("no queue")])
def test_a_slice_that_is_lost_with_its_worker_or_the_queue_is_searched_here(
    queue: None, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    monkeypatch.setattr(tasks, "_workers", lambda: 2)
    monkeypatch.setattr(tasks, "group", lambda parts: (list(parts), Sent(error))[1])
    assert planned(tasks.over_workers) == planned()


def test_a_search_that_fails_is_not_hidden(queue: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "_workers", lambda: 2)
    fault = ValueError("a fault of the search")
    monkeypatch.setattr(tasks, "group", lambda parts: (list(parts), Sent(fault))[1])
    with pytest.raises(ValueError, match="a fault of the search"):
        planned(tasks.over_workers)
