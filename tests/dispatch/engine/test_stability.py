from __future__ import annotations

import pytest

from dispatch.engine.stability import is_change, is_late


@pytest.mark.parametrize(
    ("same_driver", "slide_s", "counts"),
    [
        (True, 0, False),
        (True, 299, False),
        (True, -299, False),
        (True, 300, True),
        (True, -300, True),
        (False, 0, True),
    ],
)
def test_another_driver_or_five_minutes_are_a_change(same_driver, slide_s, counts):
    assert is_change(same_driver=same_driver, slide_s=slide_s) is counts


@pytest.mark.parametrize(
    ("ahead_s", "late"), [(3_601, False), (3_600, True), (0, True), (-60, True)]
)
def test_the_last_hour_before_the_pickup_is_late_and_so_is_what_comes_after_it(ahead_s, late):
    assert is_late(ahead_s) is late
