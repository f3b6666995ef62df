"""Reads the process environment: which names exist, what a good value is, and how a bad one is refused."""

from __future__ import annotations

import difflib
import os
from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from atmr.presence import running_console

BASE_DIR = Path(__file__).resolve().parent.parent
# The two services that can be embedded, by the variable that replaces each.
SERVICES = {"DATABASE_URL": "postgres", "REDIS_URL": "valkey"}

KNOWN = frozenset(
    {
        "ATMR_ALLOWED_HOSTS",
        "ATMR_CSRF_ORIGINS",
        "ATMR_DEBUG",
        "ATMR_ENV",
        "ATMR_LOG_LEVEL",
        "ATMR_PORT",
        "ATMR_SECRET_KEY",
        "ATMR_SPREAD_FROM_TRIPS",
        "ATMR_VAR",
        "DATABASE_URL",
        "OSRM_URL",
        "REDIS_URL",
    }
)
ENVIRONMENTS = ("dev", "test", "prod")
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


class BadValue(ImproperlyConfigured):
    """An environment variable holds something this program cannot use; the text is one sentence."""


def text(name: str, default: str = "") -> str:
    """The value of a known variable; unset and empty are the same."""
    if name not in KNOWN:
        raise LookupError(f"{name} is read but not declared in atmr.environment.KNOWN")
    return os.environ.get(name, "").strip() or default


def required(name: str, why: str) -> str:
    value = text(name)
    if not value:
        raise BadValue(f"{name} is not set: {why}.")
    return value


def choice(name: str, allowed: tuple[str, ...], default: str) -> str:
    value = text(name, default)
    if value not in allowed:
        raise BadValue(
            f"{name} is {value!r}; it must be one of {', '.join(allowed)}.{_guess(value, allowed)}"
        )
    return value


def flag(name: str, *, default: bool) -> bool:
    value = text(name).lower()
    if not value:
        return default
    if value not in _TRUE | _FALSE:
        raise BadValue(f"{name} is {value!r}; it must be 1 or 0.")
    return value in _TRUE


def integer(name: str, default: int, *, low: int, high: int) -> int:
    value = text(name, str(default))
    try:
        number = int(value)
    except ValueError:
        raise BadValue(f"{name} is {value!r}; it must be a whole number.") from None
    if not low <= number <= high:
        raise BadValue(f"{name} is {number}; it must lie between {low} and {high}.")
    return number


def words(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """A comma separated list without its blanks."""
    value = text(name)
    return [part.strip() for part in value.split(",") if part.strip()] if value else list(default)


def url(name: str, schemes: tuple[str, ...]) -> str:
    """A URL with one of the schemes and a host, or an empty string when the variable is unset."""
    value = text(name)
    if value:
        _refuse_bad_url(name, value, schemes)
    return value


def _refuse_bad_url(name: str, value: str, schemes: tuple[str, ...]) -> None:
    # The value may hold a password: the sentence never repeats more than the scheme.
    scheme = value.partition("://")[0] if "://" in value else ""
    if scheme not in schemes:
        raise BadValue(
            f"{name} must begin with {' or '.join(s + '://' for s in schemes)}, not {scheme + '://' if scheme else 'something else'}."
        )
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise BadValue(f"{name} has a port or an address that cannot be read.") from None
    if not parts.hostname or port == 0:
        raise BadValue(f"{name} names no host.")


def database_url() -> str:
    given = url("DATABASE_URL", ("postgresql", "postgres"))
    return given or _running("DATABASE_URL")


def redis_url() -> str:
    given = url("REDIS_URL", ("redis", "rediss"))
    return given or _running("REDIS_URL")


def osrm_url() -> str:
    """The road server that is set; without one, that of the console which runs here."""
    given = url("OSRM_URL", ("http", "https"))
    if given or name_of_environment() != "dev":
        return given
    console = running_console(var_dir())
    return console.osrm_url if console else ""


def var_dir() -> Path:
    """The directory of everything this installation writes: embedded data, logs, prepared maps."""
    return Path(text("ATMR_VAR", str(BASE_DIR / "var"))).expanduser().resolve()


def name_of_environment() -> str:
    return choice("ATMR_ENV", ENVIRONMENTS, "dev")


def refuse_typos() -> None:
    """A variable that begins like ours but is none of ours is a typing mistake, not a wish."""
    for name in sorted(os.environ):
        if name.startswith("ATMR_") and name not in KNOWN:
            raise BadValue(f"{name} is not a setting of this program.{_guess(name, tuple(KNOWN))}")


def _guess(value: str, allowed: tuple[str, ...]) -> str:
    near = difflib.get_close_matches(value, allowed, n=1)
    return f" Did you mean {near[0]}?" if near else ""


def read_text(path: Path) -> str:
    """The stripped text of a small file; empty when there is none."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise BadValue(f"{path} cannot be read: {error.strerror}.") from error


def _running(variable: str) -> str:
    """The URL that the embedded starter left for programs of other terminals (see atmr.embedded)."""
    if name_of_environment() == "prod":
        return ""
    return read_text(var_dir() / "run" / f"{SERVICES[variable]}.url")


def services_without_url() -> list[str]:
    """The services that nobody provides, so that an embedded one must."""
    given = {
        "DATABASE_URL": url("DATABASE_URL", ("postgresql", "postgres")),
        "REDIS_URL": url("REDIS_URL", ("redis", "rediss")),
    }
    return [name for name, value in given.items() if not value]


def provide(urls: dict[str, str]) -> None:
    """Give this process, and those it starts, the URLs of services that now run."""
    os.environ.update(urls)


def for_children(urls: dict[str, str]) -> dict[str, str]:
    """This process's environment with these URLs, for a child of it."""
    return {**os.environ, "PYTHONUNBUFFERED": "1", **urls}
