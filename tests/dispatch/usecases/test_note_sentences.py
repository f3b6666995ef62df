"""Keys become sentences in the reader's language, with the driver and the hours in place of a reference."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import override

from dispatch.notes import Note, NoteKey
from dispatch.usecases.note_sentences import (
    SENTENCES,
    Stored,
    error_sentence,
    note_key,
    note_sentence,
    note_sentences,
    source_words,
    stage_words,
)
from tests.factories import make_booking, make_company, make_driver, make_shift

FIGURES: dict[str, int | str] = {
    "gaps": 3, "pairs": 12, "count": 2, "seconds": 30, "status": 500, "code": "NoRoute",
    "start": "12:00", "end": "19:00", "shift": "s7", "trip": "b3", "other": "b4", "fields": "speed_kmh", "detail": "No trip.", "weight": 60, "usual": 30, "version": 4, "kind": "KeyError",
    "budget": 5, "served": 1, "minutes": 7, "due": "09:00", "since": "08:40", "late": 6, "at": "09:10", "before": "09:00",
}  # fmt: skip


@pytest.mark.parametrize("key", NoteKey)
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_key_has_its_sentence(key: NoteKey, language: str) -> None:
    with override(language):
        said = note_sentence(Note.of(key, **FIGURES), label=lambda reference: f"<{reference}>")
    assert said
    assert "%(" not in said
    assert ("<s7>" in said) == key.startswith("shift_")
    names_trip = {
        NoteKey.PIN_RELEASED,
        NoteKey.PATIENT_TWICE,
        NoteKey.PROMISE_BROKEN,
        NoteKey.UNDER_WAY_OUTSIDE,
        NoteKey.ROAD_PICKUP_MOVED,
        NoteKey.WINDOW_STRETCHED,
        NoteKey.WINDOW_LATE,
    }
    assert ("<b3>" in said) == (key in names_trip)
    assert ("<b4>" in said) == (key is NoteKey.PATIENT_TWICE)


def test_every_sentence_belongs_to_a_key() -> None:
    assert set(SENTENCES) == set(NoteKey)


def test_one_and_many_are_told_apart() -> None:
    one, two = (Note.of(NoteKey.ROAD_PLACES_OFF_MAP, count=n) for n in (1, 2))
    with override("en"):
        assert note_sentence(one).startswith("1 place lies")
        assert note_sentence(two).startswith("2 places lie")


@pytest.mark.django_db
class TestStored:
    def test_a_shift_is_its_driver_and_hours(self) -> None:
        company = make_company()
        driver = make_driver(company, first_name="Lea", last_name="Rossier")
        shift = make_shift(company, driver=driver)  # 07:00 to 19:00 in Geneva
        stored = [Note.of(NoteKey.SHIFT_DRIVER_ABSENT, shift=f"s{shift.pk}").to_json()]
        with override("en"):
            assert note_sentences(stored) == [
                f"Left out: {driver}, 07:00–19:00. The driver is absent."
            ]
        with override("fr"):
            assert note_sentences(stored) == [
                f"Laissé de côté\N{NO-BREAK SPACE}: {driver}, 07:00–19:00. Le chauffeur est absent."
            ]

    def test_a_trip_is_its_booking_s_reference(self) -> None:
        booking = make_booking(make_company())
        stored = [Note.of(NoteKey.PIN_RELEASED, trip=f"b{pk}").to_json() for pk in (booking.pk, 0)]
        with override("en"):
            known, gone = note_sentences(stored)
        assert known.startswith(f"Journey {booking.reference} was pinned")
        assert gone.startswith("Journey – was pinned")

    def test_a_shift_that_is_gone_says_so(self) -> None:
        stored = [Note.of(NoteKey.SHIFT_STUCK, shift="s0").to_json()]
        with override("en"):
            assert note_sentences(stored)[0].startswith("Left as it is: a shift that is gone.")

    def test_many_notes_ask_for_their_shifts_at_once(self) -> None:
        company = make_company()
        shifts = [make_shift(company) for _k in range(3)]
        stored = [Note.of(NoteKey.SHIFT_STUCK, shift=f"s{s.pk}").to_json() for s in shifts]
        with CaptureQueriesContext(connection) as queries:
            assert len(note_sentences(stored)) == 3
        assert len(queries) == 1


def test_what_older_and_newer_versions_wrote_is_shown() -> None:
    stored: list[Stored] = [
        "Shift 7 stays out: its driver is absent.",
        {"key": "tomorrow", "figures": {}},
    ]
    assert note_sentences(stored) == ["Shift 7 stays out: its driver is absent.", "tomorrow"]
    assert [note_key(note) for note in stored] == [None, "tomorrow"]


def test_an_error_is_a_note_like_any_other() -> None:
    with override("en"):
        assert error_sentence(Note(NoteKey.DAY_BUSY).to_json()) == (
            "This day is being planned already."
        )
    assert error_sentence("Broken.") == "Broken."
    assert (error_sentence(None), note_key(None)) == ("", None)


def test_what_a_stage_says_is_spoken() -> None:
    with override("fr"):
        assert stage_words("no_time_left") == "il ne restait plus de temps"
        assert stage_words("NoPlanFoundError: OR-Tools found no plan.") == (
            "il n’a trouvé aucun plan"
        )
    assert stage_words("as older versions wrote it") == "as older versions wrote it"


def test_sources_have_words() -> None:
    with override("en"):
        assert [source_words(s) for s in ("osrm", "osrm+estimate", "estimate", "")] == [
            "road server", "road server, some estimated", "estimated", "",
        ]  # fmt: skip
