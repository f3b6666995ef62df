"""The engine's reasons in the words of the person who asked: their language, their references, their drivers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.utils.translation import get_language, ngettext

from dispatch.engine.explain import refused, unassigned_sentence
from dispatch.engine.plan import Unassigned
from dispatch.engine.problem import Load, Problem
from dispatch.engine.remedies import advice_sentence
from dispatch.engine.schedule import Refusal
from dispatch.engine.sentences import Label, Language
from dispatch.enums import Rule
from dispatch.models import Booking, Company, Shift
from dispatch.models import Unassigned as UnassignedRow
from dispatch.usecases.day_clock import DayClock
from dispatch.usecases.references import row_id, trip_ref


def language() -> Language:
    return "fr" if (get_language() or "en").startswith("fr") else "en"


def labels(
    references: Iterable[str],
    names: Mapping[str, str] | None = None,
    *,
    of: Company | None = None,
) -> Label:
    """What people call these trips and shifts: the booking's reference, the driver's name, or as in `names`.

    `of`: the company that may be told, where the references come from outside; what is another's keeps its number.
    """
    wanted = set(references)
    bookings = Booking.objects.filter(pk__in=_rows(wanted, "b"))
    shifts = Shift.objects.filter(pk__in=_rows(wanted, "s")).select_related("driver")
    if of is not None:
        bookings, shifts = bookings.filter(company=of), shifts.filter(company=of)
    known = {f"b{pk}": name for pk, name in bookings.values_list("pk", "reference")}
    known |= {f"s{shift.pk}": str(shift.driver) for shift in shifts}
    known |= names or {}
    return lambda reference: known.get(reference, reference)


def _rows(references: set[str], kind: str) -> list[int]:
    found = (r for r in references if r.startswith(kind) and r[1:].isdigit())
    return [row_id(reference) for reference in found]


def refusal_sentence(
    problem: Problem,
    refusal: Refusal,
    trip_id: str,
    shift_id: str,
    *,
    clock: DayClock,
    names: Mapping[str, str] | None = None,
) -> str:
    """Why this shift cannot take this trip."""
    label = labels({shift_id, refusal.visit}, names)
    reason = refused(problem, trip_id, shift_id, refusal)
    return reason.sentence(language(), label=label, clock=clock.shown)


def unassigned_sentences(item: Unassigned, clock: DayClock, label: Label | None = None) -> str:
    """Why nobody can take the trip, and what would help; without a `label` the rows are asked for names."""
    known = label or labels_of([item])
    advice = advice_sentence(item, language(), label=known, clock=clock.shown)
    return f"{unassigned_sentence(item, language(), label=known)} {advice}".strip()


def row_sentences(row: UnassignedRow, clock: DayClock, label: Label) -> str:
    """The same from a stored row."""
    return unassigned_sentences(left_of(row), clock, label)


def labels_of(items: Iterable[Unassigned]) -> Label:
    """What people call the shifts that these reasons and their advice speak of."""
    return labels(name for item in items for name in (item.shift, item.advice.partition(":")[2]))


def params_of(item: Unassigned) -> dict[str, str | int | bool]:
    """What a row keeps beside the reason and the key of the advice."""
    return {
        "amount": item.amount,
        "detail": item.advice.partition(":")[2],
        "shift": item.shift,
        "is_pinned": item.is_pinned,
    }


def left_of(row: UnassignedRow) -> Unassigned:
    """The engine's value that the row keeps."""
    detail = row.params.get("detail", "")
    return Unassigned(
        trip=trip_ref(row.booking_id),
        reason=Rule(row.reason),
        advice=f"{row.advice}:{detail}" if detail else row.advice,
        amount=int(row.params.get("amount", 0)),
        shift=row.params.get("shift", ""),
        is_pinned=row.params.get("is_pinned", False),
    )


def places_in_words(load: Load) -> str:
    """A load in words: 2 seats + 1 wheelchair."""
    parts = [
        (load.seats, ngettext("%d seat", "%d seats", load.seats)),
        (load.wheelchairs, ngettext("%d wheelchair", "%d wheelchairs", load.wheelchairs)),
        (load.stretchers, ngettext("%d stretcher", "%d stretchers", load.stretchers)),
        (load.folded_chairs, ngettext("%d folded chair", "%d folded chairs", load.folded_chairs)),
    ]
    return " + ".join(words % number for number, words in parts if number)
