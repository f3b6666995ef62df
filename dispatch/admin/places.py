"""The desk of places: which of them the planner cannot use, and the services of each establishment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dispatch.admin.access import access_of
from dispatch.admin.base import CompanyFilter, Desk, DeskInline, column
from dispatch.models import Place

if TYPE_CHECKING:
    from typing import Any

    from django.http import HttpRequest


class ServicesInline(DeskInline):
    model = Place
    fk_name = "parent"
    fields = ("name", "kind", "phone", "access_notes", "coordinates_quality", "lat", "lon")
    verbose_name = _("service")
    verbose_name_plural = _("services of this establishment")

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        formset.form = type("ServiceForm", (formset.form,), {"establishment": obj})
        return formset

    def get_queryset(self, request: HttpRequest) -> Any:
        return self._desk().get_queryset(request)


@admin.register(Place)
class PlaceDesk(Desk):
    """A company sees its own places and the public ones; it changes only its own."""

    name_paths = ("sort_key", "parent__sort_key")
    code_paths = ("postal_code", "town", "area")
    tells = ("address", "town")
    list_display = ("__str__", "kind", "address", "town", "area", "coordinates", "company")
    list_select_related = ("company", "parent")
    list_filter = ("kind", "coordinates_quality", CompanyFilter)
    autocomplete_fields = ("parent",)
    fieldsets = (
        (None, {"fields": ("company", "name", "kind", "parent")}),
        (_("Address"), {"fields": ("address", "postal_code", "town", "area", "phone")}),
        (
            _("Position"),
            {
                "fields": ("coordinates_quality", "lat", "lon"),
                "description": _(
                    "A journey to or from a place with unknown coordinates is never planned silently."
                ),
            },
        ),
        (_("Access"), {"fields": ("access_notes",)}),
    )

    def own(self, company_ids: list[int]) -> Q:
        return Q(company__in=company_ids) | Q(company=None)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is not None and obj.company_id is None:
            return access_of(request).has_any(self.viewers)
        return super().has_view_permission(request, obj)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        is_establishment = obj is not None and obj.kind == "establishment" and obj.parent_id is None
        return (ServicesInline,) if is_establishment else ()

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """A service belongs to whom its establishment belongs."""
        for service in formset.forms:
            service.instance.company_id = form.instance.company_id
        super().save_formset(request, form, formset, change)

    @column(_("coordinates"), order="coordinates_quality")
    def coordinates(self, place: Place) -> str:
        return f"{'' if place.position else '⚠ '}{place.get_coordinates_quality_display()}"
