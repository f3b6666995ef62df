"""Drivers, vehicles, patients and places: registers without rules beyond their own."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, ClassVar

from django.db import transaction
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from dispatch.api.access import OFFICE, READERS
from dispatch.api.base import CompanyViewSet
from dispatch.api.filters import DriverFilter, PatientFilter, PlaceFilter, VehicleFilter
from dispatch.api.pagination import Keyset, text, whole_number
from dispatch.api.serializers.fleet import VehicleInput, VehicleSerializer, WrittenVehicleSerializer
from dispatch.api.serializers.people import (
    DriverInput,
    DriverSerializer,
    PatientInput,
    PatientSerializer,
    PlaceInput,
    WrittenDriverSerializer,
)
from dispatch.api.serializers.shared import PlaceSerializer
from dispatch.api.versions import hash_of, refuse_stale
from dispatch.enums import CoordinatesQuality
from dispatch.models import (
    Driver,
    DriverLicence,
    Patient,
    Place,
    SeatConfiguration,
    Vehicle,
)
from dispatch.usecases.keep_driver import HeldSkill, keep_driver
from dispatch.usecases.keep_row import keep_row
from dispatch.usecases.keep_vehicle import keep_vehicle
from dispatch.usecases.own_rows import own_rows

BY_NAME = Keyset(columns=(("sort_key", text), ("id", whole_number)))


class RegisterViewSet(CompanyViewSet):
    """Rows with a name, added and changed by the office."""

    keyset = BY_NAME
    roles = {
        "list": READERS,
        "retrieve": READERS,
        "create": OFFICE,
        "partial_update": OFFICE,
    }
    model: ClassVar[type[Model]]
    input_class: ClassVar[type[serializers.Serializer[Any]]]
    written_class: ClassVar[type[serializers.Serializer[Any]] | None] = None  # with its warnings
    version_is_optional = frozenset({"partial_update"})
    places: ClassVar[tuple[str, ...]] = ()  # fields that link to a place
    parts: ClassVar[tuple[str, ...]] = ()  # lists in the body: rows of their own

    def get_serializer_class(self) -> Any:
        is_written = self.written_class is not None and self.action in ("create", "partial_update")
        return self.written_class if is_written else super().get_serializer_class()

    def get_queryset(self) -> QuerySet[Any]:
        """Locked for who changes it: of two that saw the same version one writes, the other is told."""
        rows = super().get_queryset()
        return rows.select_for_update(of=("self",)) if self.action == "partial_update" else rows

    def version_of(self, row: Any) -> str:
        """Registers count no versions; the rows that hang on a row are part of what is shown of it."""
        kind: Any = self.serializer_class  # not the written one, which adds warnings
        return hash_of(kind(row, context=self.get_serializer_context()).data)

    def create(self, request: Request) -> Response:
        row = self.model(company=self.company)
        self._keep(row, self.read(self.input_class).validated_data)
        return self.shown(row.pk, status=201)

    @transaction.atomic
    def partial_update(self, request: Request, **_kwargs: object) -> Response:
        row = self.get_object()
        refuse_stale(request, self.version_of(row))
        self._keep(row, self.read(self.input_class, is_change=True).validated_data)
        return self.shown(row.pk)

    def _keep(self, row: Any, body: Mapping[str, Any]) -> None:
        values = self.completed(dict(body))
        parts = {name: values.pop(name) for name in self.parts if name in values}
        linked = {field: (Place, values[field]) for field in self.places if field in values}
        values |= own_rows(self.company, linked)
        for name, value in values.items():
            setattr(row, name, value)
        self.write(row, values.keys(), parts)

    def completed(self, values: dict[str, Any]) -> dict[str, Any]:
        """The body, with what follows from it."""
        return values

    def write(self, row: Any, changed: Collection[str], parts: Mapping[str, Any]) -> None:
        keep_row(row, changed=changed)


@extend_schema_view(
    create=extend_schema(request=VehicleInput, responses={201: WrittenVehicleSerializer}),
    partial_update=extend_schema(request=VehicleInput, responses=WrittenVehicleSerializer),
)
class VehicleViewSet(RegisterViewSet):
    queryset = Vehicle.objects.prefetch_related("configurations")
    serializer_class = VehicleSerializer
    written_class = WrittenVehicleSerializer
    filterset_class = VehicleFilter
    model = Vehicle
    input_class = VehicleInput
    places = ("base",)
    parts = ("configurations",)

    def write(self, row: Vehicle, changed: Collection[str], parts: Mapping[str, Any]) -> None:
        said = parts.get("configurations")
        rows = None if said is None else [SeatConfiguration(**each) for each in said]
        keep_vehicle(vehicle=row, changed=changed, configurations=rows)


@extend_schema_view(
    create=extend_schema(request=DriverInput, responses={201: WrittenDriverSerializer}),
    partial_update=extend_schema(request=DriverInput, responses=WrittenDriverSerializer),
)
class DriverViewSet(RegisterViewSet):
    queryset = Driver.objects.prefetch_related("driver_skills__skill", "licences")
    serializer_class = DriverSerializer
    written_class = WrittenDriverSerializer
    filterset_class = DriverFilter
    model = Driver
    input_class = DriverInput
    parts = ("skills", "licences")

    def write(self, row: Driver, changed: Collection[str], parts: Mapping[str, Any]) -> None:
        skills, licences = parts.get("skills"), parts.get("licences")
        keep_driver(
            driver=row,
            changed=changed,
            skills=None if skills is None else [HeldSkill(**each) for each in skills],
            licences=None if licences is None else [DriverLicence(**each) for each in licences],
        )


@extend_schema_view(
    create=extend_schema(request=PatientInput, responses={201: PatientSerializer}),
    partial_update=extend_schema(request=PatientInput, responses=PatientSerializer),
)
class PatientViewSet(RegisterViewSet):
    queryset = Patient.objects.all()
    serializer_class = PatientSerializer
    filterset_class = PatientFilter
    model = Patient
    input_class = PatientInput
    places = ("home",)


@extend_schema_view(
    create=extend_schema(request=PlaceInput, responses={201: PlaceSerializer}),
    partial_update=extend_schema(request=PlaceInput, responses=PlaceSerializer),
)
class PlaceViewSet(RegisterViewSet):
    """The company's own places, and the public ones, which nobody changes here."""

    queryset = Place.objects.select_related("parent")
    serializer_class = PlaceSerializer
    filterset_class = PlaceFilter
    model = Place
    input_class = PlaceInput
    places = ("parent",)

    def get_object(self) -> Place:
        place: Place = super().get_object()
        if self.action == "partial_update" and place.company_id is None:
            raise PermissionDenied(_("A public place is everybody's: it is not changed here."))
        return place

    def completed(self, values: dict[str, Any]) -> dict[str, Any]:
        """Coordinates that somebody gives are meant; who doubts them says so."""
        if "lat" not in values:
            return values
        is_known = values["lat"] is not None
        quality = CoordinatesQuality.EXACT if is_known else CoordinatesQuality.UNKNOWN
        return {"coordinates_quality": quality} | values
