"""Where people are picked up and brought to, and how well we know where that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dispatch.enums import CoordinatesQuality, PlaceKind
from dispatch.models.company import Company
from dispatch.models.constraints import check, one_of
from dispatch.models.labels import choices
from dispatch.models.sort_keys import sort_key_field

if TYPE_CHECKING:
    from dispatch.models.company import User


class PlaceQuerySet(models.QuerySet["Place"]):
    def for_company(self, company: Company) -> Self:
        """The company's own places and the public ones."""
        return self.filter(Q(company=company) | Q(company=None))

    def for_user(self, user: User) -> Self:
        return self.filter(Q(company__in=Company.objects.for_user(user)) | Q(company=None))


class Place(models.Model):
    """An address; a service of an establishment is a place whose parent is the establishment."""

    company = models.ForeignKey(
        Company,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="places",
        verbose_name=_("company"),
        help_text=_("Empty for a public place, which every company sees."),
    )
    name = models.CharField(_("name"), max_length=160)
    sort_key = sort_key_field("name")
    kind = models.CharField(
        _("kind"), max_length=14, choices=choices(PlaceKind), default=PlaceKind.OTHER.value
    )
    parent = models.ForeignKey(
        "self",
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="services",
        verbose_name=_("establishment"),
    )
    address = models.CharField(_("address"), max_length=200, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=12, blank=True)
    town = models.CharField(_("town"), max_length=80, blank=True)
    area = models.CharField(
        _("area"), max_length=60, blank=True, help_text=_("Patients of one area may be pooled.")
    )
    lat = models.FloatField(_("latitude"), null=True, blank=True)
    lon = models.FloatField(_("longitude"), null=True, blank=True)
    coordinates_quality = models.CharField(
        _("coordinates"),
        max_length=8,
        choices=choices(CoordinatesQuality),
        default=CoordinatesQuality.UNKNOWN.value,
    )
    access_notes = models.TextField(_("access notes"), blank=True)
    phone = models.CharField(_("phone"), max_length=32, blank=True)

    objects = PlaceQuerySet.as_manager()

    class Meta:
        ordering = ["sort_key", "id"]
        verbose_name = _("place")
        verbose_name_plural = pgettext_lazy("where people are fetched", "places")
        indexes = [
            models.Index(fields=["company", "sort_key"], name="place_by_name"),
            GinIndex(fields=["sort_key"], opclasses=["gin_trgm_ops"], name="place_search"),
        ]
        constraints = [
            one_of("kind", PlaceKind, name="place_kind"),
            one_of("coordinates_quality", CoordinatesQuality, name="place_quality"),
            check(
                Q(coordinates_quality="unknown", lat=None, lon=None)
                | (~Q(coordinates_quality="unknown") & Q(lat__isnull=False, lon__isnull=False)),
                name="place_coordinates_known",
                message=_(
                    "Latitude and longitude lack one another, or how exact they are:"
                    " give all three, or leave both empty and choose “unknown”."
                ),
            ),
            check(
                Q(lat=None) | Q(lat__range=(-90, 90), lon__range=(-180, 180)),
                name="place_coordinates_on_earth",
                message=_("These coordinates are not on earth."),
            ),
            check(
                Q(parent=None) | ~Q(parent=F("id")),
                name="place_not_its_own_parent",
                message=_("A place cannot be a service of itself."),
            ),
            check(
                Q(parent=None) | Q(kind="establishment"),
                name="place_service_of_establishment",
                message=_(
                    "A service of an establishment is of the kind “establishment” too:"
                    " choose that kind, or leave the establishment empty."
                ),
            ),
            check(
                ~Q(kind__in=["home", "base"]) | Q(company__isnull=False),
                name="place_private_has_company",
                message=_(
                    "This home or base has no company: choose the company, or another kind of place."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.parent.name}, {self.name}" if self.parent else self.name

    def clean(self) -> None:
        if self.parent is None:
            return
        if self.parent.parent_id is not None or self.parent.kind != PlaceKind.ESTABLISHMENT:
            raise ValidationError({"parent": _("This is no establishment: choose one that is.")})
        if self.parent.company_id not in {None, self.company_id}:
            raise ValidationError({"parent": _("The establishment belongs to another company.")})
        if not self._state.adding and self.services.exists():
            raise ValidationError({"parent": _("An establishment with services is no service.")})

    @property
    def position(self) -> tuple[float, float] | None:
        """(latitude, longitude); a service without its own has those of its establishment."""
        if self.lat is not None and self.lon is not None:
            return self.lat, self.lon
        return self.parent.position if self.parent else None
