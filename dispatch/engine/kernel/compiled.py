"""How the kernels are compiled: once, kept on disk beside the source, and without reference counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compiled for the types of its first call.

    `_nrt=False` leaves numba's reference counts out: handing tuples of twenty arrays from function to function
    would cost two thirds of the time, and nothing is allocated inside.
    """
    without_counts: dict[str, Any] = {"cache": True, "_nrt": False}
    return cast(F, njit(**without_counts)(function))
