"""One small instance of each published format, on a street along x, that a person can plan."""

from __future__ import annotations

import json

# a: from 3 to 6, b: from 4 to 5, boarding takes 1 each; one vehicle of two seats, rides up to 6.
# Together: 0-3-4-5-6-0 is 12 long. Apart: 0-3-6-4-5-0 is 14.
DARP = """\
1 2 100 2 6
0 0.0 0.0 0  0 0 100
1 3.0 0.0 1  1 0  50
2 4.0 0.0 1  1 0  50
3 6.0 0.0 1 -1 0 100
4 5.0 0.0 1 -1 0 100
5 0.0 0.0 0  0 0 100
"""
DARP_OPTIMUM = 12.0

# East, west and east again, at times that force this order on one vehicle: it drives 24. Two vehicles would
# drive 10 + 8; but fewer vehicles come first.
PDPTW = """\
2\t10\t1
0\t0\t0\t0\t0\t100\t0\t0\t0
1\t3\t0\t5\t0\t10\t1\t0\t4
2\t-3\t0\t5\t20\t30\t1\t0\t5
3\t3\t0\t5\t40\t50\t1\t0\t6
4\t4\t0\t-5\t0\t15\t1\t1\t0
5\t-4\t0\t-5\t20\t35\t1\t2\t0
6\t4\t0\t-5\t40\t60\t1\t3\t0
"""
PDPTW_BEST = 24.0

DYNAMIC = json.dumps(
    {
        "static_info": {
            "number_of_vehicles": 1,
            "vehicle_capacity": 2,
            "max_ride_time": 6,
            "max_route_time": 60,
            "planing_horizon": 100,
            "depot_location": {"x_coord": 0.0, "y_coord": 0.0},
        },
        "requests": [
            {
                "id": number,
                "pickup_location": {"x_coord": float(at), "y_coord": 0.0},
                "delivery_location": {"x_coord": float(to), "y_coord": 0.0},
                "pickup_lower_tw": 0,
                "pickup_upper_tw": 50,
                "pickup_service_time": 1,
                "delivery_lower_tw": 0,
                "delivery_upper_tw": 100,
                "delivery_service_time": 1,
                "load": 1,
                "arrival_time": 10,
            }
            for number, at, to in ((1, 3, 6), (2, 4, 5))
        ],
    }
)
