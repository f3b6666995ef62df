"""Shifts: who drives what vehicle when."""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from dispatch.api.access import EVERYBODY, OFFICE
from dispatch.api.base import CompanyViewSet
from dispatch.api.fields import DayField, MomentField
from dispatch.api.filters import ShiftFilter
from dispatch.api.pagination import Keyset, moment, whole_number
from dispatch.api.serializers.breakdowns import (
    BreakdownInput,
    HandOverInput,
    PriceInput,
    RescueAppliedSerializer,
    RescueInput,
    RescueProposalSerializer,
    proposal_body,
)
from dispatch.api.serializers.fleet import ShiftInput, ShiftSerializer
from dispatch.api.versions import expected_version
from dispatch.enums import Loss
from dispatch.models import Shift
from dispatch.usecases.apply_rescue import apply_rescue
from dispatch.usecases.cancel_shift import cancel_shift
from dispatch.usecases.create_shift import create_shift
from dispatch.usecases.edit_shift import edit_shift
from dispatch.usecases.price_rescue import price_rescue
from dispatch.usecases.propose_rescue import propose_rescue
from dispatch.usecases.report_breakdown import report_breakdown
from dispatch.usecases.stand_in import hand_over_shift, stand_in
from dispatch.usecases.stranded_shift import Lost

LOST = OpenApiParameter("lost", enum=[loss.value for loss in Loss], description="Default: vehicle.")
PLACE = OpenApiParameter(
    "place", type=int, description="Where the vehicle stands; default: where it was seen last."
)
UNTIL = OpenApiParameter(
    "until", type=datetime, description="When it is there again; default: not any more today."
)
ON = OpenApiParameter(
    "on",
    type=date,
    description="The day asked about; default: the first with journeys left behind.",
)


class ShiftViewSet(CompanyViewSet):
    """Drivers on duty. Drivers see their own."""

    queryset = (
        Shift.objects.select_related("driver", "vehicle")
        .prefetch_related("breaks")
        .annotate(begins_at=F("period__startswith"))
    )
    serializer_class = ShiftSerializer
    filterset_class = ShiftFilter
    keyset = Keyset(columns=(("begins_at", moment), ("id", whole_number)))
    driver_path = "driver__user"
    roles = {
        "list": EVERYBODY,
        "retrieve": EVERYBODY,
        "create": OFFICE,
        "partial_update": OFFICE,
        "destroy": OFFICE,
        "breakdown": OFFICE,
        "rescue": OFFICE,
        "price_rescue": OFFICE,
        "apply_rescue": OFFICE,
        "hand_over": OFFICE,
    }
    parameters = {"rescue": frozenset({"lost", "place", "until", "on"})}
    versioned = frozenset({"partial_update", "destroy", "hand_over"})

    @extend_schema(request=ShiftInput, responses={201: ShiftSerializer})
    def create(self, request: Request) -> Response:
        shift = create_shift(company=self.company, content=self.read(ShiftInput).wanted())
        return self.shown(shift.pk, status=201)

    @extend_schema(request=ShiftInput, responses=ShiftSerializer)
    def partial_update(self, request: Request, **_kwargs: object) -> Response:
        shift, version = self.chosen()
        body = self.read(ShiftInput, is_change=True)
        edit_shift(
            shift_id=shift.pk,
            content=body.content(shift),
            now=timezone.now(),
            expected_version=version,
        )
        return self.shown(shift.pk)

    @extend_schema(responses={200: ShiftSerializer})
    def destroy(self, request: Request, **_kwargs: object) -> Response:
        """Take the shift off the plan: it stays on record, cancelled."""
        shift, version = self.chosen()
        cancel_shift(shift_id=shift.pk, expected_version=version)
        return self.shown(shift.pk)

    @extend_schema(request=BreakdownInput, responses=ShiftSerializer)
    @action(methods=["post"], detail=True)
    def breakdown(self, request: Request, **_kwargs: object) -> Response:
        """Record that the vehicle broke down, or that the driver cannot go on; its journeys stay where they are."""
        shift: Shift = self.get_object()
        body = self.read(BreakdownInput).validated_data
        lost = Lost(shift_id=shift.pk, what=body["lost"], until=body["until"])
        report_breakdown(lost=lost, now=timezone.now())
        return self.shown(shift.pk)

    @extend_schema(parameters=[LOST, PLACE, UNTIL, ON], responses=RescueProposalSerializer)
    @action(methods=["get"], detail=True)
    def rescue(self, request: Request, **_kwargs: object) -> Response:
        """The ways on of every journey that a breakdown of this shift would strand; nothing is written."""
        shift: Shift = self.get_object()
        now = timezone.now()
        proposal = propose_rescue(lost=_lost(shift, request), now=now)
        crew = stand_in(proposal.stranded, now=now)
        return Response(RescueProposalSerializer(proposal_body(proposal, crew)).data)

    @extend_schema(request=HandOverInput, responses=ShiftSerializer)
    @action(methods=["post"], detail=True, url_path="hand-over")
    def hand_over(self, request: Request, **_kwargs: object) -> Response:
        """Give the whole of a shift that has not begun to another crew, and record what it lost."""
        shift, version = self.chosen()
        body = self.read(HandOverInput).validated_data
        hand_over_shift(
            lost=Lost(shift_id=shift.pk, what=body["lost"], until=body["until"]),
            driver_id=body["driver"],
            vehicle_id=body["vehicle"],
            now=timezone.now(),
            expected_version=version,
        )
        return self.shown(shift.pk)

    @extend_schema(request=PriceInput, responses=RescueProposalSerializer)
    @action(methods=["post"], detail=True, url_path="price-rescue")
    def price_rescue(self, request: Request, **_kwargs: object) -> Response:
        """The same proposal with other ways chosen: all times, prices and stamps as they are beside them; nothing is written."""
        shift: Shift = self.get_object()
        body, now = self.read(PriceInput), timezone.now()
        proposal = price_rescue(
            lost=body.lost_of(shift.pk), shown=body.shown, ways=body.ways_on, now=now
        )
        crew = stand_in(proposal.stranded, now=now)
        return Response(RescueProposalSerializer(proposal_body(proposal, crew)).data)

    @extend_schema(request=RescueInput, responses=RescueAppliedSerializer)
    @action(methods=["post"], detail=True, url_path="apply-rescue")
    def apply_rescue(self, request: Request, **_kwargs: object) -> Response:
        """Put the chosen ways in force, as they were shown, and record the breakdown: all of it, or nothing."""
        shift: Shift = self.get_object()
        body = self.read(RescueInput)
        applied = apply_rescue(
            lost=body.lost_of(shift.pk),
            shown=body.shown,
            ways=body.ways_on,
            by=self.user,
            now=timezone.now(),
        )
        return Response(RescueAppliedSerializer(applied).data)

    def chosen(self) -> tuple[Shift, int]:
        """The shift of the address, in the version the caller saw."""
        shift: Shift = self.get_object()
        return shift, expected_version(self.request, shift.version)


def _lost(shift: Shift, request: Request) -> Lost:
    words = request.query_params
    what, place = words.get("lost", Loss.VEHICLE.value), words.get("place")
    if what not in set(Loss):
        raise ValidationError({"lost": [_("Say “vehicle” or “driver”.")]})
    if place is not None and not (place.isascii() and place.isdigit() and len(place) <= 18):
        raise ValidationError({"place": [_("This is not the number of a place.")]})
    return Lost(
        shift_id=shift.pk,
        what=Loss(what),
        place_id=None if place is None else int(place),
        until=_until(shift, words.get("until")),
        on=_on(words.get("on")),
    )


def _on(said: str | None) -> date | None:
    if said is None:
        return None
    try:
        day: date = DayField().run_validation(said)
    except ValidationError as error:
        raise ValidationError({"on": error.detail}) from error
    return day


def _until(shift: Shift, said: str | None) -> datetime | None:
    if said is None:
        return None
    field = MomentField()
    field.bind("until", serializers.Serializer(context={"company": shift.company}))
    try:
        until: datetime = field.run_validation(said)
    except ValidationError as error:
        raise ValidationError({"until": error.detail}) from error
    return until
