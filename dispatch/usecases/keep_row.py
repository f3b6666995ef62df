"""Writes one row of a register, and the small rows that hang on it: checked by the model, kept by the database.

Registers have no rules beyond those of their rows: this is their one writer. What it refuses, it refuses with
the sentence of each field, whoever asked.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Model

from dispatch.models.refusals import refusal_sentence, taken_at_field
from dispatch.usecases.errors import UseCaseError

WHOLE_ROW = ""  # the key of what is wrong with no field in particular


@dataclass(frozen=True, slots=True, kw_only=True)
class Children:
    """Rows of their own that hang on a row and replace those that hung there; what says the same keeps its row.

    `field`: what callers call them.
    """

    relation: str
    rows: Sequence[Model]
    field: str


class InvalidRowError(UseCaseError):
    """A value is refused. `errors`: field (or WHOLE_ROW) → sentences."""

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        self.errors = {field: tuple(sentences) for field, sentences in errors.items()}
        super().__init__(" ".join(s for sentences in self.errors.values() for s in sentences))

    def inside(self, part: str) -> InvalidRowError:
        """The same, of a row that is a part of what the caller sent."""
        return InvalidRowError({_at(part, field): said for field, said in self.errors.items()})


@transaction.atomic
def keep_row(
    row: Model, *, changed: Collection[str] = (), children: Iterable[Children] = ()
) -> None:
    """Insert a new row, or write the `changed` columns of one that exists, and replace its `children`.

    The row is locked even when only its children change: they are a part of what is shown of it.
    Raises InvalidRowError; nothing is written then.
    """
    is_new = row._state.adding
    check_row(row)
    with refusals_explained():
        if is_new:
            row.save(force_insert=True)
        elif changed:
            row.save(update_fields=list(changed))
        else:
            _lock(row)
    for group in children:
        _replace(row, group)
    if isinstance(row, HasParts):
        with _by_field():
            row.clean_parts()


def _lock(row: Model) -> None:
    rows = type(row)._base_manager.select_for_update(of=("self",))
    list(rows.filter(pk=row.pk).values_list("pk"))


@runtime_checkable
class HasParts(Protocol):
    """A row that has a rule about the rows that hang on it."""

    def clean_parts(self) -> None:
        """Raises ValidationError."""


def _replace(row: Model, children: Children) -> None:
    held = getattr(row, children.relation)
    for child in children.rows:
        setattr(child, held.field.name, row)
    staying = {
        _said_by(child): child for child in held.filter()
    }  # asked anew, whatever was prefetched
    wanted = {_said_by(child) for child in children.rows}
    held.exclude(pk__in=[there.pk for said, there in staying.items() if said in wanted]).delete()
    for position, child in enumerate(children.rows):
        if staying.pop(_said_by(child), None) is not None:
            continue
        at = f"{children.field}.{position}"
        check_row(child, at=at)
        with refusals_explained(at=at):
            child.save(force_insert=True)


def _said_by(row: Model) -> tuple[object, ...]:
    """What a person wrote in it: neither its number nor what the database computes."""
    written = [f for f in row._meta.concrete_fields if not (f.primary_key or f.generated)]
    return tuple(getattr(row, field.attname) for field in written)


def check_row(row: Model, *, at: str = "") -> None:
    """Everything the model and its constraints say of this row; raises InvalidRowError."""
    with _by_field(at=at):
        row.full_clean()


def check_values(row: Model) -> None:
    """The row's own values and `clean()`; its links are looked up and its constraints kept by the database.

    For rows whose links were just looked up: one query for each constraint would take most of the time.
    """
    links = {field.name for field in row._meta.fields if field.is_relation}
    with _by_field():
        row.clean_fields(exclude=links)
        row.clean()


@contextmanager
def _by_field(*, at: str = WHOLE_ROW) -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        said = ValidationError(taken_at_field(error.error_dict)).message_dict
        raise InvalidRowError(
            {_at(at, _named(field)): found for field, found in said.items()}
        ) from error


def _named(field: str) -> str:
    return WHOLE_ROW if field == NON_FIELD_ERRORS else field


def _at(prefix: str, field: str) -> str:
    return ".".join(part for part in (prefix, field) if part)


@contextmanager
def refusals_explained(*, at: str = WHOLE_ROW) -> Iterator[None]:
    """What the database refuses inside becomes InvalidRowError, in the words of the broken constraint."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise InvalidRowError({at: [refusal_sentence(error)]}) from error
