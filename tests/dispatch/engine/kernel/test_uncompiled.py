"""The kernels are ordinary Python too: what is proved of the compiled ones holds of the text that is read.

It also is how coverage sees their lines.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.skipif("NUMBA_DISABLE_JIT" in os.environ, reason="this is that process")
def test_the_kernels_uncompiled() -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", str(HERE)]
    done = subprocess.run(
        command,
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3_000:]
