"""Two routes exchange their ends where both vehicles are empty: more than any string that is taken out."""

from __future__ import annotations

from dispatch.engine.kernel.chance import Stream, below, uniform
from dispatch.engine.kernel.compiled import compiled
from dispatch.engine.kernel.routes import LOADS, Routes, Work, refresh
from dispatch.engine.kernel.tables import FAR, Tables
from dispatch.engine.kernel.timing import cost_of_leg, leg_s
from dispatch.engine.kernel.trial import TOUCHED, Trial, touch

OVERLOOKED = 0.2  # chance that a place for the exchange is


@compiled
def cross(day: Tables, plan: Routes, trial: Trial, seed: int, stream: Stream, work: Work) -> None:
    """One of the routes just ruined, about the time of the trip `seed`, and the one whose end suits it best."""
    if trial.counts[TOUCHED] == 0:
        return
    a = trial.touched[below(stream, trial.counts[TOUCHED])]
    i = _cut(day, plan, a, day.high[2 * seed])
    b, j = _partner(day, plan, a, i, stream)
    if b < 0 or not (_takes(day, plan, a, i, b, j) and _takes(day, plan, b, j, a, i)):
        return
    touch(plan, trial, a)
    touch(plan, trial, b)
    _swap(plan, a, i, b, j, work)
    if not _are_timed(day, plan, a, b, work):
        _swap(plan, a, i, b, j, work)  # back
        _are_timed(day, plan, a, b, work)


@compiled
def _are_timed(day: Tables, plan: Routes, a: int, b: int, work: Work) -> bool:
    is_one_timed = refresh(day, plan, a, work)
    return refresh(day, plan, b, work) and is_one_timed


@compiled
def _partner(day: Tables, plan: Routes, a: int, i: int, stream: Stream) -> tuple[int, int]:
    """(the route, its position) whose end costs least to exchange for that of route a from i on; -1: there is none."""
    least, b, j = FAR, -1, -1
    for s in range(plan.size.shape[0]):
        if s == a or plan.size[s] == 0:
            continue
        for k in range(_first_cut(day, plan, s), plan.size[s] + 1):
            if plan.aboard[s, k] or i + k == 0 or (i == plan.size[a] and k == plan.size[s]):
                continue
            if not (_in_time(day, plan, a, i, s, k) and _in_time(day, plan, s, k, a, i)):
                continue
            price = _price(day, plan, a, i, s, k)
            if price < least and uniform(stream) >= OVERLOOKED:
                least, b, j = price, s, k
    return b, j


@compiled
def _cut(day: Tables, plan: Routes, s: int, when: int) -> int:
    """The last place where the vehicle is empty and that it comes to by then, else the first."""
    found = -1
    for k in range(_first_cut(day, plan, s), plan.size[s] + 1):
        if found >= 0 and plan.starts[s, k - 1] > when:
            break
        if plan.aboard[s, k] == 0:
            found = k
    return int(found)


@compiled
def _first_cut(day: Tables, plan: Routes, s: int) -> int:
    """Behind what is committed and the last break: these are nobody else's."""
    first = day.fixed[s]
    for k in range(first, plan.size[s]):
        if plan.seq[s, k] >= day.drive.shape[0]:
            first = k + 1
    return int(first)


@compiled
def _in_time(day: Tables, plan: Routes, s: int, i: int, other: int, j: int) -> bool:
    """Whether the other route's end can begin in time behind the first i nodes of route s."""
    if j == plan.size[other]:
        return True
    leg = leg_s(day, s, plan.before[s, i], plan.seq[other, j], 0)
    return bool(plan.ready[s, i] + leg <= plan.latest[other, j])


@compiled
def _price(day: Tables, plan: Routes, a: int, i: int, b: int, j: int) -> int:
    """What the two new legs cost more than the old ones; the bases of the ends count as if they stayed."""
    new = cost_of_leg(day, a, plan.before[a, i], plan.after[b, j])
    new += cost_of_leg(day, b, plan.before[b, j], plan.after[a, i])
    return int(new - plan.leg[a, i] - plan.leg[b, j])


@compiled
def _takes(day: Tables, plan: Routes, s: int, i: int, other: int, j: int) -> bool:
    """Whether shift s may carry the other's trips from position j on behind its own first i nodes."""
    stops = plan.size[other] - j
    for k in range(i):
        stops += plan.seq[s, k] < day.drive.shape[0]
    if stops > 2 * day.most[s]:
        return False
    for k in range(j, plan.size[other]):
        if not day.fit[plan.seq[other, k] >> 1, s] or not _has_room(day, plan, s, other, k + 1):
            return False
    return True


@compiled
def _has_room(day: Tables, plan: Routes, s: int, other: int, k: int) -> bool:
    """Whether the vehicle of shift s holds whoever the other has on board at position k."""
    for way in range(day.places.shape[1]):
        fits = True
        for kind in range(LOADS):
            fits = fits and plan.load[other, k, kind] <= day.places[s, way, kind]
        if fits:
            return True
    return False


@compiled
def _swap(plan: Routes, a: int, i: int, b: int, j: int, work: Work) -> None:
    mine, theirs = plan.size[a] - i, plan.size[b] - j
    for k in range(mine):
        work.seq[k] = plan.seq[a, i + k]
    for k in range(theirs):
        plan.seq[a, i + k] = plan.seq[b, j + k]
    for k in range(mine):
        plan.seq[b, j + k] = work.seq[k]
    plan.size[a], plan.size[b] = i + theirs, j + mine
