"""The table of drivers: who they are, and the skills and licences they hold until when."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from django.db.models import Prefetch
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dispatch.enums import DriverKind, LicenceKind
from dispatch.models import Driver, DriverLicence, DriverSkill, Skill
from dispatch.tables.base import FleetTable
from dispatch.tables.columns import (
    NEW_WHEN_EMPTY,
    Column,
    FlagColumn,
    TextColumn,
    WordColumn,
    joined,
    listed,
    one_day,
    one_word,
)
from dispatch.usecases.keep_driver import HeldSkill, keep_driver

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from typing import Any

    from django.db.models import Model, QuerySet

Held = dict[str, "date | None"]  # code → last valid day


class HeldColumn(Column):
    """Several codes, each with its last valid day."""

    def parse(self, text: str, row: Mapping[str, str]) -> Held:
        held: Held = {}
        for part in listed(text):
            code, _colon, until = part.partition(":")
            code = self.code(code.strip())
            if code in held:
                raise ValueError(_("“%s” stands twice.") % code)
            held[code] = one_day(until) if until.strip() else self.without_end(code)
        return held

    def empty(self) -> Held:
        return {}

    def show(self, value: Held, _instance: Model) -> str:
        return joined(
            [code if until is None else f"{code}:{until}" for code, until in sorted(value.items())]
        )

    def code(self, text: str) -> str:
        raise NotImplementedError

    def without_end(self, code: str) -> date | None:
        raise NotImplementedError


class SkillsColumn(HeldColumn):
    expected = gettext_lazy(
        "codes of skills, with their last valid day if any: oxygen | stairs:2027-12-31"
    )
    known: frozenset[str]

    def code(self, text: str) -> str:
        if text not in self.known:
            raise ValueError(
                _("“%(code)s” is not a skill of this company (%(known)s).")
                % {"code": text, "known": ", ".join(sorted(self.known)) or "–"}
            )
        return text

    def without_end(self, code: str) -> date | None:
        return None


class LicencesColumn(HeldColumn):
    expected = gettext_lazy(
        "kinds of licence with their last valid day: B:2030-05-31 | D1:2028-01-15"
    )

    def code(self, text: str) -> str:
        return one_word(text, LicenceKind)

    def without_end(self, code: str) -> date | None:
        raise ValueError(_("The licence “%s” lacks its last valid day.") % code)


class DriverTable(FleetTable):
    children = MappingProxyType({"skills": "held_skills", "licences": "held_licences"})

    reference = TextColumn("reference", keeps_when_empty=True, expected=NEW_WHEN_EMPTY)
    last_name = TextColumn("last_name")
    first_name = TextColumn("first_name")
    phone = TextColumn("phone")
    kind = WordColumn("kind", DriverKind)
    active = FlagColumn("active")
    skills = SkillsColumn("held_skills")
    licences = LicencesColumn("held_licences")

    class Meta(FleetTable.Meta):
        model = Driver
        import_id_fields = ["reference"]
        fields = (
            "reference", "last_name", "first_name", "phone", "kind", "active", "skills", "licences",
        )  # fmt: skip

    def __init__(self, company: Any) -> None:
        super().__init__(company)
        known = Skill.objects.for_company(company).values_list("code", flat=True)
        self.fields["skills"].known = frozenset(known)

    def get_queryset(self) -> QuerySet[Any]:
        skills = DriverSkill.objects.select_related("skill")
        return (
            super()
            .get_queryset()
            .prefetch_related(Prefetch("driver_skills", queryset=skills), "licences")
        )

    def after_init_instance(
        self,
        instance: Driver,
        new: bool,  # noqa: FBT001 - the signature of import-export
        row: object,
        **_options: object,
    ) -> None:
        skills = () if new else instance.driver_skills.all()
        licences = () if new else instance.licences.all()
        instance.held_skills = {held.skill.code: held.expires_on for held in skills}  # type: ignore[attr-defined]
        instance.held_licences = {held.kind: held.expires_on for held in licences}  # type: ignore[attr-defined]

    def keep(self, instance: Driver, *, is_new: bool) -> None:
        skills: Held = instance.held_skills  # type: ignore[attr-defined]
        licences: dict[str, date] = instance.held_licences  # type: ignore[attr-defined]
        keep_driver(
            driver=instance,
            changed=self.changed(),
            skills=[HeldSkill(code=code, expires_on=until) for code, until in skills.items()],
            licences=[DriverLicence(kind=kind, expires_on=on) for kind, on in licences.items()],
        )
