"""Cells that a spreadsheet would run as a formula: made harmless on the way out, restored on the way in."""

from __future__ import annotations

# The OWASP list for CSV injection, with the full-width forms that spreadsheets also take.
_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_SHIELD = "'"


def neutralise(text: str) -> str:
    """A text that every spreadsheet shows and none runs; `restore` gives the original back."""
    return _SHIELD + text if text.lstrip(_SHIELD).startswith(_RUNS) else text


def restore(text: str) -> str:
    """The text that was neutralised; any other text as it is."""
    if text.startswith(_SHIELD) and text.lstrip(_SHIELD).startswith(_RUNS):
        return text[1:]
    return text
