"""The page that asks "what if…?": what to change is chosen in a form, and the day is shown as it is and as it would be."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from dispatch.engine.errors import EngineError
from dispatch.models import Booking, Company, Shift
from dispatch.models.settings import Weights
from dispatch.pages.policy import signed_in
from dispatch.pages.seats import Seat, refuse_drivers, refuse_onlookers, seat_of
from dispatch.pages.views import page
from dispatch.usecases.compare_figures import Figure, compare_figures
from dispatch.usecases.day_change import DayChange, Hours
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.plan_what_if import WhatIf, plan_what_if
from dispatch.usecases.wall_time import moment_of

MOST_MOVES = 60
WEIGHT = "weight_"
NOBODY = ("", "–")


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`asked`: what would be otherwise; `figures`: as it is, as if; `longer`: how many more move than are listed."""

    found: WhatIf
    asked: tuple[str, ...]
    figures: list[Figure]
    longer: int

    @classmethod
    def of(cls, found: WhatIf, asked: Iterable[str]) -> Answer:
        return cls(
            found=found,
            asked=tuple(asked),
            figures=compare_figures(found.as_is.kpis, found.as_if.kpis),
            longer=max(0, len(found.moves) - MOST_MOVES),
        )

    @property
    def moves(self) -> tuple[Any, ...]:
        return self.found.moves[:MOST_MOVES]

    @property
    def dearer(self) -> int:
        return self.found.as_if.cost - self.found.as_is.cost


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def what_if(request: HttpRequest, day: date) -> HttpResponse:
    """Both plans are made while the browser waits, a few seconds each; nothing is written."""
    seat = seat_of(request)
    if seat is None:
        raise Http404
    refuse_drivers(seat)
    if request.method != "POST":
        return _shown(request, seat, day, ChangeForm(company=seat.company, day=day))
    refuse_onlookers(seat)
    form = ChangeForm(request.POST, company=seat.company, day=day)
    return _shown(request, seat, day, form, _answer(request, seat, day, form))


def _answer(request: HttpRequest, seat: Seat, day: date, form: ChangeForm) -> Answer | None:
    if not form.is_valid():
        return None
    try:
        found = plan_what_if(
            company=seat.company,
            day=day,
            change=form.change(),
            now=timezone.now(),
            clock=time.monotonic,
        )
    except (UseCaseError, EngineError) as error:
        messages.error(request, str(error))
        return None
    return Answer.of(found, form.asked())


def _shown(
    request: HttpRequest, seat: Seat, day: date, form: ChangeForm, answer: Answer | None = None
) -> HttpResponse:
    facts = {
        "day": day,
        "form": form,
        "answer": answer,
        "messages": messages.get_messages(request),
    }
    return page(request, seat, "pages/what_if.html", facts)


class ChangeForm(forms.Form):
    """Each part may be left empty; a shift or a vehicle is one of the day's, a weight one of the company's."""

    without_vehicle = forms.ChoiceField(label=_("This vehicle stays at home"), required=False)
    without_shift = forms.ChoiceField(label=_("This shift stays at home"), required=False)
    hours_shift = forms.ChoiceField(label=_("This shift has other hours"), required=False)
    hours_from = forms.TimeField(label=_("from"), required=False)
    hours_to = forms.TimeField(label=_("to"), required=False)
    extra_shift = forms.ChoiceField(label=_("One more shift like this one"), required=False)
    extra_from = forms.TimeField(label=_("from"), required=False)
    extra_to = forms.TimeField(label=_("to"), required=False)
    withdrawn = forms.CharField(
        label=_("These journeys are withdrawn"),
        help_text=_("References, with spaces between them."),
        required=False,
    )
    extra = forms.CharField(
        label=_("One more journey like each of these"),
        help_text=_("References, with spaces between them."),
        required=False,
    )

    def __init__(self, *args: Any, company: Company, day: date) -> None:
        super().__init__(*args)
        self.company, self.day = company, day
        shifts = Shift.objects.on_day(company, day).planned()
        rows = list(shifts.select_related("driver", "vehicle").order_by("period", "pk"))
        named = [NOBODY, *((str(row.pk), self._called(row)) for row in rows)]
        vehicles = {str(row.vehicle_id): str(row.vehicle) for row in rows}
        choices = {"without_vehicle": [NOBODY, *vehicles.items()]}
        self.called: dict[str, dict[str, str]] = {}  # field → what its values are called
        for name in ("without_vehicle", "without_shift", "hours_shift", "extra_shift"):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = choices.get(name, named)
            self.called[name] = dict(choices.get(name, named))
        for name, field in self.fields.items():
            if isinstance(field, forms.TimeField):
                self.fields[name].widget = forms.TimeInput(format="%H:%M", attrs={"type": "time"})
        self._add_weights()

    def _called(self, row: Shift) -> str:
        begins, ends = (at.astimezone(self.company.tz) for at in (row.starts_at, row.ends_at))
        return f"{row.driver} · {row.vehicle} · {begins:%H:%M}–{ends:%H:%M}"

    def _add_weights(self) -> None:
        weights = self.company.rules.weights
        for name, info in Weights.model_fields.items():
            if name.startswith("serve_"):
                continue  # whom to serve first is no question of a day
            self.fields[WEIGHT + name] = forms.IntegerField(
                label=gettext(info.title or name),
                initial=getattr(weights, name),
                required=False,
                min_value=0,
                max_value=next(rule.le for rule in info.metadata if hasattr(rule, "le")),
            )

    def less(self) -> list[forms.BoundField]:
        return [self[name] for name in ("without_vehicle", "without_shift", "withdrawn")]

    def other_hours(self) -> list[forms.BoundField]:
        return [self[name] for name in ("hours_shift", "hours_from", "hours_to")]

    def more(self) -> list[forms.BoundField]:
        return [self[name] for name in ("extra_shift", "extra_from", "extra_to", "extra")]

    def has_weight_errors(self) -> bool:
        return any(name.startswith(WEIGHT) for name in self.errors)

    def weights(self) -> Iterator[forms.BoundField]:
        return (self[name] for name in self.fields if name.startswith(WEIGHT))

    def clean(self) -> dict[str, Any]:
        for part in ("hours", "extra"):
            said = [self.cleaned_data.get(f"{part}_{end}") for end in ("shift", "from", "to")]
            if any(said) and not (said[0] and None not in said[1:]):
                self.add_error(f"{part}_shift", gettext("A shift and both hours are needed."))
        for name in ("withdrawn", "extra"):
            self.cleaned_data[f"{name}_rows"] = tuple(self._rows(name))
        return self.cleaned_data

    def _rows(self, name: str) -> Iterator[int]:
        bookings = Booking.objects.filter(company=self.company).on_day(self.day)
        known = {ref.casefold(): pk for pk, ref in bookings.values_list("pk", "reference")}
        for word in self.cleaned_data.get(name, "").replace(",", " ").split():
            if word.casefold() in known:
                yield known[word.casefold()]
            else:
                said = gettext("No journey of this day has the reference %(word)s.")
                self.add_error(name, said % {"word": word})

    def asked(self) -> Iterator[str]:
        """What a valid form changes, line by line, in the words it was chosen by."""
        for name in ("without_vehicle", "without_shift", "withdrawn", "extra"):
            if self.cleaned_data[name]:
                yield self._line(name, self._chosen(name))
        for part in ("hours", "extra"):
            if self.cleaned_data[f"{part}_shift"]:
                ends = (self.cleaned_data[f"{part}_{end}"] for end in ("from", "to"))
                hours = "–".join(f"{end:%H:%M}" for end in ends)
                yield self._line(f"{part}_shift", f"{self._chosen(f'{part}_shift')} → {hours}")
        for field in self.weights():
            said = self.cleaned_data[field.name]
            if said not in {None, field.initial}:
                yield self._line(field.name, f"{field.initial} → {said}")

    def _line(self, name: str, said: str) -> str:
        figures = {"what": self[name].label, "said": said}
        return gettext("%(what)s: %(said)s") % figures

    def _chosen(self, name: str) -> str:
        said: str = self.cleaned_data[name]
        return self.called.get(name, {}).get(said, said)

    def change(self) -> DayChange:
        """What a valid form asks."""
        said = self.cleaned_data
        usual = self.company.rules.weights
        return DayChange(
            without_vehicles=_row(said["without_vehicle"]),
            without_shifts=_row(said["without_shift"]),
            other_hours=tuple(self._hours("hours")),
            extra_shifts=tuple(self._hours("extra")),
            without_bookings=said["withdrawn_rows"],
            extra_bookings=said["extra_rows"],
            weights={
                name: said[WEIGHT + name]
                for name in Weights.model_fields
                if said.get(WEIGHT + name) not in {None, getattr(usual, name)}
            },
        )

    def _hours(self, part: str) -> Iterator[Hours]:
        """Hours that end before they begin end on the next day."""
        said = self.cleaned_data
        if said[f"{part}_shift"]:
            begins = datetime.combine(self.day, said[f"{part}_from"])
            ends = datetime.combine(self.day, said[f"{part}_to"])
            ends += timedelta(days=ends <= begins)
            yield Hours(
                shift=int(said[f"{part}_shift"]),
                starts_at=moment_of(self.company, begins),
                ends_at=moment_of(self.company, ends),
            )


def _row(word: str) -> tuple[int, ...]:
    return (int(word),) if word else ()
