#!/usr/bin/env python
"""Runs a management command, with the embedded services started for it where nothing else provides them."""

from __future__ import annotations

import os
import sys

_ROOMS = ("atmr", "dispatch", "audit", "rl", "mlops")


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "atmr.settings")
    try:
        return run(sys.argv)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in _ROOMS:
            raise
        print(
            f"The package {error.name} is not installed for {sys.executable}: "
            "`make up` installs what is locked into .venv.",
            file=sys.stderr,
        )
        return 1


def run(arguments: list[str]) -> int:
    from django.core.management import execute_from_command_line
    from django.db import OperationalError

    from atmr.borrowing import services_for
    from atmr.embedded.children import PlainError
    from atmr.environment import BadValue

    try:
        with services_for(arguments):
            execute_from_command_line(arguments)
    except (BadValue, PlainError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    except OperationalError as error:
        reason = str(error).strip().splitlines()[0]
        print(f"The database cannot be used: {reason}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
