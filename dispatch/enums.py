"""The closed vocabularies of the house: one word for one thing, in rows, plans and sentences alike."""

from __future__ import annotations

from enum import StrEnum


class Rule(StrEnum):
    """Why a plan is wrong, why a trip stays unassigned, what a badge says: one key everywhere."""

    # A plan that breaks one of these is refused.
    CAPACITY = "capacity"
    SKILLS = "skills"
    SHIFT = "shift"
    DURATION = "duration"
    BREAK = "break"
    TIME_WINDOW = "time_window"
    MAX_RIDE_TIME = "max_ride_time"
    EXCLUDED_DRIVER = "excluded_driver"
    TRANSITION_MARGIN = "transition_margin"
    POOLING = "pooling"
    WORKLOAD_CAP = "workload_cap"
    PINNED = "pinned"
    FREEZE_TIME = "freeze_time"
    SEQUENCE = "sequence"  # pickup before drop-off, same vehicle, physically possible times
    COVERAGE = "coverage"  # each trip exactly once: planned or carrying its reason
    UNKNOWN_COORDINATES = "unknown_coordinates"
    # These cost, and are shown.
    SAME_DRIVER = "same_driver"
    PREFERRED_DRIVER = "preferred_driver"
    FAIRNESS = "fairness"
    EMERGENCY_LAST = "emergency_last"
    OPTIONAL_BREAK = "optional_break"
    STABILITY = "stability"


class Severity(StrEnum):
    HARD = "hard"
    SOFT = "soft"


class VisitKind(StrEnum):
    PICKUP = "pickup"
    DROPOFF = "dropoff"
    BREAK = "break"


class Means(StrEnum):
    """How a journey goes on whose vehicle or driver dropped out."""

    INSERT = "insert"  # into the tour of another driver
    NEW_RUN = "new_run"  # a crew that was not out yet, or another vehicle or driver in place of the lost one
    PARTNER = "partner"  # a taxi company


class Priority(StrEnum):
    """How much it costs the carrier to leave a trip unserved (see Weights)."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    VITAL = "vital"  # dialysis, chemotherapy, discharge at night


class DispatchMode(StrEnum):
    """How much the machine may do in a company without a person's touch."""

    MANUAL = "manual"
    SEMI_AUTO = "semi_auto"
    FULLY_AUTO = "fully_auto"


class Role(StrEnum):
    """What a person may do in one company."""

    ADMIN = "admin"
    DISPATCHER = "dispatcher"
    DRIVER = "driver"
    AUDITOR = "auditor"


class PlaceKind(StrEnum):
    ESTABLISHMENT = "establishment"
    HOME = "home"
    BASE = "base"
    OTHER = "other"


class CoordinatesQuality(StrEnum):
    """How far a place's coordinates can be trusted; a trip with unknown ones is never planned silently."""

    EXACT = "exact"
    STREET = "street"
    CENTROID = "centroid"
    UNKNOWN = "unknown"


class Mobility(StrEnum):
    """How a patient travels, and so which place in the vehicle they take."""

    WALKING = "walking"
    WHEELCHAIR_FIXED = "wheelchair_fixed"
    WHEELCHAIR_FOLDABLE = "wheelchair_foldable"  # a seat, and room for a folded chair
    STRETCHER = "stretcher"


class Stance(StrEnum):
    """What a patient wishes of one driver."""

    PREFERRED = "preferred"
    EXCLUDED = "excluded"


class DriverKind(StrEnum):
    REGULAR = "regular"
    EMERGENCY = "emergency"  # used last


class SkillCode(StrEnum):
    """The skills that needs of patients ask for; a company may add its own."""

    STRETCHER = "stretcher"
    OXYGEN = "oxygen"
    STAIRS = "stairs"


class LicenceKind(StrEnum):
    B = "B"
    D1 = "D1"
    D = "D"
    BPT = "BPT"  # professional transport of persons (Switzerland: code 121)


class AbsenceReason(StrEnum):
    HOLIDAY = "holiday"
    ILLNESS = "illness"
    TRAINING = "training"
    OTHER = "other"


class Equipment(StrEnum):
    """What is fitted in a vehicle."""

    RAMP = "ramp"
    LIFT = "lift"
    OXYGEN = "oxygen"
    STAIRCLIMBER = "stairclimber"
    STRETCHER = "stretcher"


class UnavailabilityReason(StrEnum):
    SERVICE = "service"
    BREAKDOWN = "breakdown"
    ACCIDENT = "accident"
    OTHER = "other"


class Loss(StrEnum):
    """What a shift lost on the road."""

    VEHICLE = "vehicle"
    DRIVER = "driver"


class ShiftStatus(StrEnum):
    PLANNED = "planned"
    CANCELLED = "cancelled"


class ReturnMode(StrEnum):
    """How the patient of a standing order comes back."""

    NONE = "none"
    FIXED = "fixed"
    WILL_CALL = "will_call"


class DoubtKind(StrEnum):
    """What is odd about a booking that was taken all the same."""

    FAR_AHEAD = "far_ahead"
    NO_VEHICLE = "no_vehicle"
    UNKNOWN_PLACE = "unknown_place"
    WIDE_WINDOW = "wide_window"
    LATE_ARRIVAL = "late_arrival"
    EARLY_RETURN = "early_return"
    TWO_AT_ONCE = "two_at_once"
    PROMISE_MOVED = "promise_moved"
    RETURN_LEFT = "return_left"


class Leg(StrEnum):
    OUTBOUND = "outbound"
    RETURN = "return"
    SINGLE = "single"


class BookingStatus(StrEnum):
    """Where a booking stands; the last eight and `completed` are its outcome codes (KPI.md, and the partner)."""

    DRAFT = "draft"
    CONFIRMED = "confirmed"  # promised, waiting for a driver
    ASSIGNED = "assigned"
    EN_ROUTE = "en_route"
    ARRIVED = "arrived"  # at the pickup
    ON_BOARD = "on_board"
    COMPLETED = "completed"
    NO_SHOW = "no_show"  # the vehicle was there in the window, the patient was not
    MISSED = "missed"  # the carrier's fault
    CANCELLED = "cancelled"
    SAME_DAY_CANCEL = "same_day_cancel"
    LATE_CANCEL = "late_cancel"  # the vehicle was on its way, or the company's notice was not kept
    REFUSED = "refused"
    UNMET = "unmet"  # accepted, and nobody could be found
    PARTNER = "partner"  # a taxi company drives it: served, by none of our drivers


class StatusReason(StrEnum):
    """Why a trip did not take place."""

    PATIENT_ABSENT = "patient_absent"
    PATIENT_UNWELL = "patient_unwell"
    PATIENT_DECLINED = "patient_declined"
    PATIENT_REQUEST = "patient_request"
    PATIENT_DECEASED = "patient_deceased"
    HOSPITALISED = "hospitalised"
    APPOINTMENT_CANCELLED = "appointment_cancelled"
    APPOINTMENT_MOVED = "appointment_moved"
    ESTABLISHMENT_REQUEST = "establishment_request"
    OTHER_TRANSPORT = "other_transport"
    DOUBLE_BOOKING = "double_booking"
    ENTRY_ERROR = "entry_error"
    SERIES_CHANGED = "series_changed"
    VEHICLE_LATE = "vehicle_late"
    VEHICLE_BREAKDOWN = "vehicle_breakdown"
    WEATHER = "weather"
    NO_DRIVER = "no_driver"
    NO_VEHICLE = "no_vehicle"
    OUTSIDE_AREA = "outside_area"
    OUTSIDE_HOURS = "outside_hours"
    NEEDS_NOT_SERVED = "needs_not_served"
    OTHER = "other"


class RunStatus(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    LOST = "lost"  # its lease ran out: the worker is gone
    SUPERSEDED = "superseded"  # a later run of the day was applied, or a person put it aside


class RunTrigger(StrEnum):
    MANUAL = "manual"
    AUTO = "auto"
    API = "api"
    REPLAN = "replan"


class AssignedBy(StrEnum):
    PERSON = "person"
    ENGINE = "engine"  # a plan that a person applied
    AUTO = "auto"  # nobody touched it
