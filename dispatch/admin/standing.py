"""The desk of standing orders: who travels every week, and when the series rests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from dispatch.admin.base import CompanyFilter, Desk, DeskInline, column
from dispatch.models import StandingOrder, StandingOrderPause
from dispatch.models.driver import WEEKDAYS

if TYPE_CHECKING:
    from typing import Any

    from django.http import HttpRequest


class PausesInline(DeskInline):
    model = StandingOrderPause
    verbose_name = _("pause")
    verbose_name_plural = _("pauses")


@admin.register(StandingOrder)
class StandingOrderDesk(Desk):
    name_paths = ("patient__sort_key", "pickup__sort_key", "dropoff__sort_key")
    code_paths = ("patient__reference",)
    list_display = (
        "patient",
        "pickup",
        "dropoff",
        "days",
        "hours",
        "return_mode",
        "starts_on",
        "ends_on",
        "active",
    )
    list_select_related = ("company", "patient", "pickup__parent", "dropoff__parent")
    list_filter = ("active", "return_mode", "priority", CompanyFilter)
    autocomplete_fields = ("patient", "pickup", "dropoff")
    inlines = (PausesInline,)
    fieldsets = (
        (None, {"fields": ("company", "patient", ("pickup", "dropoff"), "priority", "pooling_allowed", "active")}),
        (_("When"), {"fields": ("weekdays", "interval_weeks", ("starts_on", "ends_on"), ("pickup_time", "appointment_time"))}),
        (_("Return"), {"fields": (("return_mode", "return_time"), "same_driver_return")}),
    )  # fmt: skip

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A series does not change patient: end it and begin another."""
        fixed = super().get_readonly_fields(request, obj)
        return fixed if obj is None else (*fixed, "patient")

    @column(_("weekdays"), order="weekdays")
    def days(self, order: StandingOrder) -> str:
        names = dict(WEEKDAYS)
        said = ", ".join(str(names[day]) for day in sorted(order.weekdays))
        return said if order.interval_weeks == 1 else f"{said} (1/{order.interval_weeks})"

    @column(_("hours"))
    def hours(self, order: StandingOrder) -> str:
        pickup = f"{order.pickup_time:%H:%M}" if order.pickup_time else "–"
        return f"{pickup} → {order.appointment_time:%H:%M}" if order.appointment_time else pickup
