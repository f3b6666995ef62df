"""What would help a trip nobody can take: each advice proved by trying it beside the plan as it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from dispatch.engine.fitting import best_fit
from dispatch.engine.insertion import sequence_in
from dispatch.engine.network import network_of
from dispatch.engine.plan import Plan, Unassigned
from dispatch.engine.problem import Load, Problem, Shift, Stop, Trip
from dispatch.engine.room import Room
from dispatch.engine.schedule import Refusal
from dispatch.engine.sentences import Figures, Label, Language, Sentence
from dispatch.enums import Rule, VisitKind

TRIED_MINUTES = (5, 10, 15, 30, 45, 60)
FAR_S = 6 * 3_600  # how far around a trip an imagined shift is on duty
IMAGINED = "+"  # the reference of an imagined shift, its driver and its vehicle

# Where one of these stands in the way, other times of the trip may help.
_MOVABLE = frozenset(
    {
        Rule.TIME_WINDOW,
        Rule.SHIFT,
        Rule.DURATION,
        Rule.MAX_RIDE_TIME,
        Rule.BREAK,
        Rule.POOLING,
        Rule.CAPACITY,
    }
)

# `Unassigned.advice` is one of these keys, or "key:detail".
ADVICE: Mapping[str, Sentence] = {
    "later": Sentence(
        "With a pickup up to {amount} min later it can be planned.",
        "Avec une prise en charge jusqu’à {amount} min plus tard, elle peut être planifiée.",
    ),
    "earlier": Sentence(
        "With a pickup up to {amount} min earlier it can be planned.",
        "Avec une prise en charge jusqu’à {amount} min plus tôt, elle peut être planifiée.",
    ),
    "all_later": Sentence(
        "With pickup and arrival up to {amount} min later it can be planned.",
        "Avec un départ et une arrivée jusqu’à {amount} min plus tard, elle peut être planifiée.",
    ),
    "all_earlier": Sentence(
        "With pickup and arrival up to {amount} min earlier it can be planned.",
        "Avec un départ et une arrivée jusqu’à {amount} min plus tôt, elle peut être planifiée.",
    ),
    "fits": Sentence("{other} can take it.", "{other} peut la prendre."),
    "unpin": Sentence(
        "Freed from its driver, it can go to {other}.",
        "Libérée de son chauffeur, elle peut aller à {other}.",
    ),
    "cap": Sentence(
        "With one more trip allowed, {other} can take it.",
        "Avec une course de plus permise, {other} peut la prendre.",
    ),
    "one_more_shift": Sentence(
        "One more shift like this one can take it: {other}.",
        "Un service de plus comme celui-ci peut la prendre : {other}.",
    ),
    "other_driver": Sentence(
        "Another driver with the shift of {other} can take it.",
        "Un autre chauffeur, avec le même service que {other}, peut la prendre.",
    ),
    "room": Sentence(
        "One more vehicle with a place for it can take it: {skills}.",
        "Un véhicule de plus avec la place voulue peut la prendre : {skills}.",
    ),
    "able": Sentence(
        "One more shift able to do this can take it: {skills}.",
        "Un service de plus capable de ceci peut la prendre : {skills}.",
    ),
    "at_that_hour": Sentence(
        "A suitable shift on duty at that hour can take it.",
        "Un service adapté, en fonction à cette heure, peut la prendre.",
    ),
    "check_times": Sentence(
        "Not even an empty vehicle could do it: check its times and places.",
        "Même un véhicule vide ne pourrait pas : vérifier ses heures et ses lieux.",
    ),
    "locate": Sentence(
        "Place the address on the map.",
        "Situer l’adresse sur la carte.",
    ),
}


def advice_sentence(item: Unassigned, language: Language = "en", *, label: Label = str) -> str:
    """What would help, in words; "" when nothing was found that would."""
    if not item.advice:
        return ""
    key, _, detail = item.advice.partition(":")
    if key in _RELAXED:
        figures = Figures(trip=item.trip, amount=int(detail))
    elif key in {"room", "able"}:
        figures = Figures(trip=item.trip, skills=tuple(detail.split(",")))
    else:
        figures = Figures(trip=item.trip, other=detail)
    return ADVICE[key].spoken(language, figures, label)


def remedies(
    problem: Problem, plan: Plan, trip: Trip, refusals: Mapping[str, Refusal]
) -> Iterator[str]:
    """Advice that was proved, the least intrusive first."""
    asked = [(problem.shift_by_id[shift], refusal.rule) for shift, refusal in refusals.items()]
    if trip.pinned_shift is not None:
        yield from _unpinned(problem, plan, trip)
    full = [shift for shift, rule in asked if rule is Rule.WORKLOAD_CAP]
    for shift in full:
        if _fits(problem, plan, _roomier(shift), trip):
            yield f"cap:{shift.id}"
    movable = [shift for shift, rule in asked if rule in _MOVABLE]
    yield from _at_other_times(problem, plan, trip, movable)
    yield from _with_one_more(problem, trip, [shift for shift, _ in asked])


def _unpinned(problem: Problem, plan: Plan, trip: Trip) -> Iterator[str]:
    free = replace(trip, pinned_shift=None)
    for shift in problem.shifts:
        if shift.id != trip.pinned_shift and _fits(problem, plan, shift, free):
            yield f"unpin:{shift.id}"


def _roomier(shift: Shift) -> Shift:
    """The shift with one more trip allowed (it refused for its cap, so it has one)."""
    return replace(shift, max_trips=(shift.max_trips or 0) + 1)


def _at_other_times(problem: Problem, plan: Plan, trip: Trip, shifts: list[Shift]) -> Iterator[str]:
    """The smallest move of the trip's times that makes it fit; what an hour does not help is not tried."""
    hour_s = TRIED_MINUTES[-1] * 60
    hopeful = [
        (key, shift)
        for key, relax in _RELAXED.items()
        for shift in shifts
        if _fits(problem, plan, shift, relax(trip, hour_s))
    ]
    for minutes in TRIED_MINUTES:
        for key, shift in hopeful:
            if _fits(problem, plan, shift, _RELAXED[key](trip, minutes * 60)):
                yield f"{key}:{minutes}"


def _with_one_more(problem: Problem, trip: Trip, asked: list[Shift]) -> Iterator[str]:
    """One more shift like one of ours: as it is, then roomier, more able, at other hours."""
    free = replace(trip, pinned_shift=None)
    likely = sorted(asked, key=lambda shift: (len(trip.needs - shift.capabilities), shift.id))
    for key, imagined in _imagined(trip, likely):
        if _fits(problem, Plan(routes=()), imagined, free):
            if trip.pinned_shift is None:
                yield key
            return
    yield "check_times"


def _imagined(trip: Trip, likely: list[Shift]) -> Iterator[tuple[str, Shift]]:
    """Shifts nobody drives yet, each kind with the advice it would prove."""
    fresh = [_fresh(shift) for shift in likely]
    for shift, imagined in zip(likely, fresh, strict=True):
        key = "other_driver" if shift.driver in trip.excluded_drivers else "one_more_shift"
        yield f"{key}:{shift.id}", imagined
    for imagined in fresh:
        yield f"room:{','.join(_places(trip.load))}", _with_room(imagined, trip)
    able = [_able(imagined, trip) for imagined in fresh]
    for shift, imagined in zip(likely, able, strict=True):
        places = () if shift.can_hold(trip.load) else _places(trip.load)
        wanted = dict.fromkeys((*sorted(trip.needs - shift.capabilities), *places))
        yield f"able:{','.join(wanted)}", imagined
    for imagined in able:
        yield "at_that_hour", _around(imagined, trip)


def _fresh(shift: Shift) -> Shift:
    """A shift of the same hours and vehicle, with nothing on it yet."""
    return replace(
        shift,
        id=IMAGINED,
        driver=IMAGINED,
        vehicle=IMAGINED,
        max_trips=None,
        committed=(),
    )


def _with_room(shift: Shift, trip: Trip) -> Shift:
    return replace(shift, configurations=(*shift.configurations, trip.load))


def _able(shift: Shift, trip: Trip) -> Shift:
    return _with_room(replace(shift, capabilities=shift.capabilities | trip.needs), trip)


def _around(shift: Shift, trip: Trip) -> Shift:
    """On duty well before and after the trip; breaks and limits of another hour do not apply."""
    return replace(
        shift,
        start_s=trip.pickup.earliest_s - FAR_S,
        end_s=trip.dropoff.latest_s + FAR_S,
        breaks=(),
        max_duration_s=None,
    )


def _places(load: Load) -> tuple[str, ...]:
    """The kinds of place a load takes, as words of `sentences.SKILLS`."""
    kinds = ("seat", "wheelchair", "stretcher", "folded_chair")
    return tuple(kind for kind, taken in zip(kinds, load, strict=True) if taken)


def _fits(problem: Problem, plan: Plan, shift: Shift, trip: Trip) -> bool:
    """Whether this trip, as changed, fits into the route of this shift, as changed.

    Counted in a problem of that one route, which is small and exact: no other route can matter. The trip
    must not be pinned to another shift.
    """
    route = plan.route_of.get(shift.id)
    held = [v.id for v in shift.committed if v.kind is VisitKind.PICKUP]
    carried = held if route is None else route.trip_ids
    day = Problem(
        trips=(*(problem.trip_by_id[reference] for reference in carried), trip),
        shifts=(shift,),
        travel=problem.travel,
        settings=problem.settings,
    )
    network = network_of(day)
    alone = Plan(routes=() if route is None else (route,))
    room = Room(network, 0, sequence_in(network, alone, 0))
    return best_fit(room, network.trip_index[trip.id]) is not None


def _wider(stop: Stop, *, before_s: int = 0, after_s: int = 0) -> Stop:
    return replace(stop, earliest_s=stop.earliest_s - before_s, latest_s=stop.latest_s + after_s)


def _later(trip: Trip, by_s: int) -> Trip:
    return replace(trip, pickup=_wider(trip.pickup, after_s=by_s))


def _earlier(trip: Trip, by_s: int) -> Trip:
    return replace(trip, pickup=_wider(trip.pickup, before_s=by_s))


def _all_later(trip: Trip, by_s: int) -> Trip:
    return replace(_later(trip, by_s), dropoff=_wider(trip.dropoff, after_s=by_s))


def _all_earlier(trip: Trip, by_s: int) -> Trip:
    return replace(_earlier(trip, by_s), dropoff=_wider(trip.dropoff, before_s=by_s))


# An appointment is kept where it can be: the pickup alone moves before both ends do.
_RELAXED: Mapping[str, Callable[[Trip, int], Trip]] = {
    "later": _later,
    "earlier": _earlier,
    "all_later": _all_later,
    "all_earlier": _all_earlier,
}
