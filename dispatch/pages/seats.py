"""Who looks at a page, for which company, and what they may do there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from django.core.exceptions import PermissionDenied
from django.http import Http404

from dispatch.enums import BookingStatus, Role
from dispatch.models import Assignment, Booking, Company, Membership, User
from dispatch.models.company import LAST_COMPANY
from dispatch.models.labels import label
from dispatch.models.statuses import DRIVER_STEPS

if TYPE_CHECKING:
    from django.http import HttpRequest

OFFICE = frozenset({Role.ADMIN, Role.DISPATCHER, Role.AUDITOR})
DISPATCH = frozenset({Role.ADMIN, Role.DISPATCHER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """One person's place in one company; `companies` are all those they may change to."""

    user: User
    company: Company
    role: Role
    companies: tuple[Company, ...]

    @property
    def role_name(self) -> str:
        return label(self.role)

    @property
    def suffix(self) -> str:
        """What an address carries for somebody with several companies: two tabs, two companies."""
        return f"?company={self.company.slug}" if len(self.companies) > 1 else ""

    @property
    def may_dispatch(self) -> bool:
        return self.role in DISPATCH

    @property
    def sees_everything(self) -> bool:
        """False for a driver, who sees their own day only."""
        return self.role in OFFICE

    def may_record(self, step: BookingStatus) -> bool:
        """Whether this step of a journey is for this person to tell; whose journey it is is asked apart."""
        return self.may_dispatch or (self.role is Role.DRIVER and step in DRIVER_STEPS)


def roles_of(user: User) -> dict[Company, Role]:
    """Company → role, by the company's name; superusers are administrators everywhere."""
    if user.is_superuser:
        return dict.fromkeys(Company.objects.all(), Role.ADMIN)
    rows = Membership.objects.filter(user=user).select_related("company")
    return {row.company: Role(row.role) for row in rows.order_by("company__sort_key", "company")}


def seat_of(request: HttpRequest) -> Seat | None:
    """The seat in the company that the address names, else in the last one looked at; None without any.

    A company in which the person has no role does not exist for them: Http404.
    """
    user = cast("User", request.user)
    roles = roles_of(user)
    by_slug = {company.slug: company for company in roles}
    named = request.GET.get("company")
    if named is not None and named not in by_slug:
        raise Http404
    slug = named or request.session.get(LAST_COMPANY)
    company = by_slug.get(slug) if slug else None
    company = company or next(iter(roles), None)
    if company is None:
        return None
    if named is not None and request.session.get(LAST_COMPANY) != company.slug:
        request.session[LAST_COMPANY] = company.slug
    return Seat(user=user, company=company, role=roles[company], companies=tuple(roles))


def seat_in(request: HttpRequest, company_id: int) -> Seat:
    """The seat in the company that a row belongs to; Http404 for outsiders."""
    user = cast("User", request.user)
    roles = roles_of(user)
    for company, role in roles.items():
        if company.pk == company_id:
            return Seat(user=user, company=company, role=role, companies=tuple(roles))
    raise Http404


def refuse_drivers(seat: Seat) -> None:
    """PermissionDenied for a driver: this page is about everybody's day."""
    if not seat.sees_everything:
        raise PermissionDenied


def refuse_onlookers(seat: Seat) -> None:
    """PermissionDenied for a person who may look, and not touch."""
    if not seat.may_dispatch:
        raise PermissionDenied


def refuse_bystanders(seat: Seat, booking: Booking) -> None:
    """PermissionDenied for who neither dispatches nor drives this journey: its course is theirs to tell."""
    if seat.may_dispatch:
        return
    own = Assignment.objects.filter(booking=booking, driver__user=seat.user)
    if seat.role is not Role.DRIVER or not own.exists():
        raise PermissionDenied
