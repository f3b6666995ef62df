"""What a refusal of the database says to a person: each named constraint has its sentence."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import UniqueConstraint
from django.utils.text import capfirst, get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from dispatch.models.company import NO_ZONE, ZONE_IN_USE
from dispatch.models.driver import BREAK_OUTSIDE
from dispatch.models.fleet import NO_WAY_IN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.db import IntegrityError, models
    from django.db.models import BaseConstraint
    from django.utils.functional import _StrPromise

# Suffixes of what the database refuses by foreign keys and triggers (migrations 0002 and 0011).
_SAME_COMPANY = "_same_company"
_KEEPS_COMPANY = "_keeps_company"
_OTHER_CREW = _lazy("The driver and the vehicle of a journey are those of its shift.")
_ACROSS_TABLES: Mapping[str, _StrPromise] = {
    "seat_configuration_way_in": NO_WAY_IN,
    "shift_break_inside": BREAK_OUTSIDE,
    "company_time_zone": NO_ZONE,
    "company_keeps_time_zone": ZONE_IN_USE,
    "booking_status_moves": _lazy(
        "No single step leads from the status of this journey to that one."
    ),
    "booking_has_its_row": _lazy(
        "The status of this journey and whether somebody drives it disagree."
    ),
    "assignment_keeps_booking": _lazy("What was planned for one journey never moves to another."),
    "assignment_of_its_crew": _OTHER_CREW,
    "assignment_keeps_crew": _OTHER_CREW,
    "shift_hands_over": _OTHER_CREW,
    "run_status_moves": _lazy("No single step leads from the status of this run to that one."),
}


def refusal_sentence(error: IntegrityError) -> str:
    """The sentence of the constraint that was broken; never the database's own words, which name values."""
    name = _constraint_name(error)
    found = _constraints().get(name)
    if found is not None:
        return _sentence(*found)
    if name in _ACROSS_TABLES:
        return str(_ACROSS_TABLES[name])
    if name.endswith(_SAME_COMPANY):
        return _("This links to something that belongs to another company.")
    if name.endswith(_KEEPS_COMPANY):
        return _("This never moves to another company.")
    return _("This is already taken, or something it belongs to is gone.")


def _constraint_name(error: IntegrityError) -> str:
    diagnosis = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) or ""


@cache
def _constraints() -> Mapping[str, tuple[type[models.Model], BaseConstraint]]:
    return {
        constraint.name: (model, constraint)
        for model in apps.get_models()
        for constraint in model._meta.constraints
    }


def _sentence(model: type[models.Model], constraint: BaseConstraint) -> str:
    own_words = constraint.violation_error_message
    if own_words is not None and own_words != constraint.default_violation_error_message:
        return str(own_words)
    if isinstance(constraint, UniqueConstraint):
        return _taken(model, constraint.fields)
    return str(constraint.get_violation_error_message())


def taken_at_field(
    errors: Mapping[str, Sequence[ValidationError]],
) -> dict[str, list[ValidationError]]:
    """What Django says of a row that is there already, in our words and at the field that says which row."""
    placed: dict[str, list[ValidationError]] = {}
    for field, found in errors.items():
        for error in found:
            if error.code != "unique_together" or not error.params:
                placed.setdefault(field, []).append(error)
                continue
            fields = error.params["unique_check"]
            own = [name for name in fields if name != "company"]
            said = ValidationError(_taken(error.params["model_class"], fields), code=error.code)
            placed.setdefault(own[0] if len(own) == 1 else field, []).append(said)
    return placed


def _taken(model: type[models.Model], fields: Sequence[str]) -> str:
    names = [
        str(model._meta.get_field(field).verbose_name)  # type: ignore[union-attr]
        for field in fields
        if field != "company"
    ]
    return _("%(what)s: there is one with the same %(fields)s already.") % {
        "what": capfirst(str(model._meta.verbose_name)),
        "fields": get_text_list(names, _("and")),
    }
