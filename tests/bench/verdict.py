"""What a measurement leaves behind: a table for people and JSON for machines under var/bench, and an exit code."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

HELD, MISSED, CANNOT = 0, 3, 1  # exit codes: HOUSE.md's 3 is “criteria not met”
FOLDER = Path(__file__).resolve().parents[2] / "var" / "bench"

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """Something that was promised, and what was measured."""

    promise: str
    measured: str
    is_held: bool


def table(rows: Sequence[Row]) -> str:
    """Aligned columns named after the keys of the first row."""
    names = list(rows[0]) if rows else []
    cells = [names, *([_shown(row[name]) for name in names] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True))
        for line in cells
    )


def conclude(name: str, rows: Sequence[Row], bars: Sequence[Bar], folder: Path = FOLDER) -> int:
    """Write NAME.txt and NAME.json, show the table and the bars, and say by the code whether all of them hold."""
    said = [
        f"{'held' if bar.is_held else 'MISSED'}: {bar.promise} ({bar.measured})" for bar in bars
    ]
    text = "\n".join([table(rows), "", *said])
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.txt").write_text(text + "\n", encoding="utf-8")
    document = {"rows": [dict(row) for row in rows], "bars": [asdict(bar) for bar in bars]}
    (folder / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(text)
    return HELD if all(bar.is_held for bar in bars) else MISSED


def _shown(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
