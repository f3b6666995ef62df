"""Values as they come in and go out: moments, days, row numbers and words of the closed vocabularies."""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from dispatch.usecases.wall_time import (
    AmbiguousTimeError,
    NoSuchTimeError,
    is_in_reach,
    moment_of,
)

LARGEST_ID = 2**63 - 1


class MomentField(serializers.DateTimeField):
    """ISO 8601. Given without an offset it is the company's local time; the hour that comes twice is asked about.

    Answers are in UTC.
    """

    default_error_messages = {
        "far": gettext_lazy("This lies outside the years 2000 to 2099."),
        "day_only": gettext_lazy("A time is needed too, not only a day."),
    }

    def to_internal_value(self, value: Any) -> datetime:
        if isinstance(value, str) and len(value.strip()) <= len("2026-06-17"):
            self.fail("day_only")
        return super().to_internal_value(value)

    def enforce_timezone(self, value: datetime) -> datetime:
        if not is_in_reach(value.date()):
            self.fail("far")
        if value.tzinfo is not None:
            return value.astimezone(UTC)
        try:
            return moment_of(self.context["company"], value)
        except (AmbiguousTimeError, NoSuchTimeError) as error:
            raise serializers.ValidationError(str(error), code="local_time") from error


class DayField(serializers.DateField):
    """ISO 8601, a local day of the company."""

    default_error_messages = {"far": gettext_lazy("This lies outside the years 2000 to 2099.")}

    def to_internal_value(self, value: Any) -> date:
        day = super().to_internal_value(value)
        if not is_in_reach(day):
            self.fail("far")
        return day


@extend_schema_field({
    "type": "string",
    "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$",
    "example": "08:30",
})  # fmt: skip
class WallTimeField(serializers.TimeField):
    """What the clock on the wall shows, to the minute; of no day, and so without an offset."""

    def __init__(self, **options: Any) -> None:
        super().__init__(format="%H:%M", input_formats=["%H:%M"], **options)


class RowIdField(serializers.IntegerField):
    """The number of a row; whether it exists, and is the company's, is for the use case to say."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=LARGEST_ID, **options)


class WordField(serializers.ChoiceField):
    """A word of a closed vocabulary."""

    def __init__(self, vocabulary: type[StrEnum], **options: Any) -> None:
        self.vocabulary = vocabulary
        super().__init__(choices=[word.value for word in vocabulary], **options)

    def to_internal_value(self, data: Any) -> StrEnum | str:
        word = super().to_internal_value(data)
        return self.vocabulary(word) if word else ""


class StrictSerializer(serializers.Serializer[Any]):
    """A body whose misspelt fields are refused instead of ignored."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = [name for name in data if name not in self.fields]
            if unknown:
                sentence = _("This field is not known here.")
                raise serializers.ValidationError(
                    {name: [sentence] for name in unknown}, code="unknown"
                )
        return super().to_internal_value(data)
