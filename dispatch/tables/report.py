"""What an import did, or would do: line by line, in words for the person who sent the file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

if TYPE_CHECKING:
    from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong. `line` 0 is the file as a whole; `column` "" the whole line."""

    what: str
    line: int = 0
    column: str = ""
    value: str = ""
    expected: str = ""

    @property
    def sentence(self) -> str:
        where = [_("line %d") % self.line] if self.line else []
        where += [_("column “%s”") % self.column] if self.column else []
        said = f"{', '.join(where)}: {self.what}" if where else self.what
        return f"{said} {_('Expected: %s.') % self.expected}" if self.expected else said


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One cell before and after, as the file writes it; `before` "" for a new row."""

    column: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line that was, or would be, written."""

    line: int
    name: str
    is_new: bool
    changes: tuple[Change, ...]
    warnings: tuple[str, ...] = ()  # odd, and taken all the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Nothing was written when there are problems, or when it was only a preview."""

    kind: str
    is_written: bool = False
    lines: tuple[Line, ...] = ()
    unchanged: int = 0
    problems: tuple[Problem, ...] = ()

    @property
    def created(self) -> int:
        return sum(line.is_new for line in self.lines)

    @property
    def updated(self) -> int:
        return len(self.lines) - self.created

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "written": self.is_written,
            "new": self.created,
            "changed": self.updated,
            "unchanged": self.unchanged,
            "warnings": [
                {"line": line.line, "sentence": said}
                for line in self.lines
                for said in line.warnings
            ],
            "problems": [asdict(p) | {"sentence": p.sentence} for p in self.problems],
        }
