"""What a person says to change a series: each form gives the edit that the use cases take."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from dispatch.admin.forms import DeskForm
from dispatch.admin.moments import refuse_far
from dispatch.enums import ReturnMode
from dispatch.usecases.series_edits import EditAll, EditFollowing, EditThis
from dispatch.usecases.series_rests import End, Pause, Resume
from dispatch.usecases.series_rows import SeriesContent

if TYPE_CHECKING:
    from typing import Any

    from dispatch.models import StandingOrder

THIS, FOLLOWING, ALL = "this", "following", "all"
CONTENT = (
    "pickup", "dropoff", "weekdays", "interval_weeks", "ends_on", "pickup_time", "appointment_time", "return_mode",
    "return_time", "same_driver_return", "priority", "pooling_allowed", "active",
)  # fmt: skip


def _day(label: Any, **options: Any) -> forms.DateField:
    return forms.DateField(
        label=label,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        validators=[refuse_far],
        **options,
    )


class ContentForm(DeskForm):
    """The whole content of the series; which days it is for is said by `scope` and `on`."""

    scope = forms.ChoiceField(
        label=_("Change"),
        choices=[
            (ALL, _("the whole series")),
            (FOLLOWING, _("this day and all that follow")),
            (THIS, _("this day only")),
        ],
        initial=ALL,
        widget=forms.RadioSelect,
    )
    on = _day(_("This day"), required=False)
    serve_on = _day(
        _("Driven on"),
        required=False,
        help_text=_("Only for this day: empty when the journey stays on its day."),
    )
    overwrite_edited = forms.BooleanField(
        label=_("Also what was changed by hand"), required=False, initial=False
    )

    def __init__(self, *args: Any, order: StandingOrder, **kwargs: Any) -> None:
        super().__init__(*args, instance=copy(order), **kwargs)

    def clean_on(self) -> Any:
        if self.cleaned_data["on"] is None and self.cleaned_data.get("scope") != ALL:
            raise ValidationError(_("Say which day."))
        return self.cleaned_data["on"]

    def clean(self) -> dict[str, Any] | None:
        """A return that is no longer at a fixed time takes the former time with it, unless one was typed."""
        cleaned = super().clean()
        said = self.cleaned_data
        if "return_mode" in self.changed_data and "return_mode" in said:
            mode = said["return_mode"]
            if mode != ReturnMode.FIXED and "return_time" not in self.changed_data:
                said["return_time"] = None
            if mode == ReturnMode.NONE and "same_driver_return" not in self.changed_data:
                said["same_driver_return"] = False
        return cleaned

    def edit(self) -> EditThis | EditFollowing | EditAll:
        content, said = SeriesContent.of(self.instance), self.cleaned_data
        overwrite = said["overwrite_edited"]
        if said["scope"] == THIS:
            return EditThis(series_on=said["on"], content=content, serve_on=said["serve_on"])
        if said["scope"] == FOLLOWING:
            return EditFollowing(from_on=said["on"], content=content, overwrite_edited=overwrite)
        return EditAll(content=content, overwrite_edited=overwrite)


class _OrderForm(forms.Form):
    def __init__(self, *args: Any, order: StandingOrder, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.order = order


class PauseForm(_OrderForm):
    first_on = _day(_("First day of the pause"))
    last_on = _day(_("Last day of the pause"))
    overwrite_edited = forms.BooleanField(
        label=_("Also what was moved to another day by hand"), required=False
    )

    def edit(self) -> Pause:
        return Pause(**self.cleaned_data)


class ResumeForm(_OrderForm):
    pause_id = forms.TypedChoiceField(label=_("Pause"), coerce=int)
    from_on = _day(_("Goes on from"), help_text=_("The journeys of this day and later come back."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pauses = [(pause.pk, str(pause)) for pause in self.order.pauses.all()]
        self.fields["pause_id"].choices = pauses  # type: ignore[attr-defined]

    def edit(self) -> Resume:
        return Resume(**self.cleaned_data)


class EndForm(_OrderForm):
    last_on = _day(_("Last day"), required=False, help_text=_("Empty: the series stops at once."))

    def edit(self) -> End:
        return End(last_on=self.cleaned_data["last_on"])
