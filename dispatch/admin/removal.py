"""Why a row cannot be deleted: what holds it, in one sentence, and what to do instead."""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING

from django.contrib.admin.utils import NestedObjects
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dispatch.models import Assignment, Booking, Driver, Patient, Shift, StandingOrder, Vehicle

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from django.db.models import Model

NAMED = 5  # of what holds a row, as many are named
TOLD = 10  # of several rows chosen at once, as many are explained


def refusals(rows: Iterable[Model]) -> list[str]:
    """A sentence for each row that something holds, up to `TOLD`; none when all may go."""
    said: list[str] = []
    for row in rows:
        if held := _what_holds(row):
            said.append(f"{capfirst(str(row))}: {why_kept(row, held)}")
        if len(said) == TOLD:
            break
    return said


def _what_holds(row: Model) -> Collection[Model]:
    collector = NestedObjects(using="default", origin=[row])
    collector.collect([row])
    held: Collection[Model] = collector.protected
    return held


@singledispatch
def why_kept(row: Model, held: Collection[Model]) -> str:
    """What holds the row, and the way out."""
    return _("in use by %(what)s. Change or delete that first.") % {
        "what": "; ".join(_counted(held))
    }


def _counted(held: Collection[Model]) -> list[str]:
    kinds = sorted({type(row) for row in held}, key=lambda kind: kind._meta.model_name or "")
    return [
        f"{kind._meta.verbose_name_plural}: {sum(type(row) is kind for row in held)}"
        for kind in kinds
    ]


@why_kept.register(Shift)
def _of_shift(row: Shift, held: Collection[Model]) -> str:
    rides = Assignment.objects.filter(shift=row).select_related("booking").order_by("position")
    coming = [ride.booking.reference for ride in rides if not ride.is_over]
    if not coming:
        return _(
            "its journeys are over, and it stays in the books with who drove them (%(which)s)."
        ) % {"which": _some([ride.booking.reference for ride in rides])}
    return ngettext(
        "%(count)d journey still to be driven is on it (%(which)s). Take its driver away first; "
        "then delete the shift, or set its status to “cancelled”, and plan the day again.",
        "%(count)d journeys still to be driven are on it (%(which)s). Take their driver away first; "
        "then delete the shift, or set its status to “cancelled”, and plan the day again.",
        len(coming),
    ) % {"count": len(coming), "which": _some(coming)}


@why_kept.register(Driver)
def _of_driver(row: Driver, held: Collection[Model]) -> str:
    return ngettext(
        "%(count)d shift names this driver and stays in the books. Untick “active” instead: "
        "nobody plans with the driver any more.",
        "%(count)d shifts name this driver and stay in the books. Untick “active” instead: "
        "nobody plans with the driver any more.",
        _shifts(held),
    ) % {"count": _shifts(held)}


@why_kept.register(Vehicle)
def _of_vehicle(row: Vehicle, held: Collection[Model]) -> str:
    return ngettext(
        "%(count)d shift names this vehicle and stays in the books. Untick “active” instead: "
        "nobody plans with the vehicle any more.",
        "%(count)d shifts name this vehicle and stay in the books. Untick “active” instead: "
        "nobody plans with the vehicle any more.",
        _shifts(held),
    ) % {"count": _shifts(held)}


def _shifts(held: Collection[Model]) -> int:
    shifts = {row.pk for row in held if isinstance(row, Shift)}
    return len(shifts | {row.shift_id for row in held if isinstance(row, Assignment)})


@why_kept.register(Patient)
def _of_patient(row: Patient, held: Collection[Model]) -> str:
    journeys = [row for row in held if isinstance(row, Booking)]
    series = [row for row in held if isinstance(row, StandingOrder)]
    return _(
        "journeys (%(journeys)d) and series (%(series)d) name this patient and stay in the books. "
        "End the series and cancel what is still to come instead."
    ) % {"journeys": len(journeys), "series": len(series)}


@why_kept.register(StandingOrder)
def _of_series(row: StandingOrder, held: Collection[Model]) -> str:
    return ngettext(
        "%(count)d journey was booked from it and stays in the books. End the series instead: "
        "that cancels what is still to come.",
        "%(count)d journeys were booked from it and stay in the books. End the series instead: "
        "that cancels what is still to come.",
        len(held),
    ) % {"count": len(held)}


@why_kept.register(Booking)
def _of_booking(row: Booking, held: Collection[Model]) -> str:
    return _("it has a way back (%(which)s). Delete that first.") % {
        "which": _some([row.reference for row in held if isinstance(row, Booking)])
    }


def _some(references: list[str]) -> str:
    more = len(references) - NAMED
    return ", ".join(references[:NAMED]) + (f" + {more}" if more > 0 else "")
