"""Writes a driver with the skills and licences they hold: new, or what was changed of one who is known."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from dispatch.models import Driver, DriverLicence, DriverSkill, Skill
from dispatch.usecases.keep_row import Children, InvalidRowError, keep_row


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldSkill:
    """A skill of the company, by its code, and the last day on which it is valid."""

    code: str
    expires_on: date | None = None


def keep_driver(
    *,
    driver: Driver,
    changed: Collection[str] = (),
    skills: Sequence[HeldSkill] | None = None,
    licences: Sequence[DriverLicence] | None = None,
) -> None:
    """`skills` and `licences` replace those held; None leaves them.

    Raises InvalidRowError; nothing is written then. Which journeys it strands, `stranded_journeys` says after it.
    """
    children = []
    if licences is not None:
        children.append(Children(relation="licences", rows=licences, field="licences"))
    if skills is not None:
        rows = _rows(driver, skills)
        children.append(Children(relation="driver_skills", rows=rows, field="skills"))
    keep_row(driver, changed=changed, children=children)


def _rows(driver: Driver, wanted: Sequence[HeldSkill]) -> list[DriverSkill]:
    known = {skill.code: skill for skill in Skill.objects.for_company(driver.company)}
    unknown = [n for n, held in enumerate(wanted) if held.code not in known]
    if unknown:
        sentence = _("The company knows no such skill.")
        raise InvalidRowError({f"skills.{n}.code": [sentence] for n in unknown})
    return [DriverSkill(skill=known[held.code], expires_on=held.expires_on) for held in wanted]
