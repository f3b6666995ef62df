"""What no booking may be, whichever way it came to be so; each verdict names the field a person has to mend."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from dispatch.models import Booking
from dispatch.models.statuses import OPEN, UNDER_WAY
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.keep_row import InvalidRowError

LONGEST_LEAD = timedelta(hours=12)  # between the promise and the appointment it is meant for
LONGEST_WINDOW = timedelta(hours=12)
FIRM = OPEN | UNDER_WAY  # somebody is to be driven: neither drafts nor what is over or called off


def refuse_the_past(booking: Booking, now: datetime, *, field: str = "requested_at") -> None:
    """A day that is over takes no more journeys; today's may be written down late. `field` said the day."""
    if booking.service_on < local_day(booking.company, now):
        raise InvalidRowError({field: [_("This day is over.")]})


def refuse_the_senseless(booking: Booking) -> None:
    """A window or an appointment that cannot be meant, nowhere to go, or a way back before the way there."""
    if booking.pickup_id == booking.dropoff_id:
        raise InvalidRowError({"dropoff": [_("The journey would end where it begins.")]})
    if booking.promised_from is None or booking.promised_to is None:
        return
    _refuse_window(booking, booking.promised_from, booking.promised_to)
    appointment = booking.appointment_at
    if appointment is not None and appointment - booking.promised_from > LONGEST_LEAD:
        raise InvalidRowError(
            {"appointment_at": [_("The appointment is more than 12 hours after the pickup.")]}
        )
    there, back = _there_and_back(booking)
    if there is not None and back is not None and back <= there:
        raise InvalidRowError(
            {"promised_from": [_("The return would begin before the outbound journey.")]}
        )


def refuse_two_vehicles(booking: Booking) -> None:
    """Nobody sits in two vehicles: no other firm journey of the patient may be promised at the same time."""
    found = promised_at_once(booking)
    if found:
        raise InvalidRowError({"patient": [two_vehicles_sentence(found)]})


def promised_at_once(booking: Booking) -> list[str]:
    """The references of the patient's other firm journeys in this promised window; none for a draft."""
    if booking.status not in FIRM or booking.promised_from is None or booking.promised_to is None:
        return []
    others = Booking.objects.filter(
        company_id=booking.company_id,
        patient_id=booking.patient_id,
        status__in=[status.value for status in FIRM],
        promised_from__lt=booking.promised_to,
        promised_to__gt=booking.promised_from,
    ).exclude(pk=booking.pk)
    return list(others.order_by("promised_from", "pk").values_list("reference", flat=True))


def two_vehicles_sentence(references: list[str]) -> str:
    said = _("This patient already has a journey at that time: %s. Nobody can be in two vehicles.")
    return said % ", ".join(references)


def _refuse_window(booking: Booking, begins_at: datetime, ends_at: datetime) -> None:
    """The database refuses what ends before it begins; it does not know what nobody would promise."""
    if ends_at <= begins_at:
        raise InvalidRowError({"promised_to": [_("The promised window ends before it begins.")]})
    if ends_at - begins_at > LONGEST_WINDOW:
        raise InvalidRowError({"promised_to": [_("The promised window is longer than 12 hours.")]})
    appointment = booking.appointment_at
    if appointment is not None and appointment <= begins_at:
        raise InvalidRowError({"appointment_at": [_("The appointment is before the pickup.")]})
    if appointment is not None and appointment < ends_at:
        raise InvalidRowError(
            {"promised_to": [_("The promised window ends after the appointment.")]}
        )


def _there_and_back(booking: Booking) -> tuple[datetime | None, datetime | None]:
    """When the outbound journey and the return are promised from; None where that is not known."""
    if booking.outbound is not None:
        return booking.outbound.promised_from, booking.promised_from
    back: Booking | None = getattr(booking, "return_booking", None)
    return booking.promised_from, None if back is None else back.promised_from
