"""The page of a company's day: plan it, look at what came out, put it in force; each a separate click."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from dispatch.admin.access import DISPATCH, OFFICE, access_of
from dispatch.admin.base import rendered
from dispatch.admin.day_story import DayStory
from dispatch.enums import RunStatus, RunTrigger
from dispatch.models import Booking, Company, DispatchRun, Shift
from dispatch.models.statuses import OPEN
from dispatch.tasks import deliver
from dispatch.usecases.apply_plan import apply_plan
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.note_sentences import error_sentence
from dispatch.usecases.request_run import request_run
from dispatch.usecases.run_dispatch import run_dispatch
from dispatch.usecases.wall_time import is_in_reach

if TYPE_CHECKING:
    from typing import Any

    from django.contrib.admin import AdminSite
    from django.http import HttpRequest, HttpResponse

    from dispatch.enums import Role

LONGEST_WAIT_S = 15  # what plans longer than this is left to a worker
RUNS_SHOWN = 20


def planning_urls(site: AdminSite) -> list[Any]:
    """Under the desk of companies."""

    def day(request: HttpRequest, company_id: int, day: str) -> HttpResponse:
        return _day(request, site, company_id, day)

    return [
        path("<int:company_id>/day/<str:day>/", site.admin_view(day), name="dispatch_company_day"),
        path(
            "<int:company_id>/day/<str:day>/plan/",
            site.admin_view(require_POST(_plan)),
            name="dispatch_company_plan",
        ),
    ]


def company_for(request: HttpRequest, company_id: int, roles: frozenset[Role]) -> Company:
    """Of a stranger: not found. Of one's own, without the role: refused."""
    company = access_of(request).companies(OFFICE).filter(pk=company_id).first()
    if company is None:
        raise Http404
    if not access_of(request).has_in(company.pk, roles):
        raise PermissionDenied
    return company


def _parsed(day: str) -> date:
    try:
        found = date.fromisoformat(day)
    except ValueError as error:
        raise Http404 from error
    if not is_in_reach(found):
        raise Http404
    return found


def day_url(company: Company, day: date) -> str:
    return reverse("admin:dispatch_company_day", args=[company.pk, day.isoformat()])


def run_url(run: DispatchRun) -> str:
    return reverse("admin:dispatch_dispatchrun_change", args=[run.pk])


def _day(request: HttpRequest, site: AdminSite, company_id: int, day: str) -> HttpResponse:
    company, on = company_for(request, company_id, OFFICE), _parsed(day)
    if request.GET.get("day"):
        return HttpResponseRedirect(day_url(company, _parsed(request.GET["day"])))
    runs = list(
        DispatchRun.objects.filter(company=company, service_on=on)
        .without_documents()
        .select_related("requested_by")
        .order_by("-version")[:RUNS_SHOWN]
    )
    in_force = next((run for run in runs if run.applied_at and run.status == RunStatus.DONE), None)
    context = {
        **site.each_context(request),
        "opts": Company._meta,
        "title": _("%(company)s: plan of %(day)s") % {"company": company, "day": date_format(on)},
        "company": company,
        "day": on,
        "before_url": day_url(company, on - timedelta(days=1)),
        "after_url": day_url(company, on + timedelta(days=1)),
        "counts": _counts(company, on),
        "runs": [(run, error_sentence(run.error)) for run in runs],
        "in_force": in_force,
        "story": DayStory(company, on, in_force),
        "may_plan": access_of(request).has_in(company.pk, DISPATCH),
        "seconds": company.rules.solver_time_limit_s,
    }
    with timezone.override(company.tz):
        return rendered(TemplateResponse(request, "admin/dispatch/day.html", context))


def _counts(company: Company, day: date) -> dict[str, int]:
    open_ones = Q(status__in=[status.value for status in OPEN])
    counts: dict[str, int] = (
        Booking.objects.filter(company=company)
        .on_day(day)
        .aggregate(
            bookings=Count("pk"),
            open=Count("pk", filter=open_ones),
            assigned=Count("pk", filter=Q(status="assigned")),
            on_call=Count("pk", filter=Q(is_will_call=True, ready_at=None, status="confirmed")),
            drafts=Count("pk", filter=Q(status="draft")),
        )
    )
    return counts | {"shifts": Shift.objects.on_day(company, day).planned().count()}


def _plan(request: HttpRequest, company_id: int, day: str) -> HttpResponse:
    company, on = company_for(request, company_id, DISPATCH), _parsed(day)
    is_applied = request.POST.get("then") == "apply"
    try:
        seconds = company.rules.solver_time_limit_s
        is_long = seconds > LONGEST_WAIT_S
        run = request_run(
            company=company,
            day=on,
            trigger=RunTrigger.MANUAL,
            by=_user(request),
            is_handed_over=is_long,
        )
        if is_long:
            deliver(run.pk)
            said = _("A worker plans the day; load the page again in %d seconds.")
            messages.info(request, said % seconds)
            return HttpResponseRedirect(run_url(run))
        run = run_dispatch(run_id=run.pk, clock=timezone.now)
    except UseCaseError as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(day_url(company, on))
    if is_applied:
        return put_in_force(request, run)
    messages.success(
        request, _("This is a preview. Nothing is in force before you put it in force.")
    )
    return HttpResponseRedirect(run_url(run))


def put_in_force(request: HttpRequest, run: DispatchRun) -> HttpResponse:
    try:
        applied = apply_plan(run_id=run.pk, by=_user(request), now=timezone.now())
    except UseCaseError as refusal:
        references = ", ".join(getattr(refusal, "references", ()))
        messages.error(request, f"{refusal} {references}".strip())
        return HttpResponseRedirect(run_url(run))
    written = applied.written
    changed = written.assigned + written.unassigned + written.changed
    said = ngettext(
        "The plan is in force: %d journey changed.",
        "The plan is in force: %d journeys changed.",
        changed,
    )
    messages.success(request, said % changed)
    return HttpResponseRedirect(day_url(run.company, run.service_on))


def _user(request: HttpRequest) -> Any:
    return request.user
