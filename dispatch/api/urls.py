"""The addresses of the API, version 1."""

from __future__ import annotations

from django.urls import path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.routers import SimpleRouter

from dispatch.api.problems import unknown
from dispatch.api.views.assignments import AssignmentViewSet
from dispatch.api.views.bookings import BookingViewSet
from dispatch.api.views.changes import ChangesPreviewView, ChangesView
from dispatch.api.views.kpis import KpiView
from dispatch.api.views.me import MeView
from dispatch.api.views.plans import ChoicesView, JudgeView, WhatIfView
from dispatch.api.views.registers import (
    DriverViewSet,
    PatientViewSet,
    PlaceViewSet,
    VehicleViewSet,
)
from dispatch.api.views.runs import RunViewSet
from dispatch.api.views.series import SeriesViewSet
from dispatch.api.views.shifts import ShiftViewSet

app_name = "api"

router = SimpleRouter()
for name, viewset in {
    "assignments": AssignmentViewSet,
    "bookings": BookingViewSet,
    "drivers": DriverViewSet,
    "patients": PatientViewSet,
    "places": PlaceViewSet,
    "runs": RunViewSet,
    "series": SeriesViewSet,
    "shifts": ShiftViewSet,
    "vehicles": VehicleViewSet,
}.items():
    router.register(name, viewset, basename=name)

urlpatterns = [
    *router.urls,
    path("kpis/", KpiView.as_view(), name="kpis"),
    path("plans/judge/", JudgeView.as_view(), name="plans-judge"),
    path("plans/what-if/", WhatIfView.as_view(), name="plans-what-if"),
    path("plans/choices/", ChoicesView.as_view(), name="plans-choices"),
    path("plans/changes/", ChangesView.as_view(), name="plans-changes"),
    path("plans/changes/preview/", ChangesPreviewView.as_view(), name="plans-changes-preview"),
    path("me/", MeView.as_view(), name="me"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerSplitView.as_view(url_name="api:schema"), name="docs"),
    re_path("", unknown, name="unknown"),
]
