"""What lists can be narrowed to: explicit parameters, in bounds."""

from __future__ import annotations

from datetime import date
from typing import Any

import django_filters
from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import Q, QuerySet

from dispatch.api.fields import LARGEST_ID
from dispatch.enums import (
    BookingStatus,
    Leg,
    PlaceKind,
    ReturnMode,
    RunStatus,
    RunTrigger,
    ShiftStatus,
)
from dispatch.models import (
    Assignment,
    Booking,
    DispatchRun,
    Driver,
    Patient,
    Place,
    Shift,
    StandingOrder,
    Vehicle,
)
from dispatch.models.labels import choices
from dispatch.models.sort_keys import sort_key
from dispatch.usecases.wall_time import FIRST_DAY, LAST_DAY


class DayFilter(django_filters.DateFilter):
    """One ISO day."""

    def __init__(self, field_name: str | None = None, **options: Any) -> None:
        bounds = [
            MinValueValidator(FIRST_DAY),
            MaxValueValidator(LAST_DAY),
        ]
        super().__init__(
            field_name=field_name, input_formats=["%Y-%m-%d"], validators=bounds, **options
        )


class IdFilter(django_filters.NumberFilter):
    field_class = forms.IntegerField

    def __init__(self, field_name: str, **options: Any) -> None:
        super().__init__(field_name=field_name, min_value=1, max_value=LARGEST_ID, **options)


class NameFilter(django_filters.CharFilter):
    """Part of a name, whatever its accents and capitals."""

    def __init__(self, **options: Any) -> None:
        super().__init__(field_name="sort_key", lookup_expr="contains", max_length=80, **options)

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        filtered: QuerySet[Any] = super().filter(qs, sort_key(value))
        return filtered


class BookingFilter(django_filters.FilterSet):
    day = DayFilter("service_on", label="The local day of the journey.")
    day_from = DayFilter("service_on", lookup_expr="gte", label="On this day or later.")
    day_to = DayFilter("service_on", lookup_expr="lte", label="On this day or earlier.")
    status = django_filters.MultipleChoiceFilter(choices=choices(BookingStatus))
    leg = django_filters.ChoiceFilter(choices=choices(Leg))
    patient = IdFilter("patient")
    shift = IdFilter("assignment__shift", label="Driven in this shift.")
    is_will_call = django_filters.BooleanFilter()
    reference = django_filters.CharFilter(max_length=20)

    class Meta:
        model = Booking
        fields: list[str] = []


class DriverFilter(django_filters.FilterSet):
    search = NameFilter(label="Part of the name.")
    active = django_filters.BooleanFilter()

    class Meta:
        model = Driver
        fields: list[str] = []


class VehicleFilter(DriverFilter):
    class Meta:
        model = Vehicle
        fields: list[str] = []


class PatientFilter(django_filters.FilterSet):
    search = NameFilter(label="Part of the name.")
    reference = django_filters.CharFilter(max_length=20)

    class Meta:
        model = Patient
        fields: list[str] = []


class PlaceFilter(django_filters.FilterSet):
    search = NameFilter(label="Part of the name.")
    kind = django_filters.ChoiceFilter(choices=choices(PlaceKind))
    parent = IdFilter("parent", label="Services of this establishment.")

    class Meta:
        model = Place
        fields: list[str] = []


class ShiftFilter(django_filters.FilterSet):
    day = DayFilter(method="of_day", label="Shifts that touch this local day.")
    driver = IdFilter("driver")
    vehicle = IdFilter("vehicle")
    status = django_filters.ChoiceFilter(choices=choices(ShiftStatus))

    class Meta:
        model = Shift
        fields: list[str] = []

    def of_day(self, rows: QuerySet[Shift], _name: str, day: date) -> QuerySet[Shift]:
        company = self.request.parser_context["view"].company
        return rows.filter(period__overlap=company.day_bounds(day))


class RunFilter(django_filters.FilterSet):
    day = DayFilter("service_on", label="The day that was planned.")
    status = django_filters.MultipleChoiceFilter(choices=choices(RunStatus))
    trigger = django_filters.ChoiceFilter(choices=choices(RunTrigger))

    class Meta:
        model = DispatchRun
        fields: list[str] = []


class SeriesFilter(django_filters.FilterSet):
    patient = IdFilter("patient")
    active = django_filters.BooleanFilter()
    return_mode = django_filters.ChoiceFilter(choices=choices(ReturnMode))
    day = DayFilter(method="of_day", label="Series that have begun by this day and not ended.")

    class Meta:
        model = StandingOrder
        fields: list[str] = []

    def of_day(
        self, rows: QuerySet[StandingOrder], _name: str, day: date
    ) -> QuerySet[StandingOrder]:
        return rows.filter(Q(ends_on=None) | Q(ends_on__gte=day), starts_on__lte=day)


class AssignmentFilter(django_filters.FilterSet):
    day = DayFilter("booking__service_on", label="The local day of the journey.")
    shift = IdFilter("shift")
    driver = IdFilter("driver")
    vehicle = IdFilter("vehicle")

    class Meta:
        model = Assignment
        fields: list[str] = []
