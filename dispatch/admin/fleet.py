"""The desks of vehicles and shifts: what is driven, and who drives it when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db.models import Count
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from dispatch.admin.access import ADMINS
from dispatch.admin.base import CompanyFilter, Desk, DeskInline, column
from dispatch.admin.days import PeriodFilter
from dispatch.admin.stranded import TellsStranded
from dispatch.admin.transfer import CsvDesk
from dispatch.admin.versions import StaleRowError, VersionedDesk
from dispatch.enums import Equipment, LicenceKind, ShiftStatus
from dispatch.models import (
    SeatConfiguration,
    Shift,
    ShiftBreak,
    Vehicle,
    VehicleUnavailability,
)
from dispatch.models.labels import label
from dispatch.models.statuses import OUTCOMES
from dispatch.usecases.cancel_shift import cancel_shift
from dispatch.usecases.create_shift import create_shift
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.edit_shift import edit_shift
from dispatch.usecases.shift_content import BreakContent, ShiftContent, StaleShiftError
from dispatch.usecases.shift_faults import load_offered
from dispatch.usecases.wording import places_in_words

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse


class ConfigurationsInline(DeskInline):
    model = SeatConfiguration
    min_num = 1


class UnavailabilityInline(DeskInline):
    model = VehicleUnavailability
    verbose_name = _("unavailability")
    verbose_name_plural = _("unavailabilities")


@admin.register(Vehicle)
class VehicleDesk(TellsStranded, CsvDesk, Desk):
    csv_kind = "vehicles"
    writers = ADMINS
    removers = ADMINS
    name_paths = ("sort_key",)
    vehicle_path = "pk"
    list_display = ("name", "plate", "active", "fitted", "places", "licences", "base", "company")
    list_select_related = ("company", "base__parent")
    list_filter = ("active", CompanyFilter)
    autocomplete_fields = ("base",)
    inlines = (ConfigurationsInline, UnavailabilityInline)
    fieldsets = (
        (None, {"fields": ("company", ("name", "plate"), "active", "base")}),
        (_("Fitted"), {"fields": ("equipment", "required_licences")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Vehicle]:
        rows: QuerySet[Vehicle] = super().get_queryset(request)
        is_list = (
            request.resolver_match
            and request.resolver_match.url_name == "dispatch_vehicle_changelist"
        )
        return rows.prefetch_related("configurations") if is_list else rows

    @column(_("equipment"))
    def fitted(self, vehicle: Vehicle) -> str:
        return ", ".join(label(Equipment(code)) for code in vehicle.equipment) or "–"

    @column(_("licences"))
    def licences(self, vehicle: Vehicle) -> str:
        return ", ".join(label(LicenceKind(code)) for code in vehicle.required_licences) or "–"

    @column(_("seats and places"))
    def places(self, vehicle: Vehicle) -> str:
        return (
            " / ".join(places_in_words(load_offered(row)) for row in vehicle.configurations.all())
            or "⚠"
        )


class BreaksInline(DeskInline):
    model = ShiftBreak


def _content(shift: Shift, formsets: Iterable[Any]) -> ShiftContent:
    """What the form says of the shift and of its breaks."""
    rows = [
        form.instance
        for formset in formsets
        for form in formset.forms
        if form.has_changed() or form.instance.pk is not None
        if not form.cleaned_data.get("DELETE")
    ]
    breaks = tuple(BreakContent.of(row) for row in sorted(rows, key=lambda row: row.earliest_at))
    return ShiftContent.of(shift, breaks=breaks)


@admin.register(Shift)
class ShiftDesk(VersionedDesk):
    name_paths = ("driver__sort_key", "vehicle__sort_key")
    code_paths = ("driver__reference",)
    vehicle_path = "vehicle"
    list_display = ("driver", "vehicle", "hours", "status", "trips", "company")
    relations = (
        "company",
        "driver",
        "vehicle",
    )  # a shift says its name with them, wherever it is shown
    list_filter = (PeriodFilter, "status", CompanyFilter)
    ordering = ("-period", "driver__sort_key")
    autocomplete_fields = ("driver", "vehicle", "start_place", "end_place")
    inlines = (BreaksInline,)
    change_form_template = "admin/dispatch/shift_form.html"
    fieldsets = (
        (None, {"fields": ("company", ("driver", "vehicle"), "period", "status", "max_trips")}),
        (_("Where it starts and ends"), {"fields": (("start_place", "end_place"),)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Shift]:
        rows: QuerySet[Shift] = super().get_queryset(request).select_related(*self.relations)
        is_list = (
            request.resolver_match
            and request.resolver_match.url_name == "dispatch_shift_changelist"
        )
        if not is_list:
            return rows
        return rows.annotate(trip_count=Count("assignments"))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new shift is planned; one that was cancelled is never planned again."""
        (name, options), *rest = super().get_fieldsets(request, obj)
        hidden = {"status"} if obj is None else set()
        fields = [field for field in options["fields"] if field not in hidden]
        return [(name, options | {"fields": fields}), *rest]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_open = obj is None or obj.status != ShiftStatus.CANCELLED
        return is_open and super().has_change_permission(request, obj)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        shift: Shift | None = kwargs.get("obj")
        if shift is not None:
            waiting = shift.assignments.exclude(booking__status__in=OUTCOMES)
            context |= {
                "day": local_day(shift.company, shift.starts_at),
                "may_break_down": waiting.exists(),
            }
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """A shift is written with its breaks, at once: see `save_related`."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        for formset in formsets:
            formset.save(commit=False)  # what the log of changes reads
        shift, content = form.instance, _content(form.instance, formsets)
        if not change:
            shift.pk = create_shift(company=shift.company, content=content).pk
            return
        seen = form.cleaned_data.get("seen_version")
        if seen is None:
            raise StaleRowError
        try:
            written = edit_shift(
                shift_id=shift.pk, content=content, now=timezone.now(), expected_version=seen
            )
            if shift.status == ShiftStatus.CANCELLED:
                cancel_shift(shift_id=shift.pk, expected_version=written.version)
        except StaleShiftError as error:
            raise StaleRowError from error
        if {"driver", "vehicle"} & set(form.changed_data):
            self._tell_of_journeys(request, written)

    def _tell_of_journeys(self, request: HttpRequest, shift: Shift) -> None:
        moved = shift.assignments.filter(is_over=False).count()
        if moved:
            said = ngettext(
                "%(count)d journey goes along with driver and vehicle of the shift.",
                "%(count)d journeys go along with driver and vehicle of the shift.",
                moved,
            )
            self.message_user(request, said % {"count": moved})

    @column(_("hours"), order="period")
    def hours(self, shift: Shift) -> str:
        tz = shift.company.tz
        start, end = shift.starts_at.astimezone(tz), shift.ends_at.astimezone(tz)
        begins = date_format(start, "SHORT_DATETIME_FORMAT")
        is_one_day = start.date() == end.date()
        ends = f"{end:%H:%M}" if is_one_day else date_format(end, "SHORT_DATETIME_FORMAT")
        return f"{begins} – {ends}"

    @column(_("trips"), order="trip_count")
    def trips(self, shift: Shift) -> int:
        count: int = shift.trip_count  # type: ignore[attr-defined]
        return count
