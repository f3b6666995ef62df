"""Reads JSON bodies, within bounds."""

from __future__ import annotations

import io
from collections.abc import Mapping
from http import HTTPStatus
from typing import IO, Any

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from dispatch.api.problems import ProblemError

LARGEST_BODY = 256 * 1024  # a shift with all its breaks takes two kilobytes


class BodyTooLargeError(ProblemError):
    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_code = "too-large"
    default_detail = _("The body is larger than 256 KB.")


class BoundedJSONParser(JSONParser):
    """A body that is neither JSON, nor small, nor reasonably nested is refused and never crashes a worker."""

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        body = stream.read(LARGEST_BODY + 1)
        if len(body) > LARGEST_BODY:
            raise BodyTooLargeError
        try:
            return super().parse(io.BytesIO(body), media_type, parser_context)
        except (ParseError, RecursionError) as error:
            raise ParseError(_("The body is not JSON that can be read.")) from error
