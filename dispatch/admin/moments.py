"""Days with a time on forms, as the company's clocks show them; the hour that comes twice is offered as a choice."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import get_template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from dispatch.usecases.wall_time import is_in_reach, moments_at

if TYPE_CHECKING:
    from datetime import date
    from typing import Any


def refuse_far(day: date) -> None:
    """A validator of days on forms; of a moment: of the day that is shown with it."""
    if not is_in_reach(day):
        raise ValidationError(_("This lies outside the years 2000 to 2099."), code="far")


class HouseWidget:
    """A widget whose template lies with the other templates of the house."""

    def _render(self, template_name: str, context: dict[str, Any], renderer: Any = None) -> str:
        return get_template(template_name).render(context)


class WallTime(str):
    """What was typed, and which of two equal hours was chosen: "0" the first, "1" the second, "" none."""

    fold: str

    def __new__(cls, text: str, fold: str) -> WallTime:
        made = super().__new__(cls, text)
        made.fold = fold
        return made


class MomentInput(HouseWidget, forms.DateTimeInput):
    """The browser's own picker for a day with a time; seconds only where there are any."""

    input_type = "datetime-local"
    template_name = "admin/dispatch/moment_widget.html"

    def __init__(self, attrs: Any = None) -> None:
        super().__init__(attrs, format="%Y-%m-%dT%H:%M")

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        text = super().value_from_datadict(data, files, name)
        return None if text is None else WallTime(text, data.get(f"{name}_fold") or "")

    def format_value(self, value: Any) -> Any:
        if isinstance(value, datetime) and value.second:
            return value.replace(tzinfo=None).isoformat(timespec="seconds")
        return super().format_value(value)

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        has_seconds = isinstance(value, datetime) and value.second
        context = super().get_context(name, value, attrs | {"step": "1"} if has_seconds else attrs)
        context["widget"]["hours"] = _hours(value)
        return context


def _hours(value: Any) -> list[tuple[str, str, bool]]:
    """(value, words, is chosen) of both hours where the clocks show this time twice; else nothing."""
    wall, fold = _wall(value), getattr(value, "fold", "")
    if wall is None or not is_in_reach(wall.date()):
        return []
    found = moments_at(timezone.get_current_timezone(), wall)
    if len(found) < 2:
        return []
    words = (_t("the first (summer time)"), _t("the second (winter time)"))
    return [(str(k), words[k], str(fold) == str(k)) for k in (0, 1)]


def _wall(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    try:
        return datetime.fromisoformat(str(value)).replace(tzinfo=None)
    except ValueError:
        return None


class MomentField(forms.DateTimeField):
    """A local time of the company, in UTC once it is clean."""

    widget = MomentInput
    default_error_messages = {
        "invalid": _("This is no day with a time."),
        "skipped": _(
            "The clocks never show %(time)s on %(day)s: they are put forward then. Choose another time."
        ),
        "twice": _("%(time)s comes twice on %(day)s: choose which one is meant, beside the time."),
    }

    def to_python(self, value: Any) -> datetime | None:
        if isinstance(value, datetime) or not (value or "").strip():
            return super().to_python(value)
        wall = _wall(value.strip())
        if wall is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        refuse_far(wall.date())
        found = moments_at(timezone.get_current_timezone(), wall)
        if len(found) == 1:
            return found[0]
        fold = getattr(value, "fold", "")
        if found and fold in {"0", "1"}:
            return found[int(fold)]
        code = "twice" if found else "skipped"
        said = {"time": f"{wall:%H:%M}", "day": date_format(wall.date())}
        raise ValidationError(self.error_messages[code], code=code, params=said)

    def prepare_value(self, value: Any) -> Any:
        """As the clocks show it; an hour that comes twice keeps which one it is."""
        if isinstance(value, datetime) and timezone.is_aware(value):
            return value.astimezone(UTC).astimezone(timezone.get_current_timezone())
        return value
