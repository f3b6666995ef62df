"""An HTTP server on loopback that plays OSRM: well, or badly in one chosen way."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from urllib.parse import parse_qs, urlsplit

Pair = tuple[float, float]  # longitude, latitude
Act = Callable[["Handler", dict[str, object]], None]


def drive(a: Pair, b: Pair) -> tuple[float, float]:
    """Seconds and metres of the actor's world: longer northwards than southwards, never whole numbers."""
    if a == b:
        return 0.0, 0.0
    climb = max(0.0, b[1] - a[1])
    metres = (abs(a[0] - b[0]) + abs(a[1] - b[1])) * 100_000
    return round(metres / 10 + climb * 7_000 + 0.3, 1), round(metres + 0.2, 1)


@dataclass
class Actor:
    """What it plays; `requests` holds the paths it was asked."""

    act: Act | None = None
    bad_requests: int | None = None  # plays `act` so many times, then well; None: for ever
    version: str | None = "map-1"
    snap_m: Callable[[Pair], float] = lambda _place: 12.5
    no_way: Callable[[Pair, Pair], bool] = lambda _a, _b: False
    requests: list[str] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    url: str = ""

    @property
    def tables(self) -> list[str]:
        return [path for path in self.requests if path.startswith("/table/")]

    def answer(self, path: str) -> dict[str, object]:
        parts = urlsplit(path)
        service, _v1, _driving, places = parts.path.strip("/").split("/")
        at = [(float(lon), float(lat)) for lon, lat in (p.split(",") for p in places.split(";"))]
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        body: dict[str, object] = {"code": "Ok"}
        if self.version is not None:
            body["data_version"] = self.version
        body |= {"nearest": self._nearest, "table": self._table, "route": self._route}[service](
            at, query
        )
        return body

    def _waypoint(self, place: Pair) -> dict[str, object]:
        return {"distance": self.snap_m(place), "location": list(place), "name": ""}

    def _nearest(self, at: list[Pair], _query: dict[str, str]) -> dict[str, object]:
        return {"waypoints": [self._waypoint(at[0])]}

    def _table(self, at: list[Pair], query: dict[str, str]) -> dict[str, object]:
        rows = [at[int(i)] for i in query["sources"].split(";")]
        columns = [at[int(j)] for j in query["destinations"].split(";")]
        cells = [[None if self.no_way(a, b) else drive(a, b) for b in columns] for a in rows]
        return {
            "durations": [[cell and cell[0] for cell in row] for row in cells],
            "distances": [[cell and cell[1] for cell in row] for row in cells],
            "sources": [self._waypoint(place) for place in rows],
            "destinations": [self._waypoint(place) for place in columns],
        }

    def _route(self, at: list[Pair], _query: dict[str, str]) -> dict[str, object]:
        legs = [drive(a, b) for a, b in pairwise(at)]
        line: list[list[float]] = []
        for a, b in pairwise(at):
            line += [list(a), [b[0], a[1]], list(b)]
        best = {
            "duration": sum(leg[0] for leg in legs),
            "distance": sum(leg[1] for leg in legs),
            "geometry": {"type": "LineString", "coordinates": line},
        }
        return {"routes": [best], "waypoints": [self._waypoint(place) for place in at]}


class Handler(BaseHTTPRequestHandler):
    actor: Actor

    def do_GET(self) -> None:
        self.actor.requests.append(self.path)
        answer = self.actor.answer(self.path)
        act = self.actor.act
        if act is not None and self.actor.bad_requests != 0:
            if self.actor.bad_requests is not None:
                self.actor.bad_requests -= 1
            act(self, answer)
        else:
            self.reply(answer)

    def reply(self, body: object, *, status: int = 200) -> None:
        self.reply_bytes(json.dumps(body).encode(), status=status)

    def reply_bytes(self, body: bytes, *, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 — http.server's name
        """Silent: the paths hold coordinates."""


@contextmanager
def playing(**how: object) -> Iterator[Actor]:
    actor = Actor(**how)  # type: ignore[arg-type]
    handler = type("ActorHandler", (Handler,), {"actor": actor})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = False  # joined at the end: no socket is left open
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    actor.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield actor
    finally:
        actor.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


# The ways to be bad -----------------------------------------------------------------------------


def hangs(handler: Handler, _answer: dict[str, object]) -> None:
    handler.actor.released.wait(20)
    handler.close_connection = True


def trickles(handler: Handler, _answer: dict[str, object]) -> None:
    """A byte now and then: no single wait is long, the whole is."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    try:
        while not handler.actor.released.wait(0.05):
            handler.wfile.write(b" ")
    except OSError:
        handler.close_connection = True


def slams(handler: Handler, _answer: dict[str, object]) -> None:
    """Takes the question and hangs up."""
    handler.close_connection = True


def fails(handler: Handler, _answer: dict[str, object]) -> None:
    handler.reply({"code": "InternalError"}, status=500)


def refuses(handler: Handler, _answer: dict[str, object]) -> None:
    handler.reply({"code": "TooBig", "message": "Too many table coordinates"}, status=400)


def babbles(handler: Handler, _answer: dict[str, object]) -> None:
    handler.reply_bytes(b"<html>It works!</html>")


def floods(handler: Handler, _answer: dict[str, object]) -> None:
    try:
        handler.reply_bytes(b" " * 4_000_000)
    except OSError:
        handler.close_connection = True


def sends(body: object) -> Act:
    return lambda handler, _answer: handler.reply(body)


def sends_bytes(body: bytes) -> Act:
    return lambda handler, _answer: handler.reply_bytes(body)


def spoils(change: Callable[[dict[str, object]], object]) -> Act:
    """Spoils tables only, so that the server looks well when first spoken to."""

    def act(handler: Handler, answer: dict[str, object]) -> None:
        if handler.path.startswith("/table/"):
            change(answer)
        handler.reply(answer)

    return act


def slow(seconds: float) -> Act:
    def act(handler: Handler, answer: dict[str, object]) -> None:
        time.sleep(seconds)
        handler.reply(answer)

    return act
