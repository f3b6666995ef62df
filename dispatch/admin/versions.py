"""Rows that several people change at once: a form writes only over what it has shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.db.models import F
from django.utils.translation import gettext as _

from dispatch.admin.base import Desk
from dispatch.admin.forms import DeskForm
from dispatch.usecases.errors import UseCaseError

if TYPE_CHECKING:
    from typing import Any

    from django.http import HttpRequest


class StaleRowError(UseCaseError):
    """Somebody else changed the row since the form was opened."""

    def __init__(self) -> None:
        super().__init__(
            _(
                "Somebody else changed this meanwhile. Open it again to see the change; "
                "what you typed was not saved."
            )
        )


class VersionedForm(DeskForm):
    seen_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen_version"] = self.instance.version

    def has_changed(self) -> bool:
        return bool(set(self.changed_data) - {"seen_version"})


class VersionedDesk(Desk):
    """Compare-and-set: the row is written where it still has the version that was shown, and that rises."""

    form = VersionedForm

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        first, *rest = super().get_fieldsets(request, obj)
        name, options = first
        return [(name, options | {"fields": (*options["fields"], "seen_version")}), *rest]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        if not change:
            super().save_model(request, obj, form, change)
        elif form.has_changed():
            columns = {field.name for field in self.opts.fields}
            self._write(obj, form, {n: getattr(obj, n) for n in form.cleaned_data if n in columns})

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """What hangs on the row is a part of it: its change raises the version too."""
        super().save_formset(request, form, formset, change)
        if change and formset.has_changed() and not form.has_changed():
            self._write(form.instance, form, {})

    def _write(self, row: Any, form: Any, values: dict[str, Any]) -> None:
        seen = form.cleaned_data.get("seen_version")
        rows = type(row).objects.filter(pk=row.pk, version=seen)
        if not rows.update(**values, version=F("version") + 1):
            raise StaleRowError
        row.version = seen + 1
