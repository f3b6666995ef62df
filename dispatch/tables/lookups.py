"""How a file names patients, places and journeys: by reference where there is one, else by a name that is clear."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dispatch.models import Booking, Patient, Place
from dispatch.models.sort_keys import sort_key
from dispatch.tables.columns import Column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from django.db.models import Model

    from dispatch.models import Company

Row = TypeVar("Row")

_BY_NUMBER = re.compile(r"#(\d{1,18})")


class Directory:
    """What a company's files may name, read once for a whole file."""

    def __init__(self, company: Company) -> None:
        self.company = company

    @cached_property
    def patients(self) -> Mapping[str, Patient]:
        return {row.reference: row for row in Patient.objects.for_company(self.company)}

    @cached_property
    def patients_by_name(self) -> Mapping[str, list[Patient]]:
        return _grouped(self.patients.values(), str)

    @cached_property
    def places(self) -> Mapping[int, Place]:
        rows = Place.objects.for_company(self.company).select_related("parent")
        return {row.pk: row for row in rows}

    @cached_property
    def places_by_name(self) -> Mapping[str, list[Place]]:
        return _grouped(self.places.values(), str)

    def patient(self, text: str) -> Patient:
        if (found := self.patients.get(text.upper())) is not None:
            return found
        return _only(text, self.patients_by_name, lambda row: row.reference)

    def place(self, text: str) -> Place:
        if (number := _BY_NUMBER.fullmatch(text)) is not None:
            if (found := self.places.get(int(number[1]))) is not None:
                return found
            raise ValueError(_("There is no place %s.") % text)
        return _only(text, self.places_by_name, lambda row: f"#{row.pk}")

    def place_name(self, place: Place) -> str:
        """Its name, or its number where the name would not find it again."""
        name = str(place)
        is_clear = len(self.places_by_name.get(sort_key(name), ())) == 1
        return name if is_clear and name == name.strip() and name[:1] != "#" else f"#{place.pk}"

    def journey(self, reference: str) -> Booking:
        """Asked of the database, because an earlier line of the same file may have made it."""
        found: Booking | None = (
            Booking.objects.for_company(self.company)
            .select_related("patient")
            .filter(reference=reference.upper())
            .first()
        )
        if found is None:
            raise ValueError(_("There is no journey “%s”.") % reference)
        return found


def _grouped(rows: Iterable[Row], name: Callable[[Row], str]) -> Mapping[str, list[Row]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[sort_key(name(row))].append(row)
    return groups


def _only(text: str, groups: Mapping[str, list[Row]], code: Callable[[Row], str]) -> Row:
    """The one row of this name; else a sentence that says which there are, or which are close."""
    rows = groups.get(sort_key(text), [])
    if len(rows) == 1:
        return rows[0]
    if rows:
        raise ValueError(
            _("There are several “%(name)s”: write one of %(codes)s.")
            % {"name": text, "codes": ", ".join(code(row) for row in rows)}
        )
    close = difflib.get_close_matches(sort_key(text), groups, n=1)
    if not close:
        raise ValueError(_("“%s” is not known.") % text)
    raise ValueError(
        _("“%(name)s” is not known. Is it “%(close)s”?")
        % {"name": text, "close": str(groups[close[0]][0])}
    )


class PatientColumn(Column):
    expected = gettext_lazy(
        "a reference such as P-7K2M9QXT, or the last and first name of one patient"
    )
    directory: Directory

    def parse(self, text: str, row: Mapping[str, str]) -> Patient:
        return self.directory.patient(text)

    def show(self, value: Any, _instance: Model) -> str:
        return "" if value is None else str(value.reference)


class PlaceColumn(Column):
    expected = gettext_lazy(
        "the name of one place (a service after its establishment), or its number (#12)"
    )
    directory: Directory

    def parse(self, text: str, row: Mapping[str, str]) -> Place:
        return self.directory.place(text)

    def show(self, value: Any, _instance: Model) -> str:
        return "" if value is None else self.directory.place_name(value)


class JourneyColumn(Column):
    expected = gettext_lazy("the reference of the outbound journey, such as B-7K2M9QXT")
    directory: Directory

    def parse(self, text: str, row: Mapping[str, str]) -> Booking:
        return self.directory.journey(text)

    def show(self, value: Any, _instance: Model) -> str:
        return "" if value is None else str(value.reference)
