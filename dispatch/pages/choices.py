"""Fairness against cost: up to three plans of a day side by side, each a proposal to look at and to apply."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from dispatch.engine.errors import EngineError
from dispatch.enums import RunTrigger
from dispatch.models import Company, DispatchRun
from dispatch.pages.policy import signed_in
from dispatch.pages.seats import refuse_drivers, refuse_onlookers, seat_of
from dispatch.pages.views import page
from dispatch.usecases.compare_figures import compare_figures
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.measure_day import expected_kpis, kpis_of
from dispatch.usecases.offer_choices import (
    Offered,
    Weighed,
    chosen_of,
    offer_choices,
    offered_choices,
    standing_beside,
)

MOST_RUNS = 3


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def choices(request: HttpRequest, day: date) -> HttpResponse:
    """Planned while the browser waits; the address of the answer names its runs, so that it can be come back to."""
    seat = seat_of(request)
    if seat is None:
        raise Http404
    refuse_drivers(seat)
    here = reverse("pages:choices", args=[day]) + seat.suffix
    if request.method == "POST":
        refuse_onlookers(seat)
        try:
            runs = offer_choices(
                company=seat.company,
                day=day,
                trigger=RunTrigger.MANUAL,
                by=seat.user,
                clock=timezone.now,
            )
        except (UseCaseError, EngineError) as error:
            messages.error(request, str(error))
            return redirect(here)
        joint = "&" if seat.suffix else "?"
        return redirect(f"{here}{joint}runs={'.'.join(map(str, runs))}")
    asked = _runs(request.GET.get("runs", ""))
    offered = offered_choices(seat.company, day, asked) if asked else []
    facts = {
        "day": day,
        "was_asked": bool(asked),
        "offered": offered,
        "is_whole": len(asked) == MOST_RUNS,
        "chosen": chosen_of(seat.company, day, asked),
        "last": len(offered) - 1,
        "usual": _usual(seat.company, offered),
        **_beside(seat.company, day, offered),
        "messages": messages.get_messages(request),
    }
    return page(request, seat, "pages/choices.html", facts)


def _beside(company: Company, day: date, offered: list[Offered]) -> dict[str, Any]:
    """The columns of the table: the plan in force, where there is one, and each that is offered."""
    standing = standing_beside(offered)
    kpis = [kpis_of(one.run.quality) for one in offered]
    columns: list[Weighed] = list(offered)
    in_force = None
    if standing is not None:
        runs = DispatchRun.objects.filter(company=company).on_day(day).in_force()
        in_force = runs.without_documents().order_by("-version").first()
        expected = expected_kpis(company=company, day=day, now=timezone.now(), in_force=in_force)
        kpis.insert(0, expected)
        columns.insert(0, standing)
    return {
        "standing": standing,
        "in_force": in_force,
        "columns": columns,
        "figures": compare_figures(*kpis),
    }


def _usual(company: Company, offered: list[Offered]) -> int:
    """Where the slider begins: at the plan made with the company's own weight of fairness, else at the cheapest."""
    weight = company.rules.weights.fairness
    return next((k for k, one in enumerate(offered) if one.weight == weight), 0)


def _runs(text: str) -> list[int]:
    """The numbers in an address; what is none says nothing."""
    words = text.split(".")[:MOST_RUNS]
    return [int(word) for word in words if word.isascii() and word.isdigit() and len(word) <= 18]
