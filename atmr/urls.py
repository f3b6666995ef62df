"""Says which room answers which path."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from atmr.health import alive, ready

urlpatterns = [
    path("healthz", alive, name="healthz"),
    path("readyz", ready, name="readyz"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("", include("dispatch.pages.urls")),
]
