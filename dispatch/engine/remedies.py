"""What would help a trip nobody can take: each advice proved by trying it beside the plan as it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from dispatch.engine.fitting import best_fit, route_for
from dispatch.engine.insertion import Openings
from dispatch.engine.network import network_of
from dispatch.engine.other_times import MOVES, least_move, that_take
from dispatch.engine.plan import Route, Unassigned
from dispatch.engine.problem import Load, Problem, Shift, Trip
from dispatch.engine.room import Room
from dispatch.engine.schedule import Refusal
from dispatch.engine.sentences import Clock, Figures, Label, Language, Sentence, wall_clock
from dispatch.enums import Rule

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

# `Unassigned.advice` is one of these keys, or "key:detail"; `FREED` may stand before it.
ADVICE: Mapping[str, Sentence] = {
    "later": Sentence(
        "With a pickup up to {amount} min later it can be planned.",
        "Avec une prise en charge jusqu’à {amount} min plus tard, elle peut être planifiée.",
    ),
    "earlier": Sentence(
        "With a pickup up to {amount} min earlier it can be planned.",
        "Avec une prise en charge jusqu’à {amount} min plus tôt, elle peut être planifiée.",
    ),
    "arrival_later": Sentence(
        "With an arrival up to {amount} min later it can be planned.",
        "Avec une arrivée jusqu’à {amount} min plus tard, elle peut être planifiée.",
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
        "{other} is not free; one more driver with the same hours, skills and kind of vehicle can take it.",
        "{other} n’est pas libre ; un chauffeur de plus, avec les mêmes heures, les mêmes compétences et le même type de véhicule, peut la prendre.",
    ),
    "other_driver": Sentence(
        "Another driver with the shift of {other} can take it.",
        "Un autre chauffeur, avec le même service que {other}, peut la prendre.",
    ),
    "room": Sentence(
        "One more vehicle with the places it needs ({skills}), on duty from {at} to {until}, can take it.",
        "Un véhicule de plus avec les places voulues ({skills}), en service de {at} à {until}, peut la prendre.",
    ),
    "able": Sentence(
        "One more shift with what it needs ({skills}), on duty from {at} to {until}, can take it.",
        "Un service de plus avec ce qu’il lui faut ({skills}), de {at} à {until}, peut la prendre.",
    ),
    "at_that_hour": Sentence(
        "A suitable shift on duty from {at} to {until} can take it.",
        "Un service adapté, en fonction de {at} à {until}, peut la prendre.",
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


FREED = "freed_"  # before a key: what would help once the trip is no longer fixed
RELEASE = Sentence(
    "Release it from its driver first.",
    "La libérer d’abord de son chauffeur.",
)

UNKNOWN_ADVICE = Sentence(
    "Advice of an earlier version: plan the day again for what would help now.",
    "Conseil d’une version antérieure : planifier à nouveau la journée pour savoir ce qui aiderait.",
)


# Advice on a vehicle that is not there says from when to when it is needed: "words/from/until" (seconds).
_TIMED = frozenset({"room", "able", "at_that_hour"})
_HOURS = re.compile(r"([^/]*)/(-?[0-9]+)/(-?[0-9]+)")


def advice_sentence(
    item: Unassigned,
    language: Language = "en",
    *,
    label: Label = str,
    clock: Clock = wall_clock,
) -> str:
    """What would help, in words; "" when nothing was found that would.

    Runs are kept for years and read by newer code: advice that no key of today stands for is said to be so.
    """
    if not item.advice:
        return ""
    wanted, _, detail = item.advice.partition(":")
    key = wanted.removeprefix(FREED)
    figures = _figures(key, detail)
    if figures is None:
        return UNKNOWN_ADVICE.spoken(language, Figures(trip=item.trip), label)
    said = ADVICE[key].spoken(language, figures, label, clock)
    return said if key == wanted else f"{RELEASE.spoken(language, Figures())} {said}"


def _figures(key: str, detail: str) -> Figures | None:
    """What the sentence of an advice holds; None for advice that is not of today's."""
    if key in MOVES:
        return Figures(amount=int(detail)) if detail.isdecimal() else None
    if key in _TIMED:
        hours = _HOURS.fullmatch(detail)
        if hours is None:
            return None
        words, at, until = hours.groups()
        return Figures(skills=tuple(words.split(",")), at=int(at), until=int(until))
    return Figures(other=detail) if key in ADVICE else None


def remedies(openings: Openings, trip: Trip, refusals: Mapping[str, Refusal]) -> Iterator[str]:
    """Advice that was proved, the least intrusive first; `refusals` are those of the shifts it may go to."""
    problem = openings.problem
    asked = [(problem.shift_by_id[shift], refusal.rule) for shift, refusal in refusals.items()]
    free = replace(trip, pinned_shift=None)
    if trip.pinned_shift is not None:
        for shift in that_take(openings, problem.shifts, free):
            yield f"unpin:{shift.id}"
    for shift in (shift for shift, rule in asked if rule is Rule.WORKLOAD_CAP):
        room = openings.room(shift.id).beside(openings.network, shift=_roomier(shift))
        if best_fit(room, openings.network.trip_index[trip.id]) is not None:
            yield f"cap:{shift.id}"
    movable = [shift for shift, rule in asked if rule in _MOVABLE]
    if at_other_times := least_move(openings, trip, movable):
        yield at_other_times
    if trip.pinned_shift is None:
        yield _one_more(problem, trip, [shift for shift, _ in asked])
    else:
        yield from _freed(openings, free)


def _freed(openings: Openings, free: Trip) -> Iterator[str]:
    """What would help the trip if it were bound to nobody."""
    shifts = list(openings.problem.shifts)
    if at_other_times := least_move(openings, free, shifts):
        yield f"{FREED}{at_other_times}"
    advice = _one_more(openings.problem, free, shifts)
    yield advice if advice == "check_times" else f"{FREED}{advice}"


def _roomier(shift: Shift) -> Shift:
    """The shift with one more trip allowed (it refused for its cap, so it has one)."""
    return replace(shift, max_trips=(shift.max_trips or 0) + 1)


def _one_more(problem: Problem, trip: Trip, asked: list[Shift]) -> str:
    """One more shift like one of ours: as it is, then roomier, more able, at other hours."""
    likely = sorted(asked, key=lambda shift: (len(trip.needs - shift.capabilities), shift.id))
    tried: dict[Shift, Route | None] = {}  # many shifts differ in their driver alone
    for key, imagined in _imagined(trip, likely):
        if imagined not in tried:
            tried[imagined] = _alone(problem, imagined, trip)
        route = tried[imagined]
        if route is not None:
            return _with_hours(key, route)
    return "check_times"


def _imagined(trip: Trip, likely: list[Shift]) -> Iterator[tuple[str, Shift]]:
    """Shifts nobody drives yet, each kind with the advice it would prove."""
    fresh = [_fresh(shift) for shift in likely]
    for shift, imagined in zip(likely, fresh, strict=True):
        key = "other_driver" if shift.driver in trip.excluded_drivers else "one_more_shift"
        yield f"{key}:{shift.id}", imagined
    for imagined in fresh:
        if not imagined.can_hold(trip.load):
            yield f"room:{','.join(_places(trip.load))}", _with_room(imagined, trip)
    able = [_able(imagined, trip) for imagined in fresh]
    for shift, imagined in zip(likely, able, strict=True):
        places = () if shift.can_hold(trip.load) else _places(trip.load)
        wanted = dict.fromkeys((*sorted(trip.needs - shift.capabilities), *places))
        if wanted:
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
        recent_trips=0,
        recent_duty_s=0,
        max_trips=None,
        committed=(),
    )


def _with_room(shift: Shift, trip: Trip) -> Shift:
    """In a vehicle with the places; it is needed for this trip alone, so no break is owed."""
    return replace(shift, configurations=(*shift.configurations, trip.load), breaks=())


def _able(shift: Shift, trip: Trip) -> Shift:
    return _with_room(replace(shift, capabilities=shift.capabilities | trip.needs), trip)


def _around(shift: Shift, trip: Trip) -> Shift:
    """On duty well before and after the trip; limits of another hour do not apply."""
    return replace(
        shift,
        start_s=trip.pickup.earliest_s - FAR_S,
        end_s=trip.dropoff.latest_s + FAR_S,
        max_duration_s=None,
    )


def _places(load: Load) -> tuple[str, ...]:
    """The kinds of place a load takes, as words of `sentences.SKILLS`."""
    kinds = ("seat", "wheelchair", "stretcher", "folded_chair")
    return tuple(kind for kind, taken in zip(kinds, load, strict=True) if taken)


def _alone(problem: Problem, shift: Shift, trip: Trip) -> Route | None:
    """The route of a shift with nothing else to do that carries the trip; None when it cannot."""
    day = Problem(trips=(trip,), shifts=(shift,), travel=problem.travel, settings=problem.settings)
    network = network_of(day)
    fit = best_fit(Room(network, 0, []), 0)
    return None if fit is None else route_for(network, 0, fit.sequence)


def _with_hours(advice: str, route: Route) -> str:
    """The advice with the whole minutes around the way from the base and back, if it tells hours."""
    key, _, words = advice.partition(":")
    if key not in _TIMED:
        return advice
    return f"{key}:{words}/{route.leave_s // 60 * 60}/{-(-route.return_s // 60) * 60}"
