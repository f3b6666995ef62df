"""Put trips back where they cost least, in an order drawn anew each round, and set the breaks again."""

from __future__ import annotations

from dispatch.engine.kernel.chance import Stream, below, uniform
from dispatch.engine.kernel.compiled import compiled
from dispatch.engine.kernel.places import Known, Offers, look_up, put
from dispatch.engine.kernel.routes import Routes, Work, refresh, separation
from dispatch.engine.kernel.tables import Tables
from dispatch.engine.kernel.timing import comfort, least_starts
from dispatch.engine.kernel.trial import QUESTIONS, REMOVED, Trial, touch

ORDERS = 8  # draws of `sort_removed`


@compiled
def recreate(
    day: Tables,
    plan: Routes,
    trial: Trial,
    known: Known,
    offers: Offers,
    blink: float,
    stream: Stream,
    work: Work,
) -> None:
    """Every removed trip in turn; breaks go first or last, as chance has it."""
    sort_removed(day, trial, stream)
    if uniform(stream) < 0.5:
        rest_all(day, plan, trial, work)
    for k in range(trial.counts[REMOVED]):
        insert_best(day, plan, trial, known, offers, trial.removed[k], blink, stream, work)
    rest_all(day, plan, trial, work)


@compiled
def sort_removed(day: Tables, trial: Trial, stream: Stream) -> None:
    """By chance, the earliest first, the longest ride, the tightest windows or the latest."""
    count, kind = trial.counts[REMOVED], below(stream, ORDERS)
    for k in range(count):
        pickup = 2 * trial.removed[k]
        low, high = day.low[pickup : pickup + 2], day.high[pickup : pickup + 2]
        if kind < 3:
            trial.order[k] = uniform(stream)
        elif kind < 5:
            trial.order[k] = float(low[0])
        elif kind < 6:
            trial.order[k] = -float(day.direct[pickup >> 1])
        elif kind < 7:
            trial.order[k] = float(min(high[0] - low[0], high[1] - low[1]))
        else:
            trial.order[k] = -float(high[1])
    for k in range(1, count):
        trip, key = trial.removed[k], trial.order[k]
        j = k - 1
        while j >= 0 and trial.order[j] > key:
            trial.removed[j + 1], trial.order[j + 1] = trial.removed[j], trial.order[j]
            j -= 1
        trial.removed[j + 1], trial.order[j + 1] = trip, key


@compiled
def insert_best(
    day: Tables,
    plan: Routes,
    trial: Trial,
    known: Known,
    offers: Offers,
    trip: int,
    blink: float,
    stream: Stream,
    work: Work,
) -> bool:
    """Put the trip where it is cheapest, if that costs less than leaving it."""
    best, chosen = day.unserved[trip], -1
    trial.counts[QUESTIONS] += 1
    for s in range(plan.size.shape[0]):
        if not day.fit[s, trip] or plan.trips[s] >= day.most[s]:
            continue
        if plan.size[s] == 0:
            if trial.asked[day.kind[s]] == trial.counts[QUESTIONS]:
                continue  # an equal shift, just as empty, was asked
            trial.asked[day.kind[s]] = trial.counts[QUESTIONS]
        if blink > 0.0 and uniform(stream) < blink:
            continue
        apart = separation(day, plan, trip, s)
        price = look_up(day, plan, known, offers, trip, s, best - apart, work) + apart
        if price < best:
            best, chosen = price, s
    if chosen < 0:
        return False
    touch(plan, trial, chosen)
    i, j = known.i[trip, chosen], known.j[trip, chosen]
    return put(day, plan, chosen, trip, i, j, work)


@compiled
def rest_all(day: Tables, plan: Routes, trial: Trial, work: Work) -> None:
    """Set the breaks that stand nowhere; idle shifts hold theirs ready for a first trip."""
    for b in range(day.owner.shape[0]):
        if not plan.resting[b]:
            touch(plan, trial, day.owner[b])
            put_break(day, plan, b, work)


@compiled
def put_break(day: Tables, plan: Routes, b: int, work: Work) -> bool:
    """Set a break where it costs least comfort; False when it fits nowhere or costs more than it is worth."""
    node, s = day.drive.shape[0] + b, day.owner[b]
    size = plan.size[s]
    best, chosen = plan.comfort[s] + day.missing[b], -1
    for i in range(day.fixed[s], size + 1):
        if plan.aboard[s, i]:
            continue
        if i > 0:
            ready = plan.starts[s, i - 1] + day.service[plan.seq[s, i - 1]]
            if ready > day.high[node]:
                break
        if i < size and day.low[node] + day.service[node] > day.high[plan.seq[s, i]]:
            continue
        price = _comfort_with_break(day, plan, s, node, i, work)
        if 0 <= price < best:
            best, chosen = price, i
    if chosen < 0:
        return False
    for k in range(size, chosen, -1):
        plan.seq[s, k] = plan.seq[s, k - 1]
    plan.seq[s, chosen] = node
    plan.size[s] = size + 1
    return refresh(day, plan, s, work)


@compiled
def _comfort_with_break(day: Tables, plan: Routes, s: int, node: int, i: int, work: Work) -> int:
    """Comfort price of the route with the break at position i, or -1 when it cannot be timed."""
    size = plan.size[s] + 1
    for k in range(size):
        work.seq[k] = node if k == i else plan.seq[s, k if k < i else k - 1]
    is_timed, _home = least_starts(day, s, work.seq, size, work.gaps, work.starts, work.at)
    if not is_timed:
        return -1
    return comfort(day, work.seq, size, work.gaps, work.starts, work.at)
