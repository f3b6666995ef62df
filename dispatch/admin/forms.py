"""Forms of the office: checked as a whole, with the sentence of whatever refused them beside the field."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from django import forms
from django.contrib.postgres.forms import DateTimeRangeField, RangeWidget
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.template.loader import get_template
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from typing import Any

    from django.contrib.postgres.fields import ArrayField

    from dispatch.models import Company


class CheckedForm(forms.ModelForm):
    """A form whose errors always stand somewhere; that of an inline as it is."""

    def add_error(self, field: str | None, error: Any) -> None:
        """An error about a field that is not shown stands above the form instead of nowhere."""
        by_field = getattr(error, "error_dict", None)
        if field is not None or by_field is None:
            super().add_error(field, error)
            return
        for name, errors in by_field.items():
            shown = name if name in self.fields else None
            super().add_error(shown if name != NON_FIELD_ERRORS else None, errors)

    def _post_clean(self) -> None:
        """A row with wrong fields is no row yet: neither the model nor a constraint can judge it."""
        if not self.errors:
            super()._post_clean()  # type: ignore[misc]


class DeskForm(CheckedForm):
    """Validates the whole row, also what the form does not show: a constraint knows nothing of forms.

    `sole_company`: the only company the person may write in, then not asked for. `refusal`: what the
    database said to these very values a moment ago.
    """

    sole_company: ClassVar[Company | None] = None
    refusal: ClassVar[str] = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_ours = "company" in {field.name for field in self._meta.model._meta.fields}
        if self.sole_company is not None and is_ours and self.instance._state.adding:
            self.instance.company = self.sole_company

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.refusal:
            raise ValidationError(self.refusal, code="refused")
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        hidden: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return {name for name in hidden if name in self.fields}


class HouseWidget:
    """A widget whose template lies with the other templates of the house."""

    def _render(self, template_name: str, context: dict[str, Any], renderer: Any = None) -> str:
        return get_template(template_name).render(context)


class MomentInput(forms.DateTimeInput):
    """The browser's own picker for a day with a time; seconds only where there are any."""

    input_type = "datetime-local"

    def __init__(self, attrs: Any = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")

    def format_value(self, value: Any) -> Any:
        if isinstance(value, datetime) and value.second:
            return value.isoformat(timespec="seconds")
        return super().format_value(value)

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        has_seconds = isinstance(value, datetime) and value.second
        return super().get_context(name, value, attrs | {"step": "1"} if has_seconds else attrs)


def native_widget(field: models.Field[Any, Any]) -> forms.Widget | None:
    """The browser's picker for days, times and moments; a few lines for a text."""
    if isinstance(field, models.DateTimeField):
        return MomentInput()
    if isinstance(field, models.DateField):
        return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    if isinstance(field, models.TimeField):
        return forms.TimeInput(format="%H:%M", attrs={"type": "time"})
    if isinstance(field, models.TextField):
        return forms.Textarea(attrs={"rows": 3, "cols": 60})
    return None


class PeriodWidget(HouseWidget, RangeWidget):
    """From and to, each a day with a time."""

    template_name = "admin/dispatch/period_widget.html"

    def __init__(self) -> None:
        super().__init__(MomentInput())


class PeriodField(DateTimeRangeField):
    """A period with both ends."""

    default_error_messages = {
        "lower_required": _("Say when it starts."),
        "upper_required": _("Say when it ends."),
        "bound_ordering": _("It ends before it starts."),
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=PeriodWidget(), **options)

    def clean(self, value: Any) -> Any:
        period = super().clean(value)
        if period is not None and period.lower is None:
            raise ValidationError(self.error_messages["lower_required"])
        if period is not None and period.upper is None:
            raise ValidationError(self.error_messages["upper_required"])
        if period is not None and period.isempty:
            raise ValidationError(self.error_messages["bound_ordering"])
        return period


def several_of(field: ArrayField) -> forms.TypedMultipleChoiceField:
    """Boxes to tick for an array of words."""
    return forms.TypedMultipleChoiceField(
        label=capfirst(field.verbose_name),
        help_text=field.help_text,
        required=not field.blank,
        choices=list(field.base_field.choices or ()),
        coerce=field.base_field.to_python,
        initial=field.get_default(),
        widget=forms.CheckboxSelectMultiple,
    )
