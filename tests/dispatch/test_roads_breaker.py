from __future__ import annotations

from dataclasses import dataclass

from dispatch.roads.breaker import CircuitBreaker


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def opened(clock: Clock) -> CircuitBreaker:
    breaker = CircuitBreaker(max_failures=3, open_s=30, clock=clock)
    for _ in range(3):
        assert breaker.admit()
        breaker.fail()
    return breaker


def test_it_opens_at_the_third_failure_in_a_row() -> None:
    breaker = CircuitBreaker(max_failures=3, open_s=30, clock=Clock())
    breaker.fail()
    breaker.fail()
    breaker.succeed()
    breaker.fail()
    breaker.fail()
    assert breaker.admit()
    breaker.fail()
    assert not breaker.admit()
    assert breaker.closed_in_s == 30


def test_after_the_pause_one_caller_tries_and_the_others_wait() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 29.9
    assert not breaker.admit()
    clock.now += 0.1
    assert [breaker.admit() for _ in range(3)] == [True, False, False]
    breaker.succeed()
    assert breaker.admit()
    assert breaker.admit()
    assert breaker.closed_in_s == 0


def test_a_trial_that_fails_opens_it_again_at_once() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 30
    assert breaker.admit()
    breaker.fail()
    assert not breaker.admit()
    assert breaker.closed_in_s == 30


def test_a_trial_that_never_reports_back_only_delays_the_next() -> None:
    clock = Clock()
    breaker = opened(clock)
    clock.now += 30
    assert breaker.admit()
    clock.now += 30
    assert breaker.admit()
