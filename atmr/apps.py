"""Loads the job queue's application, so that tasks called from web processes find their broker; and how moments are read."""

from __future__ import annotations

from django.apps import AppConfig
from django.db.backends.signals import connection_created

from atmr.celery import app as celery_app
from atmr.moments import read_moments_fast


class AtmrConfig(AppConfig):
    name = "atmr"
    default_auto_field = "django.db.models.BigAutoField"
    celery = celery_app

    def ready(self) -> None:
        connection_created.connect(read_moments_fast, dispatch_uid="moments")
