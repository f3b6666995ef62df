"""Prepares and serves a road map of one's own for travel times, and says how the roads stand."""

from __future__ import annotations

import argparse
import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType
from typing import NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from dispatch.roads.build import BuildBusyError, BuildError, build_roads
from dispatch.roads.child import OsrmChild, RoadServerError, answers, osrm_child
from dispatch.roads.extract import Box, ExtractError, read_extract
from dispatch.roads.prepared import NotPreparedError, Prepared, read_prepared
from dispatch.roads.programs import (
    CONTAINER_IMAGE,
    NoProgramsError,
    all_programs,
    find_programs,
)
from dispatch.roads.values import ATTRIBUTION, LICENCE

ERROR, USAGE, NOT_MET, BUSY, INTERRUPTED = 1, 2, 3, 75, 130

HOW = """\
  build EXTRACT.osm.pbf   prepare an OpenStreetMap extract (extracts of regions: download.geofabrik.de;
                          cut a city out with: osmium extract --bbox W,S,E,N region.osm.pbf -o city.osm.pbf)
  serve                   serve the prepared roads on loopback until Ctrl-C; OSRM_URL is the printed address
  status                  programs, prepared roads, and whether the road server answers: that of OSRM_URL,
                          else the one that `serve` runs in another terminal

exit codes: 0 ok, 1 error, 2 usage, 3 the extract does not cover --box, 75 another build is at work,
130 a build was interrupted (the roads in use are untouched)"""


class Command(BaseCommand):
    help = "Prepare and serve a road map for travel times (OSRM)."
    requires_system_checks: list[str] = []

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: object) -> CommandParser:
        return super().create_parser(
            prog_name,
            subcommand,
            epilog=HOW,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            **kwargs,
        )

    def add_arguments(self, parser: CommandParser) -> None:
        common = CommandParser(add_help=False)
        common.add_argument("--json", action="store_true", help="one JSON object on stdout")
        common.add_argument(
            "--data", type=Path, default=settings.VAR_DIR / "osrm-data", help="prepared roads"
        )
        common.add_argument(
            "--programs", type=Path, default=settings.VAR_DIR / "osrm", help="osrm-bindings wheel"
        )
        common.add_argument("--image", default=CONTAINER_IMAGE, help="container image, if pulled")
        verbs = parser.add_subparsers(dest="verb", required=True)
        build = verbs.add_parser("build", parents=[common], help="prepare an extract")
        build.add_argument("extract", type=Path)
        build.add_argument("--box", type=_box, help="W,S,E,N that the extract must cover")
        build.add_argument(
            "--accept-partial", action="store_true", help="build though --box is not covered"
        )
        build.add_argument("--dry-run", action="store_true", help="only look at the extract")
        serve = verbs.add_parser("serve", parents=[common], help="serve the prepared roads")
        serve.add_argument("--port", type=int, default=5000, help="0 takes a free one")
        verbs.add_parser("status", parents=[common], help="say how the roads stand")

    def handle(self, *, verb: str, **options: object) -> None:
        verbs = {"build": self._build, "serve": self._serve, "status": self._status}
        try:
            verbs[verb](argparse.Namespace(**options))
        except BuildBusyError as error:
            _fail(error, BUSY)
        except (BuildError, ExtractError, NoProgramsError, NotPreparedError) as error:
            _fail(error, ERROR)
        except RoadServerError as error:
            _fail(error, ERROR)
        except FileNotFoundError as error:
            _fail(f"There is no file {error.filename}.", ERROR)
        except OSError as error:
            _fail(f"{error.filename or 'The roads'}: {error.strerror}.", ERROR)

    def _build(self, options: argparse.Namespace) -> None:
        about = read_extract(options.extract)
        box, wanted = about.box, options.box
        self._say(f"{options.extract.name}: box {box or 'not stated'}, dated {about.dated or '–'}")
        if wanted:
            self._require_cover(box, wanted, is_partial_fine=options.accept_partial)
        if options.dry_run:
            self._print_all(options, {"box": box and str(box), "dated": str(about.dated)})
            return
        programs = find_programs(options.programs, image=options.image)
        self._say(f"OSRM {programs.version} ({programs.kind})")
        try:
            with _sigterm_as_interrupt():
                prepared = build_roads(options.extract, options.data, programs, say=self._say)
        except KeyboardInterrupt:
            _fail("Interrupted; the roads in use are untouched.", INTERRUPTED)
        self._print_all(options, {"data": str(options.data), **asdict(prepared)})

    def _require_cover(self, box: Box | None, wanted: Box, *, is_partial_fine: bool) -> None:
        share = box.share_of(wanted) if box else 0.0
        sentence = f"The extract covers {share:.0%} of {wanted}"
        if share < 1 and not is_partial_fine:
            _fail(f"{sentence}; take a larger one, or add --accept-partial.", NOT_MET)
        self._say(f"{sentence}; places outside it are estimated.")

    def _serve(self, options: argparse.Namespace) -> None:
        prepared = read_prepared(options.data)
        programs = find_programs(options.programs, image=options.image)
        log = options.data.with_name("osrm.log")
        try:
            with (
                _sigterm_as_interrupt(),
                osrm_child(
                    data=options.data, programs=programs, log=log, port=options.port
                ) as child,
                _told_to_others(options.data, child.url),
            ):
                self._announce(options, child, prepared)
                child.process.wait()
                _fail(f"osrm-routed ended by itself; see {log}.", ERROR)
        except KeyboardInterrupt:
            self._say("stopped")

    def _announce(self, options: argparse.Namespace, child: OsrmChild, prepared: Prepared) -> None:
        self._print_all(
            options,
            {"url": child.url, "box": prepared.box, "attribution": ATTRIBUTION, "licence": LICENCE},
        )
        self._say(f"OSRM_URL={child.url}  (Ctrl-C stops)")

    def _status(self, options: argparse.Namespace) -> None:
        named = settings.OSRM_URL
        url = named or _served_at(options.data)
        found = all_programs(options.programs, image=options.image)
        facts: dict[str, object] = {
            "programs": [f"{programs.kind} {programs.version}" for programs in found],
            "prepared": _prepared_facts(options.data),
            "OSRM_URL": named or None,
            "server": url or None,
            "answers": _seconds_to_answer(url) if url else None,
            "attribution": ATTRIBUTION,
        }
        self._print_all(options, facts)
        if named and facts["answers"] is None:
            _fail("The road server that OSRM_URL names does not answer.", ERROR)

    def _print_all(self, options: argparse.Namespace, facts: dict[str, object]) -> None:
        if options.json:
            self.stdout.write(json.dumps(facts, ensure_ascii=False))
        else:
            for name, value in facts.items():
                self.stdout.write(f"{name}: {_shown(value)}")
        self.stdout.flush()  # whoever reads the served address through a pipe waits for it

    def _say(self, sentence: str) -> None:
        self.stderr.write(self.style.NOTICE(sentence))


def _box(text: str) -> Box:
    try:
        return Box.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _fail(sentence: object, code: int) -> NoReturn:
    raise CommandError(str(sentence), returncode=code)


def _prepared_facts(data: Path) -> dict[str, object] | None:
    try:
        return asdict(read_prepared(data))
    except NotPreparedError:
        return None


def _note_of(data: Path) -> Path:
    return data.with_name(f"{data.name}.url")


@contextmanager
def _told_to_others(data: Path, url: str) -> Iterator[None]:
    """Where these roads are served, for other terminals; what a killed server left answers no more."""
    _note_of(data).write_text(url, "utf-8")
    try:
        yield
    finally:
        _note_of(data).unlink(missing_ok=True)


def _served_at(data: Path) -> str:
    try:
        return _note_of(data).read_text("utf-8")
    except FileNotFoundError:
        return ""


def _seconds_to_answer(url: str) -> float | None:
    started = time.monotonic()
    return round(time.monotonic() - started, 4) if answers(url) else None


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return "".join(f"\n  {name}: {_shown(item)}" for name, item in value.items())
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or "none"
    return "none" if value is None else str(value)


@contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """A supervisor's SIGTERM is the same wish as Ctrl-C: end the child first, then go."""

    def interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
