"""Bookings: read, taken, changed, driven, and brought back."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from dispatch.api.access import EVERYBODY, OFFICE, READERS
from dispatch.api.base import CompanyViewSet
from dispatch.api.filters import BookingFilter
from dispatch.api.pagination import Keyset, day, whole_number
from dispatch.api.serializers.bookings import (
    AssignInput,
    BookingInput,
    BookingPatch,
    BookingSerializer,
    ProgressedBookingSerializer,
    ProgressInput,
    ReadyInput,
    ResumedInput,
    ReturnInput,
    UnassignInput,
    WrittenBookingSerializer,
)
from dispatch.api.serializers.changes import ChangeAsShownInput, ChangeInput
from dispatch.api.serializers.explanations import ExplanationSerializer
from dispatch.api.serializers.impacts import PreviewSerializer, RankedDriversSerializer
from dispatch.api.versions import expected_version
from dispatch.enums import Role
from dispatch.models import Booking, Handover
from dispatch.models.statuses import DRIVER_STEPS
from dispatch.usecases.assign_booking import assign_booking
from dispatch.usecases.book_return import book_return
from dispatch.usecases.change_as_shown import change_as_shown
from dispatch.usecases.create_booking import create_booking
from dispatch.usecases.dispatch_now import dispatch_now
from dispatch.usecases.edit_booking import edit_booking
from dispatch.usecases.explain_booking import explain_booking
from dispatch.usecases.impact_card import preview_card
from dispatch.usecases.preview_change import preview_change
from dispatch.usecases.promise import Agreed
from dispatch.usecases.rank_drivers import rank_drivers
from dispatch.usecases.record_progress import record_progress
from dispatch.usecases.resume_ride import resume_ride
from dispatch.usecases.trigger_return import trigger_return
from dispatch.usecases.unassign import unassign
from dispatch.usecases.wanted_changes import GiveTo, WantedChange
from dispatch.usecases.withdraw_ready import withdraw_ready

CLOCK_SKEW = timedelta(minutes=2)  # how far a telephone's clock may be ahead


class BookingViewSet(CompanyViewSet):
    """Journeys. Drivers see their own, and record how they go."""

    queryset = Booking.objects.select_related(
        "company",
        "patient",
        "pickup__parent",
        "dropoff__parent",
        "outbound",
        "return_booking",
        "assignment__driver",
        "assignment__vehicle",
    ).prefetch_related(
        Prefetch(
            "handovers",
            Handover.objects.select_related("driver", "vehicle", "place__parent", "by"),
        )
    )
    serializer_class = BookingSerializer
    filterset_class = BookingFilter
    keyset = Keyset(columns=(("service_on", day), ("id", whole_number)))
    driver_path = "assignment__driver__user"
    roles = {
        "list": EVERYBODY,
        "retrieve": EVERYBODY,
        "create": OFFICE,
        "partial_update": OFFICE,
        "assign": OFFICE,
        "unassign": OFFICE,
        "progress": OFFICE | {Role.DRIVER},
        "ready": OFFICE,
        "resumed": OFFICE | {Role.DRIVER},
        "not_ready": OFFICE,
        "dispatch_now": OFFICE,
        "book_return": OFFICE,
        "explanation": READERS,
        "preview": READERS,
        "change": OFFICE,
        "best_fits": READERS,
    }
    versioned = frozenset({
        "partial_update", "assign", "unassign", "progress", "ready", "not_ready", "dispatch_now",
        "book_return", "resumed", "change",
    })  # fmt: skip

    @extend_schema(request=BookingInput, responses={201: WrittenBookingSerializer})
    def create(self, request: Request) -> Response:
        body = self.read(BookingInput)
        booking = create_booking(company=self.company, wanted=body.wanted(), now=timezone.now())
        return self.shown(booking.pk, status=201)

    @extend_schema(request=BookingPatch, responses=WrittenBookingSerializer)
    def partial_update(self, request: Request, **_kwargs: object) -> Response:
        booking, version = self.chosen()
        body = self.read(BookingPatch)
        edit_booking(
            booking_id=booking.pk,
            content=body.content(booking),
            move_promise=body.moves_promise,
            is_window_given=body.gives_window,
            now=timezone.now(),
            expected_version=version,
        )
        return self.shown(booking.pk, was_promised=Agreed.of(booking).window)

    @extend_schema(request=AssignInput, responses=BookingSerializer)
    @action(methods=["post"], detail=True)
    def assign(self, request: Request, **_kwargs: object) -> Response:
        """Give the booking to a shift, at its best place there; with a token only as its preview showed it."""
        booking, version = self.chosen()
        body = self.read(AssignInput).validated_data
        now = timezone.now()
        if "token" in body:
            change_as_shown(
                asked=[WantedChange(booking.pk, GiveTo(shift_id=body["shift"]))],
                shown=body["token"],
                by=self.user,
                now=now,
                pin=body["pin"],
            )
        else:
            assign_booking(
                booking_id=booking.pk,
                shift_id=body["shift"],
                by=self.user,
                now=now,
                expected_version=version,
                pin=body["pin"],
            )
        return self.shown(booking.pk)

    @extend_schema(request=UnassignInput, responses=BookingSerializer)
    @action(methods=["post"], detail=True)
    def unassign(self, request: Request, **_kwargs: object) -> Response:
        """Take the driver away; the booking waits for one again. With a token only as its preview showed it."""
        booking, version = self.chosen()
        body, now = self.read(UnassignInput).validated_data, timezone.now()
        unassign(
            booking_id=booking.pk,
            now=now,
            expected_version=version,
            shown=body.get("token"),
            by=self.user,
        )
        return self.shown(booking.pk)

    @extend_schema(request=ProgressInput, responses=ProgressedBookingSerializer)
    @action(methods=["post"], detail=True)
    def progress(self, request: Request, **_kwargs: object) -> Response:
        """Record a step: on the way, arrived, on board, completed, absent, cancelled, or one step back."""
        booking, version = self.chosen()
        body = self.read(ProgressInput).validated_data
        if self.role is Role.DRIVER and body["to"] not in DRIVER_STEPS:
            raise PermissionDenied(_("This step is for the office to record."))
        record_progress(
            booking_id=booking.pk,
            to=body["to"],
            at=_past(body.get("at"), field="at"),
            reason=body["reason"],
            expected_version=version,
        )
        return self.shown(booking.pk)

    @extend_schema(request=ReadyInput, responses=BookingSerializer)
    @action(methods=["post"], detail=True)
    def ready(self, request: Request, **_kwargs: object) -> Response:
        """The patient of a return on call has called."""
        booking, version = self.chosen()
        body = self.read(ReadyInput).validated_data
        trigger_return(
            booking_id=booking.pk,
            ready_at=body.get("ready_at") or timezone.now(),
            is_urgent=body["is_urgent"],
            came_another_way=body["came_another_way"],
            expected_version=version,
        )
        return self.shown(booking.pk)

    @extend_schema(request=None, responses=BookingSerializer)
    @action(methods=["post"], detail=True, url_path="not-ready")
    def not_ready(self, request: Request, **_kwargs: object) -> Response:
        """The patient is not ready after all: the call is taken back, until a driver has set off."""
        booking, version = self.chosen()
        withdraw_ready(booking_id=booking.pk, expected_version=version)
        return self.shown(booking.pk)

    @extend_schema(request=ResumedInput, responses=BookingSerializer)
    @action(methods=["post"], detail=True)
    def resumed(self, request: Request, **_kwargs: object) -> Response:
        """The patient who waited on the road after a breakdown is on board again, in another vehicle."""
        booking, version = self.chosen()
        body = self.read(ResumedInput).validated_data
        at = _past(body.get("at"), field="at")
        resume_ride(booking_id=booking.pk, at=at, expected_version=version)
        return self.shown(booking.pk)

    @extend_schema(request=None, responses=BookingSerializer)
    @action(methods=["post"], detail=True, url_path="dispatch-now")
    def dispatch_now(self, request: Request, **_kwargs: object) -> Response:
        """Find a driver at once, where it costs least; nothing else is planned anew."""
        booking, version = self.chosen()
        dispatch_now(
            booking_id=booking.pk, by=self.user, now=timezone.now(), expected_version=version
        )
        return self.shown(booking.pk)

    @extend_schema(request=ReturnInput, responses={201: WrittenBookingSerializer})
    @action(methods=["post"], detail=True, url_path="return")
    def book_return(self, request: Request, **_kwargs: object) -> Response:
        """Book the way back; answers with the return."""
        booking, version = self.chosen()
        body = self.read(ReturnInput)
        back = book_return(
            outbound_id=booking.pk,
            wanted=body.wanted(),
            now=timezone.now(),
            expected_version=version,
        )
        return self.shown(back.pk, status=201)

    @extend_schema(responses=ExplanationSerializer)
    @action(methods=["get"], detail=True)
    def explanation(self, request: Request, **_kwargs: object) -> Response:
        """Why this driver and none of the others, or why nobody: each with its rule or its price."""
        booking: Booking = self.get_object()
        found = explain_booking(booking_id=booking.pk, now=timezone.now())
        return Response(ExplanationSerializer(found).data)

    @extend_schema(request=ChangeInput, responses=PreviewSerializer)
    @action(methods=["post"], detail=True)
    def preview(self, request: Request, **_kwargs: object) -> Response:
        """What another driver, none, a swap or another promised time would do; nothing is changed."""
        booking: Booking = self.get_object()
        wanted = self.read(ChangeInput).wanted()
        found = preview_change(booking_id=booking.pk, wanted=wanted, now=timezone.now())
        return Response(PreviewSerializer(preview_card(found.day, found.answer)).data)

    @extend_schema(request=ChangeAsShownInput, responses=BookingSerializer)
    @action(methods=["post"], detail=True)
    def change(self, request: Request, **_kwargs: object) -> Response:
        """Put a change in force as its preview showed it, or nothing."""
        booking, version = self.chosen()
        body = self.read(ChangeAsShownInput)
        change_as_shown(
            asked=[WantedChange(booking.pk, body.wanted())],
            shown=body.validated_data["token"],
            by=self.user,
            now=timezone.now(),
            pin=body.validated_data["pin"],
            versions={booking.pk: version},
        )
        return self.shown(booking.pk)

    @extend_schema(responses=RankedDriversSerializer)
    @action(methods=["get"], detail=True, url_path="best-fits")
    def best_fits(self, request: Request, **_kwargs: object) -> Response:
        """The three best drivers, each with what giving it to them would do, and why the others cannot."""
        booking: Booking = self.get_object()
        found = rank_drivers(booking_id=booking.pk, now=timezone.now())
        return Response(RankedDriversSerializer(found).data)

    def get_queryset(self) -> QuerySet[Booking]:
        """Whoever answers about a whole day reads the journey with it: here only whether it may be asked about."""
        rows: QuerySet[Booking] = super().get_queryset()
        if self.action not in {"explanation", "preview", "best_fits"}:
            return rows
        return rows.select_related(None).prefetch_related(None).only("pk")

    def get_serializer_class(self) -> type[BookingSerializer]:
        if self.action == "progress":
            return ProgressedBookingSerializer
        is_written = self.action in {"create", "partial_update", "book_return"}
        return WrittenBookingSerializer if is_written else BookingSerializer

    def chosen(self) -> tuple[Booking, int]:
        """The booking of the address, in the version the caller saw."""
        booking: Booking = self.get_object()
        return booking, expected_version(self.request, booking.version)


def _past(moment: datetime | None, *, field: str) -> datetime:
    now = timezone.now()
    if moment is None:
        return now
    if moment > now + CLOCK_SKEW:
        raise serializers.ValidationError({field: [_("This lies in the future.")]})
    return moment
