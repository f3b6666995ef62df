"""Signing in to the office loads no library that only plans, learns or analyses."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("pandas", "ortools", "torch", "sklearn", "optuna", "scipy")

PROGRAM = f"""
import sys
import django
django.setup()
import dispatch.admin, dispatch.tables.importing, dispatch.tables.exporting
from django.contrib import admin
assert len(admin.site._registry) > 10
import tablib
tablib.Dataset(["1"], headers=["a"]).export("csv")
print([name for name in {HEAVY!r} if name in sys.modules])
"""


def test_the_desks_and_the_files_stay_light():
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=False, timeout=120
    )
    assert (run.stdout.strip(), run.returncode) == ("[]", 0), run.stderr
