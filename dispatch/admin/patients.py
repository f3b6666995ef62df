"""The desk of patients: who travels, what they need, and whom they want to be driven by."""

from __future__ import annotations

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from dispatch.admin.base import CompanyFilter, Desk, DeskInline, column
from dispatch.models import DriverWish, Patient


class WishesInline(DeskInline):
    model = DriverWish
    verbose_name = _("wish")
    verbose_name_plural = _("wishes about drivers")
    autocomplete_fields = ("driver",)


@admin.register(Patient)
class PatientDesk(Desk):
    name_paths = ("sort_key",)
    code_paths = ("reference",)
    tells = ("reference",)
    list_display = ("__str__", "reference", "mobility", "needs", "home", "phone", "company")
    list_select_related = ("company", "home__parent")
    list_filter = ("mobility", "needs_oxygen", "stairs_help", "door_to_door", CompanyFilter)
    autocomplete_fields = ("home",)
    readonly_fields = ("reference",)
    inlines = (WishesInline,)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "company",
                    ("last_name", "first_name"),
                    "reference",
                    ("birth_year", "language"),
                    "phone",
                    "home",
                )
            },
        ),
        (
            _("Needs"),
            {
                "fields": (
                    ("mobility", "escort_seats"),
                    ("needs_oxygen", "stairs_help", "door_to_door"),
                    ("load_min", "unload_min", "max_ride_min"),
                )
            },
        ),
        (_("Notes"), {"fields": ("notes",)}),
    )

    @column(_("needs"))
    def needs(self, patient: Patient) -> str:
        """What is out of the ordinary, in words."""
        fields = patient._meta
        said = [
            str(fields.get_field(name).verbose_name)  # type: ignore[union-attr]
            for name in ("needs_oxygen", "stairs_help", "door_to_door")
            if getattr(patient, name)
        ]
        said += [_("escorts: %d") % patient.escort_seats] if patient.escort_seats else []
        return ", ".join(map(str, said)) or "–"
