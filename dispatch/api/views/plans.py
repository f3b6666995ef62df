"""Questions about a day's plan: what is wrong with one made by hand, what if, and fairness against cost."""

from __future__ import annotations

import time
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from dispatch.api.access import OFFICE
from dispatch.api.base import CompanyView
from dispatch.api.run_documents import rides_moved, route_rows
from dispatch.api.serializers.kpis import kpi_rows
from dispatch.api.serializers.plans import (
    ChoicesInput,
    ChoicesSerializer,
    HandPlanInput,
    JudgedPlanSerializer,
    WhatIfInput,
    WhatIfSerializer,
    day_change,
    hand_plan,
)
from dispatch.api.throttling import PlanningThrottle
from dispatch.engine.cost import Score
from dispatch.engine.rules import Violation
from dispatch.enums import RunTrigger
from dispatch.tables.hand_plans import DayWords
from dispatch.usecases.judge_plan import judge_plan
from dispatch.usecases.offer_choices import offer_choices, offered_choices
from dispatch.usecases.plan_what_if import Side, plan_what_if
from dispatch.usecases.references import row_id


class PlanningView(CompanyView):
    """For the office, and counted: each of these plans, or reads a whole day."""

    roles = {"post": OFFICE}
    throttle_classes = [PlanningThrottle]
    throttle_scope = "planning"


class JudgeView(PlanningView):
    @extend_schema(
        operation_id="plans_judge", request=HandPlanInput, responses=JudgedPlanSerializer
    )
    def post(self, request: Request) -> Response:
        """Judge a plan that a person made: every rule it breaks, with its amount. Nothing is refused or written."""
        body = self.read(HandPlanInput).validated_data
        words = DayWords(self.company, body["day"])
        found = judge_plan(
            company=self.company,
            day=body["day"],
            hand=hand_plan(body, words),
            now=timezone.now(),
        )
        price = found.judgement.score
        answer = {
            "day": body["day"],
            "keeps_rules": found.judgement.is_valid,
            "violations": [_violation(one, said) for one, said in found.violations],
            "oddities": [{"kind": odd.kind, "sentence": said} for odd, said in found.oddities],
            "routes": route_rows(found.judgement.plan, words.clock),
            "price": {"total": price.total, **_parts(price)},
            "kpis": kpi_rows(found.kpis),
        }
        return Response(JudgedPlanSerializer(answer).data)


class WhatIfView(PlanningView):
    @extend_schema(operation_id="plans_what_if", request=WhatIfInput, responses=WhatIfSerializer)
    def post(self, request: Request) -> Response:
        """Plan a day as it is and as it might be, and compare. Nothing is written."""
        body = self.read(WhatIfInput).validated_data
        found = plan_what_if(
            company=self.company,
            day=body["day"],
            change=day_change(body),
            now=timezone.now(),
            clock=time.monotonic,
            seconds=body.get("seconds"),
        )
        answer = {
            "day": body["day"],
            "seconds": found.seconds,
            "as_is": _side(found.as_is),
            "as_if": _side(found.as_if),
            "moves": rides_moved(found.moves),
            "left": found.left,
            "withdrawn": sorted(found.withdrawn),
        }
        return Response(WhatIfSerializer(answer).data)


class ChoicesView(PlanningView):
    @extend_schema(
        operation_id="plans_choices", request=ChoicesInput, responses={201: ChoicesSerializer}
    )
    def post(self, request: Request) -> Response:
        """Plan a day up to three times between fair and cheap; each plan is a run that can be applied."""
        day = self.read(ChoicesInput).validated_data["day"]
        runs = offer_choices(
            company=self.company,
            day=day,
            trigger=RunTrigger.API,
            by=self.user,
            clock=timezone.now,
        )
        answer = {"day": day, "choices": offered_choices(self.company, day, runs)}
        return Response(ChoicesSerializer(answer).data, status=201)


def _violation(one: Violation, said: str) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "severity": one.severity,
        "amount": one.amount,
        "sentence": said,
        "booking": row_id(one.trip) if one.trip else None,
        "shift": row_id(one.shift) if one.shift else None,
    }


def _parts(price: Score) -> dict[str, int]:
    return {name: getattr(price, name) for name in Score.__slots__}


def _side(side: Side) -> dict[str, Any]:
    return {
        "served": side.served,
        "unserved": side.unserved,
        "cost": side.cost,
        "kpis": kpi_rows(side.kpis),
    }
