"""Every text of the house that people read, and its French: `python -m tests.house.messages` brings both together.

Works without the gettext programs: Python files are read as syntax trees, templates through Django's own
translation of templates, catalogues through polib.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import django.utils.translation
import polib
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent.parent
ROOMS = ("atmr", "dispatch", "audit", "rl", "mlops")
CATALOGUE = ROOT / "locale" / "fr" / "LC_MESSAGES" / "django.po"
COMPILED = CATALOGUE.with_suffix(".mo")

HEADER = {
    "Project-Id-Version": "ATMR",
    "Language": "fr",
    "MIME-Version": "1.0",
    "Content-Type": "text/plain; charset=UTF-8",
    "Content-Transfer-Encoding": "8bit",
    "Plural-Forms": "nplurals=2; plural=(n > 1);",
}

# What the arguments of each function are: context, text, plural.
SHAPES = {
    "gettext": ("text",),
    "gettext_lazy": ("text",),
    "gettext_noop": ("text",),
    "ngettext": ("text", "plural"),
    "ngettext_lazy": ("text", "plural"),
    "pgettext": ("context", "text"),
    "pgettext_lazy": ("context", "text"),
    "npgettext": ("context", "text", "plural"),
    "npgettext_lazy": ("context", "text", "plural"),
}
_STRING = r"""u?'(?:[^'\\]|\\.)*'|u?"(?:[^"\\]|\\.)*\""""
_CALL = re.compile(
    rf"(?<!\w)(?P<name>_|n?p?gettext)\(\s*(?P<arguments>(?:{_STRING})(?:\s*,\s*(?:{_STRING}))*)"
)


class Text(NamedTuple):
    """One entry of a catalogue; equal texts in equal contexts are one."""

    context: str | None
    text: str
    plural: str = ""

    @property
    def key(self) -> tuple[str | None, str]:
        return self.context, self.text


class Found(NamedTuple):
    text: Text
    path: str


def texts() -> list[Found]:
    """All texts in the order of their files. Raises ValueError for one that is put together at run time."""
    return [*_of_python(), *_of_templates()]


def _of_python() -> Iterator[Found]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            if "migrations" not in path.parts:
                tree = ast.parse(path.read_text("utf-8"))
                yield from _found(path, _calls(tree))


def _of_templates() -> Iterator[Found]:
    folders = [ROOT / "templates", *(ROOT / room / "templates" for room in ROOMS)]
    for folder in folders:
        for path in sorted(folder.rglob("*.*")):
            if path.suffix in {".html", ".txt"}:
                yield from _found(path, _template_calls(path))


def _found(path: Path, found: Iterable[Text]) -> Iterator[Found]:
    return (Found(text, path.relative_to(ROOT).as_posix()) for text in found)


def _calls(tree: ast.Module) -> Iterator[Text]:
    known = _names(tree)
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        shape = known.get(_name(call.func))
        if shape is None:
            continue
        given = call.args[: len(shape)]
        if any(isinstance(argument, ast.JoinedStr | ast.BinOp) for argument in given):
            raise ValueError(f"Nobody can translate what is put together: {ast.unparse(call)}")
        values = [argument.value for argument in given if isinstance(argument, ast.Constant)]
        if values:  # else a text that is written out elsewhere, with gettext_noop
            yield _text(shape, values)


def _names(tree: ast.Module) -> dict[str, tuple[str, ...]]:
    """What the functions of translation are called in this file."""
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom))
    return {
        alias.asname or alias.name: SHAPES[alias.name]
        for node in imports
        if node.module == django.utils.translation.__name__
        for alias in node.names
        if alias.name in SHAPES
    }


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else ""


def _template_calls(path: Path) -> Iterator[Text]:
    source = templatize(path.read_text("utf-8"), origin=str(path))
    for call in _CALL.finditer(source):
        name = "gettext" if call["name"] == "_" else call["name"]
        values = ast.literal_eval(f"({call['arguments']},)")
        yield _text(SHAPES[name], values)


def _text(shape: tuple[str, ...], values: Iterable[object]) -> Text:
    words = [value for value in values if isinstance(value, str)]
    named = dict(zip(shape, words, strict=False))
    return Text(named.get("context"), named["text"], named.get("plural", ""))


def catalogue() -> polib.POFile:
    return polib.pofile(str(CATALOGUE))


def gathered() -> dict[tuple[str | None, str], tuple[Text, list[str]]]:
    """Each text once, with the files it stands in; a plural makes an entry of both."""
    together: dict[tuple[str | None, str], tuple[Text, list[str]]] = {}
    for text, path in texts():
        known, paths = together.get(text.key, (text, []))
        if path not in paths:
            paths.append(path)
        together[text.key] = (text if text.plural else known, paths)
    return together


def merge(old: polib.POFile) -> polib.POFile:
    """The catalogue of today's texts with yesterday's translations; what is new has none."""
    known: dict[tuple[str | None, str], polib.POEntry]
    known = {(entry.msgctxt, entry.msgid): entry for entry in old}
    new = polib.POFile(wrapwidth=0)
    new.metadata = HEADER
    for text, paths in gathered().values():
        entry = _entry(text, known.get(text.key))
        entry.occurrences = [(path, "") for path in paths]
        new.append(entry)
    return new


def _entry(text: Text, known: polib.POEntry | None) -> polib.POEntry:
    entry = polib.POEntry(msgctxt=text.context, msgid=text.text, msgid_plural=text.plural)
    if "%(" in text.text:
        entry.flags = ["python-format"]
    if text.plural:
        entry.msgstr_plural = {0: "", 1: ""}
    if known is not None and known.msgid_plural == text.plural:
        entry.msgstr, entry.msgstr_plural = known.msgstr, known.msgstr_plural
    return entry


def main() -> None:
    """Writes the catalogue and what Django reads of it; says what still has to be translated."""
    old = catalogue() if CATALOGUE.exists() else polib.POFile()
    new = merge(old)
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    new.save(str(CATALOGUE))
    new.save_as_mofile(str(COMPILED))
    for entry in new.untranslated_entries():
        print(f"without French: {entry.msgid!r} ({entry.occurrences[0][0]})")  # noqa: T201
    print(f"{len(new)} texts, {new.percent_translated()} % translated")  # noqa: T201


if __name__ == "__main__":
    main()
