#!/usr/bin/env python
"""Runs a management command, with the embedded services started for it where nothing else provides them."""

from __future__ import annotations

import os
import sys

from atmr.borrowing import services_for
from atmr.embedded.children import Trouble
from atmr.environment import BadValue


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "atmr.settings")
    try:
        with services_for(sys.argv):
            from django.core.management import execute_from_command_line

            execute_from_command_line(sys.argv)
    except (BadValue, Trouble) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
