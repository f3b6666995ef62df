"""Put trips back where they cost least, in an order drawn anew each round, and set the breaks again."""

from __future__ import annotations

from dispatch.engine.kernel.chance import Stream, below, uniform
from dispatch.engine.kernel.compiled import compiled
from dispatch.engine.kernel.places import Known, Offers, look_up, put
from dispatch.engine.kernel.routes import Routes, Work, refresh, separation, total_price
from dispatch.engine.kernel.tables import Ints, Tables
from dispatch.engine.kernel.timing import comfort, least_starts
from dispatch.engine.kernel.trial import QUESTIONS, REMOVED, Trial, touch

ORDERS = 8  # draws of `sort_removed`
LIKELY = 12  # trips near to one whose routes are asked first


@compiled
def recreate(
    day: Tables,
    plan: Routes,
    trial: Trial,
    known: Known,
    offers: Offers,
    near: Ints,
    blink: float,
    most: int,
    stream: Stream,
    work: Work,
) -> bool:
    """Every removed trip in turn; breaks go first or last, as chance has it.

    False, and the plan half done, once it is clear that its price will not be below `most`: one more trip makes no plan
    cheaper (where idle seconds have a price it can, and such a plan may be given up too early).
    """
    sort_removed(day, trial, stream)
    if uniform(stream) < 0.5:
        rest_all(day, plan, trial, work)
    price = _price_so_far(day, plan, trial)
    for k in range(trial.counts[REMOVED]):
        trip = trial.removed[k]
        price += insert_best(
            day, plan, trial, known, offers, near, trip, most - price, blink, stream, work
        )
        if price >= most:
            return False
    rest_all(day, plan, trial, work)
    return True


@compiled
def _price_so_far(day: Tables, plan: Routes, trial: Trial) -> int:
    """Of the plan as if the removed trips and the breaks that stand nowhere cost nothing."""
    price = total_price(day, plan)
    for k in range(trial.counts[REMOVED]):
        price -= day.unserved[trial.removed[k]]
    for b in range(day.owner.shape[0]):
        if not plan.resting[b]:
            price -= day.missing[b]
    return price


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
    near: Ints,
    trip: int,
    bound: int,
    blink: float,
    stream: Stream,
    work: Work,
) -> int:
    """Put the trip where it is cheapest, if that costs less than `bound` and than leaving it; what is paid."""
    best, chosen = min(bound, day.unserved[trip]), -1
    trial.counts[QUESTIONS] += 1
    for s in range(plan.size.shape[0]):  # what is known comes first: less is then worth looking at
        trial.is_open[s] = _is_asked(day, plan, trial, trip, s, blink, stream)
        if trial.is_open[s] and known.stamp[trip, s] == plan.stamp[s] and known.i[trip, s] >= 0:
            trial.is_open[s] = 0
            price = known.price[trip, s] + separation(day, plan, trip, s)
            if price < best:
                best, chosen = price, s
    likely = min(LIKELY, near.shape[1])
    for r in range(likely + plan.size.shape[0]):
        # routes that drive its like first: most others are then dismissed by the price alone
        s = plan.shift_of[near[trip, r]] if r < likely else r - likely
        if s >= 0 and trial.is_open[s]:
            trial.is_open[s] = 0
            apart = separation(day, plan, trip, s)
            price = look_up(day, plan, known, offers, trip, s, best - apart, work) + apart
            if price < best:
                best, chosen = price, s
    if chosen < 0:
        return int(day.unserved[trip])
    touch(plan, trial, chosen)
    put(day, plan, chosen, trip, known.i[trip, chosen], known.j[trip, chosen], work)
    return int(best)


@compiled
def _is_asked(
    day: Tables, plan: Routes, trial: Trial, trip: int, s: int, blink: float, stream: Stream
) -> bool:
    """Whether the shift may take the trip and is not overlooked; of equal empty shifts one is asked."""
    if not day.fit[trip, s] or plan.trips[s] >= day.most[s]:
        return False
    if plan.size[s] == 0:
        kind = day.kind[s]
        if trial.asked[kind] == trial.counts[QUESTIONS]:
            return False
        trial.asked[kind] = trial.counts[QUESTIONS]
    return blink <= 0.0 or uniform(stream) >= blink


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
    is_timed, home = least_starts(day, s, work.seq, size, work.gaps, work.starts, work.at)
    if not is_timed:
        return -1
    return comfort(day, s, work.seq, size, work.gaps, home, work.starts, work.at)
