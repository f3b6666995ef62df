"""Makes the virtual environment from the locked requirements, or finds in a moment that it is already made."""

# Runs on any Python 3.11 with nothing installed: the standard library only.

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
LOCKS = Path(__file__).resolve().parent
NEEDED_BYTES = 3_500_000_000
SAY_EVERY_S = 15.0
_STEP = re.compile(r"^(?:Collecting|Processing|Requirement already satisfied:) (?P<name>[\w.\-/]+)")
# Torch first and alone: its builds differ by machine, and no resolver may choose another one later.
STEPS = {
    "run": (("torch.txt",), ("base.txt", "learn.txt")),
    "dev": (("torch.txt",), ("base.txt", "learn.txt"), ("dev.txt",)),
    "bench": (("torch.txt",), ("base.txt", "learn.txt"), ("dev.txt",), ("bench.txt",)),
}


class RefusalError(Exception):
    """Why the environment cannot be made, in one sentence."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv")
    parser.add_argument("--dev", action="store_true", help="also what tests and checks need")
    parser.add_argument("--bench", action="store_true", help="also the planner's peers, to compare")
    options = parser.parse_args()
    try:
        install(options.venv, _kind(options))
    except RefusalError as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def _kind(options: argparse.Namespace) -> str:
    if options.bench:
        return "bench"
    return "dev" if options.dev else "run"


def install(venv: Path, kind: str) -> None:
    """Bring `venv` to the locks; a stamp for each step says that it was done with this very text."""
    if sys.version_info[:2] != (3, 11):
        raise RefusalError(
            f"Python 3.11 is needed; this is {sys.version_info[0]}.{sys.version_info[1]}."
        )
    if not _works(venv):
        _make(venv)
    for step in STEPS[kind]:
        stamp = venv / f".installed-{Path(step[0]).stem}"
        digest = _digest(step)
        if not stamp.is_file() or stamp.read_text("utf-8") != digest:
            stamp.unlink(missing_ok=True)
            _pip(venv, step)
            stamp.write_text(digest, "utf-8")


def _works(venv: Path) -> bool:
    python = venv / "bin" / "python"
    question = "import sys; sys.exit(sys.version_info[:2] != (3, 11))"
    return python.exists() and subprocess.run([python, "-c", question], check=False).returncode == 0


def _make(venv: Path) -> None:
    free = shutil.disk_usage(venv.parent).free
    if free < NEEDED_BYTES:
        raise RefusalError(
            f"The packages need 3.5 GB and {venv.parent} has {free / 1e9:.1f} GB free."
        )
    _say(f"making {venv}")
    command = [sys.executable, "-m", "venv", "--clear", str(venv)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        shutil.rmtree(venv, ignore_errors=True)
        raise RefusalError(
            f"{sys.executable} cannot make a virtual environment; Debian and Ubuntu need the package "
            "python3.11-venv."
        )


def _digest(step: tuple[str, ...]) -> str:
    text = b"".join((LOCKS / name).read_bytes() for name in step)
    return hashlib.sha256(text).hexdigest()


def _pip(venv: Path, step: tuple[str, ...]) -> None:
    _say(f"installing {', '.join(step)}")
    log = venv / f"install-{Path(step[0]).stem}.log"
    command = [
        str(venv / "bin" / "python"),
        "-m",
        "pip",
        "install",
        "--progress-bar=off",
        "--compile",
    ]
    command += [word for name in step for word in ("-r", str(LOCKS / name))]
    with (
        log.open("w", encoding="utf-8") as kept,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT
        ) as pip,
    ):
        last_error = _follow(pip.stdout, kept) if pip.stdout else ""
    if pip.returncode:
        raise RefusalError(f"{step[0]} could not be installed: {last_error or 'see'} ({log})")


def _follow(lines: IO[str], kept: IO[str]) -> str:
    """Keep pip's words, show how far it is, return its last error."""
    seen, said_at, last_error = 0, time.monotonic(), ""
    for line in lines:
        kept.write(line)
        if line.startswith("ERROR:"):
            last_error = line.removeprefix("ERROR:").strip()
        match = _STEP.match(line)
        seen += bool(match)
        if match and sys.stderr.isatty():
            print(f"\r\033[K  {seen} {match['name']}", end="", file=sys.stderr, flush=True)
        elif time.monotonic() - said_at > SAY_EVERY_S or line.startswith("Installing collected"):
            said_at = time.monotonic()
            _say(f"{seen} packages" + (": unpacking" if line.startswith("Installing") else ""))
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr, flush=True)
    return last_error


def _say(sentence: str) -> None:
    print(f"  {sentence}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
