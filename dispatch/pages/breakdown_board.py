"""What the page of a breakdown shows: each stranded journey with its ways on, the proposed one chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dispatch.engine.rescue import Line, Option, Urgency
from dispatch.enums import Loss, Means
from dispatch.models import Booking, Shift
from dispatch.models.labels import label
from dispatch.pages.trip_lines import TripLine, namesakes, place_text, trip_line
from dispatch.usecases.day_clock import local_day
from dispatch.usecases.lost_shifts import LAST_MOMENT
from dispatch.usecases.price_rescue import Way, stamp_of
from dispatch.usecases.propose_rescue import CENTIMES, RescueProposal, reason_sentence
from dispatch.usecases.references import row_id, trip_ref
from dispatch.usecases.relief_crew import NOT_SAVED

if TYPE_CHECKING:
    from datetime import datetime

    from dispatch.usecases.stand_in import StandIn
    from dispatch.usecases.stranded_shift import Lost, StrandedShift

MIN_S, KM_M = 60, 1000
LEAVE = ""  # the value of a line that is left as it is


@dataclass(frozen=True, slots=True, kw_only=True)
class OptionLine:
    """One way on, in words; `value` is what the form sends."""

    value: str
    means: str
    who: str
    pickup_at: datetime
    dropoff_at: datetime
    late: str
    more: str
    price: str
    moved: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RescueLine:
    trip: TripLine
    urgency: str
    options: tuple[OptionLine, ...]
    reason: str
    is_left: bool = False

    @property
    def name(self) -> str:
        """Of its form field."""
        return f"way-{self.trip.booking.pk}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    value: str
    words: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherDay:
    """Another day on which journeys are left behind; `query` asks for its proposal."""

    shift_id: int
    query: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakdownBoard:
    proposal: RescueProposal
    lines: tuple[RescueLine, ...]
    losses: tuple[Chosen, ...]
    places: tuple[Chosen, ...]
    price: str
    relief: str
    stand_in: StandIn | None
    has_partner: bool
    is_priced_again: bool

    @property
    def until(self) -> str:
        """When the vehicle or the driver is there again, as a field of a form has it."""
        return wall_text(self.proposal.stranded.shift, self.proposal.stranded.back_at)

    @property
    def away(self) -> str:
        """What applying writes down. A driver is absent for whole days."""
        stranded = self.proposal.stranded
        back_at = stranded.back_at.astimezone(stranded.shift.company.tz)
        if stranded.lost.what is Loss.VEHICLE:
            said = _("Applying also records that %(vehicle)s is not there until %(moment)s.")
            moment = f"{date_format(back_at)}, {back_at:%H:%M}"
            return said % {"vehicle": stranded.shift.vehicle.name, "moment": moment}
        said = _(
            "Applying also records that %(driver)s is absent up to %(day)s, that day included."
        )
        last_on = local_day(stranded.shift.company, stranded.back_at - LAST_MOMENT)
        return said % {"driver": stranded.shift.driver, "day": date_format(last_on)}

    @property
    def other_days(self) -> list[OtherDay]:
        return other_days(self.proposal.stranded)

    @property
    def aboard(self) -> int:
        return sum(line.urgency is Urgency.ABOARD for line in self.proposal.rescue.lines)

    @property
    def nobody(self) -> int:
        """Journeys without any way on."""
        return sum(not line.options for line in self.lines)

    @property
    def may_apply(self) -> bool:
        return any(line.options for line in self.lines)


def breakdown_board(
    proposal: RescueProposal,
    now: datetime,
    stand_in: StandIn | None = None,
    *,
    is_priced_again: bool = False,
) -> BreakdownBoard:
    """`stand_in`: who could have the whole of a shift that has not begun. `is_priced_again`: with ways of a person's."""
    words = _Words(proposal, now)
    return BreakdownBoard(
        proposal=proposal,
        lines=tuple(words.lines()),
        losses=tuple(
            Chosen(value=loss.value, words=label(loss), is_chosen=loss is words.lost)
            for loss in Loss
        ),
        places=tuple(
            Chosen(
                value=str(place.pk),
                words=place_text(place),
                is_chosen=place == proposal.stranded.at,
            )
            for place in proposal.stranded.places
        ),
        price=francs(proposal.rescue.cost_c),
        relief=words.relief(),
        stand_in=stand_in,
        has_partner=proposal.breakdown.partner is not None,
        is_priced_again=is_priced_again,
    )


def wall_text(shift: Shift, moment: datetime) -> str:
    """This moment on the company's clocks, to the minute."""
    return f"{moment.astimezone(shift.company.tz):%Y-%m-%dT%H:%M}"


def other_days(stranded: StrandedShift) -> list[OtherDay]:
    """The crew is away as long on the page of each of them."""
    return [
        OtherDay(
            shift_id=other.shift_id,
            query=lost_query(
                replace(stranded.lost, on=other.day, until=stranded.back_at), stranded.shift
            ),
            words=ngettext(
                "%(count)d journey on %(day)s", "%(count)d journeys on %(day)s", other.journeys
            )
            % {"count": other.journeys, "day": date_format(other.day)},
        )
        for other in stranded.other_days
    ]


def lost_query(lost: Lost, shift: Shift) -> str:
    """What asks for the proposal of this loss; a place is one of the day's own shift."""
    asked = {"lost": lost.what.value}
    if lost.on is not None:
        asked["on"] = lost.on.isoformat()
    elif lost.place_id is not None:
        asked["place"] = str(lost.place_id)
    if lost.until is not None:
        asked["until"] = wall_text(shift, lost.until)
    return urlencode(asked)


def way_of(booking_id: int, value: str) -> Way | None:
    """What a line of the form sent; None where it is left as it is. Raises ValueError for anything else."""
    if value == LEAVE:
        return None
    means, shift, stamp = value.split(":")
    return Way(
        booking_id=booking_id,
        means=Means(means),
        shift_id=int(shift) if shift else None,
        stamp=stamp,
    )


class _Words:
    def __init__(self, proposal: RescueProposal, now: datetime) -> None:
        self.proposal, self.now = proposal, now
        self.lost = proposal.stranded.lost.what
        self.clock = proposal.clock
        self.bookings = {row.pk: row for row in proposal.stranded.bookings}
        self.twins = namesakes(proposal.stranded.bookings)
        self.shifts = self._shifts()
        self.references = self._references()

    def lines(self) -> list[RescueLine]:
        lines = [self._line(line) for line in self.proposal.rescue.lines]
        for item in self.proposal.left_out:
            booking = self.bookings[row_id(item.trip)]
            said = reason_sentence(self.proposal, item)
            lines.append(RescueLine(trip=self._trip(booking), urgency="", options=(), reason=said))
        return lines

    def relief(self) -> str:
        """Who would stand in; empty when there is nobody."""
        planned = self.proposal.relief
        if planned is None:
            return ""
        said = _("%(driver)s in %(vehicle)s from %(time)s on")
        return said % {
            "driver": planned.driver,
            "vehicle": planned.vehicle.name,
            "time": self.clock.shown(self.clock.second(planned.starts_at)),
        }

    def _shifts(self) -> Mapping[int, Shift]:
        lines = self.proposal.rescue.lines
        asked = {row_id(o.shift) for line in lines for o in line.options if o.shift}
        rows = Shift.objects.filter(pk__in=asked).select_related("driver", "vehicle")
        found = {row.pk: row for row in rows}
        if self.proposal.relief is not None:
            found[NOT_SAVED] = self.proposal.relief
        return found

    def _references(self) -> Mapping[str, str]:
        """Of journeys that move along."""
        lines = self.proposal.rescue.lines
        ids = {row_id(t) for line in lines for o in line.options for t, _by in o.moved}
        rows = Booking.objects.filter(pk__in=ids).values_list("pk", "reference")
        return {trip_ref(pk): reference for pk, reference in rows}

    def _line(self, line: Line) -> RescueLine:
        reason = line.reason
        return RescueLine(
            trip=self._trip(self.bookings[row_id(line.trip)]),
            urgency=_urgency(line.urgency),
            options=tuple(
                self._option(option, is_chosen=option is line.proposed) for option in line.options
            ),
            reason="" if reason is None else reason_sentence(self.proposal, reason),
            is_left=line.is_left,
        )

    def _trip(self, booking: Booking) -> TripLine:
        return trip_line(booking, now=self.now, has_namesake=booking.patient_id in self.twins)

    def _option(self, option: Option, *, is_chosen: bool) -> OptionLine:
        shift = self.shifts[row_id(option.shift)] if option.shift else None
        who = "" if shift is None else f"{shift.driver}, {shift.vehicle.name}"
        return OptionLine(
            value=f"{option.means.value}:{shift.pk if shift is not None else ''}:{stamp_of(option)}",
            means=label(option.means),
            who=who,
            pickup_at=self.clock.moment(option.pickup_s),
            dropoff_at=self.clock.moment(option.dropoff_s),
            late=_late(option),
            more="" if shift is None else _more(option),
            price=francs(option.cost_c),
            moved=", ".join(
                f"{self.references[trip]} {by_s // MIN_S:+d} min" for trip, by_s in option.moved
            ),
            is_chosen=is_chosen,
        )


def _urgency(urgency: Urgency) -> str:
    return {
        Urgency.ABOARD: _("on board"),
        Urgency.SOON: _("in the next two hours"),
        Urgency.LATER: _("later"),
    }[urgency]


def _late(option: Option) -> str:
    """What the patient will notice; empty when all is in time."""
    wait, late = (-(-seconds // MIN_S) for seconds in (option.wait_s, option.late_s))
    parts = [
        ngettext("waits %d min", "waits %d min", wait) % wait if wait else "",
        ngettext("%d min late", "%d min late", late) % late if late else "",
    ]
    return ", ".join(part for part in parts if part)


def _more(option: Option) -> str:
    kilometres = number_format(option.extra_m / KM_M, decimal_pos=1)
    more = f"+{kilometres} km" if option.extra_m >= 0 else f"{kilometres} km"
    minutes = round(option.overtime_s / MIN_S)
    if not minutes:
        return more
    return f"{more} · " + _("%(minutes)+d min of overtime") % {"minutes": minutes}


def francs(centimes: int) -> str:
    return f"CHF {number_format(centimes / CENTIMES, decimal_pos=2)}"
