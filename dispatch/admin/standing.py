"""The desk of standing orders: who travels every week, and when the series rests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dispatch.admin.base import CompanyFilter, Desk, DeskInline, column
from dispatch.admin.series_forms import CONTENT
from dispatch.admin.series_pages import book_ahead, series_urls, tell_booked
from dispatch.models import StandingOrder, StandingOrderPause
from dispatch.models.driver import WEEKDAYS
from dispatch.usecases.create_series import NewSeries, create_series
from dispatch.usecases.series_rows import SeriesContent

if TYPE_CHECKING:
    from typing import Any

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse


class PausesInline(DeskInline):
    """Shown only: a pause cancels journeys, and ending it brings them back."""

    model = StandingOrderPause
    verbose_name = _("pause")
    verbose_name_plural = _("pauses")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_change_permission = has_add_permission
    has_delete_permission = has_add_permission


@admin.register(StandingOrder)
class StandingOrderDesk(Desk):
    """A new series is typed in and booked ahead; from then on it changes with its journeys, on pages of its own."""

    change_form_template = "admin/dispatch/standing_form.html"
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
    actions = ("expand",)
    fieldsets = (
        (None, {"fields": ("company", "patient", ("pickup", "dropoff"), "priority", "pooling_allowed", "active")}),
        (_("When"), {"fields": ("weekdays", "interval_weeks", ("starts_on", "ends_on"), ("pickup_time", "appointment_time"))}),
        (_("Return"), {"fields": (("return_mode", "return_time"), "same_driver_return")}),
    )  # fmt: skip

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        """A series that is not booked yet has nothing to pause."""
        return () if obj is None else self.inlines

    def get_urls(self) -> list[Any]:
        return series_urls(self) + super().get_urls()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A series never changes without its journeys."""
        fixed = tuple(super().get_readonly_fields(request, obj))
        if obj is None:
            return fixed
        return (*fixed, "patient", "starts_on", "days", *CONTENT)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Once booked, the weekdays are told by their names."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None:
            return fieldsets
        return [
            (
                name,
                options | {"fields": ["days" if f == "weekdays" else f for f in options["fields"]]},
            )
            for name, options in fieldsets
        ]

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        order = kwargs.get("obj")
        if order is not None:
            context["may_change"] = self.has_change_permission(request, order)
            context["has_pauses"] = order.pauses.exists()
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: StandingOrder, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Only new ones come here: kept and booked, or refused as a whole."""
        new = NewSeries(
            patient_id=obj.patient_id, starts_on=obj.starts_on, content=SeriesContent.of(obj)
        )
        made = create_series(company=obj.company, wanted=new, now=timezone.now())
        obj.pk, obj._state.adding = made.order_id, False
        tell_booked(request, obj, made)

    @admin.action(description=_("Book the days to come"), permissions=["change"])
    def expand(self, request: HttpRequest, orders: QuerySet[StandingOrder]) -> None:
        for order in orders.order_by("pk"):
            if self.has_change_permission(request, order):
                book_ahead(request, order)

    @column(_("weekdays"), order="weekdays")
    def days(self, order: StandingOrder) -> str:
        names = dict(WEEKDAYS)
        said = ", ".join(str(names[day]) for day in sorted(order.weekdays))
        return said if order.interval_weeks == 1 else f"{said} (1/{order.interval_weeks})"

    @column(_("hours"))
    def hours(self, order: StandingOrder) -> str:
        pickup = f"{order.pickup_time:%H:%M}" if order.pickup_time else "–"
        return f"{pickup} → {order.appointment_time:%H:%M}" if order.appointment_time else pickup
