"""Every text has its French, and what Django reads is what translators wrote.

`make messages` mends what these tests find, but for the French itself.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path

import polib
import pytest
from django.utils import translation

from tests.house import messages
from tests.house.messages import CATALOGUE, COMPILED, Text

_PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[-+0-9.]*[a-zA-Z%]")


@pytest.fixture(scope="module")
def catalogue() -> polib.POFile:
    return messages.catalogue()


def _key(entry: polib.POEntry | polib.MOEntry) -> tuple[str | None, str, str]:
    return entry.msgctxt, entry.msgid, entry.msgid_plural


def _french(entry: polib.POEntry | polib.MOEntry) -> list[str]:
    return [*entry.msgstr_plural.values()] if entry.msgid_plural else [entry.msgstr]


def test_every_text_of_the_house_is_in_the_catalogue(catalogue: polib.POFile) -> None:
    written = {
        (text.context, text.text, text.plural) for text, _paths in messages.gathered().values()
    }
    assert written - set(map(_key, catalogue)) == set(), "new texts: run `make messages`"
    assert set(map(_key, catalogue)) - written == set(), "texts that are gone: run `make messages`"


def test_every_text_has_its_french(catalogue: polib.POFile) -> None:
    assert [entry.msgid for entry in catalogue if not all(_french(entry))] == []
    assert [entry.msgid for entry in catalogue.fuzzy_entries()] == []
    assert [entry.msgid for entry in catalogue.obsolete_entries()] == []


def test_the_french_fills_in_the_same_figures(catalogue: polib.POFile) -> None:
    wrong = []
    for entry in catalogue:
        sources = [entry.msgid, entry.msgid_plural or entry.msgid]
        for source, french in zip(sources, _french(entry), strict=False):
            if sorted(_PLACEHOLDER.findall(source)) != sorted(_PLACEHOLDER.findall(french)):
                wrong.append(french)
    assert wrong == []


def test_french_signs_stand_after_a_space_that_does_not_break(catalogue: polib.POFile) -> None:
    loose = re.compile(r" [:;!?»](?:\s|$)|« | »|'")
    assert [text for entry in catalogue for text in _french(entry) if loose.search(text)] == []


def test_what_django_reads_is_what_is_written(catalogue: polib.POFile) -> None:
    compiled = polib.mofile(str(COMPILED))
    read = {_key(entry)[:2]: _french(entry) for entry in compiled}
    assert read == {_key(entry)[:2]: _french(entry) for entry in catalogue}
    assert compiled.metadata["Plural-Forms"] == catalogue.metadata["Plural-Forms"]


def test_django_speaks_it() -> None:
    with translation.override("fr"):
        assert translation.gettext("Find a driver") == "Trouver un chauffeur"
        trips = "%(n)s trip", "%(n)s trips"
        assert [translation.ngettext(*trips, n) for n in (0, 1, 2)] == [
            "%(n)s course",  # in French nothing is singular
            "%(n)s course",
            "%(n)s courses",
        ]
        assert translation.pgettext("shift", "cancelled") == "annulé"
        assert translation.gettext("cancelled") == "annulée"


class TestReading:
    """The reader of texts finds what is written, in code and in templates."""

    @staticmethod
    def python(source: str) -> list[Text]:
        return list(messages._calls(ast.parse(source)))

    def test_code_under_whatever_name(self) -> None:
        source = """
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy as in_context
_("one " "text")
ngettext("%d trip", "%d trips", count)
in_context("shift", "cancelled")
print("not a text")
_(computed)
"""
        assert self.python(source) == [
            Text(None, "one text"),
            Text(None, "%d trip", "%d trips"),
            Text("shift", "cancelled"),
        ]

    def test_a_text_put_together_at_run_time_is_refused(self) -> None:
        source = 'from django.utils.translation import gettext as _\n_(f"{count} trips")'
        with pytest.raises(ValueError, match="put together"):
            self.python(source)

    @pytest.mark.parametrize(
        ("source", "expected"),
        [
            ('{% translate "It\'s" %}', Text(None, "It's")),
            ('{% translate "May" context "month" %}', Text("month", "May")),
            (
                "{% blocktranslate with who=user.name %}by {{ who }}{% endblocktranslate %}",
                Text(None, "by %(who)s"),
            ),
            (
                "{% blocktranslate count n=n %}{{ n }} trip{% plural %}{{ n }} trips{% endblocktranslate %}",
                Text(None, "%(n)s trip", "%(n)s trips"),
            ),
            ('<a title="{{ _("Day") }}">', Text(None, "Day")),
        ],
    )
    def test_templates(self, tmp_path: Path, source: str, expected: Text) -> None:
        page = tmp_path / "page.html"
        page.write_text(source, "utf-8")
        assert list(messages._template_calls(page)) == [expected]


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[], polib.POFile]:
    """A catalogue of its own, to be merged and read back."""
    monkeypatch.setattr(messages, "CATALOGUE", tmp_path / "django.po")
    monkeypatch.setattr(messages, "COMPILED", tmp_path / "django.mo")
    return messages.catalogue


def test_merging_keeps_the_french_and_names_what_lacks_it(
    elsewhere: Callable[[], polib.POFile], capsys: pytest.CaptureFixture[str]
) -> None:
    first = polib.POFile()
    first.append(polib.POEntry(msgid="Find a driver", msgstr="Trouver un chauffeur"))
    first.append(polib.POEntry(msgid="A text of yesterday", msgstr="Un texte d’hier"))
    first.save(str(messages.CATALOGUE))
    messages.main()
    merged = elsewhere()
    assert merged.find("Find a driver").msgstr == "Trouver un chauffeur"
    assert merged.find("A text of yesterday") is None
    assert "without French: 'Plan this day'" in capsys.readouterr().out
    assert CATALOGUE != messages.CATALOGUE
