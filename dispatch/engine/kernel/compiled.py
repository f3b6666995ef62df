"""How the kernels are compiled: once for each state of their source, kept on disk, without reference counts."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

from dispatch.engine.kernel.linked import Kernel

F = TypeVar("F", bound=Callable[..., Any])

config: Any = numba.config  # filled when numba is imported, so that types do not know its names
HERE = Path(__file__).parent


def digest_of_kernels() -> str:
    """A word that changes when any of these files does."""
    files = sorted(HERE.glob("*.py"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]


def kept_in(chosen: str) -> Path:
    """The folder of this source's compiled code: below the one `chosen` by NUMBA_CACHE_DIR, if any.

    Else beside the source, or at home where that is read-only. numba alone would look at the file of a function and not
    at those of the functions inlined into it, and go on with what was compiled from an older text.
    """
    beside = HERE / "__pycache__"
    usual = beside if os.access(beside if beside.exists() else HERE, os.W_OK) else _at_home()
    return (Path(chosen) if chosen else usual) / f"kernels-{digest_of_kernels()}"


def _at_home() -> Path:
    return Path.home() / ".cache" / "atmr"


_KEPT_IN = str(kept_in(config.CACHE_DIR))


def is_compiled() -> bool:
    """Whether the rounds of this source were compiled before: `engine.search.warm` then only reads them."""
    return any(Path(_KEPT_IN).rglob("anneal.anneal-*.nbc"))


def compiled(function: F) -> F:
    """Compiled when Python calls it first, for the types of that call, into one loop with all it calls.

    A call would hand over hundreds of words, the tuples of arrays, which inlining saves (2.4 times as fast); and their
    reference counts, which `_nrt=False` leaves out (12 times). So nothing may be allocated inside.
    """
    if config.DISABLE_JIT:
        return function
    options: dict[str, Any] = {"cache": True, "_nrt": False, "no_cfunc_wrapper": True}
    chosen, config.CACHE_DIR = config.CACHE_DIR, _KEPT_IN
    try:
        return cast(F, Kernel(function, numba.njit(**options)(function)))
    finally:
        config.CACHE_DIR = chosen
