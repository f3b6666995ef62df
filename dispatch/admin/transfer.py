"""CSV files at a desk: a page to bring one in (looked at before anything is written), a link to take one out."""

from __future__ import annotations

import logging
import secrets
from itertools import islice
from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async
from django import forms
from django.contrib import messages
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpResponseRedirect, StreamingHttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from dispatch.admin.access import access_of
from dispatch.admin.base import Desk, rendered
from dispatch.models import Company
from dispatch.models.company import LAST_COMPANY
from dispatch.tables.exporting import export_lines
from dispatch.tables.importing import TABLES, import_file
from dispatch.tables.reading import MOST_BYTES, MOST_LINES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from typing import Any

    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

log = logging.getLogger(__name__)

LINES_A_PIECE = 200
KEPT_S = 900  # how long a file that was looked at waits for its “yes”


class CompanyChoice(forms.Form):
    """One company is taken without asking; of several, the one last worked on stands first."""

    company = forms.ModelChoiceField(Company.objects.none(), label=_("Company"), empty_label=None)

    def __init__(
        self, *args: Any, companies: QuerySet[Company], last: str = "", **kwargs: Any
    ) -> None:
        """`last`: the short name of the company last worked on."""
        super().__init__(*args, **kwargs)
        field: Any = self.fields["company"]
        field.queryset = companies
        if len(companies) == 1:
            field.widget = forms.HiddenInput()
            field.initial = companies[0]
        else:
            field.initial = companies.filter(slug=last).first()


class FileForm(CompanyChoice):
    file = forms.FileField(
        label=_("CSV file"), widget=forms.FileInput(attrs={"accept": ".csv,text/csv"})
    )

    def clean_file(self) -> Any:
        """Refused before it is read: memory is for those who work."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise forms.ValidationError(
                _t(
                    "The file has %(size).1f MB; at most %(most).0f MB are read at once. Please split it."
                )
                % {"size": file.size / 1e6, "most": MOST_BYTES / 1e6}
            )
        return file


class ExportForm(CompanyChoice):
    on = forms.DateField(
        label=_("Day"),
        required=False,
        help_text=_("Empty: all of them."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )


class CsvDesk(Desk):
    """A desk whose rows come and go as CSV."""

    csv_kind = ""
    csv_has_day = False
    change_list_template = "admin/dispatch/change_list_with_csv.html"

    def get_urls(self) -> list[Any]:
        own = [
            path(
                "import/", self.admin_site.admin_view(self.import_view), name=self._name("import")
            ),
            path(
                "export/", self.admin_site.admin_view(self.export_view), name=self._name("export")
            ),
        ]
        return own + super().get_urls()

    def _name(self, what: str) -> str:
        return f"dispatch_{self.opts.model_name}_{what}"

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        links = {"export_url": reverse(f"admin:{self._name('export')}")}
        if self.has_add_permission(request):
            links["import_url"] = reverse(f"admin:{self._name('import')}")
        return super().changelist_view(request, links | (extra_context or {}))

    # In -------------------------------------------------------------------------------------------

    def import_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        companies = access_of(request).companies(self.writers)
        if request.method == "POST" and "token" in request.POST:
            return self._write_kept(request, companies)
        form = FileForm(
            request.POST or None, request.FILES or None, companies=companies, last=_last(request)
        )
        context: dict[str, Any] = {"form": form}
        if form.is_valid():
            context |= self._looked_at(request, form)
        return self._page(request, context)

    def _looked_at(self, request: HttpRequest, form: FileForm) -> dict[str, Any]:
        company, content = form.cleaned_data["company"], form.cleaned_data["file"].read()
        request.session[LAST_COMPANY] = company.slug
        report = import_file(
            kind=self.csv_kind,
            content=content,
            company=company,
            now=timezone.now(),
            is_preview=True,
        )
        context: dict[str, Any] = {"report": report, "company": company}
        if report.lines and not report.problems:
            token = secrets.token_urlsafe(24)
            cache.set(_key(token), (request.user.pk, self.csv_kind, company.pk, content), KEPT_S)
            context["token"] = token
        return context

    def _write_kept(self, request: HttpRequest, companies: QuerySet[Company]) -> HttpResponse:
        """What was shown is what is written: the file is kept here, not sent again."""
        key = _key(request.POST["token"])
        user_id, kind, company_id, content = cache.get(key) or (None, "", None, b"")
        company = companies.filter(pk=company_id or 0).first()
        if user_id != request.user.pk or kind != self.csv_kind or company is None:
            self.message_user(
                request,
                _t("The file was kept for a quarter of an hour: choose it again."),
                messages.WARNING,
            )
            return HttpResponseRedirect(request.path)
        cache.delete(key)
        report = import_file(
            kind=kind, content=content, company=company, now=timezone.now(), is_preview=False
        )
        if report.problems:
            return self._page(request, {
                "form": FileForm(companies=companies, last=company.slug), "report": report, "company": company,
            })  # fmt: skip
        log.info("import of %s by user %s into company %s: %s new, %s changed",
                 kind, user_id, company_id, report.created, report.updated)  # fmt: skip
        said = _t("%(new)d new and %(changed)d changed from the file.")
        self.message_user(
            request, said % {"new": report.created, "changed": report.updated}, messages.SUCCESS
        )
        return HttpResponseRedirect(reverse(f"admin:dispatch_{self.opts.model_name}_changelist"))

    def _page(self, request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
        table = TABLES[self.csv_kind]
        columns = [(name, table.fields[name].expected) for name in table.columns()]
        return rendered(TemplateResponse(request, "admin/dispatch/import.html", {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _t("Import from CSV"),
            "columns": columns,
            "most_lines": MOST_LINES,
            "media": self.media,
            **context,
        }))  # fmt: skip

    # Out ------------------------------------------------------------------------------------------

    def export_view(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        companies = access_of(request).companies(self.viewers)
        is_asked = "company" in request.GET
        form = ExportForm(
            request.GET if is_asked else None, companies=companies, last=_last(request)
        )
        if not self.csv_has_day:
            del form.fields["on"]
        if not form.is_valid():
            if not is_asked and len(companies) == 1 and not self.csv_has_day:
                return self._file(request, companies[0], None)
            return TemplateResponse(request, "admin/dispatch/export.html", {
                **self.admin_site.each_context(request),
                "opts": self.opts, "title": _t("Export to CSV"), "form": form, "media": self.media,
            })  # fmt: skip
        return self._file(request, form.cleaned_data["company"], form.cleaned_data.get("on"))

    def _file(self, request: HttpRequest, company: Company, day: Any) -> StreamingHttpResponse:
        log.info(
            "export of %s of company %s by user %s", self.csv_kind, company.pk, request.user.pk
        )
        lines = export_lines(kind=self.csv_kind, company=company, day=day)
        response = StreamingHttpResponse(
            _asynchronous(lines) if isinstance(request, ASGIRequest) else lines,
            content_type="text/csv; charset=utf-8",
        )
        stamp = day or timezone.now().astimezone(company.tz).date()
        name = f"{self.csv_kind}-{company.slug}-{stamp}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response


async def _asynchronous(lines: Iterator[str]) -> AsyncIterator[str]:
    """Piece by piece also behind an asynchronous server, which would else collect the whole file first."""
    while piece := await sync_to_async(lambda: "".join(islice(lines, LINES_A_PIECE)))():
        yield piece


def _last(request: HttpRequest) -> str:
    return str(request.session.get(LAST_COMPANY, ""))


def _key(token: str) -> str:
    return f"csv-import:{token}"
