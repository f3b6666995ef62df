"""Everything stored has words for people: labels of vocabularies, names of fields, sentences of rules."""

from __future__ import annotations

import inspect
from enum import StrEnum

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db.models import Field, Model, UniqueConstraint
from django.utils.functional import Promise

from dispatch import enums
from dispatch.models import Driver
from dispatch.models.labels import LABELS, choices, label

MODELS = list(apps.get_app_config("dispatch").get_models())
VOCABULARIES = [
    value
    for _name, value in inspect.getmembers(enums, inspect.isclass)
    if issubclass(value, StrEnum) and value is not StrEnum
]
UNLABELLED = {
    enums.DoubtKind,
    enums.Severity,
    enums.VisitKind,
    enums.SkillCode,
}  # stored nowhere, or named by rows


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_each_member_of_a_stored_vocabulary_has_a_label(vocabulary: type[StrEnum]) -> None:
    if vocabulary in UNLABELLED:
        assert vocabulary not in LABELS
        return
    assert set(LABELS[vocabulary]) == set(vocabulary)
    assert [value for value, _label in choices(vocabulary)] == [str(v) for v in vocabulary]
    assert all(label(member) for member in vocabulary)


def test_equal_values_of_two_vocabularies_keep_their_own_words() -> None:
    assert label(enums.DispatchMode.MANUAL) == "manual"
    assert label(enums.RunTrigger.MANUAL) == "by hand"


@pytest.mark.parametrize("model", MODELS)
def test_tables_and_fields_have_names_that_can_be_translated(model: type[Model]) -> None:
    meta = model._meta
    assert isinstance(meta.verbose_name, Promise)
    assert isinstance(meta.verbose_name_plural, Promise)
    for field in meta.get_fields():
        if isinstance(field, Field) and not field.primary_key:
            assert isinstance(field.verbose_name, Promise), f"{meta.label}.{field.name}"


@pytest.mark.parametrize("model", MODELS)
def test_broken_rules_are_said_in_a_sentence(model: type[Model]) -> None:
    """Django would say: Constraint “place_kind” is violated."""
    for constraint in model._meta.constraints:
        if isinstance(constraint, UniqueConstraint) and constraint.condition is None:
            continue  # said with the names of its fields
        said = constraint.get_violation_error_message()
        assert said.endswith("."), constraint.name
        assert constraint.name not in said


@pytest.mark.django_db
def test_a_word_of_no_vocabulary_is_refused_in_our_words() -> None:
    with pytest.raises(ValidationError) as refused:
        Driver(kind="pilot").validate_constraints(exclude={"company", "reference"})
    assert refused.value.messages == ["One of the values is not among those that are allowed."]
