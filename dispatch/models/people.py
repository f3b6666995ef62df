"""Who travels and what they need: no more about a person than a transport needs."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dispatch.enums import Equipment, Mobility, SkillCode, Stance
from dispatch.models.company import Company, OfCompany
from dispatch.models.constraints import are_given, check, one_of, refuse_foreign
from dispatch.models.driver import Driver
from dispatch.models.labels import choices
from dispatch.models.place import Place
from dispatch.models.references import new_reference
from dispatch.models.sort_keys import sort_key_field

READ_WISHES = "read_wishes"  # a list beside the manager, which is dear to set up for each row

LOAD_MIN = {
    Mobility.WALKING: 3,
    Mobility.WHEELCHAIR_FIXED: 6,
    Mobility.WHEELCHAIR_FOLDABLE: 5,
    Mobility.STRETCHER: 10,
}
UNLOAD_MIN = {
    Mobility.WALKING: 2,
    Mobility.WHEELCHAIR_FIXED: 5,
    Mobility.WHEELCHAIR_FOLDABLE: 4,
    Mobility.STRETCHER: 10,
}
DOOR_TO_DOOR_MIN = 3
STAIRS_MIN = 5


def patient_reference() -> str:
    return new_reference("P")


class Patient(models.Model):
    """A person who is transported; logs and events know them by their reference only."""

    company = models.ForeignKey(
        Company, on_delete=models.CASCADE, related_name="patients", verbose_name=_("company")
    )
    reference = models.CharField(_("reference"), max_length=20, default=patient_reference)
    first_name = models.CharField(_("first name"), max_length=80)
    last_name = models.CharField(_("last name"), max_length=80)
    sort_key = sort_key_field("last_name", "first_name")
    birth_year = models.PositiveSmallIntegerField(
        _("year of birth"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1900), MaxValueValidator(2100)],
    )
    phone = models.CharField(_("phone"), max_length=32, blank=True)
    language = models.CharField(_("language"), max_length=8, default="fr")
    home = models.ForeignKey(
        Place,
        on_delete=models.RESTRICT,
        null=True,
        blank=True,
        related_name="residents",
        verbose_name=_("home"),
    )
    mobility = models.CharField(
        _("mobility"), max_length=20, choices=choices(Mobility), default=Mobility.WALKING.value
    )
    needs_oxygen = models.BooleanField(_("oxygen"), default=False)
    escort_seats = models.PositiveSmallIntegerField(
        _("seats for escorts"), default=0, validators=[MaxValueValidator(4)]
    )
    stairs_help = models.BooleanField(_("help on stairs"), default=False)
    door_to_door = models.BooleanField(_("door to door"), default=False)
    load_min = models.PositiveSmallIntegerField(
        _("minutes to board"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(60)],
        help_text=_("Empty: the usual time for the patient's needs."),
    )
    unload_min = models.PositiveSmallIntegerField(
        _("minutes to alight"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(60)],
        help_text=_("Empty: the usual time for the patient's needs."),
    )
    max_ride_min = models.PositiveSmallIntegerField(
        _("longest ride (min)"),
        null=True,
        blank=True,
        validators=[MinValueValidator(5), MaxValueValidator(480)],
        help_text=_("Empty: the company's limit."),
    )
    notes = models.TextField(_("notes for the driver"), blank=True, help_text=_("Nothing medical."))

    objects = OfCompany.as_manager()

    class Meta:
        ordering = ["sort_key", "id"]
        verbose_name = _("patient")
        verbose_name_plural = _("patients")
        indexes = [
            models.Index(fields=["company", "sort_key"], name="patient_by_name"),
            GinIndex(fields=["sort_key"], opclasses=["gin_trgm_ops"], name="patient_search"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["company", "reference"], name="patient_reference"),
            models.UniqueConstraint(fields=["id", "company"], name="patient_of_company"),
            one_of("mobility", Mobility, name="patient_mobility"),
            check(
                Q(birth_year=None) | Q(birth_year__range=(1900, 2100)),
                name="patient_birth_year",
                message=_("This is not a year of birth."),
            ),
            check(
                Q(escort_seats__lte=4)
                & (Q(load_min=None) | Q(load_min__lte=60))
                & (Q(unload_min=None) | Q(unload_min__lte=60))
                & (Q(max_ride_min=None) | Q(max_ride_min__range=(5, 480))),
                name="patient_needs_in_bounds",
                message=_("Seats or minutes are out of bounds."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.last_name} {self.first_name}"

    def clean(self) -> None:
        refuse_foreign(self, "home")

    @property
    def boarding_min(self) -> int:
        """Minutes the vehicle stands at the pickup."""
        if self.load_min is None:
            return LOAD_MIN[Mobility(self.mobility)] + self._help_min
        return self.load_min

    @property
    def alighting_min(self) -> int:
        """Minutes the vehicle stands at the drop-off."""
        if self.unload_min is None:
            return UNLOAD_MIN[Mobility(self.mobility)] + self._help_min
        return self.unload_min

    @property
    def _help_min(self) -> int:
        return DOOR_TO_DOOR_MIN * self.door_to_door + STAIRS_MIN * self.stairs_help

    @property
    def required_skills(self) -> frozenset[str]:
        """Codes of the skills the driver must hold."""
        needed = {
            SkillCode.STRETCHER: self.mobility == Mobility.STRETCHER,
            SkillCode.OXYGEN: self.needs_oxygen,
            SkillCode.STAIRS: self.stairs_help,
        }
        return frozenset(code.value for code, is_needed in needed.items() if is_needed)

    @property
    def required_equipment(self) -> frozenset[str]:
        """Codes of what the vehicle must have; room for a wheelchair is a matter of seats."""
        needed = {
            Equipment.STRETCHER: self.mobility == Mobility.STRETCHER,
            Equipment.OXYGEN: self.needs_oxygen,
        }
        return frozenset(code.value for code, is_needed in needed.items() if is_needed)

    @property
    def preferred_driver_ids(self) -> frozenset[int]:
        return self._drivers_with(Stance.PREFERRED)

    @property
    def excluded_driver_ids(self) -> frozenset[int]:
        return self._drivers_with(Stance.EXCLUDED)

    def _drivers_with(self, stance: Stance) -> frozenset[int]:
        """Filtered here and not in SQL, so that wishes read ahead are used."""
        read: list[DriverWish] | None = self.__dict__.get(READ_WISHES)
        wishes = self.wishes.all() if read is None else read
        return frozenset(wish.driver_id for wish in wishes if wish.stance == stance)


class DriverWish(models.Model):
    """A patient wants this driver, or never again: one row a pair, so never both."""

    patient = models.ForeignKey(
        Patient, on_delete=models.CASCADE, related_name="wishes", verbose_name=_("patient")
    )
    driver = models.ForeignKey(
        Driver, on_delete=models.CASCADE, related_name="wishes", verbose_name=_("driver")
    )
    stance = models.CharField(_("wish"), max_length=10, choices=choices(Stance))

    class Meta:
        verbose_name = _("wish about a driver")
        verbose_name_plural = _("wishes about drivers")
        constraints = [
            models.UniqueConstraint(fields=["patient", "driver"], name="driver_wish_once"),
            one_of("stance", Stance, name="driver_wish_stance"),
        ]

    def __str__(self) -> str:
        return f"{self.patient}: {self.driver} {self.get_stance_display()}"

    def clean(self) -> None:
        if not are_given(self, "patient", "driver"):
            return
        if self.patient.company_id != self.driver.company_id:
            raise ValidationError({"driver": _("This driver works for another company.")})
