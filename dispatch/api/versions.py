"""Who changes something says which version of it they saw: ETag out, If-Match in."""

from __future__ import annotations

import json
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

from django.utils.http import parse_etags
from django.utils.translation import gettext_lazy as _

from dispatch.api.problems import ProblemError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from rest_framework.request import Request


class PreconditionRequiredError(ProblemError):
    status_code = HTTPStatus.PRECONDITION_REQUIRED
    default_code = "precondition-required"
    default_detail = _("Send the ETag of what you saw in the header If-Match.")


class PreconditionFailedError(ProblemError):
    status_code = HTTPStatus.PRECONDITION_FAILED
    default_code = "precondition-failed"
    default_detail = _("It was changed since you saw it: read it again.")


Version = TypeVar("Version", int, str)


def etag(version: int | str) -> str:
    return f'"{version}"'


def expected_version(request: Request, current: Version) -> Version:
    """The version the caller means, which is the current one; use cases compare it again when they write.

    Raises PreconditionRequiredError (428) or PreconditionFailedError (412).
    """
    header = request.headers.get("If-Match")
    if header is None:
        raise PreconditionRequiredError
    tags = parse_etags(header)
    if "*" not in tags and etag(current) not in tags:
        raise PreconditionFailedError
    return current


def hash_of(representation: Mapping[str, Any]) -> str:
    """The version of a row that counts none: it is another as soon as anything of what is shown is."""
    written = json.dumps(representation, sort_keys=True, default=str)
    return sha256(written.encode()).hexdigest()[:32]


def refuse_stale(request: Request, current: str) -> None:
    """Where the caller may say which version they saw, and need not. Raises PreconditionFailedError (412)."""
    if "If-Match" in request.headers:
        expected_version(request, current)
