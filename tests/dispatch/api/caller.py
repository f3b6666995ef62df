"""A program that calls the API: who it is, for which company, with JSON in and out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient

from dispatch.enums import Role
from dispatch.models import Company, User
from tests.factories import make_member

ROOT = "/api/v1/"


@dataclass(kw_only=True)
class Answer:
    """What came back."""

    status: int
    headers: Any
    body: Any

    @property
    def problem(self) -> str:
        """The kind of problem; fails when it is none."""
        assert self.headers["Content-Type"] == "application/problem+json", self
        assert self.body["status"] == self.status
        assert self.body["title"]
        assert self.body["detail"]
        return str(self.body["type"]).removeprefix("urn:atmr:problem:")

    @property
    def fields(self) -> dict[str, str]:
        """field → sentence, of a body that was refused."""
        return {line["field"]: line["detail"] for line in self.body["errors"]}


class Caller:
    """Speaks HTTP to the application, in this process."""

    def __init__(self, user: User | None = None, **headers: str) -> None:
        self.client = APIClient(enforce_csrf_checks=True)
        self.user = user
        self.headers = dict(headers)
        if user is not None:
            token, _new = Token.objects.get_or_create(user=user)
            self.headers["Authorization"] = f"Bearer {token.key}"

    def __call__(
        self,
        method: str,
        path: str,
        body: Any = None,
        /,
        *,
        match: int | str | None = None,
        **more: Any,
    ) -> Answer:
        headers = dict(self.headers)
        if match is not None:
            headers["If-Match"] = f'"{match}"' if isinstance(match, int) else match
        address = path if path.startswith(("/", "http")) else ROOT + path
        response = self.client.generic(
            method,
            address,
            data="" if body is None else json.dumps(body),
            content_type="application/json",
            headers=headers,
            **more,
        )
        kind = response.headers.get("Content-Type", "")
        is_json = kind.split(";")[0] in {"application/json", "application/problem+json"}
        return Answer(
            status=response.status_code,
            headers=response.headers,
            body=response.json() if is_json else response.content,
        )

    def get(self, path: str, **more: Any) -> Answer:
        return self("GET", path, **more)

    def post(self, path: str, body: Any = None, **more: Any) -> Answer:
        return self("POST", path, body, **more)

    def patch(self, path: str, body: Any, **more: Any) -> Answer:
        return self("PATCH", path, body, **more)


def member(
    company: Company, role: Role = Role.DISPATCHER, headers: dict[str, str] | None = None
) -> Caller:
    return Caller(make_member(company, role), **headers or {})
