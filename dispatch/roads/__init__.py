"""Where travel times come from: OSRM over HTTP, or an estimate; each answer says which it was."""

from __future__ import annotations

from dispatch.roads.child import OsrmChild, RoadServerError, osrm_child
from dispatch.roads.lines import route
from dispatch.roads.prepared import NotPreparedError, Prepared, read_prepared
from dispatch.roads.programs import NoProgramsError, Programs, find_programs
from dispatch.roads.provider import travel_times
from dispatch.roads.values import ATTRIBUTION, RoadAnswer, RoadLimits, RoadRoute

__all__ = [
    "ATTRIBUTION",
    "NoProgramsError",
    "NotPreparedError",
    "OsrmChild",
    "Prepared",
    "Programs",
    "RoadAnswer",
    "RoadLimits",
    "RoadRoute",
    "RoadServerError",
    "find_programs",
    "osrm_child",
    "read_prepared",
    "route",
    "travel_times",
]
