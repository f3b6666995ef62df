"""The desks of companies, of those who work there, and of the people who sign in."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import Q
from django.http import HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from dispatch.admin.access import ADMINS, NOBODY, access_of
from dispatch.admin.base import Desk, DeskInline, column
from dispatch.admin.forms import DeskForm
from dispatch.admin.planning import planning_urls
from dispatch.admin.settings_form import (
    checked_settings,
    initial_settings,
    names_under,
    settings_fields,
)
from dispatch.models import Company, Membership, User

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
    (_("Planner"), ("solver_time_limit_s", "freeze_min", "autorun_enabled", "autorun_at"), ""),
    (_("Prices of the planner"), ("weights",), "collapse"),
    (_("Quality score"), ("quality_weights",), "collapse"),
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
        stored = self.instance.settings if isinstance(self.instance.settings, dict) else {}
        self.initial = {**initial_settings(stored), **self.initial}

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

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who else signs in to this installation is not a company's to know."""
        return access_of(request).is_everywhere

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return () if access_of(request).is_everywhere else ("user",)


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
        return super().render_change_form(request, context, *args, **kwargs)

    def get_urls(self) -> list[Any]:
        return planning_urls(self.admin_site) + super().get_urls()

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


def _day_url(company: Company, ahead: int) -> str:
    day = timezone.now().astimezone(company.tz).date() + timedelta(days=ahead)
    return reverse("admin:dispatch_company_day", args=[company.pk, day.isoformat()])


@admin.register(Membership)
class MembershipDesk(Desk):
    viewers = ADMINS
    writers = ADMINS
    removers = ADMINS
    list_display = ("user", "company", "role")
    list_select_related = ("user", "company")
    list_filter = ("role",)
    autocomplete_fields = ("user", "company")
    code_paths = ("user__username", "user__last_name", "user__first_name", "user__email")
    fields = ("company", "user", "role")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return access_of(request).is_everywhere

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else ("company", "user")


class MembershipsOfUser(admin.TabularInline):
    model = Membership
    extra = 0
    autocomplete_fields = ("company",)


@admin.register(User)
class UserDesk(UserAdmin):
    """For superusers: roles are given here, Django's own groups and permissions are not used."""

    list_display = (
        "username",
        "first_name",
        "last_name",
        "email",
        "is_staff",
        "is_active",
        "roles",
    )
    list_filter = ("is_staff", "is_superuser", "is_active", "memberships__role")
    inlines = (MembershipsOfUser,)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email")}),
        (
            _("Access"),
            {
                "fields": ("is_active", "is_staff", "is_superuser"),
                "description": _(
                    "Staff may sign in to the office; what they find there is decided by their roles."
                ),
            },
        ),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    filter_horizontal = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        rows = super().get_queryset(request).prefetch_related("memberships__company")
        access = access_of(request)
        if access.is_everywhere:
            return rows
        mine = Q(memberships__company__in=access.company_ids())
        return rows.filter(mine).distinct()

    @column(_("roles"))
    def roles(self, user: User) -> str:
        return ", ".join(
            f"{row.company}: {row.get_role_display()}" for row in user.memberships.all()
        )


admin.site.unregister(Group)
admin.site.site_header = _("ATMR office")
admin.site.site_title = _("ATMR office")
admin.site.index_title = _("Desks")
