"""Says what a folder of prepared roads holds, or that it holds none."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from dispatch.roads.programs import DATA_NAME
from dispatch.roads.values import ATTRIBUTION, LICENCE

MANIFEST = "roads.json"


class NotPreparedError(Exception):
    """The folder holds no complete set of prepared roads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """What was prepared from what; the texts of the licence travel with the data."""

    extract: str
    extract_bytes: int
    extract_dated: str | None
    box: str | None
    data_version: str
    programs: str
    built_at: str
    seconds: float
    attribution: str = ATTRIBUTION
    licence: str = LICENCE


def read_prepared(data: Path) -> Prepared:
    """Raises NotPreparedError."""
    try:
        prepared = Prepared(**json.loads((data / MANIFEST).read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise NotPreparedError(
            f"No prepared roads in {data}; run: manage.py roads build EXTRACT.osm.pbf"
        ) from error
    except (OSError, ValueError, TypeError) as error:
        raise NotPreparedError(
            f"The prepared roads in {data} cannot be read; build again."
        ) from error
    if not (data / f"{DATA_NAME}.osrm.hsgr").is_file():
        raise NotPreparedError(f"The prepared roads in {data} are incomplete; build again.")
    return prepared


def write_prepared(data: Path, prepared: Prepared) -> None:
    text = json.dumps(asdict(prepared), ensure_ascii=False, indent=2)
    (data / MANIFEST).write_text(text + "\n", encoding="utf-8")
