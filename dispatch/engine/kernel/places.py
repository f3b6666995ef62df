"""Where one trip may go in one route: bounds first, exact times only for what could be the best."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from dispatch.engine.kernel.compiled import compiled
from dispatch.engine.kernel.routes import LOADS, Routes, Work, missing_breaks, note_insertion
from dispatch.engine.kernel.tables import FAR, Ints, Tables
from dispatch.engine.kernel.timing import (
    Nodes,
    comfort,
    cost_of_leg,
    has_comfort,
    least_starts,
    leg_s,
    settle,
)

MOST_OFFERS = 8_192  # in one route: more than any route of an ordinary day has places


class Offers(NamedTuple):
    """Places for one trip in one route that bounds allow: pickup before position i, drop-off before j."""

    price: Ints
    i: Ints
    j: Ints


def no_offers() -> Offers:
    return Offers(*(np.zeros(MOST_OFFERS, np.int64) for _ in range(3)))


class Known(NamedTuple):
    """The best place of each trip in each route, true while the route's stamp is the same.

    i = -1: no place costs less than `price`, FAR where there is none at all.
    """

    stamp: Ints  # (n, S)
    price: Ints
    i: Ints
    j: Ints


def nothing_known(day: Tables) -> Known:
    shape = (len(day.unserved), len(day.begins))
    return Known(*(np.zeros(shape, np.int64) for _ in range(4)))


@compiled
def look_up(
    day: Tables,
    plan: Routes,
    known: Known,
    offers: Offers,
    trip: int,
    s: int,
    bound: int,
    work: Work,
) -> int:
    """Price of the cheapest place in the route below `bound`, FAR where there is none; `known` holds the place.

    Places are tried exactly in the order of what they would add if nobody's comfort changed. Where idle seconds
    have a price a trip that fills them can cost less than that, and a better place may be passed over; so it may where
    overtime has one and a way round is the quicker one, for else no trip more brings anybody home sooner.
    """
    if known.stamp[trip, s] == plan.stamp[s]:
        price = known.price[trip, s]
        if known.i[trip, s] >= 0:
            return int(price)
        if bound <= price:
            return FAR
    count, refused = collect(day, plan, s, trip, offers, bound)
    best, chosen = bound, -1
    while True:
        least, k = best, -1
        for c in range(count):
            if offers.price[c] < least:
                least, k = offers.price[c], c
        if k < 0:
            break
        offers.price[k] = FAR
        after = comfort_with(day, plan, s, trip, offers.i[k], offers.j[k], work)
        if after < 0:
            continue
        price = least + after - plan.comfort[s]
        if price < best:
            best, chosen = price, k
        else:
            refused = min(refused, price)
    known.stamp[trip, s] = plan.stamp[s]
    if chosen < 0:
        known.i[trip, s], known.price[trip, s] = -1, refused
        return FAR
    known.i[trip, s], known.j[trip, s] = offers.i[chosen], offers.j[chosen]
    known.price[trip, s] = best
    return int(best)


@compiled
def collect(
    day: Tables, plan: Routes, s: int, trip: int, offers: Offers, bound: int
) -> tuple[int, int]:
    """Note the places in the route that the bounds allow below `bound`; (how many, the least that another can cost).

    Passed over are those whose pickup alone is too dear, also where ways are such that the drop-off would make up for it.
    """
    pickup, size = 2 * trip, plan.size[s]
    base = base_price(day, plan, s, trip)
    if base >= bound:
        return 0, base
    count, refused = 0, FAR
    low, high, board = day.low[pickup], day.high[pickup], day.service[pickup]
    for i in range(_first_place(day, plan, s, low + board), size + 1):
        ready = plan.ready[s, i]
        if ready > high:
            break
        before, after, aboard = plan.before[s, i], plan.after[s, i], plan.aboard[s, i]
        start = max(ready + _leg_to(day, s, before, pickup, aboard), low)
        if start > high:
            continue
        detour = base - plan.leg[s, i]
        detour += day.way_out[pickup, s] if before < 0 else day.way_to[pickup, before]
        if after >= 0:
            least = detour + day.way[pickup, after]
            if least >= bound:  # the drop-off adds to that, where no way round is the shorter one
                refused = min(refused, least)
                continue
        if aboard and not (_has_room(day, plan, s, i, trip) and _may_join(day, plan, s, i, trip)):
            continue
        begun = i, start + board, detour, bound
        count, refused = _collect_ends(day, plan, s, trip, offers, (count, refused), begun)
    return count, refused


@compiled
def _leg_to(day: Tables, s: int, previous: int, node: int, aboard: int) -> int:
    """As `leg_s`, where many ways to one stop are asked for."""
    if previous < 0:
        return int(day.from_base[node, s])
    seconds = int(day.drive_to[node, previous])
    if aboard == 0 and day.place[previous] != day.place[node]:
        seconds += day.margin
    return seconds


@compiled
def _collect_ends(
    day: Tables,
    plan: Routes,
    s: int,
    trip: int,
    offers: Offers,
    noted: tuple[int, int],
    begun: tuple[int, int, int, int],
) -> tuple[int, int]:
    """Note each position for the drop-off, given where and when the patient is on board, and at what price."""
    i, end, detour, bound = begun
    dropoff, stops, size = 2 * trip + 1, day.drive.shape[0], plan.size[s]
    low, high = day.low[dropoff], day.high[dropoff]
    limit, alight = day.limit[trip], day.service[dropoff]
    here, ride = 2 * trip, 0
    onward = 0
    if plan.after[s, i] >= 0:
        onward = day.way[here, plan.after[s, i]]
    j = i
    while end <= high:
        leg = int(day.drive_to[dropoff, here])
        stop = max(end + leg, low)
        following = plan.after[s, j]
        if stop <= high and ride + leg <= limit:
            added = detour + day.way_to[dropoff, here]
            if j > i:
                added += onward - plan.leg[s, j]
            added += day.way[dropoff, following] if following >= 0 else day.way_home[dropoff, s]
            if _can_go_on(day, plan, s, j, dropoff, stop + alight):
                noted = _note(offers, noted, bound, (added, i, j))
        if j == size:
            break
        node = plan.seq[s, j]
        if node >= stops:
            break  # nobody rests with a patient on board
        leg = int(day.drive[here, node])
        start = max(end + leg, day.low[node])
        ride += leg + day.service[node]
        if start > plan.latest[s, j] or ride > limit:
            break
        if (node & 1) == 0 and not (
            day.share[trip, node >> 1] and _has_room(day, plan, s, j + 1, trip)
        ):
            break
        end = start + day.service[node]
        here = node
        j += 1
    return noted


@compiled
def _note(
    offers: Offers, noted: tuple[int, int], bound: int, offer: tuple[int, int, int]
) -> tuple[int, int]:
    """(how many offers there are now, the least price that is none)."""
    count, refused = noted
    price, i, j = offer
    if price >= bound or count == MOST_OFFERS:
        return count, min(refused, price)
    offers.price[count], offers.i[count], offers.j[count] = price, i, j
    return count + 1, refused


@compiled
def _can_go_on(day: Tables, plan: Routes, s: int, j: int, dropoff: int, leaves: int) -> bool:
    """Whether what follows position j can still begin in time when the vehicle leaves the drop-off then."""
    if j == plan.size[s]:
        return bool(leaves + day.to_base[dropoff, s] <= day.ends[s])
    node = plan.seq[s, j]
    if node >= day.drive.shape[0]:
        return bool(leaves <= day.high[node])
    return bool(leaves + leg_s(day, s, dropoff, node, plan.aboard[s, j]) <= plan.latest[s, j])


@compiled
def _first_place(day: Tables, plan: Routes, s: int, boarded: int) -> int:
    """The first position whose node can still start once somebody has boarded."""
    low, high = day.fixed[s], plan.size[s]
    while low < high:
        middle = (low + high) >> 1
        if plan.latest[s, middle] >= boarded:
            high = middle
        else:
            low = middle + 1
    return int(low)


@compiled
def _has_room(day: Tables, plan: Routes, s: int, k: int, trip: int) -> bool:
    """Whether the vehicle holds the trip beside whoever is on board at position k."""
    for way in range(day.places.shape[1]):
        fits = True
        for kind in range(LOADS):
            needed = plan.load[s, k, kind] + day.load[trip, kind]
            fits = fits and needed <= day.places[s, way, kind]
        if fits:
            return True
    return False


@compiled
def _may_join(day: Tables, plan: Routes, s: int, k: int, trip: int) -> bool:
    """Whether the trip may share with everybody on board at position k."""
    stops = day.drive.shape[0]
    for j in range(k - 1, -1, -1):
        if plan.aboard[s, j + 1] == 0:
            break
        node = plan.seq[s, j]
        is_on_board = node < stops and (node & 1) == 0 and plan.at[node + 1] >= k
        if is_on_board and not day.share[trip, node >> 1]:
            return False
    return True


@compiled
def with_trip(plan: Routes, s: int, trip: int, i: int, j: int, seq: Nodes) -> int:
    """The route's nodes with the pickup before position i and the drop-off before j; how many."""
    size = plan.size[s]
    for k in range(i):
        seq[k] = plan.seq[s, k]
    seq[i] = 2 * trip
    for k in range(i, j):
        seq[k + 1] = plan.seq[s, k]
    seq[j + 1] = 2 * trip + 1
    for k in range(j, size):
        seq[k + 2] = plan.seq[s, k]
    return int(size + 2)


@compiled
def comfort_with(day: Tables, plan: Routes, s: int, trip: int, i: int, j: int, work: Work) -> int:
    """Comfort price of the route with the trip there, or -1 when it cannot be timed."""
    home = _time_with(day, plan, s, trip, i, j, work)
    if home < 0:
        return -1
    if has_comfort(day):
        size = plan.size[s] + 2
        return comfort(day, s, work.seq, size, work.gaps, home, work.starts, work.at)
    return 0


@compiled
def _time_with(day: Tables, plan: Routes, s: int, trip: int, i: int, j: int, work: Work) -> int:
    """Seconds from the last start of the route with the trip there to the base, -1 when it cannot be timed.

    `work` then holds nodes, gaps and starts. Times start from those of the route as it is, unless the way round is
    the quicker one (as where the margin between trips falls away inside a shared ride): then all are counted anew.
    """
    stops = day.drive.shape[0]
    seq, gaps, starts, at = work.seq, work.gaps, work.starts, work.at
    size = with_trip(plan, s, trip, i, j, seq)
    for k in range(i):
        gaps[k], starts[k], at[seq[k]] = plan.gaps[s, k], plan.starts[s, k], k
    previous, aboard, home = plan.before[s, i], plan.aboard[s, i], plan.home[s]
    carried = day.service[seq[i - 1]] if i > 0 else 0
    start = starts[i - 1] if i > 0 else day.begins[s]
    # `round_s`: since the last node that stood there before
    is_new_way, is_later, last, round_s = True, True, size - 1, 0
    for k in range(i, size):
        node = seq[k]
        at[node] = k
        if not is_new_way:
            gap = plan.gaps[s, k - 2]
        elif node >= stops:
            gap = carried
        else:
            gap = carried + leg_s(day, s, previous, node, aboard)
            previous = node
            aboard += -1 if node & 1 else 1
            is_new_way = k <= j + 1  # up to the first stop behind the drop-off
        carried = day.service[node]
        gaps[k] = gap
        round_s += gap
        least = day.low[node]
        if node >> 1 != trip or node >= stops:
            before = k - 1 if k <= j else k - 2
            if round_s < plan.gaps[s, before]:
                return _time_anew(day, s, size, work)
            least, round_s = plan.starts[s, before], 0
        if is_later:
            start = max(start + gap, least)
            if start > day.high[node]:
                return -1
            if start == least and not is_new_way:
                is_later, last = False, k
        else:
            start = least
        starts[k] = start
    if is_new_way:
        home = carried + day.to_base[previous, s]
        if round_s + home < plan.home[s]:
            return _time_anew(day, s, size, work)
    if not settle(day, s, seq, size, gaps, home, at, starts, (i, last)):
        return -1
    return int(home)


@compiled
def _time_anew(day: Tables, s: int, size: int, work: Work) -> int:
    """As `_time_with`, of the nodes that `work` holds."""
    is_timed, home = least_starts(day, s, work.seq, size, work.gaps, work.starts, work.at)
    return int(home) if is_timed else -1


@compiled
def put(day: Tables, plan: Routes, s: int, trip: int, i: int, j: int, work: Work) -> bool:
    """Insert the trip there; False, and the route as it was, where it cannot be timed."""
    home = _time_with(day, plan, s, trip, i, j, work)
    if home < 0:
        return False
    added = base_price(day, plan, s, trip) + _way_added(day, plan, s, trip, i, j)
    note_insertion(day, plan, s, i, home, added, work)
    return True


@compiled
def base_price(day: Tables, plan: Routes, s: int, trip: int) -> int:
    """What the trip adds to the route wherever it stands."""
    trips = plan.trips[s]
    price = day.people[trip, s] + day.fair[s, trips + 1] - day.fair[s, trips]
    if trips == 0:
        price += missing_breaks(day, plan, s)
    return int(price)


@compiled
def _way_added(day: Tables, plan: Routes, s: int, trip: int, i: int, j: int) -> int:
    """Price of the ways to and from the trip, less that of those they replace."""
    pickup, dropoff = 2 * trip, 2 * trip + 1
    if plan.after[s, i] == plan.after[s, j]:  # no stop between
        added = cost_of_leg(day, s, plan.before[s, i], pickup) + day.way[pickup, dropoff]
        return int(added + cost_of_leg(day, s, dropoff, plan.after[s, i]) - plan.leg[s, i])
    added = 0
    for node, k in ((pickup, i), (dropoff, j)):
        added += cost_of_leg(day, s, plan.before[s, k], node)
        added += cost_of_leg(day, s, node, plan.after[s, k]) - plan.leg[s, k]
    return int(added)
