"""What all desks share: rows of one's own companies only, roles, refusals in words, the company's clock."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, ClassVar, cast
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.contrib.admin.views.main import ERROR_FLAG
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField
from django.core.paginator import Paginator
from django.db import DataError, IntegrityError
from django.db.models import DateField, DateTimeField, Q
from django.forms.models import BaseInlineFormSet
from django.http import Http404, HttpResponseRedirect
from django.template.response import SimpleTemplateResponse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from dispatch.admin.access import DISPATCH, NOBODY, OFFICE, access_of
from dispatch.admin.forms import CheckedForm, DeskForm, PeriodField, native_widget, several_of
from dispatch.admin.moments import MomentField, MomentInput, refuse_far
from dispatch.admin.pickers import Picker, picker_of
from dispatch.admin.plates import vehicles_with_plate
from dispatch.admin.removal import refusals
from dispatch.models import Company
from dispatch.models.refusals import refusal_sentence
from dispatch.models.sort_keys import sort_key
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.keep_row import WHOLE_ROW, InvalidRowError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from django.db.models import ForeignKey, Model, QuerySet
    from django.forms import Field
    from django.http import HttpRequest, HttpResponse

    from dispatch.enums import Role

MOST_COUNTED = 10_000


class CappedPaginator(Paginator):
    """Counts no further than anybody leafs: a filter finds what lies beyond."""

    @cached_property
    def count(self) -> int:
        rows = cast("QuerySet[Any]", self.object_list)
        return rows.order_by()[: MOST_COUNTED + 1].count()


class CompanyFilter(admin.SimpleListFilter):
    """Only for those who work in several companies, and only theirs."""

    title = _("company")
    parameter_name = "company"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        self.path: str = model_admin.company_path
        found = [(str(row.pk), row.name) for row in access_of(request).companies()]
        return found if len(found) > 1 else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value is None or not value.isdigit():
            return queryset
        return queryset.filter(**{self.path: int(value)})


class OwnRows:
    """Links lead only to rows the person may see; shared by desks and their inlines."""

    admin_site: admin.AdminSite

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> Any:
        desk = self.admin_site._registry.get(db_field.remote_field.model)
        if desk is not None and "queryset" not in kwargs:
            kwargs["queryset"] = desk.get_queryset(request)
        if db_field.name in self.get_autocomplete_fields(request):  # type: ignore[attr-defined]
            kwargs["widget"] = Picker(db_field, self.admin_site)
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]
        if isinstance(desk, Desk) and picker_of(field) is not None:
            field.label_from_instance = desk.told
        return field

    def keep_to(self, company: Company | None, form: Any) -> None:
        """What a form of this company offers and takes is of this company, whatever else the person may see."""
        for field in form.base_fields.values():
            picker = picker_of(field)
            if picker is None or company is None:
                continue
            desk = self.admin_site._registry.get(picker.field.remote_field.model)
            if isinstance(desk, Desk) and desk.model is not Company:
                picker.company = company
                field.queryset = field.queryset.filter(desk.own([company.pk]))

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Field:
        if isinstance(db_field, DateTimeRangeField):
            return PeriodField(
                label=capfirst(db_field.verbose_name),
                help_text=db_field.help_text,
                required=not db_field.blank,
            )
        if isinstance(db_field, DateTimeField):
            moment = db_field.formfield(form_class=MomentField, widget=MomentInput)
            assert moment is not None  # the column has a form field
            return moment
        if isinstance(db_field, ArrayField) and db_field.base_field.choices:
            return several_of(db_field)
        if (widget := native_widget(db_field)) is not None:
            field: Field = db_field.formfield(widget=widget)
            if isinstance(db_field, DateField):
                field.validators = [*field.validators, refuse_far]
            return field
        other: Field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        return other


class Desk(OwnRows, admin.ModelAdmin):
    """Rows of a company. `company_path` leads to it; `viewers`, `writers` and `removers` are roles there."""

    company_path = "company"
    viewers: frozenset[Role] = OFFICE
    writers: frozenset[Role] = DISPATCH
    removers: frozenset[Role] = DISPATCH
    name_paths: tuple[str, ...] = ()  # sort keys, searched anywhere in them
    code_paths: tuple[str, ...] = ()  # references, searched from their beginning
    vehicle_path = ""  # to the vehicle whose plate is searched, however it is spaced
    tells: tuple[str, ...] = ()  # what tells a row from its namesakes where it is chosen
    search_fields: ClassVar[tuple[str, ...]] = (
        "pk",
    )  # the box is shown; `get_search_results` does the work
    form: Any = DeskForm
    add_fieldsets: ClassVar[tuple[Any, ...]] = ()  # of a form for new rows that asks other things
    paginator = CappedPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each count would read the whole list
    list_per_page = 50

    class Media:
        css = {"all": ["dispatch/admin.css"]}

    # Whose rows ---------------------------------------------------------------------------------

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        access = access_of(request)
        return (
            rows
            if access.is_everywhere
            else rows.filter(self.own(access.company_ids(self.viewers)))
        )

    def own(self, company_ids: list[int]) -> Q:
        return Q(**{f"{self.company_path}__in": company_ids})

    def company_of(self, row: Model) -> Company | None:
        found: Any = row
        for step in self.company_path.split("__"):
            found = found if step == "pk" else getattr(found, step, None)
        return found if isinstance(found, Company) else None

    def told(self, row: Any) -> str:
        """The row's name among others to choose from."""
        return " · ".join(
            [str(row), *(part for name in self.tells if (part := getattr(row, name)))]
        )

    def _may(self, request: HttpRequest, row: Model | None, roles: frozenset[Role]) -> bool:
        access = access_of(request)
        if row is None or row.pk is None:
            return access.has_any(roles)
        company = self.company_of(row)
        return access.has_in(None if company is None else company.pk, roles)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return access_of(request).has_any(self.viewers)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, obj, self.viewers)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return access_of(request).has_any(self.writers)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, obj, self.writers)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, obj, self.removers)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What holds a row is told in words; Django would list the rights that nobody has."""
        held = refusals(objs)
        return ([], {}, set(), held) if held else super().get_deleted_objects(objs, request)

    def _get_obj_does_not_exist_redirect(
        self, request: HttpRequest, opts: Any, object_id: str
    ) -> HttpResponse:
        """A row of another company is no more there than one that never was."""
        raise Http404

    # The company of a form ----------------------------------------------------------------------

    def _companies(self, request: HttpRequest) -> list[Company]:
        return list(access_of(request).companies(self.writers)[:2])

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,  # noqa: FBT001 - Django's signature
        **kwargs: Any,
    ) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        companies = self._companies(request)
        own: dict[str, Any] = {"refusals": request.META.get("dispatch_refusals", {})}
        if len(companies) == 1:
            own["sole_company"] = companies[0]
        asked = type(form.__name__, (form,), own)  # its fields are made anew
        self.keep_to(self.company_of_form(request, obj), asked)
        return asked

    def company_of_form(self, request: HttpRequest, row: Any) -> Company | None:
        """Whose the row is or will be, where that is known before anything is typed."""
        if row is not None:
            return self.company_of(row)
        companies = self._companies(request)
        return companies[0] if len(companies) == 1 else None

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The company is asked where there is a choice, and told where there are several."""
        is_other = obj is None and self.add_fieldsets
        fieldsets = self.add_fieldsets if is_other else super().get_fieldsets(request, obj)
        access = access_of(request)
        if access.is_everywhere or len(access.company_ids()) > 1:
            return fieldsets
        return [
            (name, options | {"fields": _without(options["fields"])}) for name, options in fieldsets
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A row never moves to another company."""
        fixed = tuple(super().get_readonly_fields(request, obj))
        has_company = any(field.name == "company" for field in self.opts.fields)
        return (*fixed, "company") if obj is not None and has_company else fixed

    def formfield_for_foreignkey(
        self, db_field: ForeignKey, request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "company":
            access = access_of(request)
            kwargs["queryset"] = access.companies(self.writers)
            kwargs |= (
                {} if access.is_everywhere else {"required": True}
            )  # only superusers make public rows
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        leads, _under, beyond = self.company_path.partition("__")
        access = access_of(request)
        if db_field.name == leads and beyond and not access.is_everywhere:
            desk = cast("Desk", self.admin_site._registry[db_field.remote_field.model])
            writable = desk.own(access.company_ids(self.writers))
            field.queryset = field.queryset.filter(writable)
        return field

    # Lists ----------------------------------------------------------------------------------------

    def get_list_display(self, request: HttpRequest) -> Any:
        """Whose a row is, is worth a column only to those who see several companies."""
        shown = super().get_list_display(request)
        access = access_of(request)
        is_worth_it = access.is_everywhere or len(access.company_ids(self.viewers)) > 1
        return shown if is_worth_it else _without(shown)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Each word stands in a name (whatever its accents) or in a plate, or begins a reference."""
        for word in filter(_says_something, search_term.split()):
            found = Q(pk__in=())
            for path in self.name_paths:
                found |= Q(**{f"{path}__contains": sort_key(word)})
            for path in self.code_paths:
                found |= Q(**{f"{path}__istartswith": word})
            if self.vehicle_path:
                found |= Q(**{f"{self.vehicle_path}__in": vehicles_with_plate(word)})
            queryset = queryset.filter(found)
        return queryset, False

    # Refusals and clocks --------------------------------------------------------------------------

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """What the database or a use case refuses is said on the form, with all that was typed."""
        object_id = kwargs.get("object_id") or (args[0] if args else None)
        view = super().changeform_view
        with self.clock_of(request, object_id):
            try:
                return rendered(view(request, *args, **kwargs))
            except IntegrityError as error:
                request.META["dispatch_refusals"] = {WHOLE_ROW: (refusal_sentence(error),)}
            except InvalidRowError as error:
                request.META["dispatch_refusals"] = error.errors
            except UseCaseError as error:
                request.META["dispatch_refusals"] = {WHOLE_ROW: (str(error),)}
            return rendered(view(request, *args, **kwargs))

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """An address whose filter no database can read leads to the list, as one that Django cannot read."""
        with self.clock_of(request, None):
            try:
                return rendered(super().changelist_view(request, extra_context))
            except DataError:
                if request.method != "GET":
                    raise
                return HttpResponseRedirect(f"{request.path}?{ERROR_FLAG}=1")

    @contextmanager
    def clock_of(self, request: HttpRequest, object_id: str | None) -> Iterator[None]:
        """Times are read and written as the clocks of the company show them."""
        zone = self._zone(request, object_id)
        with timezone.override(zone or timezone.get_current_timezone()):
            yield

    def _zone(self, request: HttpRequest, object_id: str | None) -> ZoneInfo | None:
        access = access_of(request)
        asked = request.POST.get("company", "")
        if object_id is not None and access.is_everywhere:
            row = self.get_object(request, object_id)
            company = None if row is None else self.company_of(row)
        elif asked.isdigit():
            company = access.companies().filter(pk=int(asked)).first()
        else:
            companies = list(access.companies()[:2])
            company = companies[0] if len(companies) == 1 else None
        return None if company is None else company.tz


def _says_something(word: str) -> bool:
    """A dash between two parts of a plate is no word."""
    return any(map(str.isalnum, word))


def _without(fields: Any) -> list[Any]:
    return [field for field in fields if field != "company"]


def rendered(response: HttpResponse) -> HttpResponse:
    """Rendered now: in the time zone of the company, and with errors where they can be handled."""
    if isinstance(response, SimpleTemplateResponse) and not response.is_rendered:
        response.render()
    return response


class ReadOnly:
    """A desk that shows and never writes, whoever sits at it."""

    writers = NOBODY
    removers = NOBODY

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class Lines(BaseInlineFormSet):
    """Each line knows what it hangs on as the form has it: nobody reads it again, and it may be new."""

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        form = super()._construct_form(i, **kwargs)  # type: ignore[misc]
        setattr(form.instance, self.fk.name, self.instance)
        return form


class DeskInline(OwnRows, admin.TabularInline):
    """Rows that hang on another one: who may write that may write these."""

    form = CheckedForm
    formset = Lines
    extra = 0

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """With what the lines link to, in one query for all."""
        rows = super().get_queryset(request)
        linked = self.get_autocomplete_fields(request)
        return rows.select_related(*linked) if linked else rows

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Field:
        """No signs for adding, changing and deleting what a line links to: they take the line's place."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        for can in ("add", "change", "delete", "view"):
            if hasattr(getattr(field, "widget", None), f"can_{can}_related"):
                setattr(field.widget, f"can_{can}_related", False)
        return field

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        desk = self.admin_site._registry[self.parent_model]
        if isinstance(desk, Desk):
            self.keep_to(desk.company_of_form(request, obj), formset.form)
        return formset

    def _desk(self) -> Desk:
        desk = self.admin_site._registry[self.parent_model]
        assert isinstance(desk, Desk)
        return desk

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._desk().has_view_permission(request, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._desk().has_change_permission(request, obj)

    has_change_permission = has_add_permission
    has_delete_permission = has_add_permission


def column(title: Any, *, order: str | None = None, **options: Any) -> Callable[[Any], Any]:
    """A column of a list that is computed, with its title."""
    titled: Callable[[Any], Any] = admin.display(description=title, ordering=order, **options)
    return titled
