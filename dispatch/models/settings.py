"""What a company may set about its planning, each with its bounds; admin builds its form from this."""

from __future__ import annotations

from datetime import time
from typing import Annotated, Self

from django.utils.translation import gettext_noop as _
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from dispatch.enums import Priority

HOURS_OF_A_DAY = 24
# What two fields together may not say: kinds of errors, whose sentences stand in `settings_faults.py`.
NO_WINDOW, WRONG_TOTAL = "no_window", "wrong_total"
LONGEST_PLANNING_S = 120  # with reading and writing, well before workers are told to stop

# Serving dwarfs what a trip can cost, so that no plan trades a trip for comfort: the most of all the others for
# one trip (eighteen hours of driving, a thousand kilometres, eight hours on board and as many of waiting, four of
# overtime and of a patient's waiting, the hundredth trip of a shift) is less than the least of these.
Serving = Annotated[int, Field(ge=1_000_000, le=1_000_000_000)]
PerSecond = Annotated[int, Field(ge=0, le=5)]
PerWait = Annotated[int, Field(ge=0, le=2)]
PerWaiting = Annotated[int, Field(ge=0, le=1)]
PerKilometre = Annotated[int, Field(ge=0, le=15)]
PerSquare = Annotated[int, Field(ge=0, le=500)]
Emergency = Annotated[int, Field(ge=0, le=200_000)]
Comfort = Annotated[int, Field(ge=0, le=20_000)]
Percent = Annotated[int, Field(ge=0, le=100)]
Francs = Annotated[float, Field(ge=0, le=1000)]
Permille = Annotated[int, Field(ge=500, le=5000)]

# Geneva on a working day: the morning and the evening peak stretch each minute by half.
_NIGHT, _DAWN = (1000,) * 6, (1150,)
_DAY = (1450, 1500, 1300, 1200, 1200, 1250, 1200, 1200, 1250, 1400, 1550, 1450)
_EVENING = (1250, 1100, 1050, 1000, 1000)
_TRAFFIC = _NIGHT + _DAWN + _DAY + _EVENING


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Weights(_Frozen):
    """What each thing is worth to the planner; one second of driving is the yardstick."""

    serve_low: Serving = Field(
        default=1_000_000,
        title=_("Serving a low-priority trip"),
        description=_("Price of leaving a trip of low priority unassigned."),
    )
    serve_normal: Serving = Field(
        default=2_000_000,
        title=_("Serving a normal trip"),
        description=_("Price of leaving a trip of normal priority unassigned."),
    )
    serve_high: Serving = Field(
        default=4_000_000,
        title=_("Serving a high-priority trip"),
        description=_("Price of leaving a trip of high priority unassigned."),
    )
    serve_vital: Serving = Field(
        default=8_000_000,
        title=_("Serving a vital trip"),
        description=_("Price of leaving a dialysis or an oncology trip unassigned."),
    )
    driving: PerSecond = Field(
        default=1,
        title=_("Driving"),
        description=_("Price of one second of driving."),
    )
    kilometre: PerKilometre = Field(
        default=0,
        title=_("Kilometres"),
        description=_("Price of one kilometre, empty or not: fuel and wear, beside the time."),
    )
    ride: PerSecond = Field(
        default=1,
        title=_("Excess ride time"),
        description=_("Price of one second on board beyond the direct way."),
    )
    waiting: PerWaiting = Field(
        default=0,
        title=_("Waiting vehicles"),
        description=_("Price of one second that a vehicle waits at a stop."),
    )
    patient_wait: PerWait = Field(
        default=1,
        title=_("Waiting patients"),
        description=_(
            "Price of one second that a patient who has called, or stands beside the road, waits for the vehicle."
        ),
    )
    overtime: PerSecond = Field(
        default=2,
        title=_("Overtime"),
        description=_(
            "Price of one second after the end of a shift; 0: working over costs nothing but the way."
        ),
    )
    fairness: PerSquare = Field(
        default=60,
        title=_("Fairness"),
        description=_(
            "Price of the square of a driver’s trips per eight hours on duty: the next trip is cheapest for who had fewest."
        ),
    )
    emergency: Emergency = Field(
        default=20_000,
        title=_("Emergency driver"),
        description=_("Price of using an emergency driver on a day."),
    )
    optional_break: Comfort = Field(
        default=1_800,
        title=_("Optional break"),
        description=_("Price of leaving out an optional break."),
    )
    same_driver: Comfort = Field(
        default=900,
        title=_("Same driver on the return"),
        description=_("Price of another driver on a return that asked for the same one."),
    )
    preferred: Comfort = Field(
        default=300,
        title=_("Preferred driver"),
        description=_("Price of a driver who is none of the preferred ones."),
    )
    stability: Comfort = Field(
        default=600,
        title=_("Stability"),
        description=_("Price of giving a trip of the plan in force to another driver."),
    )

    def serve(self, priority: Priority) -> int:
        """Price of leaving a trip of this priority unassigned."""
        by_priority = {
            Priority.LOW: self.serve_low,
            Priority.NORMAL: self.serve_normal,
            Priority.HIGH: self.serve_high,
            Priority.VITAL: self.serve_vital,
        }
        return by_priority[priority]


class QualityWeights(_Frozen):
    """The shares of the quality score of a day, in percent (KPI.md); together 100."""

    pickup_on_time: Percent = Field(
        default=35,
        title=_("Pickups on time"),
        description=_("Share in the quality score, percent."),
    )
    appointment_on_time: Percent = Field(
        default=20,
        title=_("Appointments on time"),
        description=_("Share in the quality score, percent."),
    )
    return_wait: Percent = Field(
        default=15,
        title=_("Short waits for the return"),
        description=_("Share in the quality score, percent."),
    )
    ride_time: Percent = Field(
        default=10,
        title=_("Ride times kept"),
        description=_("Share in the quality score, percent."),
    )
    assignment_rate: Percent = Field(
        default=15, title=_("Trips assigned"), description=_("Share in the quality score, percent.")
    )
    fairness: Percent = Field(
        default=5, title=_("Fairness"), description=_("Share in the quality score, percent.")
    )

    @model_validator(mode="after")
    def _shares_make_a_whole(self) -> Self:
        total = sum(value for _name, value in self)
        if total != 100:
            raise PydanticCustomError(
                WRONG_TOTAL, "The shares make {total} percent, not 100.", {"total": total}
            )
        return self


class Rescue(_Frozen):
    """What going on costs when a vehicle or a driver drops out; prices in francs."""

    partner_enabled: bool = Field(
        default=False,
        title=_("Taxi partner"),
        description=_("Whether stranded journeys may be offered to a taxi company."),
    )
    partner_base: Francs = Field(
        default=6.3,
        title=_("Taxi: price of a ride (CHF)"),
        description=_("What the partner asks for before the first kilometre."),
    )
    partner_per_km: Francs = Field(
        default=3.2,
        title=_("Taxi: price of a kilometre (CHF)"),
        description=_("With the patient on board."),
    )
    partner_notice_min: int = Field(
        default=20,
        ge=0,
        le=240,
        title=_("Taxi: time to come (min)"),
        description=_("How long after the call the partner is at the door."),
    )
    partner_has_ramp: bool = Field(
        default=False,
        title=_("Taxi: with a ramp"),
        description=_(
            "Whether patients who stay in their wheelchair can be taken. Stretchers never."
        ),
    )
    own_per_km: Francs = Field(
        default=0.8,
        title=_("Own kilometre (CHF)"),
        description=_("What a kilometre more of an own vehicle costs."),
    )
    own_per_hour: Francs = Field(
        default=45,
        title=_("Own hour of driving (CHF)"),
        description=_("What an hour more at the wheel costs."),
    )
    new_run: Francs = Field(
        default=40,
        title=_("A crew more (CHF)"),
        description=_("What it costs to send a crew out that was not out yet."),
    )
    late_per_min: Francs = Field(
        default=2,
        title=_("A minute late (CHF)"),
        description=_("What a minute of waiting weighs against money; nobody pays it."),
    )
    aboard_times: float = Field(
        default=2.5,
        ge=1,
        le=20,
        title=_("A minute beside the road (times a minute late)"),
        description=_(
            "For patients who wait in or beside the broken vehicle. It rises: after half an hour each minute weighs "
            "twice as much."
        ),
    )
    relief_min: int = Field(
        default=15,
        ge=0,
        le=240,
        title=_("Changing over (min)"),
        description=_(
            "What a driver needs to be at the wheel of another vehicle, the way there aside."
        ),
    )


class CompanySettings(_Frozen):
    """The planning rules of one company; minutes and counts are whole numbers."""

    pickup_window_before_min: int = Field(
        default=5,
        ge=0,
        le=120,
        title=_("Pickup window before (min)"),
        description=_("How long before the promised time the vehicle may come."),
    )
    pickup_window_after_min: int = Field(
        default=15,
        ge=0,
        le=240,
        title=_("Pickup window after (min)"),
        description=_("How long after the promised time the vehicle may come."),
    )
    appointment_early_max_min: int = Field(
        default=60,
        ge=5,
        le=240,
        title=_("Earliest arrival before an appointment (min)"),
        description=_("Arriving earlier than this counts as off time."),
    )
    appointment_early_max_vital_min: int = Field(
        default=45,
        ge=5,
        le=240,
        title=_("Earliest arrival before dialysis or oncology (min)"),
        description=_("The same for trips of vital priority."),
    )
    transition_margin_min: int = Field(
        default=2,
        ge=0,
        le=60,
        title=_("Margin between trips (min)"),
        description=_("Slack kept between the end of one trip and the way to the next."),
    )
    pooling_enabled: bool = Field(
        default=True,
        title=_("Pooling"),
        description=_("Whether patients may share a vehicle."),
    )
    pooling_pickup_gap_min: int = Field(
        default=10,
        ge=0,
        le=60,
        title=_("Pooling: gap between pickups (min)"),
        description=_("Patients of one area share a vehicle when their pickups are this close."),
    )
    pooling_max_detour_min: int = Field(
        default=15,
        ge=0,
        le=60,
        title=_("Pooling: longest detour (min)"),
        description=_("How much longer than the direct way a shared ride may be."),
    )
    default_max_ride_min: int = Field(
        default=60,
        ge=5,
        le=480,
        title=_("Longest ride (min)"),
        description=_("For patients who have no limit of their own."),
    )
    max_trips_per_shift: int = Field(
        default=20,
        ge=1,
        le=100,
        title=_("Trips per shift"),
        description=_("For shifts that have no limit of their own."),
    )
    max_overtime_min: int = Field(
        default=0,
        ge=0,
        le=240,
        title=_("Overtime (min)"),
        description=_(
            "How long after the end of a shift a plan may still use the driver, where that is worth its price."
        ),
    )
    freeze_min: int = Field(
        default=30,
        ge=0,
        le=240,
        title=_("Freeze time (min)"),
        description=_("Trips whose pickup is this close are not changed by the machine."),
    )
    silent_after_min: int = Field(
        default=15,
        ge=5,
        le=240,
        title=_("Silent driver (min)"),
        description=_(
            "How long after a planned pickup nothing may be recorded of it, before the office is told to ring the driver."
        ),
    )
    fairness_window_days: int = Field(
        default=7,
        ge=1,
        le=31,
        title=_("Fairness window (days)"),
        description=_("Over how many days the load of drivers is evened out."),
    )
    return_wait_target_min: int = Field(
        default=60,
        ge=5,
        le=240,
        title=_("Longest wait for a return (min)"),
        description=_("The wait after a patient calls that still counts as good."),
    )
    urgent_return_window_min: int = Field(
        default=30,
        ge=5,
        le=240,
        title=_("Window of an urgent return (min)"),
        description=_("How long after the call the vehicle of an urgent return may come."),
    )
    weights: Weights = Field(
        default=Weights(),
        title=_("Weights"),
        description=_("What each thing is worth to the planner."),
    )
    quality_weights: QualityWeights = Field(
        default=QualityWeights(),
        title=_("Quality score"),
        description=_("The shares of the quality score of a day."),
    )
    rescue: Rescue = Field(
        default=Rescue(),
        title=_("Breakdowns"),
        description=_("What going on costs when a vehicle or a driver drops out."),
    )
    solver_time_limit_s: int = Field(
        default=8,
        ge=1,
        le=LONGEST_PLANNING_S,
        title=_("Time for planning (s)"),
        description=_("How long the planner may search for a better plan."),
    )
    autorun_enabled: bool = Field(
        default=False,
        title=_("Plan each day automatically"),
        description=_("Whether tomorrow is planned without a person's touch."),
    )
    autorun_at: time = Field(
        default=time(18, 0),
        title=_("Hour of the automatic plan"),
        description=_("Local time at which tomorrow is planned."),
    )
    replan_enabled: bool = Field(
        default=True,
        title=_("Re-plan the day as it changes"),
        description=_(
            "Whether the machine looks for a better plan when a journey is booked, called off or late, or a driver or a "
            "vehicle is missing. Never in a company that plans by hand."
        ),
    )
    stability_budget: int = Field(
        default=5,
        ge=0,
        le=100,
        title=_("Changes of a re-plan"),
        description=_(
            "How many journeys a re-plan may give to another driver or move by five minutes or more, beside those that "
            "cannot be driven as planned."
        ),
    )
    replan_time_limit_s: int = Field(
        default=2,
        ge=1,
        le=10,
        title=_("Time for a re-plan (s)"),
        description=_("How long the planner may search when the day has changed."),
    )
    detour_factor: float = Field(
        default=1.35,
        ge=1,
        le=3,
        title=_("Detour factor"),
        description=_("Length of a road over the straight line, when no road service answers."),
    )
    speed_kmh: float = Field(
        default=32,
        ge=5,
        le=130,
        title=_("Speed (km/h)"),
        description=_("Average speed without traffic, when no road service answers."),
    )
    traffic_permille: tuple[Permille, ...] = Field(
        default=_TRAFFIC,
        min_length=HOURS_OF_A_DAY,
        max_length=HOURS_OF_A_DAY,
        title=_("Traffic by hour (permille)"),
        description=_("How traffic stretches each hour of the day; 1000 is a free road."),
    )

    @model_validator(mode="after")
    def _window_lasts(self) -> Self:
        if self.pickup_window_before_min + self.pickup_window_after_min == 0:
            raise PydanticCustomError(NO_WINDOW, "The pickup window has no length.")
        return self

    def appointment_early_max(self, priority: Priority) -> int:
        """Minutes before an appointment from which an arrival counts as too early."""
        if priority == Priority.VITAL:
            return self.appointment_early_max_vital_min
        return self.appointment_early_max_min
