"""What follows from roles that were just given or taken: who signs in to the office, and who may not go last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from dispatch.enums import Role
from dispatch.models import Company, Membership, User
from dispatch.usecases.errors import UseCaseError

if TYPE_CHECKING:
    from collections.abc import Collection

OFFICE = frozenset({Role.ADMIN, Role.DISPATCHER, Role.AUDITOR})


class LastAdminError(UseCaseError):
    """The company would be left without anybody who may give roles."""


def settle_roles(*, user_ids: Collection[int]) -> None:
    """Who has a role in an office signs in to it, and who has none left does not; superusers stay as they are."""
    in_office = Membership.objects.filter(user=OuterRef("pk"), role__in=OFFICE)
    people = User.objects.filter(pk__in=user_ids, is_superuser=False)
    people.update(is_staff=Exists(in_office))


def keep_an_admin(*, company_ids: Collection[int]) -> None:
    """Asked after the change, inside its transaction: raises LastAdminError, and the caller rolls back.

    The companies are locked first, so that two administrators do not take each other's role at once.
    """
    for company in Company.objects.filter(pk__in=company_ids).order_by("pk").select_for_update():
        held = company.memberships.filter(role=Role.ADMIN, user__is_active=True)
        if not held.exists():
            raise LastAdminError(
                _("%(company)s would be left without an administrator: name another one first.")
                % {"company": company}
            )
