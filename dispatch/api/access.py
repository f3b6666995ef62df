"""For which company a request speaks, and with which role."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, cast

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import NotFound, PermissionDenied

from dispatch.api.problems import ProblemError
from dispatch.enums import Role
from dispatch.models import Membership, User

if TYPE_CHECKING:
    from rest_framework.request import Request

HEADER = "X-Company"
PARAMETER = "company"

OFFICE = frozenset({Role.ADMIN, Role.DISPATCHER})  # who changes things
READERS = OFFICE | {Role.AUDITOR}
EVERYBODY = READERS | {Role.DRIVER}

_SLUG = re.compile(r"[-a-zA-Z0-9_]{1,60}")


class NoCompanyChosenError(ProblemError):
    """The caller has roles in several companies and names none."""

    status_code = HTTPStatus.BAD_REQUEST
    default_code = "no-company-chosen"
    default_detail = gettext_lazy(
        "You belong to several companies: say which one with the header X-Company or with ?company=."
    )


def membership_of(request: Request) -> Membership:
    """The caller's role in the company that the request names, or in their only one."""
    # IsAuthenticated has let only people with an account through.
    rows = Membership.objects.filter(user=cast("User", request.user)).select_related("company")
    slug = _slug(request)
    if slug is not None:
        found = rows.filter(company__slug=slug).first() if _SLUG.fullmatch(slug) else None
        if found is None:
            raise NotFound(_("You have no role in a company of this short name."))
        return found
    mine = list(rows)
    if not mine:
        raise PermissionDenied(_("You have no role in any company."))
    if len(mine) > 1:
        raise NoCompanyChosenError(companies=[row.company.slug for row in mine])
    return mine[0]


def _slug(request: Request) -> str | None:
    by_header = request.headers.get(HEADER)
    by_parameter = request.query_params.get(PARAMETER)
    if by_header is not None and by_parameter is not None and by_header != by_parameter:
        raise NoCompanyChosenError(_("The header and the address name two companies."))
    return by_header if by_header is not None else by_parameter
