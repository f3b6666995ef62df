"""The form of a company's planning rules, built from their schema: titles, bounds and defaults stand there only."""

from __future__ import annotations

from datetime import time
from functools import reduce
from typing import TYPE_CHECKING, cast, get_args

import pydantic
from annotated_types import Ge, Le
from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from dispatch.admin.moments import HouseWidget
from dispatch.models import CompanySettings
from dispatch.models.company import InvalidSettingsError
from dispatch.models.settings import HOURS_OF_A_DAY
from dispatch.models.settings_faults import read_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from pydantic.fields import FieldInfo

    from dispatch.models import Company
    from dispatch.models.settings_faults import Fault

PREFIX = "rules"
SEPARATOR = "__"
Path = tuple[str, ...]


class HoursWidget(HouseWidget, forms.MultiWidget):
    """A number for each hour of the day, with the hour above it."""

    template_name = "admin/dispatch/hours_widget.html"

    def __init__(self, low: int, high: int) -> None:
        attrs = {"min": low, "max": high, "step": 50}
        super().__init__([forms.NumberInput(attrs=attrs) for _hour in range(HOURS_OF_A_DAY)])

    def decompress(self, value: Any) -> list[Any]:
        return list(value) if value else [None] * HOURS_OF_A_DAY


class HoursField(forms.MultiValueField):
    def __init__(self, *, low: int, high: int, **options: Any) -> None:
        hours = [
            forms.IntegerField(min_value=low, max_value=high) for _hour in range(HOURS_OF_A_DAY)
        ]
        super().__init__(hours, widget=HoursWidget(low, high), require_all_fields=True, **options)

    def compress(self, data_list: list[int]) -> list[int]:
        return data_list

    def clean(self, value: Any) -> list[int]:
        """Which hour is wrong, and not twenty-four times the same sentence."""
        found, errors = [], []
        for hour, (field, text) in enumerate(zip(self.fields, value or [], strict=True)):
            try:
                found.append(field.clean(text))
            except ValidationError as error:
                errors.append(f"{hour} h: {' '.join(error.messages)}")
        if errors:
            raise ValidationError(errors)
        return found


def settings_fields() -> dict[str, forms.Field]:
    """Form field name → field, for every rule of the schema."""
    return {name_of(path): _field(info) for path, info in _leaves(CompanySettings)}


def name_of(path: Path) -> str:
    return SEPARATOR.join((PREFIX, *path))


def names_under(*fields: str) -> list[str]:
    """The form fields of these top fields of the schema, those of a nested one in its order."""
    return [
        name_of(path)
        for field in fields
        for path, _info in _leaves(CompanySettings)
        if path[0] == field
    ]


def initial_settings(stored: object) -> dict[str, Any]:
    """What the form shows: the rule in force, whether stored or the default; the default where it is not valid."""
    values: dict[str, Any] = {}
    faults = faults_in(stored)
    for path, info in _leaves(CompanySettings):
        found: Any = stored
        for step in path:
            found = found.get(step) if isinstance(found, dict) else None
        if any(fault.path[: len(path)] == path for fault in faults):
            found = None
        values[name_of(path)] = info.default if found is None else found
    return values


def faults_in(stored: object) -> tuple[Fault, ...]:
    found = read_settings(stored)
    return () if isinstance(found, CompanySettings) else found


def checked_settings(cleaned: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """What to store, and the sentences by form field where the schema refuses.

    Only what differs from the defaults is stored: a company follows a better default.
    """
    given: dict[str, Any] = {}
    for path, info in _leaves(CompanySettings):
        name = name_of(path)
        if name in cleaned and cleaned[name] is not None and not _is_default(cleaned[name], info):
            _put(given, path, cleaned[name])
    rules = read_settings(given)
    if not isinstance(rules, CompanySettings):
        return {}, _by_field(rules)
    return rules.model_dump(mode="json", exclude_defaults=True), {}


def settings_columns() -> dict[str, Callable[[Any, Company], str | bool]]:
    """Form field name → how a desk shows this rule to who may only read: by its title, as it is in force."""
    return {name_of(path): _column(path, info) for path, info in _leaves(CompanySettings)}


def _column(path: Path, info: FieldInfo) -> Callable[[Any, Company], str | bool]:
    is_flag = info.annotation is bool

    @admin.display(description=_(info.title or ""), boolean=is_flag)
    def shown(_desk: Any, company: Company) -> str | bool:
        try:
            value = reduce(getattr, path, cast("Any", company.rules))
        except InvalidSettingsError:
            value = initial_settings(company.settings)[name_of(path)]
        return bool(value) if is_flag else _written(value)

    return shown


def _written(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(str(hour) for hour in value)
    return f"{value:%H:%M}" if isinstance(value, time) else str(value)


def _leaves(schema: type[pydantic.BaseModel], above: Path = ()) -> Iterator[tuple[Path, FieldInfo]]:
    for name, info in schema.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, pydantic.BaseModel):
            yield from _leaves(info.annotation, (*above, name))
        else:
            yield (*above, name), info


def _field(info: FieldInfo) -> forms.Field:
    kinds: dict[Any, type[forms.Field]] = {
        bool: forms.BooleanField,
        int: forms.IntegerField,
        float: forms.FloatField,
    }
    options: dict[str, Any] = {
        "label": _(info.title or ""),
        "help_text": format_lazy(
            "{what} {usual}", what=_(info.description or ""), usual=_usual(info)
        ),
        "required": info.annotation is not bool,
    }
    if info.annotation in kinds:
        if info.annotation is not bool:
            options |= {"min_value": _bound(info, Ge), "max_value": _bound(info, Le)}
        return kinds[info.annotation](**options)
    if items := get_args(info.annotation):
        low, high = _bound(items[0].__metadata__[0], Ge), _bound(items[0].__metadata__[0], Le)
        return HoursField(low=low, high=high, **options)
    widget = forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    return forms.TimeField(widget=widget, **options)


def _usual(info: FieldInfo) -> Any:
    word: Any
    if isinstance(info.default, bool):
        word = _("yes") if info.default else _("no")
    elif isinstance(info.default, tuple):
        return ""
    else:
        word = getattr(info.default, "strftime", lambda _form: str(info.default))("%H:%M")
    return format_lazy("{usual} {word}.", usual=_("Usually:"), word=word)


def _bound(info: FieldInfo, kind: type[Ge] | type[Le]) -> Any:
    values = [
        getattr(rule, kind.__name__.lower()) for rule in info.metadata if isinstance(rule, kind)
    ]
    return values[0] if values else None


def _is_default(value: Any, info: FieldInfo) -> bool:
    default = list(info.default) if isinstance(info.default, tuple) else info.default
    return bool(value == default)


def _put(tree: dict[str, Any], path: Path, value: Any) -> None:
    for step in path[:-1]:
        tree = tree.setdefault(step, {})
    tree[path[-1]] = value


def _by_field(faults: tuple[Fault, ...]) -> dict[str, list[str]]:
    """Bounds are kept by the form's own fields; what is left are the rules between several fields."""
    found: dict[str, list[str]] = {}
    for fault in faults:
        where = ("quality_weights", "pickup_on_time") if fault.path == ("quality_weights",) else ()
        found.setdefault(name_of(where) if where else "", []).append(fault.sentence)
    return found
