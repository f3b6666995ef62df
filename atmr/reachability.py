"""Asks the database, the broker, the road server and the console whether they answer, and what they are."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import redis
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

from atmr import environment
from atmr.embedded.home import port_trouble
from atmr.environment import SERVICES
from atmr.finding import Finding
from atmr.presence import Presence, running_console
from dispatch.roads import NoProgramsError, NotPreparedError, find_programs, read_prepared
from dispatch.roads.client import tls_for

PATIENCE_S = 2.0
EXTENSIONS = ("btree_gist", "pg_trgm")
_ESTIMATED = "Travel times are estimated, and each run says so"
_NOT_RUNNING = "not running; `make up` starts it, and so does a command that needs it"


def database(var: Path) -> Finding:
    """Whether it answers, its version, its extensions, and the migrations it lacks."""
    what = "database"
    if not _url("DATABASE_URL", var):
        return Finding(what=what, state="ok", found=_NOT_RUNNING)
    try:
        version, extensions = _database_facts()
        unapplied = _unapplied_migrations()
    except Error as error:
        return _silent_database(what, str(error).strip().partition("\n")[0])
    lacking = [name for name in EXTENSIONS if name not in extensions]
    has = ", ".join(name for name in EXTENSIONS if name in extensions) or "no extension"
    migrated = f"{unapplied} migrations not applied" if unapplied else "all migrations applied"
    found = f"answers: PostgreSQL {version}, {has}, {migrated}"
    if unapplied or lacking:
        remedy = "`make up` or `manage.py migrate` brings it up to date."
        return Finding(what=what, state="advice", found=found, remedy=remedy)
    return Finding(what=what, state="ok", found=found)


def _silent_database(what: str, reason: str) -> Finding:
    if not environment.text("DATABASE_URL"):
        return Finding(what=what, state="ok", found=_NOT_RUNNING)  # left by a start that was killed
    remedy = "Start that server, or unset DATABASE_URL to use the embedded one."
    return Finding(what=what, state="missing", found=reason, remedy=remedy)


def _database_facts() -> tuple[str, set[str]]:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        (version,) = cursor.fetchone()
        cursor.execute("SELECT extname FROM pg_extension")
        return str(version), {name for (name,) in cursor.fetchall()}


def _unapplied_migrations() -> int:
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def broker(var: Path) -> Finding:
    """Whether it answers, its version, and whether it keeps on disk what it was given."""
    what, url = "broker", _url("REDIS_URL", var)
    if not url:
        return Finding(what=what, state="ok", found=_NOT_RUNNING)
    try:
        with redis.Redis.from_url(
            url, socket_connect_timeout=PATIENCE_S, socket_timeout=PATIENCE_S
        ) as client:
            facts = client.info()
    except redis.RedisError as error:
        if not environment.text("REDIS_URL"):
            return Finding(what=what, state="ok", found=_NOT_RUNNING)
        remedy = "Start that server, or unset REDIS_URL to use the embedded one."
        return Finding(what=what, state="missing", found=str(error).rstrip("."), remedy=remedy)
    name = "Valkey" if "valkey_version" in facts else "Redis"
    version = facts.get("valkey_version") or facts["redis_version"]
    if not facts.get("aof_enabled"):
        remedy = "Jobs on their way are lost when it stops: set appendonly yes."
        found = f"answers: {name} {version}, append-only file off"
        return Finding(what=what, state="advice", found=found, remedy=remedy)
    return Finding(what=what, state="ok", found=f"answers: {name} {version}, append-only file on")


def _url(variable: str, var: Path) -> str:
    """What is set, or what the embedded starter left for other terminals."""
    if given := environment.text(variable):
        return given
    try:
        return environment.read_text(var / "run" / f"{SERVICES[variable]}.url")
    except environment.BadValue:
        return ""  # the directory cannot be used at all, which is a finding of its own


def roads(var: Path) -> Finding:
    """The road server that is set or that the console started, asked; without one, what could be served."""
    console = running_console(var)
    given = environment.text("OSRM_URL")
    if given:
        return _asked_roads(given, f"OSRM_URL, {_place(given)}")
    if console is not None and console.osrm_url:
        return _asked_roads(console.osrm_url, f"the console's, {_place(console.osrm_url)}")
    try:
        programs = find_programs(var / "osrm")
    except NoProgramsError as error:
        return Finding(what="OSRM", state="advice", found="none", remedy=f"{_ESTIMATED}. {error}")
    found = f"programs {programs.version} ({programs.kind})"
    try:
        prepared = read_prepared(var / "osrm-data")
    except NotPreparedError as error:
        return Finding(what="OSRM", state="advice", found=found, remedy=f"{_ESTIMATED}. {error}")
    return Finding(
        what="OSRM", state="ok", found=f"{found}, {prepared.extract} prepared; `make up` serves it"
    )


def _asked_roads(url: str, whose: str) -> Finding:
    started = time.monotonic()
    try:
        answer = httpx.get(
            f"{url.rstrip('/')}/nearest/v1/driving/6.14,46.2",
            timeout=PATIENCE_S,
            trust_env=False,
            verify=tls_for(url),
        )
        said = answer.json()
        code, version = str(said["code"]), said.get("data_version")
    except (httpx.HTTPError, httpx.InvalidURL):
        return _silent_roads(whose, "no answer")
    except (ValueError, KeyError, TypeError):
        return _silent_roads(whose, "something else than OSRM answers there")
    took_ms = round((time.monotonic() - started) * 1000)
    map_of = f", map {version}" if version else ""
    found = f"{whose}: answers {code} in {took_ms} ms{map_of}"
    return Finding(what="OSRM", state="ok", found=found)


def _silent_roads(whose: str, trouble: str) -> Finding:
    remedy = f"{_ESTIMATED}; start the server or unset OSRM_URL."
    return Finding(what="OSRM", state="advice", found=f"{whose}: {trouble}", remedy=remedy)


def _place(url: str) -> str:
    """Host and port only: a URL may hold a password."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)


def console(var: Path, port: int) -> list[Finding]:
    """The console that runs, if one does, and the port that is wanted."""
    running = running_console(var)
    if running is None:
        return [_wanted_port(port)]
    findings = [_running(running)]
    if urlsplit(running.address).port != port:
        findings.append(_wanted_port(port))
    return findings


def _running(console: Presence) -> Finding:
    found = f"runs at {console.address} (pid {console.pid})"
    try:
        with urllib.request.urlopen(f"{console.address}readyz", timeout=PATIENCE_S):  # noqa: S310
            return Finding(what="console", state="ok", found=f"{found} and is ready")
    except (urllib.error.URLError, OSError):
        remedy = "It may still be starting; otherwise its terminal and the logs say why."
        return Finding(
            what="console", state="advice", found=f"{found}, but is not ready", remedy=remedy
        )


def _wanted_port(port: int) -> Finding:
    trouble, _, remedy = port_trouble(port).partition(": ")
    if trouble:
        remedy = f"{remedy[0].upper()}{remedy[1:]}."
        return Finding(what=f"port {port}", state="advice", found=trouble, remedy=remedy)
    return Finding(what=f"port {port}", state="ok", found="free")
