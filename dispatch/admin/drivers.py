"""The desks of drivers and of what they can do: papers that run out are seen before they do."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib import admin
from django.db.models import Q
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from dispatch.admin.access import ADMINS, access_of
from dispatch.admin.base import CompanyFilter, Desk, DeskInline, column
from dispatch.admin.stranded import TellsStranded
from dispatch.admin.transfer import CsvDesk
from dispatch.models import Absence, Driver, DriverLicence, DriverSkill, Skill, User, WeeklyShift

if TYPE_CHECKING:
    from datetime import date
    from typing import Any

    from django.db.models import QuerySet
    from django.http import HttpRequest

WARN_BEFORE = timedelta(days=60)


class SkillsInline(DeskInline):
    model = DriverSkill
    verbose_name = _("skill")
    verbose_name_plural = _("skills")
    autocomplete_fields = ("skill",)


class LicencesInline(DeskInline):
    model = DriverLicence


class WeekInline(DeskInline):
    model = WeeklyShift
    autocomplete_fields = ("vehicle",)


class AbsencesInline(DeskInline):
    model = Absence


class PapersFilter(admin.SimpleListFilter):
    title = _("licences")
    parameter_name = "licences"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("expired", _("expired")), ("soon", _("expiring within 60 days"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        today = timezone.localdate()
        if self.value() == "expired":
            return queryset.filter(licences__expires_on__lt=today).distinct()
        if self.value() == "soon":
            until = today + WARN_BEFORE
            return queryset.filter(licences__expires_on__range=(today, until)).distinct()
        return queryset


@admin.register(Driver)
class DriverDesk(TellsStranded, CsvDesk, Desk):
    csv_kind = "drivers"
    writers = ADMINS
    removers = ADMINS
    name_paths = ("sort_key",)
    code_paths = ("reference",)
    tells = ("reference",)
    list_display = (
        "__str__",
        "reference",
        "kind",
        "active",
        "licences_held",
        "skills_held",
        "phone",
        "company",
    )
    list_select_related = ("company",)
    list_filter = ("active", "kind", PapersFilter, CompanyFilter)
    readonly_fields = ("reference",)
    inlines = (LicencesInline, SkillsInline, WeekInline, AbsencesInline)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "company",
                    ("last_name", "first_name"),
                    "reference",
                    "phone",
                    "kind",
                    "active",
                    "user",
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Driver]:
        rows: QuerySet[Driver] = super().get_queryset(request)
        is_list = (
            request.resolver_match
            and request.resolver_match.url_name == "dispatch_driver_changelist"
        )
        return rows.prefetch_related("licences", "driver_skills__skill") if is_list else rows

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,  # noqa: FBT001 - Django's signature
        **kwargs: Any,
    ) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        if "user" in form.base_fields:
            form.base_fields["user"].queryset = self._accounts(request, obj)
        return form

    def _accounts(self, request: HttpRequest, driver: Driver | None) -> QuerySet[User]:
        """Who can be the driver's account: people of the driver's company who are no other driver's."""
        companies = access_of(request).companies(self.writers)
        company, chosen = self.company_of_form(request, driver), request.POST.get("company", "")
        if company is not None:
            companies = companies.filter(pk=company.pk)
        elif chosen.isdigit():  # until it is chosen, people of all of one's companies are offered
            companies = companies.filter(pk=int(chosen))
        offered = Q(memberships__company__in=companies, driver=None)
        if driver is not None:
            offered |= Q(driver=driver)  # whoever it is, the form never drops who was chosen
        return User.objects.filter(offered).distinct()

    @column(_("licences"))
    def licences_held(self, driver: Driver) -> str:
        return _held([(row.kind, row.expires_on) for row in driver.licences.all()])

    @column(_("skills"))
    def skills_held(self, driver: Driver) -> str:
        return _held([(row.skill.name, row.expires_on) for row in driver.driver_skills.all()])


def _held(papers: list[tuple[str, date | None]]) -> str:
    """Names, each with its end where that is near or past."""
    today = timezone.localdate()
    said = []
    for name, until in sorted(papers, key=lambda paper: paper[0]):
        if until is not None and until < today:
            said.append(_t("%(name)s ⚠ expired %(day)s") % {"name": name, "day": until})
        elif until is not None and until <= today + WARN_BEFORE:
            said.append(_t("%(name)s until %(day)s") % {"name": name, "day": until})
        else:
            said.append(name)
    return format_html("{}", ", ".join(said) or "–")


@admin.register(Skill)
class SkillDesk(Desk):
    writers = ADMINS
    removers = ADMINS
    code_paths = ("code", "name")
    list_display = ("name", "code", "company")
    list_select_related = ("company",)
    list_filter = (CompanyFilter,)
    fields = ("company", "code", "name")


@admin.register(Absence)
class AbsenceDesk(TellsStranded, Desk):
    """Absences have a desk of their own: a dispatcher notes who called in ill."""

    company_path = "driver__company"
    name_paths = ("driver__sort_key",)
    list_display = ("driver", "first_on", "last_on", "reason")
    list_select_related = ("driver__company",)
    list_filter = ("reason", CompanyFilter)
    autocomplete_fields = ("driver",)
    fields = ("driver", "first_on", "last_on", "reason")

    def who_drives(self, row: Absence) -> Driver:
        return row.driver
