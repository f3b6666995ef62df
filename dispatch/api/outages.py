"""Which errors mean that the database or the cache is away, and not that a request is wrong."""

from __future__ import annotations

from django.db import InterfaceError, OperationalError
from redis.exceptions import ConnectionError as NoRedisError
from redis.exceptions import TimeoutError as SlowRedisError

# Connection lost, no room for one more, shutting down or starting. A deadlock (40P01), a lock not got (55P03) and a
# cancelled statement (57014) are OperationalErrors too: those are ours to look into.
_AWAY = ("08", "53", "57P")
RETRY_AFTER_S = 5


def is_database_away(error: BaseException | None) -> bool:
    """Errors that psycopg raises without an answer of the server carry no SQLSTATE."""
    if not isinstance(error, OperationalError | InterfaceError):
        return False
    state = getattr(error.__cause__, "sqlstate", None)
    return state is None or state.startswith(_AWAY)


def is_cache_away(error: BaseException | None) -> bool:
    """Refused, lost, loading its data or too slow; a command that Redis refuses is ours to look into."""
    return isinstance(error, NoRedisError | SlowRedisError)
