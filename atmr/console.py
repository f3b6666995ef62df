"""Decides what one `manage.py up` consists of, in which order it starts, and when each part is ready."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import redis
from celery import Celery
from django.conf import settings
from kombu.exceptions import OperationalError

from atmr import environment
from atmr.embedded.children import Child, PlainError, Register, wait_until
from atmr.embedded.home import port_trouble, refuse_full_disk
from atmr.embedded.running import Lock, Service
from atmr.presence import announce, withdraw
from atmr.road_server import RoadServer, wanted_road_server
from atmr.supervisor import Supervisor
from dispatch.roads.child import answers

HOST = "127.0.0.1"
READY_S = 90.0
WAIT_FOR_COMMAND_S = 60.0


class Console:
    """Services, preparation, web, worker, scheduler: started in this order, stopped in the reverse."""

    def __init__(self, var: Path, port: int, say: Callable[[str], None]) -> None:
        self.var = var
        self.port = port
        self.say = say
        self.address = f"http://{HOST}:{port}/"
        self.urls: dict[str, str] = {}
        self.services = [Service(var, name) for name in environment.services_without_url()]
        self.started: list[Service] = []
        self.lock = Lock(var / "run" / "up.lock")
        self.supervisor = Supervisor(Register(var / "run" / "processes.child"), say)

    def start(self, *, demo: bool) -> None:
        (self.var / "run").mkdir(parents=True, exist_ok=True)
        (self.var / "log").mkdir(exist_ok=True)
        refuse_full_disk(self.var)
        if not self.lock.take(what="manage.py up"):
            raise PlainError(
                f"The console already runs here (pid {self.lock.holder()[0]}): stop it first."
            )
        for name in self.supervisor.register.end_leftovers():
            self.say(f"ended {name}, left by a start that was killed")
        if trouble := port_trouble(self.port):
            raise PlainError(f"Port {self.port} {trouble}.")
        announce(self.var, address=self.address)
        self.urls = {
            "DATABASE_URL": environment.database_url(),
            "REDIS_URL": environment.redis_url(),
        }
        for service in self.services:
            self._start_service(service)
        _refuse_silent_broker(self.urls["REDIS_URL"])
        self._start_roads()
        self._prepare(demo=demo)
        self._start_processes()

    def stop(self) -> None:
        if not self.lock.is_held:
            return  # another console runs here: nothing of it is ours to stop
        withdraw(self.var)
        self.supervisor.stop()
        for service in reversed(self.started):
            service.stop()
        self.lock.release()

    def _start_service(self, service: Service) -> None:
        pid, what = service.lock.holder()
        if not service.claim("manage.py up"):
            self.say(f"waiting for {what} (pid {pid}), which uses the services")
            if not wait_until(lambda: service.claim("manage.py up"), WAIT_FOR_COMMAND_S):
                raise PlainError(
                    f"{what} (pid {pid}) still uses the services of {self.var}: let it end first."
                )
        self.started.append(service)
        self.urls[service.variable] = service.start(self.say)
        self.say(f"{service.name} ready")
        if service.server is not None:
            self.supervisor.add(service.server.child, start=service.restart)

    def _start_roads(self) -> None:
        """Before the first plan is made, so that it is made with real roads."""
        wanted = wanted_road_server(self.var)
        if isinstance(wanted, str):
            self.say(wanted)
        if not isinstance(wanted, RoadServer):
            return
        roads = self._child("roads", wanted.command)
        self.supervisor.add(roads)
        self.supervisor.wait_ready(roads, lambda: answers(wanted.url), READY_S)
        self.urls["OSRM_URL"] = wanted.url
        announce(self.var, address=self.address, osrm_url=wanted.url)
        self.say(f"roads: {wanted.shows}")

    def _prepare(self, *, demo: bool) -> None:
        command = _python("manage.py", "prepare", *(["--demo"] if demo else []))
        child = self._child("prepare", command)
        child.log = None
        child.start()
        process = child.process
        try:
            if process and process.wait():
                raise PlainError("The database could not be prepared; the reason stands above.")
        finally:
            child.stop()

    def _start_processes(self) -> None:
        celery = _python("-m", "celery", "-A", "atmr.celery")
        web = self._child(
            "web",
            _python("-m", "daphne", "-b", HOST, "-p", str(self.port), "atmr.asgi:application"),
        )
        worker = self._child(
            "worker",
            [*celery, "worker", "-c", "2", "-l", "INFO", "--without-gossip", "--without-mingle"],
        )
        worker.grace_s = 15.0
        pid_file = self.var / "run" / "beat.pid"
        pid_file.unlink(missing_ok=True)  # ours by the lock: a number in it may be anybody's by now
        beat = self._child("beat", [*celery, "beat", "-l", "INFO", f"--pidfile={pid_file}"])
        for child in (web, worker, beat):
            self.supervisor.add(child)
        self.supervisor.wait_ready(web, lambda: _page_answers(f"{self.address}readyz"), READY_S)
        probe = _probe(self.urls["REDIS_URL"])
        self.supervisor.wait_ready(worker, lambda: _worker_answers(probe), READY_S)
        self.supervisor.wait_ready(beat, pid_file.exists, READY_S)

    def _child(self, name: str, command: list[str]) -> Child:
        return Child(
            name=name,
            command=command,
            env=environment.for_children(self.urls),
            log=self.var / "log" / f"{name}.log",
            cwd=settings.BASE_DIR,
        )


def _python(*words: str) -> list[str]:
    return [sys.executable, *words]


def _refuse_silent_broker(url: str) -> None:
    """Its own words now, instead of a web process that is never ready."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        reason = str(error).rstrip(".")
        raise PlainError(f"The broker that REDIS_URL names cannot be used: {reason}.") from error


def _page_answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:  # noqa: S310 (our own address)
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _probe(redis_url: str) -> Celery:
    """A client of the job queue that knows no task; our own settings name no broker yet."""
    app = Celery("probe", broker=redis_url, set_as_current=False)
    app.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    return app


def _worker_answers(probe: Celery) -> bool:
    try:
        return bool(probe.control.ping(timeout=0.5, limit=1))
    except (OperationalError, OSError):
        return False
