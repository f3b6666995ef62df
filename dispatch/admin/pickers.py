"""How a form offers rows to choose from: found as one types, and already named where one is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.admin.widgets import AutocompleteSelect

if TYPE_CHECKING:
    from typing import Any

    from django.db.models import ForeignKey, Model
    from django.forms import Field


class Picker(AutocompleteSelect):
    """Django's box with a search; a line whose row was read with it asks the database for no label."""

    field: ForeignKey[Any, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known: dict[str, str] = {}

    def optgroups(self, name: str, value: Any, attrs: Any = None) -> Any:
        if not value or not self.known.keys() >= set(value):
            return super().optgroups(name, value, attrs)
        options = [
            self.create_option(name, key, self.known[key], True, index)
            for index, key in enumerate(value)
        ]
        if not self.is_required:
            options.insert(0, self.create_option(name, "", "", False, 0))
        return [(None, options, 0)]


def picker_of(field: Field) -> Picker | None:
    """The picker of a form's field, also inside the frame that has the signs to add and to change."""
    widget = getattr(field.widget, "widget", field.widget)
    return widget if isinstance(widget, Picker) else None


def name_chosen(fields: dict[str, Field], row: Model) -> None:
    """Tell each picker of a form what it shows first, where the row came with it."""
    for name, field in fields.items():
        picker = picker_of(field)
        if picker is None or not picker.field.is_cached(row):
            continue
        chosen = getattr(row, name)
        if chosen is not None:
            picker.known = {str(chosen.pk): field.label_from_instance(chosen)}  # type: ignore[attr-defined]
