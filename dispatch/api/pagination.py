"""Pages that neither skip nor repeat a row while others write: a cursor holds the keys of the last row seen."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from http import HTTPStatus
from typing import Any, Self

from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from dispatch.api.problems import ProblemError

DEFAULT_LIMIT, LARGEST_LIMIT = 100, 500
PAGE_PARAMETERS = frozenset({"cursor", "limit"})


class BadCursorError(ProblemError):
    status_code = HTTPStatus.BAD_REQUEST
    default_code = "bad-cursor"
    default_detail = _("This cursor is not one of ours: start again from the first page.")


class BadLimitError(ProblemError):
    status_code = HTTPStatus.BAD_REQUEST
    default_code = "bad-limit"
    default_detail = _("A page has between 1 and 500 rows.")


def text(value: object) -> str:
    """What a column of text can hold: neither NUL nor half a character (UnicodeEncodeError is a ValueError)."""
    if not isinstance(value, str) or b"\x00" in value.encode():
        raise ValueError(value)
    return value


def whole_number(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value < 2**63:
        raise ValueError(value)
    return value


def day(value: object) -> date:
    return date.fromisoformat(text(value))


def moment(value: object) -> datetime:
    found = datetime.fromisoformat(text(value))
    if found.tzinfo is None:
        raise ValueError(value)
    return found.astimezone(UTC)  # PostgreSQL refuses offsets that Python reads


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyset:
    """The order of a list: columns without NULL, the last one unique, all in one direction."""

    columns: tuple[tuple[str, Callable[[Any], Any]], ...]  # (name, how a cursor's value is read)
    newest_first: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _read in self.columns)

    def ordering(self, *, is_back: bool) -> list[str]:
        sign = "-" if self.newest_first != is_back else ""
        return [sign + name for name in self.names]

    def beyond(self, values: Sequence[Any], *, is_back: bool) -> Q:
        """The rows after these values in the order; the first column is bounded on its own for the index."""
        side = "lt" if self.newest_first != is_back else "gt"
        rows = Q()
        for position, name in enumerate(self.names):
            same = dict(zip(self.names[:position], values, strict=False))
            rows |= Q(**same, **{f"{name}__{side}": values[position]})
        return Q(**{f"{self.names[0]}__{side}e": values[0]}) & rows


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins: after (or, going back, before) the row with these values."""

    values: tuple[Any, ...]
    is_back: bool

    @classmethod
    def of(cls, row: Any, keyset: Keyset, *, is_back: bool) -> Self:
        return cls(tuple(getattr(row, name) for name in keyset.names), is_back)

    @classmethod
    def read(cls, word: str, keyset: Keyset) -> Self:
        try:
            is_back, *values = json.loads(base64.urlsafe_b64decode(word.encode()))
            pairs = zip(keyset.columns, values, strict=True)
            found = tuple(read(value) for (_name, read), value in pairs)
        except (ValueError, TypeError, OverflowError, RecursionError) as error:
            raise BadCursorError from error
        return cls(found, is_back is True)

    def written(self) -> str:
        plain = [v.isoformat() if isinstance(v, date) else v for v in self.values]
        return base64.urlsafe_b64encode(json.dumps([self.is_back, *plain]).encode()).decode()


class KeysetPagination(BasePagination):
    """`?cursor=` and `?limit=`; the view says its `keyset`."""

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.keyset: Keyset = view.keyset
        self.url = request.build_absolute_uri()
        limit = _limit(request)
        word = request.query_params.get("cursor")
        cursor = None if word is None else Cursor.read(word, self.keyset)
        is_back = cursor is not None and cursor.is_back
        if cursor is not None:
            queryset = queryset.filter(self.keyset.beyond(cursor.values, is_back=is_back))
        found = list(queryset.order_by(*self.keyset.ordering(is_back=is_back))[: limit + 1])
        has_more, rows = len(found) > limit, found[:limit]
        if is_back:
            rows.reverse()
        self.has_next = bool(rows) and (has_more or is_back)
        self.has_previous = bool(rows) and (has_more if is_back else cursor is not None)
        self.rows = rows
        return rows

    def get_paginated_response(self, data: Any) -> Response:
        following = self._link(-1, is_back=False) if self.has_next else None
        previous = self._link(0, is_back=True) if self.has_previous else None
        return Response({"next": following, "previous": previous, "results": data})

    def _link(self, position: int, *, is_back: bool) -> str:
        cursor = Cursor.of(self.rows[position], self.keyset, is_back=is_back)
        bare = remove_query_param(self.url, "cursor")
        return replace_query_param(bare, "cursor", cursor.written())

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "format": "uri", "nullable": True}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        limit = {
            "type": "integer", "minimum": 1, "maximum": LARGEST_LIMIT, "default": DEFAULT_LIMIT,
        }  # fmt: skip
        return [
            {
                "name": "cursor",
                "in": "query",
                "description": "Where the page begins: taken from `next` or `previous` of another page.",
                "schema": {"type": "string"},
            },
            {"name": "limit", "in": "query", "description": "Rows on a page.", "schema": limit},
        ]


def _limit(request: Request) -> int:
    word = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if not (
        word.isascii() and word.isdigit() and len(word) <= 3 and 1 <= int(word) <= LARGEST_LIMIT
    ):
        raise BadLimitError
    return int(word)
