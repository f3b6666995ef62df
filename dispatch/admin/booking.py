"""The desk of bookings: journeys are entered, changed until somebody drives them, confirmed and cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from dispatch.admin.base import CompanyFilter, DeskInline, column, rendered
from dispatch.admin.booking_forms import (
    AGREED,
    NEW_FIELDSETS,
    BookingForm,
    CancelForm,
    NewBookingForm,
    ReturnForm,
    tell_doubts,
)
from dispatch.admin.days import DayFilter
from dispatch.admin.handovers import HandoverFilter, HandoverInline
from dispatch.admin.transfer import CsvDesk
from dispatch.admin.versions import StaleRowError, VersionedDesk
from dispatch.enums import BookingStatus, Leg, Priority
from dispatch.models import Assignment, Booking
from dispatch.usecases.book_return import RETURNABLE, book_return
from dispatch.usecases.create_booking import create_booking
from dispatch.usecases.edit_booking import BookingContent, edit_booking
from dispatch.usecases.errors import StaleBookingError, UseCaseError
from dispatch.usecases.keep_row import InvalidRowError
from dispatch.usecases.promise import Agreed
from dispatch.usecases.record_progress import record_progress
from dispatch.usecases.return_left import left_sentence, return_left

if TYPE_CHECKING:
    from typing import Any

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

    from dispatch.usecases.promise import Window

CHANGEABLE = frozenset({BookingStatus.DRAFT, BookingStatus.CONFIRMED, BookingStatus.ASSIGNED})
FIXED = ("patient", "leg", "outbound", "status", "status_reason")
RECORDED = (
    "ready_at", "en_route_at", "arrived_pickup_at", "boarded_at", "arrived_dropoff_at", "alighted_at",
    "absent_at", "plan_changes", "late_plan_changes",
)  # fmt: skip


class ReturnInline(DeskInline):
    """The way back, as it stands; it is a journey of its own, with a desk entry of its own."""

    model = Booking
    fk_name = "outbound"
    fields = ("reference", "promised_from", "promised_to", "is_will_call", "status")
    readonly_fields = fields
    show_change_link = True
    can_delete = False
    verbose_name = _("return")
    verbose_name_plural = _("return")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_change_permission = has_add_permission


@admin.register(Booking)
class BookingDesk(CsvDesk, VersionedDesk):
    csv_kind = "bookings"
    csv_has_day = True
    form = BookingForm
    change_form_template = "admin/dispatch/booking_form.html"
    add_fieldsets = NEW_FIELDSETS
    name_paths = ("patient__sort_key", "pickup__sort_key", "dropoff__sort_key")
    code_paths = ("reference", "patient__reference")
    list_display = ("journey", "when", "who", "driver", "status", "company")
    list_select_related = (
        "company", "patient", "pickup__parent", "dropoff__parent", "assignment__driver",
    )  # fmt: skip
    list_filter = (
        DayFilter, "status", "leg", "priority", "is_will_call", HandoverFilter, CompanyFilter,
    )  # fmt: skip
    ordering = ("-service_on", "promised_from", "id")
    autocomplete_fields = ("patient", "pickup", "dropoff", "outbound")
    actions = ("confirm", "cancel")
    fieldsets = (
        (None, {"fields": ("company", "patient", ("leg", "outbound"), ("pickup", "dropoff"))}),
        (
            _("When"),
            {
                "fields": (
                    "service_on",
                    "requested_at",
                    ("promised_from", "promised_to"),
                    "move_promise",
                    "appointment_at",
                    "is_will_call",
                )
            },
        ),
        (
            _("How"),
            {
                "fields": (
                    ("priority", "is_urgent"),
                    ("pooling_allowed", "same_driver_as_outbound"),
                    "escort_seats",
                    "notes",
                )
            },
        ),
    )
    recorded = (
        (
            _("Where it stands"),
            {
                "fields": (
                    ("reference", "version", "created_at"),
                    ("status", "status_reason"),
                    ("standing_order", "series_on"),
                    ("ready_at", "en_route_at", "arrived_pickup_at"),
                    ("boarded_at", "arrived_dropoff_at", "alighted_at"),
                    ("absent_at", "plan_changes", "late_plan_changes"),
                )
            },
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None:
            return fieldsets
        hidden = set() if obj.status in CHANGEABLE else {"move_promise"}
        kept = [
            (name, options | {"fields": [f for f in options["fields"] if f not in hidden]})
            for name, options in fieldsets
        ]
        return [*kept, *self.recorded]

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,  # noqa: FBT001 - Django's signature
        **kwargs: Any,
    ) -> Any:
        kind = NewBookingForm if obj is None else BookingForm
        return super().get_form(request, obj, change, **{"form": kind} | kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The desk opens on today; the filter says so, and takes “any day” as well."""
        is_opened = request.method == "GET" and not request.GET
        if is_opened and self.has_view_permission(request):
            with self.clock_of(request, None):
                today = timezone.localdate().isoformat()
            return HttpResponseRedirect(f"{request.path}?{urlencode({'from': today, 'to': today})}")
        return super().changelist_view(request, extra_context)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.return_view)
        own = [path("<int:pk>/return/", view, name="dispatch_booking_return")]
        return own + super().get_urls()

    def return_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The way back of this journey, as a page of its own."""
        outbound = self.get_object(request, str(pk))
        if outbound is None:
            raise Http404
        if not self.has_change_permission(request, outbound):
            raise PermissionDenied
        with self.clock_of(request, str(pk)):
            return self._return_page(request, outbound)

    def _return_page(self, request: HttpRequest, outbound: Booking) -> HttpResponse:
        form = ReturnForm(request.POST or None)
        if form.is_valid():
            try:
                back = book_return(
                    outbound_id=outbound.pk,
                    wanted=form.wanted(),
                    now=timezone.now(),
                    expected_version=None,
                )
            except InvalidRowError as refusal:
                form.take(refusal)
            except UseCaseError as refusal:
                form.add_error(None, str(refusal))
            else:
                self.log_addition(request, back, [{"added": {}}])
                tell_doubts(self, request, back)
                return HttpResponseRedirect(
                    reverse("admin:dispatch_booking_change", args=[back.pk])
                )
        context = {
            **self.admin_site.each_context(request),
            "title": _t("The way back of %s") % outbound.reference,
            "opts": self.opts,
            "form": form,
            "media": self.media + form.media,
        }
        return rendered(TemplateResponse(request, "admin/dispatch/booking_return.html", context))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Where a journey stands changes by what happens to it, never by typing it in."""
        told = ("reference", "version", "created_at", "standing_order", "series_on", *RECORDED)
        fixed = (*super().get_readonly_fields(request, obj), *told)
        if obj is None:
            return fixed
        if obj.status not in CHANGEABLE:
            everything = {field.name for field in self.opts.fields} - {"id", "notes"}
            return (*fixed, *sorted(everything - set(fixed)))
        return (*fixed, *FIXED)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        if obj is None:
            return ()
        found = (ReturnInline,) if obj.leg == Leg.OUTBOUND else ()
        return (*found, HandoverInline) if obj.handovers.exists() else found

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only what was never promised disappears; anything else is cancelled, and stays in the books."""
        is_draft = obj is None or obj.status == BookingStatus.DRAFT
        return is_draft and super().has_delete_permission(request, obj)

    def get_actions(self, request: HttpRequest) -> Any:
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """What was agreed goes the way of every other edit; the rest is words for the office."""
        if not change:
            self._create(request, obj, form)
            return
        if AGREED.isdisjoint(form.changed_data):
            super().save_model(request, obj, form, change)
            return
        held = Assignment.objects.select_related("driver").filter(booking_id=obj.pk).first()
        was = self._edit(obj, form)
        tell_doubts(self, request, obj, was)
        if held is not None and obj.status == BookingStatus.CONFIRMED:
            self.message_user(request, _driver_lost(held), messages.WARNING)

    def _create(self, request: HttpRequest, row: Booking, form: Any) -> None:
        made = create_booking(company=row.company, wanted=form.wanted(), now=timezone.now())
        row.pk, row.reference, row.service_on = made.pk, made.reference, made.service_on
        back: Booking | None = Booking.objects.filter(outbound=made).first()
        for booking in (made, back):
            if booking is not None:
                tell_doubts(self, request, booking)

    def _edit(self, row: Booking, form: Any) -> Window | None:
        """What had been promised before."""
        stored = Booking.objects.filter(pk=row.pk).first()
        seen = form.cleaned_data.get("seen_version")
        if seen is None or stored is None:
            raise StaleRowError
        try:
            written = edit_booking(
                booking_id=row.pk,
                content=BookingContent.of(row),
                now=timezone.now(),
                expected_version=seen,
                move_promise=form.cleaned_data.get("move_promise", False),
            )
        except StaleBookingError as error:
            raise StaleRowError from error
        for name in (*BookingContent.__slots__, "version", "status"):
            setattr(row, name, getattr(written, name))
        return Agreed.of(stored).window

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        obj = kwargs.get("obj")
        if obj is not None and self._lacks_return(obj) and self.has_add_permission(request):
            context["return_url"] = reverse("admin:dispatch_booking_return", args=[obj.pk])
        if obj is not None:
            context["why_url"] = reverse("pages:why", args=[obj.pk])
        return super().render_change_form(request, context, *args, **kwargs)

    @staticmethod
    def _lacks_return(booking: Booking) -> bool:
        may_have = booking.leg != Leg.RETURN and booking.status in RETURNABLE
        return may_have and not Booking.objects.filter(outbound=booking).exists()

    # Columns --------------------------------------------------------------------------------------

    @column(_("journey"), order="reference")
    def journey(self, booking: Booking) -> str:
        """Its reference, and what is not ordinary about it."""
        said = [booking.get_leg_display()]
        said += [booking.get_priority_display()] if booking.priority != Priority.NORMAL else []
        said += [_t("urgent")] if booking.is_urgent else []
        return format_html(
            '<span class="fixed">{}</span><br><span class="quiet">{}</span>',
            booking.reference,
            ", ".join(map(str, said)),
        )

    @column(_("promised"), order="promised_from")
    def when(self, booking: Booking) -> str:
        day = date_format(booking.service_on, "SHORT_DATE_FORMAT")
        if booking.promised_from is None or booking.promised_to is None:
            hours = _t("on call") if booking.is_will_call else "–"
        else:
            tz = booking.company.tz
            ends = (at.astimezone(tz) for at in (booking.promised_from, booking.promised_to))
            hours = "–".join(f"{at:%H:%M}" for at in ends)
        return format_html('<span class="fixed">{}<br>{}</span>', day, hours)

    @column(_("patient, from and to"), order="patient__sort_key")
    def who(self, booking: Booking) -> str:
        return format_html(
            '{}<br><span class="quiet">{} → {}</span>',
            booking.patient,
            booking.pickup,
            booking.dropoff,
        )

    @column(_("driver"), order="assignment__driver__sort_key")
    def driver(self, booking: Booking) -> str:
        held = getattr(booking, "assignment", None)
        return (
            "–"
            if held is None
            else format_html("{}{}", held.driver, " 📌" if held.is_pinned else "")
        )

    # Actions --------------------------------------------------------------------------------------

    @admin.action(description=_("Confirm (drafts)"), permissions=["change"])
    def confirm(self, request: HttpRequest, bookings: QuerySet[Booking]) -> None:
        self._move(request, bookings, BookingStatus.CONFIRMED)

    @admin.action(description=_("Cancel…"), permissions=["change"])
    def cancel(self, request: HttpRequest, bookings: QuerySet[Booking]) -> HttpResponse | None:
        form = CancelForm(request.POST if "reason" in request.POST else None)
        if form.is_valid():
            self._move(request, bookings, None, form.cleaned_data["reason"])
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _t("Cancel journeys"),
            "opts": self.opts,
            "bookings": bookings.select_related("patient", "pickup__parent", "dropoff__parent"),
            "form": form,
            "checkbox": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/dispatch/cancel.html", context)

    def _move(
        self,
        request: HttpRequest,
        bookings: QuerySet[Booking],
        to: BookingStatus | None,
        reason: str = "",
    ) -> None:
        """Each by itself: one that cannot is told, the others go. Without `to` they are cancelled, as of now."""
        moved, now = [], timezone.now()
        for booking in bookings.select_related("company").order_by("pk"):
            if not self.has_change_permission(request, booking):
                self.message_user(
                    request, _t("%s: you may only look at it.") % booking, messages.ERROR
                )
                continue
            try:
                written = record_progress(
                    booking_id=booking.pk,
                    to=to or BookingStatus.CANCELLED,
                    at=now,
                    reason=reason,
                    expected_version=booking.version,
                )
            except UseCaseError as refusal:
                self.message_user(request, f"{booking}: {refusal}", messages.ERROR)
                continue
            self.log_change(request, booking, f"{written.status} {reason}".strip())
            moved.append(written)
        if moved:
            said = ngettext("%d journey changed.", "%d journeys changed.", len(moved))
            self.message_user(request, said % len(moved), messages.SUCCESS)
        for booking in moved:
            self._tell_return_left(request, booking)

    def _tell_return_left(self, request: HttpRequest, booking: Booking) -> None:
        """After all of them: the return may have been cancelled along."""
        back = return_left(booking)
        if back is not None:
            url = reverse("admin:dispatch_booking_change", args=[back.pk])
            link = format_html('<a href="{}">{}</a>', url, back.reference)
            told = format_html("{}: {} {}", booking.reference, left_sentence(back), link)
            self.message_user(request, told, messages.WARNING)


def _driver_lost(held: Assignment) -> str:
    """Of a journey whose edit took its driver away; `held` is what it had."""
    if held.is_pinned:
        return _t(
            "The plan of %(driver)s no longer fits: the driver was taken away, and the journey "
            "waits for one again. It was fixed with %(driver)s; that is dropped as well."
        ) % {"driver": held.driver}
    return _t(
        "The plan of %(driver)s no longer fits: the driver was taken away, and the journey "
        "waits for one again."
    ) % {"driver": held.driver}
