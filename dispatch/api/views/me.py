"""Who the caller is, and where they have which role."""

from __future__ import annotations

from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dispatch.api.fields import WordField
from dispatch.enums import Role
from dispatch.models import Membership, User


class MembershipSerializer(serializers.ModelSerializer[Membership]):
    """A role in one company; `company` is what the header X-Company says."""

    company = serializers.SlugRelatedField[Any](slug_field="slug", read_only=True)
    company_name = serializers.CharField(source="company.name", read_only=True)
    time_zone = serializers.CharField(source="company.time_zone", read_only=True)
    role = WordField(Role, read_only=True)

    class Meta:
        model = Membership
        fields = ["company", "company_name", "time_zone", "role"]
        read_only_fields = fields


class MeSerializer(serializers.Serializer[Any]):
    username = serializers.CharField()
    memberships = MembershipSerializer(many=True)


class MeView(APIView):
    http_method_names = ["get", "head"]

    @extend_schema(operation_id="me_retrieve", responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """The caller, and the companies they can speak for."""
        user = cast("User", request.user)
        rows = user.memberships.select_related("company").order_by("company__slug")
        return Response(MeSerializer({"username": user.get_username(), "memberships": rows}).data)
