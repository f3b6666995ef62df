"""After a driver or vehicle was changed: which coming journeys can no longer be driven as planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.utils import timezone

from dispatch.usecases.stranded_journeys import stranded_journeys

if TYPE_CHECKING:
    from typing import Any

    from django.http import HttpRequest

    from dispatch.models import Driver, Vehicle


class TellsStranded(admin.ModelAdmin):
    """Nothing is refused: a person falls ill whatever the plan says."""

    def who_drives(self, row: Any) -> Driver | Vehicle:
        """Whose journeys a change of this row may concern."""
        driver_or_vehicle: Driver | Vehicle = row
        return driver_or_vehicle

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        super().save_related(request, form, formsets, change)
        found = stranded_journeys(self.who_drives(form.instance), now=timezone.now())
        for stranded in found:
            self.message_user(request, stranded.sentence, messages.WARNING)
