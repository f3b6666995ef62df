"""The desk of planning runs: what the planner did, in names and sentences; nothing here is ever edited."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from dispatch.admin.access import DISPATCH, access_of
from dispatch.admin.base import CompanyFilter, Desk, ReadOnly, column, rendered
from dispatch.admin.days import DayFilter, PickupFilter
from dispatch.admin.plan_pages import RunStory, changes
from dispatch.admin.planning import company_for, day_url, put_in_force, run_url
from dispatch.engine.kpi import Kpi
from dispatch.enums import RunStatus
from dispatch.models import Assignment, DispatchRun
from dispatch.usecases.compare_figures import compare_figures
from dispatch.usecases.measure_day import kpi_from_json, kpis_of
from dispatch.usecases.note_sentences import (
    error_sentence,
    note_sentences,
    source_words,
    stage_words,
)
from dispatch.usecases.wording import language

if TYPE_CHECKING:
    from typing import Any

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from dispatch.engine.kpi import KpiValue

PLANNED = (RunStatus.DONE, RunStatus.SUPERSEDED)


@admin.register(DispatchRun)
class DispatchRunDesk(ReadOnly, Desk):
    list_display = (
        "__str__", "outcome", "requested", "seconds", "assigned", "score", "degraded", "company",
    )  # fmt: skip
    list_filter = (DayFilter, "status", "trigger", CompanyFilter)
    ordering = ("-service_on", "-version")
    actions = ("compare",)
    search_fields = ()
    change_form_template = "admin/dispatch/run.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[DispatchRun]:
        rows: QuerySet[DispatchRun] = super().get_queryset(request)
        return rows.select_related("company", "requested_by").defer(
            "problem", "start", "plan", "based_on"
        )

    def get_urls(self) -> list[Any]:
        site = self.admin_site
        own = [
            path(
                "<int:run_id>/apply/",
                site.admin_view(require_POST(self.apply_view)),
                name="dispatch_dispatchrun_apply",
            ),
            path(
                "<int:run_id>/compare/",
                site.admin_view(self.compare_view),
                name="dispatch_dispatchrun_compare",
            ),
        ]
        return own + super().get_urls()

    def _run(self, request: HttpRequest, run_id: int) -> DispatchRun:
        run: DispatchRun | None = self.get_queryset(request).filter(pk=run_id).first()
        if run is None:
            raise Http404
        return run

    # One run --------------------------------------------------------------------------------------

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        run: DispatchRun = kwargs["obj"]
        context |= {
            "story": RunStory(run),
            "stages": _stages(run),
            "notes": note_sentences(run.notes),
            "failure": error_sentence(run.error),
            "source": source_words(run.travel_source),
            "compare_url": _compare_url(run) if _before(run) else "",
            "day_url": day_url(run.company, run.service_on),
            "may_apply": access_of(request).has_in(run.company_id, DISPATCH)
            and run.status == RunStatus.DONE
            and run.applied_at is None,
        }
        with timezone.override(run.company.tz):
            return rendered(super().render_change_form(request, context, *args, **kwargs))

    def apply_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        run = self._run(request, run_id)
        company_for(request, run.company_id, DISPATCH)
        return put_in_force(request, run)

    # Two runs -------------------------------------------------------------------------------------

    @admin.action(description=_("Compare with the previous run"), permissions=["view"])
    def compare(self, request: HttpRequest, runs: QuerySet[DispatchRun]) -> HttpResponse | None:
        chosen = list(runs[:2])
        if len(chosen) != 1:
            self.message_user(request, _t("Choose one run."), messages.WARNING)
            return None
        return HttpResponseRedirect(_compare_url(chosen[0]))

    def compare_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        run = self._run(request, run_id)
        company_for(request, run.company_id, self.viewers)
        before = _before(run)
        if before is None or run.plan is None:
            self.message_user(
                request,
                _t("There is no earlier plan of this day to compare with."),
                messages.WARNING,
            )
            return HttpResponseRedirect(run_url(run))
        changed = changes(RunStory(before), RunStory(run))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _t("Version %(after)d compared with version %(before)d")
            % {"after": run.version, "before": before.version},
            "run": run,
            "before": before,
            "run_url": run_url(run),
            "before_url": run_url(before),
            "changes": changed,
            "other_driver": sum(change.move.has_other_driver for change in changed),
            "figures": compare_figures(kpis_of(before.quality), kpis_of(run.quality)),
            "titles": [f"v{before.version}", f"v{run.version}"],
            "media": self.media,
        }
        with timezone.override(run.company.tz):
            return rendered(TemplateResponse(request, "admin/dispatch/compare.html", context))

    # Columns --------------------------------------------------------------------------------------

    @column(_("outcome"), order="status")
    def outcome(self, run: DispatchRun) -> str:
        if run.applied_at is not None and run.status == RunStatus.DONE:
            return format_html("<strong>{}</strong>", _t("in force"))
        said = str(run.get_status_display())
        return f"{said}: {error_sentence(run.error)}" if run.error else said

    @column(_("requested"), order="created_at")
    def requested(self, run: DispatchRun) -> str:
        """When, by whom and how."""
        how = [str(run.requested_by)] if run.requested_by else []
        return format_html(
            '<span class="fixed">{}</span><br><span class="quiet">{}</span>',
            date_format(run.created_at.astimezone(run.company.tz), "SHORT_DATETIME_FORMAT"),
            ", ".join([*how, str(run.get_trigger_display())]),
        )

    @column(_("seconds"))
    def seconds(self, run: DispatchRun) -> str:
        if run.started_at is None or run.finished_at is None:
            return "–"
        return f"{(run.finished_at - run.started_at).total_seconds():.1f}"

    @column(_("assigned"))
    def assigned(self, run: DispatchRun) -> str:
        row = _kpi(run, Kpi.ASSIGNMENT_RATE)
        return "–" if row is None else f"{row.numerator:.0f} / {row.denominator:.0f}"

    @column(_("score (predicted)"))
    def score(self, run: DispatchRun) -> str:
        row = _kpi(run, Kpi.QUALITY_SCORE)
        return "–" if row is None else row.text(language())

    @column(_("travel times"), order="is_degraded")
    def degraded(self, run: DispatchRun) -> str:
        words = source_words(run.travel_source) or "–"
        return f"⚠ {words}" if run.is_degraded else words


def _kpi(run: DispatchRun, key: Kpi) -> KpiValue | None:
    rows = (row for row in run.quality.get("kpis", ()) if row["key"] == key and not row["group"])
    return next(map(kpi_from_json, rows), None)


def _before(run: DispatchRun) -> DispatchRun | None:
    """The latest earlier plan of the same day."""
    earlier = DispatchRun.objects.filter(company=run.company_id, service_on=run.service_on)
    planned = earlier.filter(version__lt=run.version, status__in=[s.value for s in PLANNED])
    return planned.select_related("company").order_by("-version").first()


def _compare_url(run: DispatchRun) -> str:
    return reverse("admin:dispatch_dispatchrun_compare", args=[run.pk])


def _stages(run: DispatchRun) -> list[dict[str, Any]]:
    """What each stage did, with its outcome in words."""
    outcomes = {
        "taken": _t("became the best plan"),
        "kept": _t("the plan before was better"),
        "failed": _t("failed"),
        "skipped": _t("left out"),
    }
    return [
        stage
        | {
            "outcome": outcomes.get(stage["outcome"], stage["outcome"]),
            "note": stage_words(stage.get("note", "")),
        }
        for stage in run.stages
    ]


@admin.register(Assignment)
class AssignmentDesk(ReadOnly, Desk):
    """The plan in force, line by line; drivers are changed on the board or by a plan."""

    name_paths = ("booking__patient__sort_key", "driver__sort_key")
    code_paths = ("booking__reference", "vehicle__plate")
    list_display = (
        "pickup",
        "dropoff",
        "booking",
        "patient",
        "driver",
        "vehicle",
        "pinned",
        "assigned_by",
        "run",
    )
    list_display_links = ("booking",)
    list_filter = (PickupFilter, "is_pinned", "is_over", "assigned_by", CompanyFilter)
    ordering = ("-planned_pickup_at", "id")
    exclude = ("ride_group",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Assignment]:
        rows: QuerySet[Assignment] = super().get_queryset(request)
        return rows.select_related(
            "company",
            "booking__patient",
            "driver",
            "vehicle",
            "run",
            "shift__driver",
            "shift__company",
        ).defer("run__problem", "run__start", "run__plan", "run__based_on")

    @column(_("pickup"), order="planned_pickup_at")
    def pickup(self, row: Assignment) -> str:
        local = row.planned_pickup_at.astimezone(row.company.tz)
        return date_format(local, "SHORT_DATETIME_FORMAT")

    @column(_("drop-off"), order="planned_dropoff_at")
    def dropoff(self, row: Assignment) -> str:
        return f"{row.planned_dropoff_at.astimezone(row.company.tz):%H:%M}"

    @column(_("patient"), order="booking__patient__sort_key")
    def patient(self, row: Assignment) -> str:
        return str(row.booking.patient)

    @column(_("pinned"), order="is_pinned", boolean=True)
    def pinned(self, row: Assignment) -> bool:
        return row.is_pinned
