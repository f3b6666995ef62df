"""Decides which management commands need running services, and lends them some."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from atmr import environment
from atmr.embedded.running import services_for_command

# `up` runs services of its own; the others touch neither the database nor the broker.
WITHOUT_SERVICES = frozenset(
    {
        "check",
        "collectstatic",
        "compilemessages",
        "diffsettings",
        "doctor",
        "findstatic",
        "help",
        "makemessages",
        "plan_instance",
        "roads",
        "sendtestemail",
        "spectacular",
        "startapp",
        "up",
        "version",
    }
)


def needs_services(arguments: Sequence[str]) -> bool:
    command = next((word for word in arguments[1:] if not word.startswith("-")), "help")
    asks_for_help = any(word in {"-h", "--help", "--version"} for word in arguments)
    return not asks_for_help and command not in WITHOUT_SERVICES


@contextmanager
def services_for(arguments: Sequence[str]) -> Iterator[None]:
    """Whatever this command needs runs while it runs. Production names its servers, so nothing starts there."""
    missing = environment.services_without_url()
    if not missing or environment.name_of_environment() == "prod" or not needs_services(arguments):
        yield
        return
    what = f"manage.py {arguments[1]}"
    with services_for_command(environment.var_dir(), missing, what=what, say=_say) as urls:
        environment.provide(urls)
        yield


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
