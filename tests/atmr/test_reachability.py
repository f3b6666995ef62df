from __future__ import annotations

import os
import socket
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db import connection

from atmr.embedded.home import free_port
from atmr.presence import announce
from atmr.reachability import broker, console, database, roads
from dispatch.roads.prepared import MANIFEST
from tests.atmr.test_road_server import prepared, programs_in
from tests.dispatch.osrm_actor import playing

GIVEN_DATABASE, GIVEN_BROKER = os.environ["DATABASE_URL"], os.environ["REDIS_URL"]


@pytest.fixture(autouse=True)
def _no_urls(monkeypatch):
    for name in ("DATABASE_URL", "REDIS_URL", "OSRM_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def run(var):
    (var / "run").mkdir()
    return var / "run"


@contextmanager
def answering(status: int, body: bytes):
    """Another program's web server."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_words):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class TestDatabase:
    @pytest.mark.django_db
    def test_it_says_what_it_is(self, var, monkeypatch):
        monkeypatch.setenv("DATABASE_URL", GIVEN_DATABASE)
        finding = database(var)
        assert finding.state == "ok"
        assert finding.found.startswith("answers: PostgreSQL 1")
        assert finding.found.endswith("btree_gist, pg_trgm, all migrations applied")

    @pytest.mark.django_db
    def test_it_lacks_a_migration(self, var, monkeypatch):
        monkeypatch.setenv("DATABASE_URL", GIVEN_DATABASE)
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM django_migrations WHERE app = 'authtoken'")
            lost = cursor.rowcount
        finding = database(var)
        assert (finding.state, f"{lost} migrations not applied" in finding.found) == (
            "advice",
            True,
        )

    def test_it_does_not_run(self, var):
        assert (database(var).state, "not running" in database(var).found) == ("ok", True)


class TestBroker:
    def test_it_says_what_it_is_and_that_it_forgets(self, var, monkeypatch):
        """That of the tests keeps nothing on disk."""
        monkeypatch.setenv("REDIS_URL", GIVEN_BROKER)
        finding = broker(var)
        assert (finding.state, "set appendonly yes" in finding.remedy) == ("advice", True)
        assert "answers: Valkey 9." in finding.found

    def test_a_server_that_is_set_and_silent_is_missing(self, var, monkeypatch):
        monkeypatch.setenv("REDIS_URL", f"redis://:secret@127.0.0.1:{free_port()}/0")
        finding = broker(var)
        assert (finding.state, "secret" in finding.found) == ("missing", False)
        assert "REDIS_URL" in finding.remedy

    def test_one_that_does_not_run_starts_when_needed(self, var, run):
        assert "not running" in broker(var).found
        (run / "valkey.url").write_text(f"redis://127.0.0.1:{free_port()}/0")  # left by a kill
        assert (broker(var).state, "not running" in broker(var).found) == ("ok", True)


class TestRoads:
    def test_the_server_that_is_set_is_asked(self, var, monkeypatch):
        with playing() as actor:
            monkeypatch.setenv("OSRM_URL", actor.url)
            finding = roads(var)
        assert finding.state == "ok"
        assert "answers Ok in " in finding.found
        assert finding.found.endswith("map map-1")

    def test_silence_is_said(self, var, monkeypatch):
        monkeypatch.setenv("OSRM_URL", f"http://u:secret@127.0.0.1:{free_port()}")
        finding = roads(var)
        assert (finding.state, "no answer" in finding.found) == ("advice", True)
        assert "secret" not in finding.found
        assert "estimated" in finding.remedy

    @pytest.mark.parametrize("body", [b"<html>", b"{}", b"[1]"])
    def test_something_else_is_said(self, var, monkeypatch, body):
        with answering(200, body) as url:
            monkeypatch.setenv("OSRM_URL", url)
            assert "something else than OSRM" in roads(var).found

    def test_that_of_the_console_is_asked(self, var, run):
        with playing(version=None) as actor:
            announce(var, address="http://127.0.0.1:8000/", osrm_url=actor.url)
            finding = roads(var)
        assert (finding.state, finding.found.startswith("the console's, ")) == ("ok", True)

    def test_what_could_be_served(self, var, monkeypatch):
        monkeypatch.setenv("PATH", "")
        assert "pip install" in roads(var).remedy
        programs_in(var)
        assert (roads(var).state, "roads build" in roads(var).remedy) == ("advice", True)
        prepared(var)
        assert "town.osm.pbf prepared" in roads(var).found
        (var / "osrm-data" / MANIFEST).write_text("{")
        assert roads(var).state == "advice"


class TestConsole:
    def test_a_free_port(self, var):
        (finding,) = console(var, free_port())
        assert (finding.state, finding.found) == ("ok", "free")

    def test_a_port_in_use_has_a_remedy(self, var):
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            (finding,) = console(var, port)
        assert finding.found == "is in use by another program"
        assert finding.remedy.endswith(f"`make up PORT={port + 1}`.")

    def test_the_console_that_runs_is_asked(self, var, run):
        with answering(200, b"{}") as address:
            announce(var, address=address)
            port = int(address.rstrip("/").rpartition(":")[2])
            (finding,) = console(var, port)
        assert finding.found == f"runs at {address} (pid {os.getpid()}) and is ready"

    def test_another_program_has_the_wanted_port_meanwhile(self, var, run):
        with answering(503, b"{}") as address, socket.create_server(("127.0.0.1", 0)) as other:
            announce(var, address=address)
            running, wanted = console(var, other.getsockname()[1])
        assert (running.state, "not ready" in running.found) == ("advice", True)
        assert wanted.found == "is in use by another program"
