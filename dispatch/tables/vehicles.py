"""The table of vehicles: what is fitted in them, who may drive them, and how their places can be set."""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dispatch.enums import Equipment, LicenceKind
from dispatch.models import SeatConfiguration, Vehicle
from dispatch.tables.base import FleetTable
from dispatch.tables.columns import Column, FlagColumn, TextColumn, WordsColumn, joined, listed
from dispatch.tables.lookups import PlaceColumn
from dispatch.usecases.keep_vehicle import keep_vehicle

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from django.db.models import Model, QuerySet

_PLACES = re.compile(r"(\d{1,2})\s*\+\s*(\d{1,2})\s*\+\s*(\d{1,2})\s*\+\s*(\d{1,2})")


class Places(NamedTuple):
    """One way to set the places of a vehicle, in the order in which the file writes them."""

    seats: int
    wheelchairs: int
    stretchers: int
    folded_chairs: int


class ConfigurationsColumn(Column):
    expected = gettext_lazy(
        "seats + wheelchair places + stretchers + folded wheelchairs, for each way to set them: "
        "4+1+0+0 | 6+0+0+1"
    )

    def parse(self, text: str, row: Mapping[str, str]) -> frozenset[Places]:
        return frozenset(self._places(part) for part in listed(text))

    def empty(self) -> frozenset[Places]:
        return frozenset()

    def show(self, value: frozenset[Places], _instance: Model) -> str:
        return joined(["+".join(map(str, places)) for places in sorted(value)])

    def _places(self, text: str) -> Places:
        found = _PLACES.fullmatch(text)
        if found is None:
            raise ValueError(_("“%s” does not say four numbers of places.") % text)
        return Places(*(int(number) for number in found.groups()))


class VehicleTable(FleetTable):
    children = MappingProxyType({"configurations": "places"})

    plate = TextColumn("plate")
    name = TextColumn("name")
    equipment = WordsColumn("equipment", Equipment)
    licences = WordsColumn("required_licences", LicenceKind)
    active = FlagColumn("active")
    base = PlaceColumn("base")
    configurations = ConfigurationsColumn("places")

    class Meta(FleetTable.Meta):
        model = Vehicle
        import_id_fields = ["plate"]
        fields = ("plate", "name", "equipment", "licences", "active", "base", "configurations")

    def get_queryset(self) -> QuerySet[Any]:
        return (
            super().get_queryset().select_related("base__parent").prefetch_related("configurations")
        )

    def after_init_instance(
        self,
        instance: Vehicle,
        new: bool,  # noqa: FBT001 - the signature of import-export
        row: object,
        **_options: object,
    ) -> None:
        rows = () if new else instance.configurations.all()
        instance.places = frozenset(  # type: ignore[attr-defined]
            Places(c.seats, c.wheelchairs, c.stretchers, c.folded_chairs) for c in rows
        )

    def keep(self, instance: Vehicle, *, is_new: bool) -> None:
        wanted: frozenset[Places] = instance.places  # type: ignore[attr-defined]
        rows = [SeatConfiguration(**places._asdict()) for places in sorted(wanted)]
        keep_vehicle(vehicle=instance, changed=self.changed(), configurations=rows)
