"""Says that something of a company's day has changed: whoever re-plans days hears it once it is written."""

from __future__ import annotations

from datetime import date
from functools import partial

from django.db import transaction
from django.db.models.signals import post_save, pre_delete
from django.dispatch import Signal, receiver

from dispatch.models import Absence, VehicleUnavailability

day_changed = Signal()  # company_id, day (None: any)


def tell_of_change(*, company_id: int, day: date | None) -> None:
    """After the transaction; what is rolled back has not happened."""
    transaction.on_commit(partial(_tell, company_id, day))


def _tell(company_id: int, day: date | None) -> None:
    day_changed.send(sender=None, company_id=company_id, day=day)


# Before a deletion: when a whole company with a return journey goes, the driver may go before the absence.
@receiver([post_save, pre_delete], sender=Absence)
def _driver_is_away(*, instance: Absence, **_rest: object) -> None:
    tell_of_change(company_id=instance.driver.company_id, day=None)


@receiver([post_save, pre_delete], sender=VehicleUnavailability)
def _vehicle_is_away(*, instance: VehicleUnavailability, **_rest: object) -> None:
    tell_of_change(company_id=instance.vehicle.company_id, day=None)
