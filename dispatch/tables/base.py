"""What the tables of a company share: rows of that company only, judged and written by the use cases."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.db import connection
from django.utils.translation import gettext as _
from import_export.instance_loaders import CachedInstanceLoader
from import_export.resources import ModelResource

from dispatch.tables.columns import Column, MomentColumn
from dispatch.tables.formulas import restore
from dispatch.tables.lookups import Directory
from dispatch.usecases.errors import UseCaseError
from dispatch.usecases.keep_row import InvalidRowError, refusals_explained
from dispatch.usecases.stranded_journeys import stranded_journeys

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from django.db.models import Model, QuerySet

    from dispatch.models import Company

Errors = dict[str, list[ValidationError]]


class CompanyTable(ModelResource):
    """A file of one company: a row with a known reference is changed, any other is new."""

    # What is rows of its own: what use cases call it → the attribute that the column reads.
    children: Mapping[str, str] = MappingProxyType({})
    now: datetime | None = None  # when a file is taken in; nobody asks on the way out

    class Meta:
        instance_loader_class = CachedInstanceLoader
        use_transactions = True
        skip_unchanged = True
        skip_html_diff = True
        store_instance = True

    def __init__(self, company: Company) -> None:
        super().__init__()
        self.company = company
        self.directory = Directory(company)
        for column in self.fields.values():
            if isinstance(column, MomentColumn):
                column.tz = company.tz
            if (
                hasattr(type(column), "__annotations__")
                and "directory" in type(column).__annotations__
            ):
                column.directory = self.directory

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """The names of the columns in their order; the first says which row is meant."""
        return tuple(cls._meta.fields)

    def column_of(self, attribute: str) -> Column | None:
        return next((c for c in self.fields.values() if c.attribute == attribute), None)

    def cells(self, instance: Model) -> dict[str, str]:
        """Column → what the file says of this row."""
        return {name: self.fields[name].written(instance) for name in self.columns()}

    def export_rows(self, rows: QuerySet[Any]) -> Iterator[list[str]]:
        """The header, then each row, read from the database in pieces."""
        yield list(self.columns())
        for row in rows.iterator(chunk_size=500):
            self.after_init_instance(row, new=False, row=None)
            yield [self.fields[name].export(row) for name in self.columns()]

    # What import-export asks for ---------------------------------------------------------------

    def get_queryset(self) -> QuerySet[Any]:
        rows: QuerySet[Any] = self._meta.model.objects.filter(company=self.company)
        return rows

    def init_instance(self, row: Mapping[str, str] | None = None) -> Model:
        row_of_model: Model = self._meta.model(company=self.company)
        return row_of_model

    def validate_instance(
        self,
        instance: Any,
        import_validation_errors: Errors | None = None,
        validate_unique: bool = True,  # noqa: FBT001 - the signature of import-export
    ) -> None:
        """The model's own checks; what else is to be said, its use case says (`keep`)."""
        errors = dict(import_validation_errors or {})
        try:
            instance.clean_fields(exclude=set(errors) | _found_links(instance))
        except ValidationError as error:
            errors |= {name: [_said(e) for e in found] for name, found in error.error_dict.items()}
        if not errors:
            try:
                instance.clean()
            except ValidationError as error:
                errors = error.update_error_dict(errors)
        if errors:
            raise ValidationError(errors)

    def save_instance(
        self,
        instance: Any,
        is_create: bool,  # noqa: FBT001 - the signature of import-export
        row: Mapping[str, str],
        **_options: object,
    ) -> None:
        """Written by the use case of every other way in."""
        try:
            with refusals_explained():
                self.keep(instance, is_new=is_create)
                connection.check_constraints()  # what waits for the end would refuse the whole file
        except UseCaseError as refusal:
            raise self._told(refusal) from refusal

    def keep(self, instance: Any, *, is_new: bool) -> None:
        """Write this row and what hangs on it. Raises UseCaseError; nothing is written then."""
        raise NotImplementedError

    def changed(self) -> set[str]:
        """The columns of the row's own that the table has."""
        return {c.attribute for c in self.fields.values()} - set(self.children.values())

    def _told(self, refusal: UseCaseError) -> ValidationError:
        """In the words of the use case, each beside its column."""
        if not isinstance(refusal, InvalidRowError):
            return ValidationError(str(refusal))
        said: dict[str, list[str]] = {}
        for field, sentences in refusal.errors.items():
            part = field.partition(".")[0]
            said.setdefault(self.children.get(part, part), []).extend(sentences)
        return ValidationError(said)

    def after_import(self, dataset: object, result: Any, **_options: object) -> None:
        """The whole file is written: only now it is known what is odd about each line."""
        if result.has_errors() or result.has_validation_errors():
            return
        written = [row for row in result.rows if not row.is_skip()]
        doubts = self.doubts([row.instance for row in written])
        for row in written:
            row.warnings = doubts.get(row.instance.pk, ())

    def after_import_row(self, row: Mapping[str, str], row_result: Any, **_options: object) -> None:
        """Keep what the preview shows; whole rows would keep all their relations alive."""
        row_result.is_key_given = bool(restore(row[self.columns()[0]]).strip())
        row_result.after = self.cells(row_result.instance)
        original = row_result.original
        row_result.before = {} if original is None else self.cells(original)

    @property
    def moment(self) -> datetime:
        if self.now is None:
            raise RuntimeError("a file is judged at a moment")
        return self.now

    def doubts(self, rows: Sequence[Any]) -> Mapping[int, tuple[str, ...]]:
        """What is odd about rows that are taken all the same, by their numbers."""
        return {}


class FleetTable(CompanyTable):
    """Drivers and vehicles: nothing is refused for the sake of a plan, and what it strands is told."""

    def doubts(self, rows: Sequence[Any]) -> Mapping[int, tuple[str, ...]]:
        now = self.moment
        return {row.pk: tuple(s.sentence for s in stranded_journeys(row, now=now)) for row in rows}


def _found_links(row: Model) -> set[str]:
    """Links that were looked up a moment ago: asking the database once more would take most of the time."""
    links = (field for field in row._meta.fields if field.is_relation)
    return {link.name for link in links if getattr(row, link.attname) is not None}


def _said(error: ValidationError) -> ValidationError:
    """Django's words for an empty value are those of a programmer."""
    is_empty = error.code in {"null", "blank"}
    return (
        ValidationError(_("This is needed, and the cell is empty or missing."))
        if is_empty
        else error
    )
