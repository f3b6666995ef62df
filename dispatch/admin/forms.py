"""Forms of the office: checked as a whole, with the sentence of whatever refused them beside the field."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django import forms
from django.contrib.postgres.forms import DateTimeRangeField, RangeWidget
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from dispatch.admin.moments import HouseWidget, MomentField, MomentInput
from dispatch.admin.pickers import name_chosen
from dispatch.models.refusals import taken_at_field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from django.contrib.postgres.fields import ArrayField

    from dispatch.models import Company


class CheckedForm(forms.ModelForm):
    """A form whose errors always stand somewhere; that of an inline as it is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name_chosen(self.fields, self.instance)

    def add_error(self, field: str | None, error: Any) -> None:
        """An error about a field that is not shown stands above the form instead of nowhere."""
        by_field = getattr(error, "error_dict", None)
        if field is not None or by_field is None:
            super().add_error(field, error)
            return
        for name, errors in taken_at_field(by_field).items():
            shown = name if name in self.fields else None
            super().add_error(shown if name != NON_FIELD_ERRORS else None, errors)

    def _post_clean(self) -> None:
        """A row with wrong fields is no row yet: neither the model nor a constraint can judge it."""
        if not self.errors:
            super()._post_clean()  # type: ignore[misc]


class DeskForm(CheckedForm):
    """Validates the whole row, also what the form does not show: a constraint knows nothing of forms.

    `sole_company`: the only company the person may write in, then not asked for. `refusals`: what a use case
    or the database said to these very values a moment ago, by field. `shown_as`: their names on this form.
    """

    sole_company: ClassVar[Company | None] = None
    refusals: ClassVar[Mapping[str, Sequence[str]]] = {}
    shown_as: ClassVar[Mapping[str, str]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_ours = "company" in {field.name for field in self._meta.model._meta.fields}
        if self.sole_company is not None and is_ours and self.instance._state.adding:
            self.instance.company = self.sole_company

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        for name, sentences in self.refusals.items():
            field = self.shown_as.get(name, name)
            for sentence in sentences:
                error = ValidationError(sentence, code="refused")
                self.add_error(field if field in self.fields else None, error)
        return cleaned

    def _get_validation_exclusions(self) -> set[str]:
        hidden: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return {name for name in hidden if name in self.fields}


def native_widget(field: models.Field[Any, Any]) -> forms.Widget | None:
    """The browser's picker for days and times; a few lines for a text."""
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

    base_field = MomentField
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
