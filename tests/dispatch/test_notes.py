"""Notes go into JSON and come back; an unknown key is refused."""

from __future__ import annotations

import json

import pytest

from dispatch.notes import Note, NoteKey


def test_a_note_comes_back_from_json() -> None:
    note = Note.of(NoteKey.ROADS_ESTIMATED, gaps=3, pairs=12)
    document = json.loads(json.dumps(note.to_json()))
    assert document == {"key": "roads_estimated", "figures": {"gaps": 3, "pairs": 12}}
    assert Note.from_json(document) == note


def test_a_log_reads_key_and_figures() -> None:
    assert str(Note.of(NoteKey.ROAD_STATUS, status=500)) == "road_status status=500"
    assert str(Note(NoteKey.ROAD_SLOW)) == "road_slow"


def test_a_key_of_a_newer_version_is_refused() -> None:
    with pytest.raises(ValueError, match="tomorrow"):
        Note.from_json({"key": "tomorrow", "figures": {}})
