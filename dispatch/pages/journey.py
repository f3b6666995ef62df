"""What may be done with one journey as it stands: its next steps, its outcomes, and what was typed and refused."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Self
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from dispatch.enums import BookingStatus, StatusReason
from dispatch.models.labels import label
from dispatch.models.statuses import MOVES, OPEN, REASONS
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.possible_steps import MOMENT_OF, is_possible
from dispatch.usecases.return_left import left_sentence, return_left, standing_return
from dispatch.usecases.wall_time import is_in_reach, moment_of, moments_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import QueryDict

    from dispatch.models import Booking, Company
    from dispatch.pages.seats import Seat

WAY = (
    BookingStatus.DRAFT,
    BookingStatus.CONFIRMED,
    BookingStatus.ASSIGNED,
    BookingStatus.EN_ROUTE,
    BookingStatus.ARRIVED,
    BookingStatus.ON_BOARD,
    BookingStatus.COMPLETED,
)
# Giving a driver and taking one off are verbs of their own.
_ELSEWHERE = frozenset(
    {
        (BookingStatus.CONFIRMED, BookingStatus.ASSIGNED),
        (BookingStatus.ASSIGNED, BookingStatus.CONFIRMED),
    }
)
OUTCOME = "outcome"  # the button beside the list of outcomes: `what` says which, with its reason
NOTHING_ASKED: Mapping[str, str] = MappingProxyType({})


class TypedError(UseCaseError):
    """What was typed is no time, lies in the future, or nothing was chosen."""


class Step(NamedTuple):
    """A status one button away."""

    to: BookingStatus
    is_back: bool

    @property
    def words(self) -> str:
        if self.is_back:
            return _("Back to “%(status)s”") % {"status": label(self.to)}
        return label(self.to)


class Choice(NamedTuple):
    value: str
    words: str
    is_chosen: bool


class Outcome(NamedTuple):
    """An end without the journey, with the reasons it may have."""

    words: str
    choices: tuple[Choice, ...]


class Reached(NamedTuple):
    words: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Typed:
    """What stood in the form when it was refused: the time, which of two equal hours, and the outcome."""

    at: str = ""
    fold: str = ""
    what: str = ""

    @classmethod
    def of(cls, data: QueryDict | Mapping[str, str]) -> Self:
        return cls(*(data.get(name, "")[:60] for name in ("at", "fold", "what")))

    @property
    def query(self) -> str:
        """For the address of the page, which shows it again."""
        return urlencode({"at": self.at, "fold": self.fold, "what": self.what, "refused": 1})

    def moment(self, company: Company, now: datetime) -> datetime:
        """The moment meant; nothing typed means now. Raises TypedError, NoSuchTimeError or AmbiguousTimeError."""
        if not self.at.strip():
            return now
        wall = _wall(self.at)
        if wall is None:
            raise TypedError(_("This is no day with a time."))
        found = moments_at(company.tz, wall)
        is_told = len(found) > 1 and self.fold in {"0", "1"}
        moment = found[int(self.fold)] if is_told else moment_of(company, wall)
        if moment > now:
            raise TypedError(_("This lies in the future."))
        return moment

    def hours(self, company: Company) -> tuple[Choice, ...]:
        """Both hours where the clocks show the typed time twice; else nothing."""
        wall = _wall(self.at)
        if wall is None or len(moments_at(company.tz, wall)) < 2:
            return ()
        words = (_("the first (summer time)"), _("the second (winter time)"))
        return tuple(Choice(str(k), words[k], self.fold == str(k)) for k in (0, 1))


def _wall(text: str) -> datetime | None:
    try:
        wall = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return wall if wall.tzinfo is None and is_in_reach(wall.date()) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """The forms of one journey, for one person."""

    steps: tuple[Step, ...]
    outcomes: tuple[Outcome, ...]
    reached: tuple[Reached, ...]
    typed: Typed
    hours: tuple[Choice, ...]
    is_refused: bool
    may_be_given: bool
    may_be_taken_off: bool
    back: Booking | None  # the return that may be cancelled along with it
    left: str  # says that the return still stands although this journey does not take place


def journey_of(
    booking: Booking,
    seat: Seat,
    *,
    now: datetime,
    asked: QueryDict | Mapping[str, str] = NOTHING_ASKED,
) -> Journey:
    """`asked`: the address's query, which brings back what was refused."""
    status, typed = BookingStatus(booking.status), Typed.of(asked)
    left = return_left(booking) if seat.may_dispatch else None
    return Journey(
        steps=steps_of(booking, seat, now),
        outcomes=outcomes_of(booking, seat, now, typed.what),
        reached=tuple(
            Reached(label(reached), moment)
            for reached, name in MOMENT_OF.items()
            if (moment := getattr(booking, name)) is not None
        ),
        typed=typed,
        hours=typed.hours(seat.company),
        is_refused="refused" in asked,
        may_be_given=seat.may_dispatch and status in OPEN and booking.promised_from is not None,
        may_be_taken_off=seat.may_dispatch and status is BookingStatus.ASSIGNED,
        back=standing_return(booking) if seat.may_dispatch else None,
        left=left_sentence(left) if left is not None else "",
    )


def steps_of(booking: Booking, seat: Seat, now: datetime) -> tuple[Step, ...]:
    """The way forward first, then each way back."""
    status, allowed = BookingStatus(booking.status), _allowed(booking, seat, now)
    found = (to for to in BookingStatus if to in allowed and to not in REASONS)
    return tuple(sorted((Step(to, _is_back(status, to)) for to in found), key=_back_last))


def outcomes_of(
    booking: Booking, seat: Seat, now: datetime, chosen: str = ""
) -> tuple[Outcome, ...]:
    allowed = _allowed(booking, seat, now)
    return tuple(
        Outcome(label(to), tuple(_choice(to, r, chosen) for r in StatusReason if r in REASONS[to]))
        for to in BookingStatus
        if to in REASONS and to in allowed
    )


def _allowed(booking: Booking, seat: Seat, now: datetime) -> frozenset[BookingStatus]:
    """What can be true by now, and is for this person to tell."""
    status = BookingStatus(booking.status)
    return frozenset(
        to
        for to in MOVES[status]
        if (status, to) not in _ELSEWHERE
        and to is not BookingStatus.PARTNER  # with its price, on the page of a breakdown
        and not (status is BookingStatus.ON_BOARD and _is_barred(booking, to))
        and seat.may_record(to)
        and is_possible(booking, to, now)
    )


def _is_barred(booking: Booking, to: BookingStatus) -> bool:
    """Who changes vehicles on the road has boarded, and does not arrive before getting in again."""
    if to is BookingStatus.COMPLETED:
        return booking.waits_at is not None
    return booking.was_handed_on


def _is_back(status: BookingStatus, to: BookingStatus) -> bool:
    return status not in WAY or WAY.index(to) < WAY.index(status)


def _back_last(step: Step) -> bool:
    return step.is_back


def _choice(to: BookingStatus, reason: StatusReason, chosen: str) -> Choice:
    value = f"{to.value}:{reason.value}"
    return Choice(value, label(reason), value == chosen)
