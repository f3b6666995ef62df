"""Which transports are asked for on a simulated day: who, from where, to where, when, and when it is known.

Drawn in the order in which reality decides: how many, whose series fall on the day, who else, what for, at
what hour, and last when each request reaches the carrier.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import ceil
from random import Random

from dispatch.engine.travel import FREE_FLOW_PERMILLE, Point, estimate
from dispatch.enums import Leg, Priority
from dispatch.twin.carrier import EARLY_S, TRAFFIC_PERMILLE, Carrier
from dispatch.twin.geneva import ESTABLISHMENTS, Establishment, EstablishmentKind
from dispatch.twin.population import Patient, Population, Series

MINUTE_S, HOUR_S, DAY_S = 60, 3600, 24 * 3600
PROMISE_STEP_S = 5 * MINUTE_S  # promises are made on the five minutes
APPOINTMENT_STEP_S = 15 * MINUTE_S
BUFFER_S = 20 * MINUTE_S  # arrival before the appointment: the late end of the pickup window fits
EARLIEST_PICKUP_S, LATEST_PICKUP_S = 6 * HOUR_S, 20 * HOUR_S
SHORTEST_CARE_S = 45 * MINUTE_S
LEAST_NOTICE_S = 40 * MINUTE_S
SINGLE_SHARES = (0.45, 0.40, 0.15)  # to care, home from a stay, between two establishments
NO_SHOW_OF_SERIES = 0.03  # a patient of a series who is in hospital or away
# Pickups of those who lie, while every stretcher van is on duty; all others.
STRETCHER_HOURS_S = (8 * HOUR_S + HOUR_S // 2, 14 * HOUR_S)
USUAL_HOURS_S = (7 * HOUR_S, 19 * HOUR_S)

SERVICE_DIALYSIS = "dialyse"
VITAL_SERVICES = frozenset({SERVICE_DIALYSIS, "oncologie"})
WEIGHT_OF_KIND = {
    EstablishmentKind.HOSPITAL: 3.0,
    EstablishmentKind.CLINIC: 2.0,
    EstablishmentKind.MEDICAL_CENTRE: 1.5,
}
WEIGHT_OF_PLACE = {"hug-cluse": 14.0, "la-tour": 6.0, "nyon": 0.3}
CARE_PLACES: tuple[Establishment, ...] = tuple(
    place for place in ESTABLISHMENTS if place.kind in WEIGHT_OF_KIND
)
CARE_WEIGHTS: tuple[float, ...] = tuple(
    WEIGHT_OF_PLACE.get(place.code, WEIGHT_OF_KIND[place.kind]) for place in CARE_PLACES
)
PLACE_BY_CODE: dict[str, Establishment] = {place.code: place for place in ESTABLISHMENTS}


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """One end of a transport. `establishment` is a code of `geneva`, None the patient's home."""

    location: int  # index in the day's points
    area: str  # postal code
    establishment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One transport asked for; seconds since midnight, wall clock; before midnight is negative.

    `known_s`: the carrier learns of it. `pickup_s`: the promised pickup, or for a return on call
    (`is_will_call`) the true moment of readiness, which the carrier learns only then. `partner`: index of
    the other half of an out-and-return pair.
    """

    index: int
    patient: int
    leg: Leg
    pickup: End
    dropoff: End
    pickup_s: int
    known_s: int
    appointment_s: int | None = None
    is_will_call: bool = False
    partner: int | None = None
    is_urgent: bool = False
    is_series: bool = False
    priority: Priority = Priority.NORMAL
    service: str = ""

    @property
    def plannable_s(self) -> int:
        """When the carrier knows that there is a transport and at what hour."""
        return self.pickup_s if self.is_will_call else self.known_s


@dataclass(slots=True, kw_only=True)
class Draft:
    """The day while it is drawn: requests so far, and the points they refer to (0 is the base)."""

    carrier: Carrier
    rng: Random
    points: list[Point]
    requests: list[Request] = field(default_factory=list)
    index_of: dict[Point, int] = field(default_factory=dict)

    def location(self, point: Point) -> int:
        if point not in self.index_of:
            self.index_of[point] = len(self.points)
            self.points.append(point)
        return self.index_of[point]

    def home(self, patient: Patient) -> End:
        return End(location=self.location(patient.home), area=patient.postal_code)

    def at(self, place: Establishment) -> End:
        return End(
            location=self.location(place.point), area=place.postal_code, establishment=place.code
        )

    def add(self, request: Request) -> Request:
        self.requests.append(request)
        return request


def draw_requests(carrier: Carrier, people: Population, rng: Random, weekday: int) -> Draft:
    """The requests of one day, in no particular order, `known_s` included."""
    draft = Draft(carrier=carrier, rng=rng, points=[carrier.base])
    in_series = [
        (patient, patient.series)
        for patient in people.patients
        if patient.series and weekday in patient.series.weekdays
        if rng.random() >= NO_SHOW_OF_SERIES
    ]
    total = max(_trip_count(carrier, rng, weekday), 2 * len(in_series))
    pairs = max(_rounded(rng, total * carrier.pair_share / 2), len(in_series))
    pairs = min(pairs, total // 2)
    others = _draw_patients(people, rng, total - pairs - len(in_series))
    for patient, series in in_series:
        _add_series_pair(draft, patient, series)
    for patient in others[: pairs - len(in_series)]:
        _add_pair(draft, patient)
    for patient in others[pairs - len(in_series) :]:
        _add_single(draft, patient)
    draft.requests = _with_known(draft)
    return draft


def _trip_count(carrier: Carrier, rng: Random, weekday: int) -> int:
    mean = carrier.trips_by_weekday[weekday]
    low, high = carrier.trips_range
    return min(max(round(rng.gauss(mean, mean * carrier.trips_spread)), low), high)


def _rounded(rng: Random, value: float) -> int:
    """Up or down so that the mean is kept."""
    return int(value) + (rng.random() < value % 1)


def _draw_patients(people: Population, rng: Random, count: int) -> list[Patient]:
    """Weighted, without repetition (Efraimidis & Spirakis 2006): the largest u^(1/w) win."""
    keyed = [
        (rng.random() ** (1.0 / patient.appetite), patient.index)
        for patient in people.patients
        if patient.appetite > 0
    ]
    return [people.patients[index] for _key, index in sorted(keyed, reverse=True)[:count]]


def _wanted_s(draft: Draft, patient: Patient, *, peaks: tuple[int, ...] = (0, 1, 2)) -> int:
    """A pickup hour near one of the peaks, sometimes anywhere in the day."""
    carrier, rng = draft.carrier, draft.rng
    low, high = STRETCHER_HOURS_S if patient.load.stretchers else USUAL_HOURS_S
    if rng.random() < carrier.background_share:
        return rng.randrange(low, high)
    peak = carrier.peaks[rng.choices(peaks, weights=[carrier.peaks[p].weight for p in peaks])[0]]
    second = round(rng.gauss(peak.at_min, peak.spread_min) * MINUTE_S)
    return second if low <= second < high else rng.randrange(low, high)


def _traffic(*seconds: int) -> int:
    """The worst traffic of these moments: a promise is made on the safe side."""
    last = len(TRAFFIC_PERMILLE) - 1
    return max(TRAFFIC_PERMILLE[min(max(second // HOUR_S, 0), last)] for second in seconds)


def _direct_s(draft: Draft, pickup: End, dropoff: End, at_s: int) -> int:
    """Driving seconds around this moment, in the worst traffic of the hour before and after."""
    points = (draft.points[pickup.location], draft.points[dropoff.location])
    free_flow = estimate(points).seconds[0][1]
    return ceil(free_flow * _traffic(at_s - HOUR_S, at_s, at_s + HOUR_S) / FREE_FLOW_PERMILLE)


def _floor(second: int, step: int) -> int:
    return second // step * step


def _ceil(second: int, step: int) -> int:
    return -(-second // step) * step


def _promise_for(draft: Draft, patient: Patient, ends: tuple[End, End], appointment_s: int) -> int:
    """The pickup that makes the appointment with BUFFER_S to spare."""
    needed = _direct_s(draft, *ends, appointment_s - HOUR_S // 2) + patient.load_s + BUFFER_S
    return max(_floor(appointment_s - needed, PROMISE_STEP_S), EARLIEST_PICKUP_S)


def _appointment_near(draft: Draft, patient: Patient, ends: tuple[End, End], wanted_s: int) -> int:
    """The next quarter of an hour that a pickup at `wanted_s` can make."""
    arrival = wanted_s + _direct_s(draft, *ends, wanted_s) + patient.load_s + BUFFER_S
    return _ceil(arrival, APPOINTMENT_STEP_S)


def _add_series_pair(draft: Draft, patient: Patient, series: Series) -> None:
    ends = draft.home(patient), draft.at(PLACE_BY_CODE[series.centre])
    appointment_s = series.start_min * MINUTE_S
    outbound = _outbound(draft, patient, ends, appointment_s, service=SERVICE_DIALYSIS)
    _join(
        draft,
        replace(outbound, is_series=True),
        home_s=home_of_series_s(series),
        is_will_call=False,
    )


def home_of_series_s(series: Series) -> int:
    """The fixed hour of the way home: a quarter of an hour after the end of care."""
    return _ceil((series.start_min + series.care_min + 15) * MINUTE_S, PROMISE_STEP_S)


def _add_pair(draft: Draft, patient: Patient) -> None:
    """To care in the morning or early afternoon, home around one of the later peaks."""
    rng = draft.rng
    peak = rng.choices((0, 1), weights=(0.78, 0.22))[0]
    is_lying = patient.load.stretchers > 0
    wanted_s = min(_wanted_s(draft, patient, peaks=(peak,)), (10 if is_lying else 15) * HOUR_S)
    outbound = _to_care(draft, patient, wanted_s)
    home_s = _wanted_s(draft, patient, peaks=(1, 2) if peak == 0 else (2,))
    earliest = (outbound.appointment_s or wanted_s) + SHORTEST_CARE_S
    if home_s < earliest:
        home_s = earliest + rng.randrange(2 * HOUR_S)
    home_s = min(home_s, LATEST_PICKUP_S)
    is_will_call = rng.random() < draft.carrier.will_call_share
    if not is_will_call:
        home_s = _ceil(home_s, PROMISE_STEP_S)
    _join(draft, outbound, home_s=home_s, is_will_call=is_will_call)


def _join(draft: Draft, outbound: Request, *, home_s: int, is_will_call: bool) -> None:
    """Both halves of a pair."""
    draft.add(replace(outbound, leg=Leg.OUTBOUND, partner=outbound.index + 1))
    draft.add(
        replace(
            outbound,
            index=outbound.index + 1,
            leg=Leg.RETURN,
            pickup=outbound.dropoff,
            dropoff=outbound.pickup,
            pickup_s=home_s,
            is_will_call=is_will_call,
            appointment_s=None,
            partner=outbound.index,
        )
    )


def _care_place(draft: Draft, *, but: str | None = None) -> Establishment:
    place = draft.rng.choices(CARE_PLACES, weights=CARE_WEIGHTS)[0]
    return place if place.code != but else _care_place(draft, but=but)


def _to_care(draft: Draft, patient: Patient, wanted_s: int) -> Request:
    """From home to an appointment."""
    place = _care_place(draft)
    ends = draft.home(patient), draft.at(place)
    service = draft.rng.choice(place.services)
    appointment_s = _appointment_near(draft, patient, ends, wanted_s)
    return _outbound(draft, patient, ends, appointment_s, service=service)


def _outbound(
    draft: Draft,
    patient: Patient,
    ends: tuple[End, End],
    appointment_s: int,
    *,
    service: str,
) -> Request:
    return Request(
        index=len(draft.requests),
        patient=patient.index,
        leg=Leg.SINGLE,
        pickup=ends[0],
        dropoff=ends[1],
        pickup_s=_promise_for(draft, patient, ends, appointment_s),
        appointment_s=appointment_s,
        known_s=0,
        priority=Priority.VITAL if service in VITAL_SERVICES else Priority.NORMAL,
        service=service,
    )


def _add_single(draft: Draft, patient: Patient) -> None:
    """One way: to care, home from a stay, or from one establishment to another."""
    wanted_s = _wanted_s(draft, patient)
    what = draft.rng.choices(("to", "from", "between"), weights=SINGLE_SHARES)[0]
    if what == "to":
        draft.add(_to_care(draft, patient, wanted_s))
        return
    origin = _care_place(draft)
    if what == "from":
        target = draft.home(patient)
    else:
        target = draft.at(_care_place(draft, but=origin.code))
    urgent_share = draft.carrier.urgent_share / SINGLE_SHARES[1] / (1 - draft.carrier.pair_share)
    is_urgent = what == "from" and draft.rng.random() < urgent_share
    draft.add(
        Request(
            index=len(draft.requests),
            patient=patient.index,
            leg=Leg.SINGLE,
            pickup=draft.at(origin),
            dropoff=target,
            pickup_s=_floor(wanted_s, PROMISE_STEP_S),
            known_s=0,
            is_urgent=is_urgent,
            priority=Priority.HIGH if is_urgent else Priority.NORMAL,
            service=draft.rng.choice(origin.services),
        )
    )


def _with_known(draft: Draft) -> list[Request]:
    """When each request is made; a pair is made by one call."""
    early = _known_early(draft)
    known: dict[int, int] = {}
    for request in draft.requests:
        caller = request.partner if request.leg is Leg.RETURN else None
        if caller is not None:
            known[request.index] = known[caller]
        elif request.index in early:
            known[request.index] = _days_before(draft.rng, is_series=request.is_series)
        else:
            known[request.index] = _same_day(draft.rng, request)
    return [replace(request, known_s=known[request.index]) for request in draft.requests]


def _known_early(draft: Draft) -> set[int]:
    """As many calls as make the carrier's share: what cannot be otherwise first, then by lot.

    Series and the first pickups of the morning are always known early, urgent returns never are; the
    return on call of a pair counts as known when the patient calls.
    """
    rng, requests = draft.rng, draft.requests
    target = _rounded(rng, draft.carrier.known_early_share * len(requests))
    callers = [request for request in requests if request.leg is not Leg.RETURN]
    must = [r for r in callers if _must_be_early(r)]
    may = [r for r in callers if not _must_be_early(r) and not r.is_urgent]
    rng.shuffle(may)
    early: set[int] = set()
    count = 0
    for request in [*must, *may]:
        if count >= target and not _must_be_early(request):
            break
        early.add(request.index)
        count += _hours_told(requests, request)
    return early


def _must_be_early(request: Request) -> bool:
    is_first = request.pickup_s < EARLY_S + LEAST_NOTICE_S + HOUR_S
    return request.is_series or (is_first and not request.is_urgent)


def _hours_told(requests: list[Request], caller: Request) -> int:
    """How many transports with an hour one call makes known: two for a pair with a fixed return."""
    return 1 if caller.partner is None or requests[caller.partner].is_will_call else 2


def _days_before(rng: Random, *, is_series: bool) -> int:
    """In the office hours of one of the two weeks before; a series stands since four weeks at least."""
    days = rng.randint(28, 120) if is_series else 1 + min(int(rng.expovariate(1 / 3.5)), 13)
    return -days * DAY_S + rng.randrange(8 * HOUR_S, 18 * HOUR_S)


def _same_day(rng: Random, request: Request) -> int:
    """Between the early hour and the notice the carrier asks for; urgent ones at the last moment."""
    if request.is_urgent:
        return request.pickup_s - rng.randrange(10 * MINUTE_S, 30 * MINUTE_S)
    latest = request.pickup_s - LEAST_NOTICE_S
    return EARLY_S + 1 + round((latest - EARLY_S - 1) * rng.betavariate(1.6, 1.2))
