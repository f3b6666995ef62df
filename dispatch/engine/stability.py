"""Which change of a promised trip's plan counts, and which counts as late: one rule for the past and for plans."""

from __future__ import annotations

# Whoever waits looks at the clock in steps of about five minutes; drivers come that much early or late anyway, and the
# promised window (20 min as a rule) is wider: a shorter slide is noticed by nobody.
NOTICED_S = 300
LATE_S = 3_600  # KPI.md: the last 60 min before pickup


def is_change(*, same_driver: bool, slide_s: float) -> bool:
    """Another driver, or a pickup that moved by at least NOTICED_S, earlier or later.

    `slide_s` counts from the pickup time when it was first or last noticed, not from the plan before this
    one: five slides of four minutes are twenty minutes.
    """
    return not same_driver or abs(slide_s) >= NOTICED_S


def is_late(ahead_s: float) -> bool:
    """Whether a change so many seconds before the pickup that had been planned (negative: after it) is late."""
    return ahead_s <= LATE_S
