"""Several changes of one day's plan at once: what they would do, and all of them or none."""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from dispatch.api.access import OFFICE, READERS
from dispatch.api.base import CompanyView
from dispatch.api.serializers.changes import (
    ChangedSerializer,
    ChangesAsShownInput,
    ChangesInput,
    change_row,
)
from dispatch.api.serializers.impacts import PreviewSerializer
from dispatch.api.views.bookings import BookingViewSet
from dispatch.models import Booking
from dispatch.usecases.change_as_shown import change_as_shown
from dispatch.usecases.impact_card import preview_card
from dispatch.usecases.preview_change import preview_changes
from dispatch.usecases.wanted_changes import WantedChange, named_in


class ChangesPreviewView(CompanyView):
    roles = {"post": READERS}

    @extend_schema(
        operation_id="plans_changes_preview", request=ChangesInput, responses=PreviewSerializer
    )
    def post(self, request: Request) -> Response:
        """What these changes of one day would do, one after the other; nothing is changed."""
        asked = _own(self, self.read(ChangesInput).asked())
        found = preview_changes(asked=asked, now=timezone.now())
        return Response(PreviewSerializer(preview_card(found.day, found.answer)).data)


class ChangesView(CompanyView):
    roles = {"post": OFFICE}

    @extend_schema(
        operation_id="plans_changes", request=ChangesAsShownInput, responses=ChangedSerializer
    )
    def post(self, request: Request) -> Response:
        """Put them in force as their preview showed them, all or none. The token holds every version they rest on."""
        body = self.read(ChangesAsShownInput)
        asked = _own(self, body.asked())
        done = change_as_shown(
            asked=asked,
            shown=body.validated_data["token"],
            by=self.user,
            now=timezone.now(),
            pin=body.validated_data["pin"],
        )
        answer = {
            "bookings": BookingViewSet.queryset.filter(pk__in=named_in(asked)).order_by("pk"),
            "back": [change_row(change) for change in done.back],
        }
        return Response(ChangedSerializer(answer, context={"company": self.company}).data)


def _own(view: CompanyView, asked: list[WantedChange]) -> list[WantedChange]:
    """Raises ValidationError for a booking that the caller's company does not have."""
    wanted = named_in(asked)
    if Booking.objects.for_company(view.company).filter(pk__in=wanted).count() < len(wanted):
        raise serializers.ValidationError({"changes": [_("This booking does not exist.")]})
    return asked
