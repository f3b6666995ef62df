"""Says which room answers which path."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("dispatch.api.urls")),
    path("", include("dispatch.pages.urls")),
]

handler500 = "dispatch.api.problems.server_error"  # of pages too, which get Django's own
