"""The day as OR-Tools sees it: pickups and deliveries with time, places, rides, pauses and optional trips.

Guided local search (Voudouris & Tsang 1999) over OR-Tools' routing model. Modelled exactly: windows, driving, service,
patients' ride limits, shift hours, tour length, kinds of place with all configurations, skills, exclusions, pins,
workload cap, committed beginnings, unserved trips by priority, driving, overtime, waiting patients, emergency and used
shifts, preferred and kept drivers. Modelled more loosely than the rules: pauses (they may interrupt a leg, optional
ones are left out), pooling among three patients, and the margin between two trips where a third may be on board; "same
driver" is taken as "same shift". Not seen: the price of detours, of waiting and of unfair loads. So every route is
timed anew by the engine; trips that break a rule are given back as unassigned, and a plan that comes out of here is
always valid.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence as Many
from typing import Any

from ortools.constraint_solver import (  # type: ignore[import-untyped]  # stubs not marked as such
    pywrapcp,
    routing_enums_pb2,
)

from dispatch.engine.draft import resume
from dispatch.engine.errors import EngineError
from dispatch.engine.network import Network, Row, Sequence, network_of
from dispatch.engine.plan import Plan
from dispatch.engine.problem import Load, Problem, Shift, Visit
from dispatch.enums import VisitKind

_FOUND = (
    routing_enums_pb2.RoutingSearchStatus.ROUTING_SUCCESS,
    routing_enums_pb2.RoutingSearchStatus.ROUTING_PARTIAL_SUCCESS_LOCAL_OPTIMUM_NOT_REACHED,
    routing_enums_pb2.RoutingSearchStatus.ROUTING_OPTIMAL,
)
_TIMING_LIMIT_MS = 2_000


class NoPlanFoundError(EngineError):
    """OR-Tools found nothing in the time it had, or what is committed does not fit its model."""


def solve(problem: Problem, *, warm_start: Plan | None, time_limit_s: float, seed: int = 0) -> Plan:
    """The best valid plan OR-Tools finds in `time_limit_s` seconds, from `warm_start` on if its model holds it.

    Unassigned trips carry COVERAGE until `explain` has found their reason. Raises NoPlanFoundError when
    there is nothing to give.
    """
    network = network_of(problem)
    model = _Model(network)
    if not model.trips or not problem.shifts:
        raise NoPlanFoundError("No trip can be carried by any shift.")
    sequences = model.solve(warm_start, time_limit_s, seed)
    orders: dict[str, tuple[Visit, ...]] = {}
    for s, sequence in enumerate(sequences):
        shift = problem.shifts[s]
        orders[shift.id] = tuple(network.visit(shift, node) for node in sequence)
    return resume(problem, orders)


class _Model:
    """One routing model. Its node 2m / 2m + 1 is the pickup / drop-off of `trips[m]`; bases follow.

    Seconds count from `origin`, since OR-Tools knows no negative times.
    """

    def __init__(self, network: Network) -> None:
        self.network = network
        self.problem = network.problem
        self.shifts = self.problem.shifts
        self.origin = min((shift.start_s for shift in self.shifts), default=0)
        self.horizon = max((shift.end_s for shift in self.shifts), default=0) - self.origin
        self.trips = [i for i in range(len(self.problem.trips)) if self._is_possible(i)]
        self.position = {trip: m for m, trip in enumerate(self.trips)}
        self.stops = [2 * trip + end for trip in self.trips for end in (0, 1)]
        self.size = len(self.stops) + 2 * len(self.shifts)

    def _is_possible(self, trip: int) -> bool:
        """Whether some shift may carry the trip and its own windows leave time for the ride."""
        network, boarding = self.network, self.network.service[2 * trip]
        opens, closes = self.window(2 * trip)
        first, last = self.window(2 * trip + 1)
        is_open = 0 <= opens <= closes and 0 <= first <= last
        soonest = opens + boarding + network.direct[trip]
        latest = closes + boarding + network.ride_limit[trip]
        is_fit = any(refused[trip] is None for refused in network.refused)
        return is_fit and is_open and soonest <= last and first <= latest

    def window(self, stop: int) -> tuple[int, int]:
        """When service may begin at a stop of the network, as far as anybody is on duty then."""
        low, high = self.network.earliest[stop], self.network.latest[stop]
        return max(0, low - self.origin), min(self.horizon, high - self.origin)

    def solve(self, warm_start: Plan | None, time_limit_s: float, seed: int) -> list[Sequence]:
        """Network sequences by shift, without breaks; raises NoPlanFoundError."""
        begun = {stop >> 1 for s in range(len(self.shifts)) for stop in self.begun(s) if stop >= 0}
        if not begun <= self.position.keys():
            raise NoPlanFoundError("What is committed does not fit its own hours.")
        found, spent_s = None, 0.0
        if warm_start is not None:
            found, spent_s = self.attempt(warm_start, time_limit_s, seed)
        if found is None and spent_s < time_limit_s:
            # No start, or one that the model cannot hold; it is of no use after such a failure.
            found, _ = self.attempt(None, time_limit_s - spent_s, seed)
        if found is None:
            raise NoPlanFoundError(f"OR-Tools found no plan in {time_limit_s:.1f} s.")
        return found

    def attempt(
        self, warm_start: Plan | None, time_limit_s: float, seed: int
    ) -> tuple[list[Sequence] | None, float]:
        """Sequences if a plan was found, and the seconds it took to state and solve the model."""
        manager = self._manager()
        routing = pywrapcp.RoutingModel(manager)
        solver = routing.solver()
        solver.ReSeed(seed)
        _Rules(self, manager, routing).state()
        routing.CloseModelWithParameters(_parameters(time_limit_s))
        parameters = _parameters(time_limit_s - solver.WallTime() / 1000)
        solution = None
        if warm_start is None:
            solution = routing.SolveWithParameters(parameters)
        else:
            start = routing.ReadAssignmentFromRoutes(self._routes(warm_start, manager), True)
            if start is not None:
                solution = routing.SolveFromAssignmentWithParameters(start, parameters)
        spent_s = solver.WallTime() / 1000
        if solution is None or routing.status() not in _FOUND:
            return None, spent_s
        shifts = range(len(self.shifts))
        return [self._read(s, manager, routing, solution) for s in shifts], spent_s

    def _manager(self) -> Any:
        bases = range(len(self.stops), len(self.stops) + len(self.shifts))
        ends = range(bases.stop, self.size)
        return pywrapcp.RoutingIndexManager(self.size, len(self.shifts), list(bases), list(ends))

    def _routes(self, plan: Plan, manager: Any) -> list[list[int]]:
        routes: list[list[int]] = []
        for shift in self.shifts:
            route = plan.route_of.get(shift.id)
            visits = () if route is None else route.visits
            trips = self.network.sequence(
                shift, (v.visit for v in visits if v.kind is not VisitKind.BREAK)
            )
            known = (node for node in trips if node >> 1 in self.position)
            routes.append([manager.NodeToIndex(self.node(node)) for node in known])
        return routes

    def node(self, stop: int) -> int:
        """The model's node of a stop of the network."""
        return 2 * self.position[stop >> 1] + (stop & 1)

    def _read(self, s: int, manager: Any, routing: Any, solution: Any) -> Sequence:
        sequence = []
        index = solution.Value(routing.NextVar(routing.Start(s)))
        while not routing.IsEnd(index):
            sequence.append(self.stops[manager.IndexToNode(index)])
            index = solution.Value(routing.NextVar(index))
        return sequence

    def begun(self, s: int) -> Sequence:
        """The committed visits of a shift, breaks included."""
        shift = self.shifts[s]
        return self.network.sequence(shift, shift.committed)


class _Rules:
    """States the rules of the day in an open routing model."""

    def __init__(self, model: _Model, manager: Any, routing: Any) -> None:
        self.model = model
        self.network = model.network
        self.manager = manager
        self.routing = routing
        self.solver = routing.solver()

    def state(self) -> None:
        self._price_driving()
        self._keep_time()
        self._carry()
        self._offer_places()
        self._keep_apart()
        self._limit_work()
        self._please()
        self._hold_committed()

    def _price_driving(self) -> None:
        problem, at = self.model.problem, self._places()
        weights, metres = problem.settings.weights, problem.travel.metres
        price = [
            [
                weights.driving_per_s * seconds + weights.driving_per_km * metres[a][b] // 1000
                for seconds, b in zip(row, at, strict=True)
            ]
            for row, a in zip(self._table(with_service=False), at, strict=True)
        ]
        self.routing.SetArcCostEvaluatorOfAllVehicles(self.routing.RegisterTransitMatrix(price))
        for s, shift in enumerate(problem.shifts):
            fixed = weights.used_shift + weights.emergency_shift * shift.is_emergency
            self.routing.SetFixedCostOfVehicle(fixed, s)

    def _places(self) -> list[int]:
        shifts = self.model.shifts
        stops = [self.network.location[stop] for stop in self.model.stops]
        return [*stops, *(s.start_location for s in shifts), *(s.end_location for s in shifts)]

    def _table(self, *, with_service: bool) -> list[list[int]]:
        """Seconds from node to node: driving alone, or start of service to start of service."""
        network, stops, shifts = self.network, self.model.stops, range(len(self.model.shifts))
        none = [0] * len(shifts)
        rows = []
        for stop in stops:
            row, last = network.drive[stop], 0
            if with_service:
                row, last = self._gaps(stop), network.service[stop]
            home = [network.to_base[s][stop] + last for s in shifts]
            rows.append([*(row[other] + last for other in stops), *none, *home])
        for s in shifts:
            out = network.from_base[s]
            rows.append([*(out[stop] for stop in stops), *none, *none])
        rows += [[0] * self.model.size for _ in shifts]
        return rows

    def _gaps(self, stop: int) -> Row:
        """Driving to each stop of the network, with the margin where the vehicle is surely empty."""
        network, masks = self.network, self.network.share_mask
        trip = stop >> 1
        return tuple(
            full if masks[trip] & masks[other >> 1] & ~(1 << trip | 1 << (other >> 1)) else empty
            for other, (full, empty) in enumerate(
                zip(network.drive[stop], network.empty_drive[stop], strict=True)
            )
        )

    def _keep_time(self) -> None:
        model, routing, horizon = self.model, self.routing, self.model.horizon
        weights, table = model.problem.settings.weights, self._table(with_service=True)
        for s in range(len(model.shifts)):
            self._correct_begun(table, s)
        routing.AddDimension(routing.RegisterTransitMatrix(table), horizon, horizon, False, "time")
        self.time = routing.GetDimensionOrDie("time")
        for node, stop in enumerate(model.stops):
            self.time.CumulVar(self._index(node)).SetRange(*model.window(stop))
            if (ready := model.network.ready_at(stop)) is not None:
                price, due_s = weights.patient_wait_per_s, max(0, ready - model.origin)
                self.time.SetCumulVarSoftUpperBound(self._index(node), due_s, price)
        for s, shift in enumerate(model.shifts):
            self._keep_hours(s, shift)

    def _correct_begun(self, table: list[list[int]], s: int) -> None:
        """Exact gaps along committed visits: breaks already placed, margins only where they are due."""
        network, at = self.network, len(self.model.stops) + s
        previous, carried, riders = -1, 0, 0
        for stop in self.model.begun(s):
            if stop < 0:
                carried += self.model.shifts[s].breaks[~stop].duration_s
                continue
            node = self.model.node(stop)
            if previous >= 0:
                legs = network.drive if riders else network.empty_drive
                table[at][node] = network.service[previous] + legs[previous][stop]
            table[at][node] += carried
            at, previous, carried = node, stop, 0
            riders += -1 if stop & 1 else 1
        table[at] = [seconds + carried for seconds in table[at]]

    def _keep_hours(self, s: int, shift: Shift) -> None:
        routing, origin = self.routing, self.model.origin
        hours = shift.start_s - origin, shift.end_s - origin
        for index in (routing.Start(s), routing.End(s)):
            self.time.CumulVar(index).SetRange(*hours)
            routing.AddVariableMinimizedByFinalizer(self.time.CumulVar(index))
        if over_s := shift.most_overtime_s:
            price, due = self.model.problem.settings.weights.overtime_per_s, hours[1] - over_s
            self.time.SetCumulVarSoftUpperBound(routing.End(s), max(0, due), price)
        longest = shift.end_s - shift.start_s
        if shift.max_duration_s is not None:
            longest = min(longest, shift.max_duration_s)
        # Said of every shift, although its hours say as much: only where a span is limited does OR-Tools time
        # routes with pauses by an optimizer, and step by step it runs into dead ends.
        self.time.SetSpanUpperBoundForVehicle(longest, s)
        done = self.model.begun(s)
        intervals = [
            self.solver.FixedDurationIntervalVar(
                max(0, pause.earliest_s - origin),
                pause.latest_s - origin,
                pause.duration_s,
                False,
                f"{shift.id} {pause.id}",
            )
            for k, pause in enumerate(shift.breaks)
            if pause.mandatory and ~k not in done and pause.latest_s >= origin
        ]
        if intervals:
            service = [self.network.service[stop] for stop in self.model.stops]
            by_index = [0] * self.manager.GetNumberOfIndices()
            for node, seconds in enumerate(service):
                by_index[self._index(node)] = seconds
            self.time.SetBreakIntervalsOfVehicle(intervals, s, by_index)

    # Trips, places, pooling

    def _carry(self) -> None:
        """Both ends in one route in order, within the ride limit, by a shift that may; or left for a price."""
        routing, network, problem = self.routing, self.network, self.model.problem
        for m, trip in enumerate(self.model.trips):
            pickup, dropoff = self._index(2 * m), self._index(2 * m + 1)
            start, end = self.time.CumulVar(pickup), self.time.CumulVar(dropoff)
            boarding = network.service[2 * trip]
            routing.AddPickupAndDelivery(pickup, dropoff)
            self.solver.Add(routing.VehicleVar(pickup) == routing.VehicleVar(dropoff))
            self.solver.Add(end - start >= boarding + network.direct[trip])
            longest = boarding + network.ride_limit[trip]
            # Not as a constraint, which that optimizer would not see.
            self.time.SetPickupToDeliveryLimitFunctionForPair(_always(longest), m)
            fit = [s for s, refused in enumerate(network.refused) if refused[trip] is None]
            has_begun = problem.trips[trip].id in problem.committed_shift
            if not has_begun:
                unserved = problem.settings.weights.unserved(problem.trips[trip].priority)
                routing.AddDisjunction([pickup], unserved)
                routing.AddDisjunction([dropoff], 0)
            if len(fit) < len(self.model.shifts):
                for index in (pickup, dropoff):
                    routing.VehicleVar(index).SetValues(fit if has_begun else [-1, *fit])

    def _offer_places(self) -> None:
        """A dimension per kind of place; where places can be set in several ways, one of them must do."""
        loads = [self.model.problem.trips[trip].load for trip in self.model.trips]
        shifts = self.model.shifts
        kinds = [kind for kind in range(len(Load())) if any(load[kind] for load in loads)]
        for kind in kinds:
            most = [max(offered[kind] for offered in shift.configurations) for shift in shifts]
            self._count_on_board([load[kind] for load in loads], most, f"places {kind}")
        if all(len(_frontier(shift)) == 1 for shift in shifts):
            return
        ways = max(len(_frontier(shift)) for shift in shifts)
        for m, load in enumerate(loads):
            index = self._index(2 * m)
            fits = [self._fits(index, load, kinds, way) for way in range(ways)]
            self.solver.Add(self.solver.Sum(fits) >= 1)

    def _fits(self, index: int, load: Load, kinds: list[int], way: int) -> Any:
        """Whether all on board after this pickup fits one way of setting the places of its vehicle."""
        vehicle = self.routing.VehicleVar(index) + 1  # 0: nobody
        fits = []
        for kind in kinds:
            offered = [sum(load)]
            for shift in self.model.shifts:
                frontier = _frontier(shift)
                offered.append(frontier[min(way, len(frontier) - 1)][kind])
            taken = self.routing.GetDimensionOrDie(f"places {kind}").CumulVar(index)
            place = self.solver.Element(offered, vehicle)
            fits.append(self.solver.IsLessOrEqualVar((taken + load[kind]).Var(), place.Var()))
        return self.solver.Min(fits) if len(fits) > 1 else fits[0]

    def _count_on_board(self, amounts: Many[int], most: list[int], name: str) -> None:
        """A dimension that holds what is on board: each pickup adds its amount, its drop-off takes it off."""
        change = [sign * amount for amount in amounts for sign in (1, -1)]
        change += [0] * (2 * len(self.model.shifts))
        evaluator = self.routing.RegisterUnaryTransitVector(change)
        self.routing.AddDimensionWithVehicleCapacity(evaluator, 0, most, True, name)

    def _keep_apart(self) -> None:
        """Patients who may share with nobody fill the vehicle; arcs that put two others together go."""
        trips, everyone = self.model.trips, self._mask_of_all()
        mates = [self.network.share_mask[trip] & everyone for trip in trips]
        if all(mask == everyone for mask in mates):
            return
        seats = max(sum(offered) for s in self.model.shifts for offered in s.configurations)
        fill = [seats if mask == 1 << trip else 1 for trip, mask in zip(trips, mates, strict=True)]
        self._count_on_board(fill, [seats] * len(self.model.shifts), "apart")
        ends = [self.routing.End(s) for s in range(len(self.model.shifts))]
        for m, mask in enumerate(mates):
            self._forbid_arcs(m, mask, ends)

    def _mask_of_all(self) -> int:
        mask = 0
        for trip in self.model.trips:
            mask |= 1 << trip
        return mask

    def _forbid_arcs(self, m: int, mates: int, ends: list[int]) -> None:
        """From this pickup only to its own drop-off or its mates; no stranger's drop-off after its own."""
        trips = self.model.trips
        pickup, dropoff = self._index(2 * m), self._index(2 * m + 1)
        near = [other for other, trip in enumerate(trips) if mates >> trip & 1 and other != m]
        shared = [self._index(2 * other + end) for other in near for end in (0, 1)]
        self.routing.NextVar(pickup).SetValues([pickup, dropoff, *shared])
        others = [self._index(2 * other) for other in range(len(trips)) if other != m]
        left = [self._index(2 * other + 1) for other in near]
        self.routing.NextVar(dropoff).SetValues([dropoff, *others, *left, *ends])

    # Work, people, what is committed

    def _limit_work(self) -> None:
        """No more trips than the cap of each shift."""
        shifts, trips = self.model.shifts, len(self.model.trips)
        if all(shift.max_trips is None for shift in shifts):
            return
        change = [1, 0] * trips + [0] * (2 * len(shifts))
        most = [trips if shift.max_trips is None else shift.max_trips for shift in shifts]
        evaluator = self.routing.RegisterUnaryTransitVector(change)
        self.routing.AddDimensionWithVehicleCapacity(evaluator, 0, most, True, "work")

    def _please(self) -> None:
        """Prices of drivers: not preferred, not the one in force, not the same as on the way there."""
        model, routing = self.model, self.routing
        prices = [
            [network_row[0] + network_row[1] for network_row in zip(wish, moved, strict=True)]
            for wish, moved in zip(self.network.not_preferred, self.network.moved, strict=True)
        ]
        # Above what the trip costs with its best shift: OR-Tools takes 0 for a trip left out, and would
        # refuse every plan without a trip that has no preferred driver on duty.
        least = [min(column) for column in zip(*prices, strict=True)]
        prices = [[a - b for a, b in zip(row, least, strict=True)] for row in prices]
        if any(map(any, prices)):
            bases = [0] * (2 * len(model.shifts))
            evaluators = [
                routing.RegisterUnaryTransitVector(
                    [amount for trip in model.trips for amount in (row[trip], 0)] + bases
                )
                for row in prices
            ]
            limit = sum(max(column) for column in zip(*prices, strict=True))
            routing.AddDimensionWithVehicleTransits(evaluators, 0, limit, True, "wishes")
            routing.GetDimensionOrDie("wishes").SetSpanCostCoefficientForAllVehicles(1)
        weight = model.problem.settings.weights.not_same_driver
        for trip, others in enumerate(self.network.companions):
            for other in others:
                if weight and trip < other and {trip, other} <= set(model.position):
                    pair = [self._index(2 * model.position[t]) for t in (trip, other)]
                    routing.AddSoftSameVehicleConstraint(pair, weight)

    def _hold_committed(self) -> None:
        """As constraints, so that a beginning the model cannot hold means no plan and not an error."""
        for s in range(len(self.model.shifts)):
            index = self.routing.Start(s)
            for stop in self.model.begun(s):
                if stop >= 0:
                    following = self._index(self.model.node(stop))
                    self.solver.Add(self.routing.NextVar(index) == following)
                    index = following

    def _index(self, node: int) -> int:
        return int(self.manager.NodeToIndex(node))


def _always(value: int) -> Callable[[int, int], int]:
    return lambda _pickup, _dropoff: value


def _frontier(shift: Shift) -> list[Load]:
    """The configurations that no other one contains."""
    ways = dict.fromkeys(shift.configurations)
    return [way for way in ways if not any(way != other and way.fits(other) for other in ways)]


def _parameters(time_limit_s: float) -> Any:
    parameters = pywrapcp.DefaultRoutingSearchParameters()
    parameters.first_solution_strategy = (
        routing_enums_pb2.FirstSolutionStrategy.PARALLEL_CHEAPEST_INSERTION
    )
    parameters.local_search_metaheuristic = (
        routing_enums_pb2.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
    )
    limit_ms = max(1, round(1000 * time_limit_s))
    parameters.time_limit.FromMilliseconds(limit_ms)
    # Also bounds the timing of a whole day with pauses: by its default of 0.1 s a good start is thrown away.
    parameters.lns_time_limit.FromMilliseconds(min(limit_ms, _TIMING_LIMIT_MS))
    return parameters
