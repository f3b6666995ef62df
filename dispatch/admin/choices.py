"""What a form's search box is answered: rows the person may see, in use, of the form's company, told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.urls import path

from dispatch.admin.access import access_of
from dispatch.admin.base import Desk
from dispatch.models import Company

if TYPE_CHECKING:
    from typing import Any

    from django.db.models import Model, QuerySet


class ChoicesView(AutocompleteJsonView):
    """`company` narrows what the desk shows, and never widens it: whoever sends another's number finds nothing."""

    def get_queryset(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset()
        desk = self.model_admin
        if not isinstance(desk, Desk):
            return rows
        if not isinstance(desk.list_select_related, bool):
            rows = rows.select_related(*desk.list_select_related)
        if any(field.name == "active" for field in desk.opts.fields):
            rows = rows.filter(active=True)  # what was chosen before stays on its form
        company = self.request.GET.get("company", "")
        if not company.isdigit() or desk.model is Company:
            return rows
        return rows.filter(desk.own([int(company)]))

    def serialize_result(self, obj: Model, to_field_name: str) -> dict[str, str]:
        desk = self.model_admin
        told = desk.told(obj) if isinstance(desk, Desk) else str(obj)
        if self._is_mixed:
            company = desk.company_of(obj) if isinstance(desk, Desk) else None
            told = told if company in {None, obj} else f"{told} · {company}"
        return {"id": str(getattr(obj, to_field_name)), "text": told}

    @property
    def _is_mixed(self) -> bool:
        """Whether the answer may hold rows of several companies."""
        access = access_of(self.request)
        is_several = access.is_everywhere or len(access.company_ids()) > 1
        return is_several and not self.request.GET.get("company", "").isdigit()


def choices_urls(site: admin.AdminSite) -> list[Any]:
    view = site.admin_view(ChoicesView.as_view(admin_site=site))
    return [path("choices/", view, name="dispatch_choices")]
