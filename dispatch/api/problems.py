"""Says what went wrong as application/problem+json (RFC 9457), in the caller's language, whatever it was."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.utils.translation import gettext_lazy as _
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from kombu.exceptions import OperationalError as NoBrokerError
from rest_framework import exceptions
from rest_framework.views import set_rollback

from dispatch.api.outages import RETRY_AFTER_S, is_cache_away, is_database_away
from dispatch.models.company import InvalidSettingsError
from dispatch.usecases.apply_plan import StalePlanError
from dispatch.usecases.apply_rescue import UnfitRescueError
from dispatch.usecases.change_token import StaleDayError
from dispatch.usecases.errors import NotFoundError, StaleBookingError, UseCaseError
from dispatch.usecases.judge_crew import UnfitCrewError
from dispatch.usecases.keep_row import InvalidRowError
from dispatch.usecases.open_day import NotFeasibleError
from dispatch.usecases.record_progress import ReasonNeededError
from dispatch.usecases.series_change import StaleSeriesError
from dispatch.usecases.shift_content import StaleShiftError

MEDIA_TYPE = "application/problem+json"
PREFIX = "urn:atmr:problem:"

TITLES = {
    400: _("The request is refused"),
    401: _("Please sign in"),
    403: _("Not allowed"),
    404: _("Not found"),
    405: _("This is not done here"),
    406: _("No such format"),
    409: _("Not possible as things stand"),
    412: _("Changed by somebody else"),
    413: _("Too large"),
    415: _("This format is not read here"),
    428: _("Say which version you change"),
    429: _("Too many requests"),
    500: _("Something went wrong on our side"),
    503: _("Not available right now"),
}

STATUSES: Mapping[type[UseCaseError], int] = {
    NotFoundError: HTTPStatus.NOT_FOUND,
    StaleBookingError: HTTPStatus.PRECONDITION_FAILED,
    StaleDayError: HTTPStatus.PRECONDITION_FAILED,
    StaleSeriesError: HTTPStatus.PRECONDITION_FAILED,
    StaleShiftError: HTTPStatus.PRECONDITION_FAILED,
    InvalidRowError: HTTPStatus.BAD_REQUEST,
    ReasonNeededError: HTTPStatus.BAD_REQUEST,
    InvalidSettingsError: HTTPStatus.SERVICE_UNAVAILABLE,
}  # every other refusal of a use case is a conflict with what is stored


class ProblemError(exceptions.APIException):
    """A refusal of the API's own; `members` are shown beside the usual ones."""

    def __init__(self, detail: Any = None, **members: Any) -> None:
        super().__init__(detail)
        self.members = members


def explain(error: Exception, context: Mapping[str, Any]) -> HttpResponse | None:
    """DRF's exception handler; None lets the unforeseen go up, to be logged and answered by server_error()."""
    known = _known(error)
    if isinstance(known, UseCaseError):
        status = STATUSES.get(type(known), HTTPStatus.CONFLICT)
        body = problem(status, code=_code(type(known)), detail=str(known), **_members(known))
    elif isinstance(known, exceptions.APIException):
        body = problem(known.status_code, code=_api_code(known), **_api_members(known))
    else:
        return None
    set_rollback()
    return answer(body, headers=_headers(known))


def _known(error: Exception) -> Exception:
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if isinstance(error, DjangoPermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(error, NoBrokerError):
        return NoWorkerError()
    return _outage(error) or error


def _outage(error: BaseException | None) -> NoDatabaseError | NoCacheError | None:
    if is_database_away(error):
        return NoDatabaseError()
    return NoCacheError() if is_cache_away(error) else None


class NoWorkerError(ProblemError):
    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_code = "no-worker"
    default_detail = _("The work is noted, but no worker could be told: please try again.")


class NoDatabaseError(ProblemError):
    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_code = "no-database"
    default_detail = _(
        "The database does not answer right now: please try again in a moment."
        " If you were changing something, look first whether it took effect."
    )
    wait = RETRY_AFTER_S


class NoCacheError(ProblemError):
    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_code = "no-cache"
    default_detail = _(
        "What is kept for a few minutes only (a file that was looked at, for one) cannot be reached right now:"
        " please try again in a moment."
    )
    wait = RETRY_AFTER_S


def problem(status: int, *, code: str, detail: str, **members: Any) -> dict[str, Any]:
    title = TITLES.get(status, HTTPStatus(status).phrase)
    body = {"type": PREFIX + code, "title": str(title), "status": int(status), "detail": detail}
    return body | {"errors": []} | members


def answer(body: dict[str, Any], headers: Mapping[str, str] | None = None) -> JsonResponse:
    response = JsonResponse(body, status=body["status"], content_type=MEDIA_TYPE)
    for name, value in (headers or {}).items():
        response[name] = value
    return response


def _headers(error: Exception) -> dict[str, str]:
    headers = {}
    if (challenge := getattr(error, "auth_header", None)) is not None:
        headers["WWW-Authenticate"] = str(challenge)
    if (wait_s := getattr(error, "wait", None)) is not None:
        headers["Retry-After"] = str(int(wait_s))
    return headers


def _code(kind: type[Exception]) -> str:
    """NotFeasibleError → not-feasible."""
    words = re.findall(r"[A-Z][a-z]*", kind.__name__.removesuffix("Error"))
    return "-".join(words).lower()


def _members(error: UseCaseError) -> dict[str, Any]:
    """What a program can do something with, beside the sentence."""
    if lines := [_line(field, sentence, "invalid") for field, sentence in _by_field(error)]:
        return {"errors": lines}
    if isinstance(error, NotFeasibleError):
        return {"rule": error.rule.value, "amount": error.amount}
    if isinstance(error, StalePlanError | UnfitCrewError | UnfitRescueError):
        return {"bookings": list(error.references)}
    return {}


def _by_field(error: UseCaseError) -> list[tuple[str, str]]:
    if isinstance(error, InvalidRowError):
        return [(field, line) for field, lines in error.errors.items() for line in lines]
    if isinstance(error, InvalidSettingsError):
        return [(fault.name, fault.sentence) for fault in error.faults]
    return [("reason", str(error))] if isinstance(error, ReasonNeededError) else []


def _api_code(error: exceptions.APIException) -> str:
    return str(error.default_code).replace("_", "-")


def _api_members(error: exceptions.APIException) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        lines = list(_lines(error.detail))
        sentences = dict.fromkeys(line["detail"] for line in lines)  # each once, in their order
        return {"detail": " ".join(sentences), "errors": lines}
    return {"detail": str(error.detail)} | getattr(error, "members", {})


def _lines(detail: Any, at: str = "") -> Iterator[dict[str, str]]:
    """Each sentence with the path of its field: nested lists and objects become breaks.0.duration_min."""
    if isinstance(detail, Mapping):
        for name, inner in detail.items():
            is_whole = name == "non_field_errors"
            yield from _lines(inner, at if is_whole else _path(at, str(name)))
    elif isinstance(detail, list):
        for position, inner in enumerate(detail):
            is_nested = isinstance(inner, Mapping | list)
            yield from _lines(inner, _path(at, str(position)) if is_nested else at)
    else:
        yield _line(at, str(detail), getattr(detail, "code", "invalid"))


def _path(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name


def _line(field: str, sentence: str, code: str) -> dict[str, str]:
    return {"field": field, "detail": sentence, "code": code}


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500: an API answers as an API does; what is away has pages of its own."""
    is_api = request.path.startswith("/api/")
    error = sys.exception()
    if (outage := _outage(error)) is not None:
        return _away(outage, is_api=is_api)
    if isinstance(error, InvalidSettingsError) and not is_api:
        return _to_be_mended(request, error)
    if not is_api:
        return defaults.server_error(request)
    detail = str(
        _("The error was noted. Nothing says whether the request took effect: look first.")
    )
    return answer(problem(500, code="server-error", detail=detail))


def _away(error: NoDatabaseError | NoCacheError, *, is_api: bool) -> HttpResponse:
    headers = _headers(error)
    if is_api:
        return answer(problem(503, code=_api_code(error), **_api_members(error)), headers=headers)
    # Without the request: who is signed in stands in the database.
    page = loader.render_to_string("503.html", {"detail": error.detail})
    return HttpResponse(page, status=503, headers=headers)


def _to_be_mended(request: HttpRequest, error: InvalidSettingsError) -> HttpResponse:
    """With the way to the form, for those who sign in to the office."""
    facts = {"detail": str(error), "company_id": error.company_id, "user": request.user}
    return HttpResponse(loader.render_to_string("503.html", facts), status=503)


@csrf_exempt
def unknown(request: HttpRequest) -> HttpResponse:
    """Every other address under the API's, whatever the method."""
    return answer(
        problem(404, code="not-found", detail=str(_("There is nothing at this address.")))
    )
