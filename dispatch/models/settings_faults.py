"""What is wrong with stored settings: which rule, and why, in the reader's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pydantic
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dispatch.models.settings import NO_WINDOW, WRONG_TOTAL, CompanySettings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.utils.functional import _StrPromise
    from pydantic_core import ErrorDetails

# By the kind of error that pydantic names, with the figures that it gives.
_SENTENCES: Mapping[str, _StrPromise] = {
    "greater_than_equal": _("at least %(ge)s is needed."),
    "less_than_equal": _("at most %(le)s is allowed."),
    "too_short": _("%(min_length)s values are needed."),
    "too_long": _("%(max_length)s values are needed."),
    "extra_forbidden": _("there is no such setting."),
    NO_WINDOW: _("The pickup window has no length."),
    WRONG_TOTAL: _("The shares of the quality score make %(total)d percent together, not 100."),
}
_OTHER_KIND = _("this is no value for it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`path`: names in the schema, an hour as its number; empty where fields contradict one another."""

    path: tuple[str, ...]
    sentence: str

    @property
    def name(self) -> str:
        return ".".join(self.path) or "settings"

    @property
    def title(self) -> str:
        """As the company's form calls it; a name that the schema does not know stands for itself."""
        titles = []
        schema: type[pydantic.BaseModel] | None = CompanySettings
        for step in self.path:
            info = None if schema is None else schema.model_fields.get(step)
            titles.append(gettext(info.title) if info is not None and info.title else step)
            schema = None if info is None else _schema_of(info.annotation)
        return " · ".join(titles) or capfirst(gettext("settings"))

    def __str__(self) -> str:
        told = {"setting": self.title, "sentence": self.sentence}
        return gettext("%(setting)s: %(sentence)s") % told


def _schema_of(annotation: object) -> type[pydantic.BaseModel] | None:
    is_nested = isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel)
    return annotation if is_nested else None  # type: ignore[return-value]


def read_settings(stored: object) -> CompanySettings | tuple[Fault, ...]:
    """The rules, or each thing that the schema refuses."""
    try:
        return CompanySettings.model_validate(stored)
    except pydantic.ValidationError as error:
        faults = [_fault(line) for line in error.errors(include_url=False, include_input=False)]
        # Of a list with a wrong hour pydantic also says that it is too short.
        parts = {fault.path[:-1] for fault in faults if fault.path}
        return tuple(fault for fault in faults if fault.path not in parts)


def _fault(line: ErrorDetails) -> Fault:
    figures = {
        name: f"{figure:g}" if isinstance(figure, float) else figure
        for name, figure in line.get("ctx", {}).items()
    }
    sentence = _SENTENCES.get(line["type"], _OTHER_KIND) % figures
    return Fault(path=tuple(str(step) for step in line["loc"]), sentence=sentence)
