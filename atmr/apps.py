"""Loads the job queue's application, so that tasks called from web processes find their broker."""

from __future__ import annotations

from django.apps import AppConfig

from atmr.celery import app as celery_app


class AtmrConfig(AppConfig):
    name = "atmr"
    default_auto_field = "django.db.models.BigAutoField"
    celery = celery_app
