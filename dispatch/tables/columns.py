"""Kinds of column: how a value is written in a file, how it is read back, and what a wrong cell is told."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from import_export.fields import Field

from dispatch.models.labels import choices
from dispatch.tables.formulas import neutralise, restore
from dispatch.usecases.wall_time import is_in_reach, moments_at

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum
    from typing import Any
    from zoneinfo import ZoneInfo

    from django.db.models import Model
    from django.utils.functional import _StrPromise

NEW_WHEN_EMPTY = gettext_lazy("which one is meant; empty for a new one")
LIST_SEPARATOR = "|"
_NUMBER = re.compile(r"-?[0-9]{1,9}")
_YES = frozenset({"yes", "true", "1", "oui", "vrai", "x"})
_NO = frozenset({"no", "false", "0", "non", "faux"})
_DAY_FORMATS = ("%Y-%m-%d", "%d.%m.%Y")
_CLOCK = re.compile(r"(\d{1,2})[:hH](\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?\s*([+-]\d{2}:\d{2})?")


class Column(Field):
    """One column; `parse` raises ValueError with a sentence about the cell, `expected` says what would do."""

    expected: str | _StrPromise = ""
    keeps_blanks = False

    def __init__(
        self, attribute: str, *, keeps_when_empty: bool = False, expected: str | _StrPromise = ""
    ) -> None:
        super().__init__(attribute=attribute, saves_null_values=not keeps_when_empty)
        self.expected = expected or self.expected

    def parse(self, text: str, row: Mapping[str, str]) -> Any:
        """The value of a cell that is not empty."""
        raise NotImplementedError

    def empty(self) -> Any:
        return None

    def hint(self, row: Mapping[str, str]) -> str:
        """What would do in this row instead of its cell, which was refused."""
        return str(self.expected)

    def show(self, value: Any, _instance: Model) -> str:
        return "" if value is None else str(value)

    def clean(self, row: Mapping[str, str], **_options: object) -> Any:
        text = restore(row[self.column_name])
        text = text if self.keeps_blanks else text.strip()
        return self.parse(text, row) if text else self.empty()

    def written(self, instance: Model) -> str:
        """The cell of this row, before it is made harmless for spreadsheets."""
        return self.show(self.get_value(instance), instance)

    def export(self, instance: Model, **_options: object) -> str:
        return neutralise(self.written(instance))


class TextColumn(Column):
    def parse(self, text: str, row: Mapping[str, str]) -> str:
        return text

    def empty(self) -> str | None:
        return "" if self.saves_null_values else None


class ParagraphColumn(TextColumn):
    """Text whose blanks and line ends are part of it."""

    keeps_blanks = True


class FlagColumn(Column):
    expected = gettext_lazy("yes or no")

    def __init__(self, attribute: str) -> None:
        super().__init__(attribute, keeps_when_empty=True)

    def parse(self, text: str, row: Mapping[str, str]) -> bool:
        word = text.lower()
        if word in _YES | _NO:
            return word in _YES
        raise ValueError(_("“%s” is neither yes nor no.") % text)

    def show(self, value: Any, _instance: Model) -> str:
        return "yes" if value else "no"


class WordColumn(Column):
    """One word of a closed vocabulary; the words people read are understood as well."""

    def __init__(
        self, attribute: str, vocabulary: type[StrEnum], *, expected: str | _StrPromise = ""
    ) -> None:
        words = expected or ", ".join(word.value for word in vocabulary)
        super().__init__(attribute, keeps_when_empty=True, expected=words)
        self.vocabulary = vocabulary

    def parse(self, text: str, row: Mapping[str, str]) -> str:
        return one_word(text, self.vocabulary)


def one_word(text: str, vocabulary: type[StrEnum]) -> str:
    """Raises ValueError for what is no word of the vocabulary, in code or in the active language."""
    for code, words in choices(vocabulary):
        if text.strip().lower() in {code.lower(), str(words).lower()}:
            return code
    raise ValueError(_("“%s” is not one of the words that are known here.") % text.strip())


class NumberColumn(Column):
    expected = gettext_lazy("a whole number")

    def parse(self, text: str, row: Mapping[str, str]) -> int:
        if not _NUMBER.fullmatch(text):
            raise ValueError(_("“%s” is not a whole number.") % text)
        if text.startswith("-") and int(text) < 0:
            raise ValueError(_("“%s” is less than nothing: this must be 0 or more.") % text)
        return int(text)


class DayColumn(Column):
    expected = gettext_lazy("a day such as 2026-11-23 or 23.11.2026")

    def parse(self, text: str, row: Mapping[str, str]) -> date:
        return one_day(text)


def one_day(text: str) -> date:
    for form in _DAY_FORMATS:
        try:
            day = datetime.strptime(text.strip(), form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
        if not is_in_reach(day):
            raise ValueError(_("This lies outside the years 2000 to 2099."))
        return day
    raise ValueError(_("“%s” is not a day of the calendar.") % text.strip())


class MomentColumn(Column):
    """A local time on the row's day; with a day of its own in front when it lies on another."""

    expected = gettext_lazy(
        "a local time such as 08:30, with its day in front (2026-11-24 00:30) when it is another one"
    )

    def __init__(self, attribute: str, *, day_column: str, day_attribute: str) -> None:
        super().__init__(attribute)
        self.day_column = day_column
        self.day_attribute = day_attribute
        self.tz: ZoneInfo | None = None

    def parse(self, text: str, row: Mapping[str, str]) -> datetime | None:
        day_text, clock_text = _day_and_clock(text)
        day = one_day(day_text) if day_text else self._day_of(row)
        clock, offset = one_clock(clock_text)
        return None if day is None else at_local(day, clock, offset, self._zone)

    def hint(self, row: Mapping[str, str]) -> str:
        """None for a time that could be read: then it is the hour that is wrong, not how it is written."""
        try:
            is_read = self.clean(row) is not None
        except (ValueError, KeyError):
            is_read = False
        return "" if is_read else super().hint(row)

    def show(self, value: Any, instance: Model) -> str:
        if value is None:
            return ""
        local = value.astimezone(self._zone)
        clock = local.time().isoformat(
            "minutes" if not (local.second or local.microsecond) else "auto"
        )
        if local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset():
            clock += local.isoformat()[-6:]
        is_same_day = local.date() == getattr(instance, self.day_attribute)
        return clock if is_same_day else f"{local.date()} {clock}"

    @property
    def _zone(self) -> ZoneInfo:
        if self.tz is None:
            raise RuntimeError("a moment is read and written in the time zone of a company")
        return self.tz

    def _day_of(self, row: Mapping[str, str]) -> date | None:
        """None for a day that cannot be read: its own column says so."""
        if self.day_column not in row:
            raise ValueError(
                _("Without a column “%s” each time needs its day in front.") % self.day_column
            )
        try:
            return one_day(restore(row[self.day_column]))
        except ValueError:
            return None


def _day_and_clock(text: str) -> tuple[str, str]:
    """The day in front and the time; what has no digit in front is a time that was written in words."""
    day, _blank, clock = re.sub(r"(?<=\d)T", " ", text).rpartition(" ")
    return (day, clock) if any(sign.isdigit() for sign in day) else ("", text)


def one_clock(text: str) -> tuple[time, str]:
    """The time of a clock, and the UTC offset that was written behind it, if any."""
    found = _CLOCK.fullmatch(text.strip())
    if found is None or int(found[1]) > 23 or int(found[2]) > 59 or int(found[3] or 0) > 59:
        raise ValueError(_("“%s” is not a time.") % text.strip())
    micros = int((found[4] or "").ljust(6, "0"))
    return time(int(found[1]), int(found[2]), int(found[3] or 0), micros), found[5] or ""


def at_local(day: date, clock: time, offset: str, zone: ZoneInfo) -> datetime:
    """This local time in UTC; raises ValueError where the clock change makes it none or two."""
    wall = datetime.combine(day, clock)
    real = list(moments_at(zone, wall))
    if offset:
        real = [moment for moment in real if moment.astimezone(zone).isoformat()[-6:] == offset]
    if not real:
        raise ValueError(_("The clocks never show %s on this day.") % f"{clock:%H:%M}{offset}")
    if len(real) > 1:
        first, second = (moment.astimezone(zone).isoformat()[-6:] for moment in real)
        raise ValueError(
            _("%(time)s comes twice in this night: write %(time)s%(first)s or %(time)s%(second)s.")
            % {"time": f"{clock:%H:%M}", "first": first, "second": second}
        )
    return real[0]


def listed(text: str) -> list[str]:
    """The parts of a cell that holds several things."""
    return [part.strip() for part in text.split(LIST_SEPARATOR) if part.strip()]


def joined(parts: list[str]) -> str:
    return f" {LIST_SEPARATOR} ".join(parts)


class WordsColumn(Column):
    """Several words of a closed vocabulary."""

    def __init__(self, attribute: str, vocabulary: type[StrEnum]) -> None:
        super().__init__(attribute)
        self.vocabulary = vocabulary
        self.expected = joined([word.value for word in vocabulary])

    def parse(self, text: str, row: Mapping[str, str]) -> list[str]:
        found = [one_word(part, self.vocabulary) for part in listed(text)]
        return list(dict.fromkeys(found))

    def empty(self) -> list[str]:
        return []

    def show(self, value: Any, _instance: Model) -> str:
        return joined(list(value))
