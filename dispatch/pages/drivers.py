"""The page on which a driver is chosen for one journey: the best ones side by side, with what each does to the others."""

from __future__ import annotations

from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from dispatch.engine.errors import EngineError
from dispatch.models import Booking
from dispatch.pages.answers import said_to
from dispatch.pages.policy import signed_in
from dispatch.pages.seats import refuse_drivers, seat_in
from dispatch.pages.trip_lines import trip_line
from dispatch.pages.views import page
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.rank_drivers import RankedDrivers, rank_drivers

ROWS = Booking.objects.select_related(
    "company", "patient", "pickup__parent", "dropoff__parent", "assignment__driver"
)


@signed_in
@require_safe
def drivers(request: HttpRequest, booking_id: int) -> HttpResponse:
    """Who may read asks; who dispatches decides, and gets what was shown or nothing."""
    booking = ROWS.filter(pk=booking_id).first()
    if booking is None:
        raise Http404
    seat = seat_in(request, booking.company_id)
    refuse_drivers(seat)
    now, said = timezone.now(), said_to(request)
    ranked, refusal = _asked(booking_id, now)
    facts = {
        "booking": booking,
        "line": trip_line(booking, now=now, answer=said.told.get(booking_id)),
        "ranked": ranked,
        "refusal": refusal,
        "messages": [*said.general, *said.beside(booking_id)],
    }
    return page(request, seat, "pages/drivers.html", facts)


def _asked(booking_id: int, now: datetime) -> tuple[RankedDrivers | None, str]:
    """The answer, or why there is none."""
    try:
        return rank_drivers(booking_id=booking_id, now=now), ""
    except (UseCaseError, EngineError) as error:
        return None, str(error)
