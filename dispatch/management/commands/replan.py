"""Plans a day that has begun once more: what is done, under way or too close to change stays as it is."""

from __future__ import annotations

from dispatch.enums import RunTrigger
from dispatch.management.commands import plan_day


class Command(plan_day.Command):
    help = (
        "Plan a day again around what has already happened. Nothing in force changes unless --apply is "
        "given. Exit codes: 0 planned, 1 error, 2 usage, 4 nothing to plan, 75 being planned already, "
        "130 interrupted."
    )
    trigger = RunTrigger.REPLAN
