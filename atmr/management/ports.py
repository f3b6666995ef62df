"""Which web port a command is told to take."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError

from atmr import environment

_SENTENCE = "“{}” is no port: give a number from 1 to 65535, for instance 8080."


def add_port_option(parser: ArgumentParser, what: str) -> None:
    port = environment.integer("ATMR_PORT", 8000, low=1, high=65535)
    parser.add_argument("--port", type=_port, default=port, help=f"{what} ({port})")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= 65535):
        raise ArgumentTypeError(_SENTENCE.format(text))
    return int(text)
