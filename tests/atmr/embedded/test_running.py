from __future__ import annotations

import errno
import textwrap

import psycopg
import pytest
import redis

from atmr.embedded import servers
from atmr.embedded.children import PlainError, wait_until
from atmr.embedded.running import Lock, Service, speaking_plainly
from tests.atmr.commands import begin, environment, processes_naming, read_until, wait_for_none

WRITER = """
import sys, time
from pathlib import Path
import psycopg, redis
from atmr.embedded.running import Service

urls = []
for name in ("DATABASE_URL", "REDIS_URL"):
    service = Service(Path(sys.argv[1]), name)
    assert service.claim("the test")
    urls.append(service.start())
queue = redis.Redis.from_url(urls[1])
with psycopg.connect(urls[0], autocommit=True) as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
    for n in range(10**9):
        connection.execute("INSERT INTO kept VALUES (%s)", [n])
        queue.rpush("kept", n)
        print(n, flush=True)
"""


@pytest.mark.slow
def test_kill_9_of_the_starter_leaves_nothing_and_loses_nothing(var):
    writer = begin("-c", WRITER, str(var), env=environment(var))
    read_until(writer, "300")
    writer.kill()
    said = writer.stdout.read().split()
    writer.wait()
    writer.stdout.close()
    acknowledged = int(said[-1]) if said else 300
    assert wait_for_none(str(var)) == []
    assert (var / "run" / "postgres.url").exists()

    database, broker = Service(var, "DATABASE_URL"), Service(var, "REDIS_URL")
    assert database.claim("again")
    assert broker.claim("again")
    try:
        with psycopg.connect(database.start()) as connection:
            rows = connection.execute("SELECT array_agg(n ORDER BY n) FROM kept").fetchone()[0]
        assert rows[: acknowledged + 1] == list(range(acknowledged + 1))
        with redis.Redis.from_url(broker.start()) as queue:
            # It was asked to end, not killed, so even the second that appendfsync may lose is there.
            assert queue.llen("kept") >= acknowledged
    finally:
        broker.stop()
        database.stop()
    assert processes_naming(str(var)) == []


@pytest.mark.slow
def test_kill_9_of_postgres_itself_and_a_restart_at_the_same_address(var):
    service = Service(var, "DATABASE_URL")
    assert service.claim("the test")
    url = service.start()
    try:
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS n")
        service.server.child.process.kill()
        service.server.child.stop()
        service.restart()
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT n FROM kept").fetchone() == (42,)
    finally:
        service.stop()


@pytest.mark.slow
def test_what_a_fresh_database_is_like(var):
    service = Service(var, "DATABASE_URL", durable=False)
    assert service.claim("the test")
    try:
        with psycopg.connect(service.start(), autocommit=True) as connection:

            def ask(question: str) -> object:
                return connection.execute(question).fetchone()[0]

            assert ask("SELECT current_setting('is_superuser')") == "off"
            assert ask("SELECT rolbypassrls FROM pg_roles WHERE rolname = current_user") is False
            assert ask("SHOW listen_addresses") == "127.0.0.1"
            assert ask("SHOW server_encoding") == "UTF8"
            assert ask("SELECT upper('é')") == "É"
            connection.execute("CREATE EXTENSION btree_gist")
            connection.execute("CREATE EXTENSION pg_trgm")
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(service.server.url.replace(":", ":wrong", 2).replace(":wrong//", "://"))
        assert (var / "run" / "postgres.url").stat().st_mode & 0o077 == 0
    finally:
        service.stop()


@pytest.mark.slow
def test_a_number_of_another_process_in_the_pid_file_is_no_obstacle(var):
    service = Service(var, "DATABASE_URL", durable=False)
    assert service.claim("the test")
    service.start()
    service.stop()
    (var / "postgres" / "postmaster.pid").write_text("1\n")
    again = Service(var, "DATABASE_URL", durable=False)
    assert again.claim("the test")
    again.start()
    again.stop()


@pytest.mark.slow
def test_a_killed_initdb_leaves_no_half_database(var):
    (var / "postgres.new").mkdir()
    (var / "postgres.new" / "PG_VERSION").write_text("18\n")
    service = Service(var, "DATABASE_URL", durable=False)
    assert service.claim("the test")
    assert service.start()
    service.stop()
    assert not (var / "postgres.new").exists()


def test_data_of_another_version_is_refused(var, monkeypatch):
    (var / "postgres").mkdir()
    (var / "postgres" / "PG_VERSION").write_text("12\n")
    service = Service(var, "DATABASE_URL")
    assert service.claim("the test")
    with pytest.raises(PlainError, match="made by PostgreSQL 12"):
        service.start()
    service.stop()


@pytest.mark.parametrize(
    ("variable", "finder", "sentence"),
    [
        ("DATABASE_URL", "find_postgres", "No PostgreSQL 15 or newer was found.*set DATABASE_URL"),
        ("REDIS_URL", "find_valkey", "No Valkey or Redis server was found.*set REDIS_URL"),
    ],
)
def test_no_program_at_all_is_one_sentence(var, monkeypatch, variable, finder, sentence):
    monkeypatch.setattr(servers, finder, lambda: None)
    service = Service(var, variable)
    assert service.claim("the test")
    with pytest.raises(PlainError, match=sentence):
        service.start()
    service.stop()


def test_one_starter_at_a_time(var):
    first, second = Service(var, "REDIS_URL"), Service(var, "REDIS_URL")
    assert first.claim("the first")
    assert not second.claim("the second")
    assert second.lock.holder()[1] == "the first"
    first.stop()
    assert second.claim("the second")
    second.stop()


@pytest.mark.slow
def test_a_lock_ends_with_its_holder(var):
    program = textwrap.dedent("""
        import sys, time
        from pathlib import Path
        from atmr.embedded.running import Lock
        Lock(Path(sys.argv[1])).take(what="the child")
        print("taken", flush=True)
        time.sleep(600)
    """)
    child = begin("-c", program, str(var / "lock"), env=environment(var))
    read_until(child, "taken")
    lock = Lock(var / "lock")
    assert not lock.take(what="me")
    child.kill()
    child.wait()
    child.stdout.close()
    assert wait_until(lambda: lock.take(what="me"), 5)
    lock.release()


@pytest.mark.parametrize(
    ("number", "sentence"),
    [(errno.ENOSPC, "The disk is full: /x."), (errno.EACCES, "may not read")],
)
def test_what_the_machine_refuses_is_one_sentence(number, sentence):
    with pytest.raises(PlainError, match=sentence), speaking_plainly():
        raise OSError(number, "refused", "/x")


def test_other_errors_are_not_hidden():
    with pytest.raises(OSError, match="odd"), speaking_plainly():
        raise OSError(errno.EIO, "odd")
