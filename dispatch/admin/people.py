"""The desks of the people who sign in, of their roles and of their keys: each administrator's own, and no others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import HttpResponseRedirect
from django.utils.translation import gettext_lazy as _
from rest_framework.authtoken.admin import TokenAdmin
from rest_framework.authtoken.models import TokenProxy

from dispatch.admin.access import ADMINS, access_of
from dispatch.admin.base import Desk, DeskInline, column, rendered
from dispatch.models import Membership, User
from dispatch.usecases.settle_roles import LastAdminError, keep_an_admin, settle_roles

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from django.db.models import ForeignKey, Model, QuerySet
    from django.http import HttpRequest, HttpResponse

_NAMES = ("first_name", "last_name", "email")


def _explained(request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
    """A refusal is said above the page as it was; nothing was written."""
    try:
        return rendered(view())
    except LastAdminError as refusal:
        messages.error(request, str(refusal))
        return HttpResponseRedirect(request.get_full_path())


def _settle(request: HttpRequest, user_ids: list[int], company_ids: list[int]) -> None:
    settle_roles(user_ids=user_ids)
    if not access_of(request).is_everywhere:
        keep_an_admin(company_ids=company_ids)


@admin.register(Membership)
class MembershipDesk(Desk):
    viewers = ADMINS
    writers = ADMINS
    removers = ADMINS
    list_display = ("user", "company", "role")
    list_select_related = ("user", "company")
    list_filter = ("role",)
    autocomplete_fields = ("user", "company")
    code_paths = ("user__username", "user__last_name", "user__first_name", "user__email")
    fields = ("company", "user", "role")
    actions = None  # roles are taken one by one: each may be the last administrator's

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return () if obj is None else ("company", "user")

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        super().save_model(request, obj, form, change)
        _settle(request, [obj.user_id], [obj.company_id])

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        super().delete_model(request, obj)
        _settle(request, [obj.user_id], [obj.company_id])

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        view = super().delete_view
        return _explained(request, lambda: view(request, object_id, extra_context))


class _ByAdmins:
    """Open to whoever is an administrator somewhere; whose rows they find is said by `get_queryset`."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return access_of(request).has_any(ADMINS)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return access_of(request).has_any(ADMINS)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return access_of(request).has_any(ADMINS)

    has_change_permission = has_view_permission
    has_delete_permission = has_view_permission


class MembershipsOfUser(_ByAdmins, DeskInline):
    """The roles in the administrator's companies; those elsewhere are neither shown nor changed."""

    model = Membership
    fields = ("company", "role")
    verbose_name = _("role")
    verbose_name_plural = _("roles")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        mine = access_of(request).companies(ADMINS)
        rows = super().get_queryset(request).filter(company__in=mine)
        return rows.select_related("company")  # each line says its name

    def get_min_num(self, request: HttpRequest, obj: Any = None, **options: Any) -> int:
        """A new person has a role in a company of whoever adds them; without one they would be lost to it."""
        return 0 if obj is not None or access_of(request).is_everywhere else 1

    def get_formset(self, request: HttpRequest, obj: Any = None, **options: Any) -> Any:
        is_asked = self.get_min_num(request, obj) > 0
        return super().get_formset(request, obj, validate_min=is_asked, **options)

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "company":
            kwargs["queryset"] = access_of(request).companies(ADMINS)
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        field.choices = list(field.choices)  # read once for all lines
        return field


@admin.register(User)
class UserDesk(_ByAdmins, UserAdmin):
    """The people of one's companies; Django's own groups and permissions are not used.

    An account that also opens another company, or is a superuser's, is shown: only its roles here are changed.
    """

    list_display = (
        "username",
        "first_name",
        "last_name",
        "email",
        "is_staff",
        "is_active",
        "roles",
    )
    list_filter = ("is_staff", "is_superuser", "is_active", "memberships__role")
    inlines = (MembershipsOfUser,)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": _NAMES}),
        (
            _("Access"),
            {
                "fields": ("is_active", "is_staff", "is_superuser"),
                "description": _(
                    "Staff may sign in to the office; what they find there is decided by their roles."
                ),
            },
        ),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (*UserAdmin.add_fieldsets, (_("Person"), {"fields": _NAMES}))
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")

    # Whose account ------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        mine = Membership.objects.filter(company__in=access_of(request).companies(ADMINS))
        shown = Prefetch("memberships", queryset=mine.select_related("company"))
        return access_of(request).people().order_by("username").prefetch_related(shown)

    def _is_theirs(self, request: HttpRequest, user: User | None) -> bool:
        """Whether the person may change the account itself, not only its roles."""
        return user is not None and access_of(request).accounts().filter(pk=user.pk).exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Others are deactivated: what they did stays theirs."""
        return access_of(request).is_everywhere

    def get_list_filter(self, request: HttpRequest) -> Any:
        """A role elsewhere is not for an administrator to search by."""
        return self.list_filter if access_of(request).is_everywhere else ("is_active",)

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        shown: Any = super().get_fieldsets(request, obj)
        if obj is None or access_of(request).is_everywhere:
            return shown
        login = ("username", "password") if self._is_theirs(request, obj) else ("username",)
        return ((None, {"fields": (*login, "is_active")}), (_("Person"), {"fields": _NAMES}))

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        fixed = super().get_readonly_fields(request, obj)
        is_fixed = obj is not None and not self._is_theirs(request, obj)
        return (*fixed, "username", "is_active", *_NAMES) if is_fixed else fixed

    def user_change_password(
        self,
        request: HttpRequest,
        id: str,  # noqa: A002 - Django's signature
        form_url: str = "",
    ) -> HttpResponse:
        self._refuse_foreign(request, id)
        return super().user_change_password(request, id, form_url)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Tells of roles in every company."""
        self._refuse_foreign(request, object_id)
        return super().history_view(request, object_id, extra_context)

    def _refuse_foreign(self, request: HttpRequest, object_id: str) -> None:
        user = self.get_object(request, object_id)
        if user is not None and not self._is_theirs(request, user):
            raise PermissionDenied

    # Writing --------------------------------------------------------------------------------------

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> HttpResponse:
        view = super().changeform_view
        return _explained(request, lambda: view(request, object_id, form_url, extra_context))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """For an administrator, the right to sign in to the office follows the roles; superusers say it themselves."""
        user, access = form.instance, access_of(request)
        mine = user.memberships.filter(company__in=access.companies(ADMINS))
        before = list(mine.values_list("company", flat=True))
        super().save_related(request, form, formsets, change)
        if not access.is_everywhere:
            _settle(request, [user.pk], before)

    @column(_("roles"))
    def roles(self, user: User) -> str:
        return ", ".join(
            f"{row.company}: {row.get_role_display()}" for row in user.memberships.all()
        )


class TokenDesk(_ByAdmins, TokenAdmin):
    """A key opens what its user may open: an administrator makes keys for accounts that are all theirs."""

    list_display = ("user", "created")
    list_filter = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).select_related("user")
        return rows.filter(user__in=access_of(request).accounts())

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """A key is made and revoked; it never passes to another user."""
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("user",) if obj is None else ("user", "key", "created")

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "user":
            kwargs["queryset"] = access_of(request).accounts()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


admin.site.unregister(Group)
admin.site.unregister(TokenProxy)
admin.site.register(TokenProxy, TokenDesk)
admin.site.site_header = _("ATMR office")
admin.site.site_title = _("ATMR office")
admin.site.index_title = _("Desks")
