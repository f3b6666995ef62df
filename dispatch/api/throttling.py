"""Limits how often a caller may ask for a plan; the limit lives in the cache, and planning goes on without it."""

from __future__ import annotations

import logging

from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import ScopedRateThrottle
from rest_framework.views import APIView

logger = logging.getLogger(__name__)


class PlanningThrottle(ScopedRateThrottle):
    """A day is planned by one run at a time anyway: a lost count lets a caller wait in line, and harms nobody."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        try:
            return super().allow_request(request, view)
        except RedisError as error:
            logger.warning(
                "Plannings are not counted: the cache is away (%s).", type(error).__name__
            )
            return True
