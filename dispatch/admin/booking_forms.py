"""What the desk of bookings asks: a new journey with its way back, a change, a return, the reason of an end."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.forms.models import construct_instance
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from dispatch.admin.moments import MomentField
from dispatch.admin.versions import VersionedForm
from dispatch.enums import BookingStatus, Priority, ReturnMode
from dispatch.models import Booking
from dispatch.models.labels import choices
from dispatch.models.statuses import REASONS
from dispatch.usecases.create_booking import NewBooking
from dispatch.usecases.doubts import doubts_about
from dispatch.usecases.keep_row import InvalidRowError
from dispatch.usecases.moved_promise import moved_promise
from dispatch.usecases.promise import Agreed, Window, follow_appointment
from dispatch.usecases.way_back import NewReturn

if TYPE_CHECKING:
    from typing import Any

    from django.http import HttpRequest

    from dispatch.admin.base import Desk

NEW = (BookingStatus.CONFIRMED, BookingStatus.DRAFT)
# What a plan may hang on, as the form names it: `edit_booking` judges these and writes them.
AGREED = frozenset({
    "move_promise",
    "pickup", "dropoff", "service_on", "requested_at", "promised_from", "promised_to",
    "appointment_at", "is_will_call", "same_driver_as_outbound", "priority", "pooling_allowed",
    "escort_seats",
})  # fmt: skip


NEW_FIELDSETS = (
    (None, {"fields": ("company", "patient", ("pickup", "dropoff"), "status")}),
    (
        _("When"),
        {
            "fields": ("appointment_at", "requested_at", ("promised_from", "promised_to")),
            "description": _(
                "The appointment or the requested pickup is enough: the rest follows from the company’s rules."
            ),
        },
    ),
    (_("The way back"), {"fields": ("way_back", "return_at", "same_driver_return")}),
    (_("How"), {"fields": ("priority", "pooling_allowed", "escort_seats", "notes")}),
)


class NewBookingForm(VersionedForm):
    """A new journey: what is missing follows from what is said, by `create_booking`, which also judges it."""

    shown_as = {
        "way_back.requested_at": "return_at",
        "way_back.promised_from": "return_at",
        "way_back.promised_to": "return_at",
    }
    way_back = forms.ChoiceField(
        label=_("The way back"), choices=choices(ReturnMode), initial=ReturnMode.NONE.value
    )
    return_at = MomentField(label=_("pickup of the way back"), required=False)
    same_driver_return = forms.BooleanField(label=_("same driver as outbound"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = dict(choices(BookingStatus))
        status: Any = self.fields["status"]
        status.choices = [(code.value, labels[code.value]) for code in NEW]
        status.initial = BookingStatus.CONFIRMED.value
        _capitalise(self)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        _whole_window(self)
        return cleaned

    def _post_clean(self) -> None:
        """The row learns what was typed; the use case judges it."""
        meta = self._meta
        self.instance = construct_instance(self, self.instance, meta.fields, meta.exclude)

    def wanted(self) -> NewBooking:
        said = self.cleaned_data
        return NewBooking(
            patient_id=said["patient"].pk,
            pickup_id=said["pickup"].pk,
            dropoff_id=said["dropoff"].pk,
            requested_at=said["requested_at"],
            appointment_at=said["appointment_at"],
            promised=_window(said),
            priority=Priority(said["priority"]),
            pooling_allowed=said["pooling_allowed"],
            escort_seats=said["escort_seats"],
            notes=said["notes"],
            is_draft=said["status"] == BookingStatus.DRAFT,
            way_back=self._way_back(),
        )

    def _way_back(self) -> NewReturn | None:
        said = self.cleaned_data
        if said["way_back"] == ReturnMode.NONE:
            return None
        return NewReturn(
            is_on_call=said["way_back"] == ReturnMode.WILL_CALL,
            requested_at=said["return_at"],
            same_driver=said["same_driver_return"],
        )


class BookingForm(VersionedForm):
    """A journey that exists: what changes is judged and written by `edit_booking`."""

    move_promise = forms.BooleanField(
        label=_("Promise the usual window around the requested pickup anew"), required=False
    )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        self._refuse_what_happened()
        if "appointment_at" in self.changed_data and not self.errors:
            self._follow_appointment()
        return cleaned

    def _follow_appointment(self) -> None:
        """Before the row is judged: with the promise of the old appointment it would contradict itself."""
        said = self.cleaned_data
        if said.get("move_promise"):
            return
        row = construct_instance(self, copy(self.instance))
        try:
            follow_appointment(row, Agreed.of(self.instance))
        except InvalidRowError as refusal:
            for name, sentences in refusal.errors.items():
                self.add_error(name if name in self.fields else None, list(sentences))
            return
        for name in ("requested_at", "promised_from", "promised_to", "service_on"):
            said[name] = getattr(row, name)

    def _refuse_what_happened(self) -> None:
        """The driver set off while the form was open: what it asked for is refused, not passed over."""
        is_older = self.cleaned_data.get("seen_version") != self.instance.version
        if is_older and (AGREED - set(self.fields)) & set(self.data):
            said = _t("This journey is “%s”: it can no longer be changed.")
            raise forms.ValidationError(said % self.instance.get_status_display())


class ReturnForm(forms.Form):
    """The way back of a journey that was booked without one."""

    is_on_call = forms.BooleanField(
        label=_("on call"), help_text=_("The patient calls when ready."), required=False
    )
    requested_at = MomentField(label=_("requested pickup"), required=False)
    promised_from = MomentField(label=_("promised from"), required=False)
    promised_to = MomentField(label=_("promised to"), required=False)
    same_driver = forms.BooleanField(label=_("same driver as outbound"), required=False)
    notes = forms.CharField(
        label=_("notes for the driver"),
        help_text=_("Nothing medical."),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "cols": 60}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _capitalise(self)

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        _whole_window(self)
        return cleaned

    def wanted(self) -> NewReturn:
        said = self.cleaned_data
        names = ("is_on_call", "requested_at", "same_driver", "notes")
        return NewReturn(promised=_window(said), **{name: said[name] for name in names})

    def take(self, refusal: InvalidRowError) -> None:
        """Show each sentence beside its field."""
        for name, sentences in refusal.errors.items():
            for sentence in sentences:
                self.add_error(name if name in self.fields else None, sentence)


class CancelForm(forms.Form):
    reason = forms.ChoiceField(label=_("Reason"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        labels = dict(Booking._meta.get_field("status_reason").flatchoices)
        known = sorted((str(labels[r.value]), r.value) for r in REASONS[BookingStatus.CANCELLED])
        self.fields["reason"].choices = [(code, words) for words, code in known]  # type: ignore[attr-defined]


def tell_doubts(
    desk: Desk, request: HttpRequest, booking: Booking, was_promised: Window | None = None
) -> None:
    """What was taken, and is worth a second look or a call to the patient."""
    moved = moved_promise(booking, was_promised)
    for doubt in (*moved, *doubts_about(booking, now=timezone.now())):
        desk.message_user(request, f"{booking.reference}: {doubt.sentence}", messages.WARNING)


def _capitalise(form: forms.Form | VersionedForm) -> None:
    """As the admin does with the names of columns."""
    for field in form.fields.values():
        field.label = capfirst(str(field.label or ""))


def _whole_window(form: forms.Form | VersionedForm) -> None:
    said = form.cleaned_data
    for field, other in (("promised_from", "promised_to"), ("promised_to", "promised_from")):
        if said.get(field) is None and said.get(other) is not None and field not in form.errors:
            form.add_error(field, _t("The promised window lacks its beginning or its end."))


def _window(said: dict[str, Any]) -> Window | None:
    begins_at, ends_at = said["promised_from"], said["promised_to"]
    return None if begins_at is None else Window(begins_at, ends_at)
