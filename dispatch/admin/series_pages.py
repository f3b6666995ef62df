"""The pages that change a series: what would happen and what stands in the way come first, then one more click."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import modelform_factory
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from dispatch.admin.base import rendered
from dispatch.admin.series_forms import CONTENT, ContentForm, EndForm, PauseForm, ResumeForm
from dispatch.models import StandingOrder
from dispatch.usecases.change_series import change_series, preview_series
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.expand_series import expand_series
from dispatch.usecases.series_change import Effect

if TYPE_CHECKING:
    from datetime import date, datetime, tzinfo
    from typing import Any

    from django.http import HttpRequest, HttpResponse

    from dispatch.admin.base import Desk
    from dispatch.usecases.change_series import SeriesEdit
    from dispatch.usecases.series_change import BookingEffect, SeriesChange

TITLES = {
    "edit": gettext_lazy("Change the series"),
    "pause": gettext_lazy("Pause the series"),
    "resume": gettext_lazy("End a pause"),
    "end": gettext_lazy("End the series"),
}
WORDS = {
    Effect.MOVED: gettext_lazy("changed"),
    Effect.CANCELLED: gettext_lazy("cancelled"),
    Effect.RESTORED: gettext_lazy("brought back"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What becomes of one journey."""

    day: date
    reference: str
    what: str
    is_return: bool
    at: datetime | None
    promise: str = ""


def series_urls(desk: Desk) -> list[Any]:
    """Under the desk of standing orders: one page for each kind of change."""

    def page(kind: str) -> Any:
        def view(request: HttpRequest, order_id: int) -> HttpResponse:
            return _page(request, desk, order_id, kind)

        route, name = f"<int:order_id>/{kind}/", f"dispatch_standingorder_{kind}"
        return path(route, desk.admin_site.admin_view(view), name=name)

    return [page(kind) for kind in TITLES]


def order_url(order_id: int) -> str:
    return reverse("admin:dispatch_standingorder_change", args=[order_id])


def book_ahead(request: HttpRequest, order: StandingOrder) -> None:
    """Expand the series and say what came of it."""
    try:
        change = expand_series(order_id=order.pk, now=timezone.now())
    except UseCaseError as refusal:
        messages.error(request, f"{order}: {refusal}")
        return
    tell_booked(request, order, change)


def tell_booked(request: HttpRequest, order: StandingOrder, change: SeriesChange) -> None:
    count = len(change.created)
    said = ngettext("%d journey is booked.", "%d journeys are booked.", count)
    messages.success(request, f"{order}: {said % count}")
    for note in change.notes:
        messages.warning(request, note)


def _order(request: HttpRequest, desk: Desk, order_id: int) -> StandingOrder:
    order: StandingOrder | None = desk.get_queryset(request).filter(pk=order_id).first()
    if order is None:
        raise Http404
    if not desk.has_change_permission(request, order):
        raise PermissionDenied
    return order


def _page(request: HttpRequest, desk: Desk, order_id: int, kind: str) -> HttpResponse:
    order = _order(request, desk, order_id)
    form = _form(request, desk, order, kind)
    change: SeriesChange | None = None
    if form.is_bound and form.is_valid():
        edit, token = form.edit(), request.POST.get("token", "")
        done = _do(request, order, edit, token) if "do" in request.POST else None
        if done is not None:
            return HttpResponseRedirect(order_url(done.order_id))
        change = _look(form, order, edit)
    context = {
        **desk.admin_site.each_context(request),
        "opts": desk.opts,
        "title": TITLES[kind],
        "order": order,
        "order_url": order_url(order.pk),
        "form": form,
        "media": desk.media + form.media,
        "change": change,
        "lines": () if change is None else _lines(change, order.company.tz),
    }
    with timezone.override(order.company.tz):
        return rendered(TemplateResponse(request, "admin/dispatch/series.html", context))


def _form(request: HttpRequest, desk: Desk, order: StandingOrder, kind: str) -> Any:
    kinds: dict[str, type[forms.BaseForm]] = {
        "pause": PauseForm,
        "resume": ResumeForm,
        "end": EndForm,
    }
    form = kinds.get(kind) or modelform_factory(
        StandingOrder,
        form=ContentForm,
        fields=CONTENT,
        formfield_callback=lambda field, **more: desk.formfield_for_dbfield(field, request, **more),
    )
    return form(request.POST or None, order=order)  # type: ignore[call-arg]


def _do(
    request: HttpRequest, order: StandingOrder, edit: SeriesEdit, token: str
) -> SeriesChange | None:
    """None when it was refused: what moved since is shown again, not done."""
    try:
        done = change_series(order_id=order.pk, edit=edit, now=timezone.now(), expected_token=token)
    except UseCaseError as refusal:
        messages.error(request, str(refusal))
        return None
    messages.success(request, _summary(done))
    return done


def _look(form: forms.BaseForm, order: StandingOrder, edit: SeriesEdit) -> SeriesChange | None:
    try:
        return preview_series(order_id=order.pk, edit=edit, now=timezone.now())
    except UseCaseError as refusal:
        form.add_error(None, str(refusal))
        return None


def _summary(change: SeriesChange) -> str:
    return _(
        "%(created)d booked, %(moved)d changed, %(cancelled)d cancelled, %(restored)d brought back."
    ) % {
        "created": len(change.created),
        "moved": len(change.moved),
        "cancelled": len(change.cancelled),
        "restored": len(change.restored),
    }


def _lines(change: SeriesChange, tz: tzinfo) -> list[Line]:
    told = [_line(each, tz) for each in change.effects if each.effect in WORDS]
    new = [
        Line(
            day=each.leg.service_on,
            reference="",
            what=_("booked"),
            is_return=each.leg.is_return,
            at=each.leg.requested_at,
        )
        for each in change.created
    ]
    return sorted([*told, *new], key=lambda line: (line.day, line.is_return))


def _line(each: BookingEffect, tz: tzinfo) -> Line:
    values: dict[str, Any] = dict(each.values)
    return Line(
        day=values.get("service_on", each.series_on),
        reference=each.reference,
        what=str(WORDS[each.effect]),
        is_return=each.is_return,
        at=values.get("requested_at"),
        promise="" if each.promise is None else each.promise.sentence(tz),
    )
