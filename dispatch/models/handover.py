"""A journey that another vehicle or a partner went on with: who had it before, where its patient waited, what it costs."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from dispatch.models.booking import Booking
from dispatch.models.company import Company, OfCompany, User
from dispatch.models.constraints import check, refuse_foreign
from dispatch.models.driver import Driver
from dispatch.models.fleet import Shift, Vehicle
from dispatch.models.place import Place


class Handover(models.Model):
    """`shift`, `driver` and `vehicle` had the journey until `at`; the assignment says who goes on with it.

    With a `place` the patient was on board and waits there until `resumed_at`; the moments of the booking stay
    those of the whole journey. With a `price_c` a partner drives it. One of the two there is always.
    """

    company = models.ForeignKey(
        Company, on_delete=models.CASCADE, related_name="handovers", verbose_name=_("company")
    )
    booking = models.ForeignKey(
        Booking, on_delete=models.CASCADE, related_name="handovers", verbose_name=_("booking")
    )
    shift = models.ForeignKey(
        Shift, on_delete=models.RESTRICT, related_name="+", verbose_name=_("shift")
    )
    driver = models.ForeignKey(
        Driver, on_delete=models.RESTRICT, related_name="+", verbose_name=_("driver")
    )
    vehicle = models.ForeignKey(
        Vehicle, on_delete=models.RESTRICT, related_name="+", verbose_name=_("vehicle")
    )
    at = models.DateTimeField(_("given away at"))
    place = models.ForeignKey(
        Place,
        on_delete=models.RESTRICT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("the patient waits at"),
        help_text=_("Empty: the patient was not on board."),
    )
    resumed_at = models.DateTimeField(_("on board again"), null=True, blank=True)
    price_c = models.PositiveIntegerField(
        _("estimated price of the partner (centimes)"),
        null=True,
        blank=True,
        help_text=_("Empty: no partner, another vehicle of ours."),
    )
    by = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )

    objects = OfCompany.as_manager()

    class Meta:
        ordering = ["at", "id"]
        verbose_name = _("handover of a journey")
        verbose_name_plural = _("handovers of journeys")
        constraints = [
            models.UniqueConstraint(
                fields=["booking"],
                condition=Q(place__isnull=False, resumed_at=None, price_c=None),
                name="handover_one_wait",
                violation_error_message=_("This patient waits for another vehicle already."),
            ),
            check(
                Q(place__isnull=False) | Q(price_c__isnull=False),
                name="handover_has_a_cause",
                message=_("Nobody was on board and no partner drives: the assignment says it all."),
            ),
            check(
                Q(resumed_at=None)
                | Q(resumed_at__gte=F("at"), place__isnull=False, price_c__isnull=True),
                name="handover_resumed_after_wait",
                message=_(
                    "Nobody gets on board again who did not wait for another vehicle of ours."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.booking}: {self.driver}"

    def clean(self) -> None:
        refuse_foreign(self, "booking", "shift", "driver", "vehicle", "place")
        if self.place is not None and self.place.position is None:
            raise ValidationError({"place": _("The position of this place is not known.")})

    @property
    def is_waiting(self) -> bool:
        """Whether the patient still waits for another vehicle of ours."""
        return self.place_id is not None and self.price_c is None and self.resumed_at is None
