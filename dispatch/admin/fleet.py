"""The desks of vehicles and shifts: what is driven, and who drives it when."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, F, Q
from django.forms.models import BaseInlineFormSet
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from dispatch.admin.access import ADMINS
from dispatch.admin.base import CompanyFilter, Desk, DeskInline, column
from dispatch.admin.days import PeriodFilter
from dispatch.admin.transfer import CsvDesk
from dispatch.admin.versions import VersionedDesk, VersionedForm
from dispatch.enums import Equipment, LicenceKind, ShiftStatus
from dispatch.models import (
    Assignment,
    SeatConfiguration,
    Shift,
    ShiftBreak,
    Vehicle,
    VehicleUnavailability,
)
from dispatch.models.labels import label

if TYPE_CHECKING:
    from typing import Any

    from django.db.models import QuerySet
    from django.http import HttpRequest


class ConfigurationsFormSet(BaseInlineFormSet):
    """The way in decides about wheelchairs, also for a vehicle that is not stored yet."""

    def clean(self) -> None:
        super().clean()
        kept = [
            form
            for form in self.forms
            if form.is_valid() and form.cleaned_data and not form.cleaned_data.get("DELETE")
        ]
        if self.instance.has_step_free_entry:
            return
        for form in kept:
            if form.cleaned_data.get("wheelchairs"):
                form.add_error(
                    "wheelchairs", _t("A vehicle without ramp or lift has no wheelchair place.")
                )
                raise ValidationError(
                    _t("Fit a ramp or a lift, or take the wheelchair places out.")
                )


class ConfigurationsInline(DeskInline):
    model = SeatConfiguration
    formset = ConfigurationsFormSet
    min_num = 1


class UnavailabilityInline(DeskInline):
    model = VehicleUnavailability
    verbose_name = _("unavailability")
    verbose_name_plural = _("unavailabilities")


@admin.register(Vehicle)
class VehicleDesk(CsvDesk, Desk):
    csv_kind = "vehicles"
    writers = ADMINS
    removers = ADMINS
    name_paths = ("sort_key",)
    code_paths = ("plate",)
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

    @column(_("places"))
    def places(self, vehicle: Vehicle) -> str:
        return " / ".join(_places(row) for row in vehicle.configurations.all()) or "⚠"


def _places(row: SeatConfiguration) -> str:
    parts = [
        (row.seats, ngettext("%d seat", "%d seats", row.seats)),
        (row.wheelchairs, ngettext("%d wheelchair", "%d wheelchairs", row.wheelchairs)),
        (row.stretchers, ngettext("%d stretcher", "%d stretchers", row.stretchers)),
        (row.folded_chairs, ngettext("%d folded chair", "%d folded chairs", row.folded_chairs)),
    ]
    return " + ".join(words % number for number, words in parts if number)


class ShiftForm(VersionedForm):
    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.instance.pk is not None and not self.errors:
            self._keep_journeys()
        return cleaned

    def _keep_journeys(self) -> None:
        """A shift is neither cancelled nor cut short under the journeys that are planned on it."""
        planned = Assignment.objects.filter(shift=self.instance, is_over=False)
        if self.cleaned_data.get("status") == ShiftStatus.CANCELLED:
            field, lost = "status", planned.count()
        else:
            period = self.cleaned_data.get("period")
            field, lost = "period", planned.exclude(period__contained_by=period).count()
        if lost:
            self.add_error(
                field,
                ngettext(
                    "%d planned journey would lose its driver: give it to another one first.",
                    "%d planned journeys would lose their driver: give them to another one first.",
                    lost,
                )
                % lost,
            )


class BreaksInline(DeskInline):
    model = ShiftBreak


@admin.register(Shift)
class ShiftDesk(VersionedDesk):
    form = ShiftForm
    name_paths = ("driver__sort_key", "vehicle__sort_key")
    code_paths = ("driver__reference", "vehicle__plate")
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
    fieldsets = (
        (None, {"fields": ("company", ("driver", "vehicle"), "period", "status", "max_trips")}),
        (_("Places"), {"fields": (("start_place", "end_place"),)}),
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

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Another vehicle or driver under a shift takes over its journeys that are not over."""
        super().save_model(request, obj, form, change)
        if change and {"driver", "vehicle"} & set(form.changed_data):
            going = Q(is_over=False)
            moved = Assignment.objects.filter(going, shift=obj).update(
                driver=obj.driver, vehicle=obj.vehicle, version=F("version") + 1
            )
            if moved:
                said = ngettext(
                    "%d journey goes along: preview the day to see whether driver and vehicle suit it.",
                    "%d journeys go along: preview the day to see whether driver and vehicle suit them.",
                    moved,
                )
                self.message_user(request, said % moved)

    @column(_("hours"), order="period")
    def hours(self, shift: Shift) -> str:
        tz = shift.company.tz
        start, end = shift.starts_at.astimezone(tz), shift.ends_at.astimezone(tz)
        return f"{start:%d.%m.%Y %H:%M} – {end:%H:%M}"

    @column(_("trips"), order="trip_count")
    def trips(self, shift: Shift) -> int:
        count: int = shift.trip_count  # type: ignore[attr-defined]
        return count
