"""Writes a vehicle with the ways in which its places can be set: new, or what was changed of one that is known."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.utils.translation import gettext as _

from dispatch.models import SeatConfiguration, Vehicle
from dispatch.usecases.keep_row import Children, InvalidRowError, keep_row


def keep_vehicle(
    *,
    vehicle: Vehicle,
    changed: Collection[str] = (),
    configurations: Sequence[SeatConfiguration] | None = None,
) -> None:
    """`configurations`, one at least, replace those there were; None leaves them.

    Raises InvalidRowError; nothing is written then. Which journeys it strands, `stranded_journeys` says after it.
    """
    if configurations is None:
        keep_row(vehicle, changed=changed)
        return
    if not configurations:
        said = _("A vehicle has at least one way to set its places.")
        raise InvalidRowError({"configurations": [said]})
    children = Children(relation="configurations", rows=configurations, field="configurations")
    keep_row(vehicle, changed=changed, children=[children])
