"""The desk of companies: their rules, and who works there."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from dispatch.admin.access import ADMINS, NOBODY, access_of
from dispatch.admin.base import Desk, DeskInline, column
from dispatch.admin.choices import choices_urls
from dispatch.admin.forms import DeskForm
from dispatch.admin.planning import planning_urls
from dispatch.admin.settings_form import (
    checked_settings,
    faults_in,
    initial_settings,
    names_under,
    settings_columns,
    settings_fields,
)
from dispatch.models import Company, Membership
from dispatch.usecases.settle_roles import keep_an_admin, settle_roles

if TYPE_CHECKING:
    from typing import Any

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

SECTIONS: tuple[tuple[Any, tuple[str, ...], str], ...] = (
    (
        _("Punctuality"),
        (
            "pickup_window_before_min",
            "pickup_window_after_min",
            "appointment_early_max_min",
            "appointment_early_max_vital_min",
            "return_wait_target_min",
            "urgent_return_window_min",
            "silent_after_min",
        ),
        "",
    ),
    (
        _("Shared rides"),
        (
            "pooling_enabled",
            "pooling_pickup_gap_min",
            "pooling_max_detour_min",
            "default_max_ride_min",
        ),
        "",
    ),
    (
        _("Work of the drivers"),
        (
            "max_trips_per_shift",
            "max_overtime_min",
            "transition_margin_min",
            "fairness_window_days",
        ),
        "",
    ),
    (
        _("Planner"),
        (
            "solver_time_limit_s",
            "freeze_min",
            "autorun_enabled",
            "autorun_at",
            "replan_enabled",
            "stability_budget",
            "replan_time_limit_s",
        ),
        "",
    ),
    (_("Prices of the planner"), ("weights",), "collapse"),
    (_("Quality score"), ("quality_weights",), "collapse"),
    (_("Breakdowns"), ("rescue",), "collapse"),
    (
        _("Roads without a road service"),
        ("detour_factor", "speed_kmh", "traffic_permille"),
        "collapse",
    ),
)


class RulesForm(DeskForm):
    """The company with each of its planning rules as a field; what is stored is what the schema accepts."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = {**initial_settings(self.instance.settings), **self.initial}

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        settings, errors = checked_settings(self.cleaned_data)
        for name, sentences in errors.items():
            self.add_error(name or None, sentences)
        if not errors:
            self.instance.settings = settings
        return cleaned


_SECTIONS: list[Any] = [
    (title, {"fields": names_under(*fields), "classes": [classes] if classes else []})
    for title, fields, classes in SECTIONS
]
CompanyForm = type("CompanyForm", (RulesForm,), settings_fields())


class MembershipInline(DeskInline):
    model = Membership
    fields = ("user", "role")
    autocomplete_fields = ("user",)
    verbose_name_plural = _("people")


@admin.register(Company)
class CompanyDesk(Desk):
    company_path = "pk"
    writers = ADMINS
    removers = NOBODY
    form = CompanyForm
    change_form_template = "admin/dispatch/company_form.html"
    name_paths = ("sort_key",)
    code_paths = ("slug",)
    list_display = ("name", "slug", "mode", "time_zone", "base", "days")
    list_select_related = ("base__parent",)
    list_filter = ("mode",)
    autocomplete_fields = ("base",)
    inlines = (MembershipInline,)
    actions = ("plan_today", "plan_tomorrow")
    fieldsets = (
        (None, {"fields": ("name", "slug", "time_zone", "base", "mode")}),
        *_SECTIONS,
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return access_of(request).is_everywhere

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return access_of(request).is_everywhere

    def company_of(self, row: Any) -> Company:
        found: Company = row
        return found

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The short name stands in scripts and addresses: it is given once."""
        return () if obj is None else ("slug",)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        if kwargs.get("obj") is not None:
            company = Company.objects.get(
                pk=kwargs["obj"].pk
            )  # as stored: the form may hold nonsense
            context["day_urls"] = [
                (_day_url(company, 0), _t("Plan of today")),
                (_day_url(company, 1), _t("Plan of tomorrow")),
            ]
            if request.method == "GET" and (faults := faults_in(company.settings)):
                said = _t(
                    "Stored settings are not valid. %(faults)s Nothing can be planned or shown before an administrator"
                    " saves this form; usual values stand in for those that are not valid."
                )
                told = {"faults": " ".join(map(str, faults))}
                self.message_user(request, said % told, messages.ERROR)
        return super().render_change_form(request, context, *args, **kwargs)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Who got or lost a role here signs in to the office, or does so no more."""
        before = _roles_in(form.instance)
        super().save_related(request, form, formsets, change)
        changed = before ^ _roles_in(form.instance)
        settle_roles(user_ids={user for user, _role in changed})
        if changed and not access_of(request).is_everywhere:
            keep_an_admin(company_ids=[form.instance.pk])

    def get_urls(self) -> list[Any]:
        own = choices_urls(self.admin_site) + planning_urls(self.admin_site)
        return own + super().get_urls()

    @column(_("plan"))
    def days(self, company: Company) -> str:
        return format_html(
            '<a href="{}">{}</a> · <a href="{}">{}</a>',
            _day_url(company, 0), _t("today"), _day_url(company, 1), _t("tomorrow"),
        )  # fmt: skip

    @admin.action(description=_("Plan today"))
    def plan_today(self, request: HttpRequest, companies: QuerySet[Company]) -> HttpResponse | None:
        return self._go_to_day(request, companies, 0)

    @admin.action(description=_("Plan tomorrow"))
    def plan_tomorrow(
        self, request: HttpRequest, companies: QuerySet[Company]
    ) -> HttpResponse | None:
        return self._go_to_day(request, companies, 1)

    def _go_to_day(
        self, request: HttpRequest, companies: QuerySet[Company], ahead: int
    ) -> HttpResponse | None:
        """The page of that day, where planning and putting in force are a click each."""
        if len(companies) != 1:
            self.message_user(request, _t("Choose one company."), messages.WARNING)
            return None
        return HttpResponseRedirect(_day_url(companies[0], ahead))


for _name, _shown in settings_columns().items():
    setattr(CompanyDesk, _name, _shown)


def _roles_in(company: Company) -> set[tuple[int, str]]:
    return set(company.memberships.values_list("user", "role"))


def _day_url(company: Company, ahead: int) -> str:
    day = timezone.now().astimezone(company.tz).date() + timedelta(days=ahead)
    return reverse("admin:dispatch_company_day", args=[company.pk, day.isoformat()])
