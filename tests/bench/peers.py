"""What other planners make of a problem: PyVRP (goods alone) and VROOM (goods, and days without ride limits).

They are asked with our own tables of travel times, on one thread, and their orders of stops become plans of ours,
timed by our exact schedule where one keeps all limits and else by their own times: what is then broken is theirs.
Neither is a dependency of the product: `make bench-planner` installs requirements/bench.txt when it is called.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from importlib import import_module
from importlib.metadata import version
from typing import Any

from dispatch.engine.fitting import fit_of, route_for
from dispatch.engine.network import network_of
from dispatch.engine.plan import Plan, Route, TimedVisit, Unassigned
from dispatch.engine.problem import Problem, Shift, Visit
from dispatch.enums import Rule, VisitKind

Clock = Callable[[], float]
Times = list[tuple[Visit, int]]  # when service begins, in the order of a route

EXPLORATION = 5  # VROOM's most thorough
WALL_PER_CPU_S = (
    4  # VROOM knows the wall's clock alone; counting CPU seconds it gets as many of them
)
A_VEHICLE = 10**8  # dwarfs any way, and neither planner's numbers overflow


class PeerError(RuntimeError):
    """A peer cannot be asked, or says something that is no plan."""


def versions() -> dict[str, str]:
    """The peers that are installed."""
    return {"pyvrp": version("pyvrp"), "vroom": version("pyvroom")}


def pyvrp_plan(problem: Problem, *, seconds: float, seed: int, clock: Clock) -> Plan:
    """Equal vehicles only; its own clock is replaced by `clock`."""
    pyvrp: Any = import_module("pyvrp")
    shift = problem.shifts[0]
    model = pyvrp.Model()
    count = problem.travel.size
    places = [model.add_location(0, 0) for _ in range(count)]
    depot = model.add_depot(places[shift.start_location])
    model.add_vehicle_type(
        num_available=len(problem.shifts),
        capacity=shift.configurations[0].seats,
        start_depot=depot,
        end_depot=depot,
        fixed_cost=_fixed(problem),
        tw_early=shift.start_s,
        tw_late=shift.end_s,
    )
    for trip in problem.trips:
        model.add_shipment(
            places[trip.pickup.location],
            places[trip.dropoff.location],
            pickup_tw_early=trip.pickup.earliest_s,
            pickup_tw_late=trip.pickup.latest_s,
            pickup_service_duration=trip.pickup.service_s,
            delivery_tw_early=trip.dropoff.earliest_s,
            delivery_tw_late=trip.dropoff.latest_s,
            delivery_service_duration=trip.dropoff.service_s,
            amount=trip.load.seats,
        )
    table = problem.travel.seconds
    for here in range(count):
        for there in range(count):
            way = table[here][there]
            model.add_edge(places[here], places[there], distance=way, duration=way)
    ends = clock() + seconds
    result = model.solve(
        stop=lambda _cost: clock() > ends, seed=seed, collect_stats=False, display=False
    )
    routes = [_of_pyvrp(problem, route) for route in result.best.routes()]
    return plan_of(problem, {s: times for s, times in enumerate(routes) if times})


def _of_pyvrp(problem: Problem, route: Any) -> Times:
    kinds = {"PICKUP": VisitKind.PICKUP, "DELIVERY": VisitKind.DROPOFF}
    return [
        (Visit(problem.trips[step.idx].id, kinds[step.type.name]), step.start_time)
        for step in route.schedule()
        if step.type.name in kinds
    ]


def vroom_plan(problem: Problem, *, seconds: float, is_cpu: bool) -> Plan:
    """It has no ride-time limits: windows, seats, hours of duty and most trips are all it is told."""
    vroom: Any = import_module("vroom")
    asked = vroom.Input()
    asked.set_durations_matrix("car", problem.travel.seconds)
    asked.add_vehicle([_vroom_vehicle(vroom, problem, s) for s in range(len(problem.shifts))])
    for number, trip in enumerate(problem.trips):
        pickup, delivery = (
            vroom.ShipmentStep(
                number,
                stop.location,
                default_service=stop.service_s,
                time_windows=[vroom.TimeWindow(stop.earliest_s, stop.latest_s)],
            )
            for stop in (trip.pickup, trip.dropoff)
        )
        asked.add_shipment(pickup, delivery, amount=vroom.Amount([trip.load.seats]))
    limit_s = seconds * (WALL_PER_CPU_S if is_cpu else 1)
    found = asked.solve(EXPLORATION, nb_threads=1, timeout=timedelta(seconds=limit_s))
    return plan_of(problem, _of_vroom(problem, found.routes))


def _vroom_vehicle(vroom: Any, problem: Problem, s: int) -> Any:
    shift = problem.shifts[s]
    return vroom.Vehicle(
        s,
        start=shift.start_location,
        end=shift.end_location,
        capacity=[shift.configurations[0].seats],
        time_window=vroom.TimeWindow(shift.start_s, shift.end_s),
        costs=vroom.VehicleCosts(fixed=_fixed(problem)),
    )


def _of_vroom(problem: Problem, frame: Any) -> dict[int, Times]:
    kinds = {"pickup": VisitKind.PICKUP, "delivery": VisitKind.DROPOFF}
    found: dict[int, Times] = {}
    for row in frame.itertuples():
        if row.type in kinds:
            visit = Visit(problem.trips[int(row.id)].id, kinds[row.type])
            found.setdefault(int(row.vehicle_id), []).append(
                (visit, int(row.arrival) + int(row.waiting_time))
            )
    return found


def _fixed(problem: Problem) -> int:
    return A_VEHICLE if problem.settings.weights.used_shift else 0


def plan_of(problem: Problem, times_of: Mapping[int, Times]) -> Plan:
    """A peer's orders of stops, by the number of the shift, as a plan; what it leaves out is unassigned."""
    routes = tuple(_route(problem, s, times_of.get(s, [])) for s in range(len(problem.shifts)))
    driven = {trip for route in routes for trip in route.trip_ids}
    left = [trip.id for trip in problem.trips if trip.id not in driven]
    return Plan(
        routes=routes,
        unassigned=tuple(Unassigned(trip=trip, reason=Rule.COVERAGE) for trip in left),
    )


def _route(problem: Problem, s: int, times: Times) -> Route:
    network, shift = network_of(problem), problem.shifts[s]
    sequence = network.sequence(shift, (visit for visit, _ in times))
    if not times or fit_of(network, s, sequence) is not None:
        return route_for(network, s, sequence)
    return _as_told(problem, shift, times)


def _as_told(problem: Problem, shift: Shift, times: Times) -> Route:
    """The route by the planner's own times, whatever they break."""
    here, free_s, visits = shift.start_location, shift.start_s, []
    for visit, start_s in times:
        trip = problem.trip_by_id[visit.id]
        stop = trip.pickup if visit.kind is VisitKind.PICKUP else trip.dropoff
        arrive_s = free_s + problem.travel.seconds[here][stop.location]
        visits.append(TimedVisit(id=visit.id, kind=visit.kind, arrive_s=arrive_s, start_s=start_s))
        here, free_s = stop.location, start_s + stop.service_s
    return Route(
        shift=shift.id,
        visits=tuple(visits),
        leave_s=shift.start_s,
        return_s=free_s + problem.travel.seconds[here][shift.end_location],
    )
