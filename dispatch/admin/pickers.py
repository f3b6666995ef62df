"""How a form offers rows to choose from: found as one types, named where one is chosen, of the form's company."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect

if TYPE_CHECKING:
    from typing import Any

    from django.db.models import ForeignKey, Model
    from django.forms import Field

    from dispatch.models import Company


class Picker(AutocompleteSelect):
    """Django's box with a search; a line whose row was read with it asks the database for no label.

    `company`: whose rows alone are offered, where the form is known to be of one.
    """

    url_name = "%s:dispatch_choices"
    field: ForeignKey[Any, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known: dict[str, str] = {}
        self.company: Company | None = None

    @property
    def media(self) -> forms.Media:
        after = ("admin/js/jquery.init.js", "admin/js/autocomplete.js")
        return super().media + forms.Media(js=[*after, "dispatch/pickers.js"])

    def get_url(self) -> str:
        url: str = super().get_url()
        return url if self.company is None else f"{url}?company={self.company.pk}"

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
