from __future__ import annotations

from collections import Counter

from dispatch.engine.kernel.chance import allowance, below, stream_of, uniform


def test_numbers_lie_in_the_unit_interval_and_are_spread():
    stream = stream_of(1)
    drawn = [uniform(stream) for _ in range(4_000)]
    assert 0.0 <= min(drawn) < 0.01
    assert 0.99 < max(drawn) < 1.0
    assert abs(sum(drawn) / len(drawn) - 0.5) < 0.02


def test_every_integer_below_the_bound_has_its_turn():
    stream = stream_of(2)
    assert set(Counter(below(stream, 6) for _ in range(600))) == set(range(6))


def test_one_seed_one_stream_and_another_for_another():
    def first(seed: int) -> list[int]:
        stream = stream_of(seed)
        return [below(stream, 1_000_000) for _ in range(5)]

    assert first(7) == first(7)
    assert first(7) != first(8)


def test_a_known_stream_on_any_machine():
    """Written down once: a plan found here is found anywhere."""
    stream = stream_of(0)
    assert [below(stream, 1_000) for _ in range(4)] == [339, 987, 294, 688]


def test_what_a_round_may_lose_is_exponential_around_the_warmth():
    stream = stream_of(3)
    drawn = [allowance(stream, 1_000) for _ in range(4_000)]
    assert min(drawn) >= 0
    assert abs(sum(drawn) / len(drawn) - 1_000) < 60
    below_the_median = sum(value < 693 for value in drawn)
    assert abs(below_the_median - 2_000) < 120


def test_cold_rounds_may_lose_nothing():
    assert allowance(stream_of(4), 0) == 0
