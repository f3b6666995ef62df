"""The list of all cases, filled by the modules beside it."""

from __future__ import annotations

from collections.abc import Callable

from dispatch.models import Company

Violation = Callable[[Company], object]
VIOLATIONS: list[tuple[str, Violation]] = []


def violates(constraint: str) -> Callable[[Violation], Violation]:
    """Marks a function that tries to store what this constraint forbids."""

    def register(violation: Violation) -> Violation:
        VIOLATIONS.append((constraint, violation))
        return violation

    return register
