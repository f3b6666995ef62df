from __future__ import annotations

import pytest

from atmr.borrowing import needs_services
from tests.atmr.commands import (
    begin,
    environment,
    manage,
    processes_naming,
    read_until,
    wait_for_none,
)

COUNT = """
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
    cursor.execute("INSERT INTO kept VALUES (1)")
    cursor.execute("SELECT count(*) FROM kept")
    print("rows", cursor.fetchone()[0], flush=True)
"""


@pytest.mark.parametrize(
    ("words", "needed"),
    [
        (["migrate"], True),
        (["plan_day", "--date", "2026-01-01"], True),
        (["up"], False),
        (["check"], False),
        (["migrate", "--help"], False),
        ([], False),
    ],
)
def test_which_commands_need_services(words, needed):
    assert needs_services(["manage.py", *words]) is needed


@pytest.mark.slow
def test_a_command_starts_what_it_needs_and_leaves_nothing_but_its_rows(var):
    for rows in (1, 2):
        done = manage("shell", "-v0", "-c", COUNT, env=environment(var))
        assert f"rows {rows}" in done.stdout, done.stderr
        assert processes_naming(str(var)) == []


@pytest.mark.slow
def test_a_second_command_borrows_from_the_first(var):
    env = environment(var)
    first = begin(
        "manage.py", "shell", "-v0", "-c", f"{COUNT}\nimport time; time.sleep(4)", env=env
    )
    read_until(first, "rows 1")
    second = manage("shell", "-v0", "-c", COUNT, env=env)
    assert "rows 2" in second.stdout
    assert first.poll() is None
    assert first.wait(30) == 0
    first.stdout.close()
    assert wait_for_none(str(var)) == []
