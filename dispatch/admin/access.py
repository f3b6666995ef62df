"""Who may see and change which rows in the office: decided by memberships, never by Django's permissions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from dispatch.enums import Role
from dispatch.models import Company, Membership, User

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from django.db.models import QuerySet
    from django.http import HttpRequest

OFFICE = frozenset({Role.ADMIN, Role.DISPATCHER, Role.AUDITOR})
DISPATCH = frozenset({Role.ADMIN, Role.DISPATCHER})
ADMINS = frozenset({Role.ADMIN})
NOBODY: frozenset[Role] = frozenset()

_CACHE = "dispatch_access"


@dataclass(frozen=True, slots=True)
class Access:
    """What the person behind one request may do; superusers may do everything everywhere."""

    is_everywhere: bool
    roles: Mapping[int, Role] = field(default_factory=dict)

    def has_any(self, roles: Collection[Role]) -> bool:
        """Whether the person has one of the roles in some company."""
        return self.is_everywhere or any(role in roles for role in self.roles.values())

    def has_in(self, company_id: int | None, roles: Collection[Role]) -> bool:
        """Whether the person has one of the roles there; what belongs to nobody is the superusers'."""
        if self.is_everywhere:
            return True
        return company_id is not None and self.roles.get(company_id) in roles

    def company_ids(self, roles: Collection[Role] = OFFICE) -> list[int]:
        return [company for company, role in self.roles.items() if role in roles]

    def companies(self, roles: Collection[Role] = OFFICE) -> QuerySet[Company]:
        if self.is_everywhere:
            return Company.objects.all()
        return Company.objects.filter(pk__in=self.company_ids(roles))

    def people(self) -> QuerySet[User]:
        """Whom the person sees as an administrator: everybody with a role in a company of theirs."""
        if self.is_everywhere:
            return User.objects.all()
        mine = Membership.objects.filter(company__in=self.company_ids(ADMINS))
        return User.objects.filter(pk__in=mine.values("user"))

    def accounts(self) -> QuerySet[User]:
        """Whose password, name and keys are theirs to give: an account opens every company that it has a role in."""
        if self.is_everywhere:
            return User.objects.all()
        elsewhere = Membership.objects.exclude(company__in=self.company_ids(ADMINS))
        ours = self.people().filter(is_superuser=False)
        return ours.exclude(pk__in=elsewhere.values("user"))


def access_of(request: HttpRequest) -> Access:
    """Asked many times a page, answered with one query a request."""
    cached: Access | None = request.META.get(_CACHE)
    if cached is None:
        cached = request.META[_CACHE] = _access(request)
    return cached


def _access(request: HttpRequest) -> Access:
    user = request.user
    if not (user.is_authenticated and user.is_active and user.is_staff):
        return Access(is_everywhere=False)
    if user.is_superuser:
        return Access(is_everywhere=True)
    rows = Membership.objects.filter(user=user).values_list("company_id", "role")
    return Access(is_everywhere=False, roles={company: Role(role) for company, role in rows})
