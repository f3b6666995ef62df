"""One conversation with an OSRM server: asks within a time budget, retries what may pass, judges the answer."""

from __future__ import annotations

import json
import logging
import random
import ssl
import time
from collections.abc import Callable
from functools import cache
from types import TracebackType
from typing import NoReturn, Self, TypeVar

import httpx

from dispatch.notes import Figure, Note, NoteKey
from dispatch.roads.breaker import CircuitBreaker
from dispatch.roads.values import RoadLimits

# httpx logs each address at INFO, and ours hold the coordinates of patients' homes.
logging.getLogger("httpx").setLevel(logging.WARNING)
logger = logging.getLogger(__name__)

Answer = dict[str, object]
T = TypeVar("T")

_jitter = random.SystemRandom()
_BACKOFF_S = 0.05
_TRANSIENT_STATUS = frozenset({429, 500, 502, 503, 504})


class OsrmError(Exception):
    """The road server gave nothing usable; `note` tells a dispatcher why."""

    def __init__(self, key: NoteKey, **figures: Figure) -> None:
        self.note = Note.of(key, **figures)
        super().__init__(str(self.note))


class OsrmTransientError(OsrmError):
    """Unreachable, too slow or overloaded: the same question may be answered later."""


class OsrmAnswerError(OsrmError):
    """It answered something that is not what its API promises."""


class OsrmQueryError(OsrmError):
    """It is well and refused the question (400): asking again changes nothing."""


class OsrmRestingError(OsrmError):
    """Not asked: the circuit is open, or the time for this run is spent."""


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON, though Python reads it.")


@cache
def _trusting() -> ssl.SSLContext:
    return ssl.create_default_context()


def tls_for(url: str) -> ssl.SSLContext:
    """Reading the certificates takes longer than a table: not for plain http, and once a process."""
    if url.startswith("https:"):
        return _trusting()
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # never used; trusts nobody


class OsrmClient:
    """Use as a context manager; the time budget runs from its creation over all questions asked."""

    def __init__(self, url: str, *, limits: RoadLimits, breaker: CircuitBreaker) -> None:
        self.url = url
        self._base = url.rstrip("/")
        self._limits = limits
        self._breaker = breaker
        self._deadline = time.monotonic() + limits.total_s
        # Not through a proxy of the environment: the road server is our own, often on loopback.
        self._http = httpx.Client(verify=tls_for(url), trust_env=False, follow_redirects=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def ask(self, path: str, read: Callable[[Answer], T]) -> T:
        """What `read` makes of the JSON object at `path`, asked again after transient failures.

        Every question is a GET of the same data, so that sending it twice does no harm. `read` raises
        OsrmAnswerError for content that is wrong, which counts as a failure of the server like any other.
        """
        for attempt in range(self._limits.retries + 1):
            try:
                return self._ask_once(path, read)
            except OsrmTransientError as error:
                logger.warning("Road server, attempt %d: %s", attempt + 1, error)
                pause_s = _jitter.uniform(0.5, 1.5) * _BACKOFF_S * 2**attempt
                if attempt == self._limits.retries or pause_s >= self._remaining_s():
                    raise
                time.sleep(pause_s)
        raise AssertionError("unreachable: the last attempt returns or raises")

    def _ask_once(self, path: str, read: Callable[[Answer], T]) -> T:
        if self._remaining_s() <= 0:
            raise OsrmRestingError(NoteKey.ROAD_TIME_SPENT)
        if not self._breaker.admit():
            raise OsrmRestingError(
                NoteKey.ROAD_RESTING, seconds=round(self._breaker.closed_in_s) or 1
            )
        try:
            value = read(self._judge(*self._fetch(path)))
        except OsrmQueryError:
            self._breaker.succeed()
            raise
        except OsrmError:
            self._breaker.fail()
            raise
        self._breaker.succeed()
        return value

    def _remaining_s(self) -> float:
        return self._deadline - time.monotonic()

    def _fetch(self, path: str) -> tuple[int, bytes]:
        remaining_s = max(self._remaining_s(), 0.001)
        timeout = httpx.Timeout(
            min(self._limits.read_s, remaining_s),
            connect=min(self._limits.connect_s, remaining_s),
        )
        try:
            with self._http.stream("GET", f"{self._base}{path}", timeout=timeout) as response:
                return response.status_code, self._body(response)
        except httpx.TimeoutException as error:
            raise OsrmTransientError(NoteKey.ROAD_SLOW) from error
        except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
            raise OsrmQueryError(NoteKey.ROAD_ADDRESS) from error
        except httpx.TransportError as error:
            raise OsrmTransientError(NoteKey.ROAD_UNREACHABLE) from error
        except httpx.DecodingError as error:
            raise OsrmAnswerError(NoteKey.ROAD_UNREADABLE) from error

    def _body(self, response: httpx.Response) -> bytes:
        """httpx limits the wait for each piece only: a trickle must not outlive the budget."""
        pieces, size = [], 0
        for piece in response.iter_bytes():
            pieces.append(piece)
            size += len(piece)
            if size > self._limits.max_answer_bytes:
                raise OsrmAnswerError(NoteKey.ROAD_TOO_LARGE)
            if self._remaining_s() <= 0:
                raise OsrmTransientError(NoteKey.ROAD_SLOW)
        return b"".join(pieces)

    @staticmethod
    def _judge(status: int, body: bytes) -> Answer:
        if status in _TRANSIENT_STATUS:
            raise OsrmTransientError(NoteKey.ROAD_STATUS, status=status)
        try:
            answer = json.loads(body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise OsrmAnswerError(NoteKey.ROAD_NOT_JSON) from error
        if not isinstance(answer, dict) or not isinstance(answer.get("code"), str):
            raise OsrmAnswerError(NoteKey.ROAD_NOT_OSRM)
        if status != 200 or answer["code"] != "Ok":
            raise OsrmQueryError(NoteKey.ROAD_REFUSED, code=answer["code"][:40])
        return answer
