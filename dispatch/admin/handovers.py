"""What the desk of bookings shows of journeys that a breakdown gave to somebody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from dispatch.admin.base import DeskInline
from dispatch.enums import BookingStatus
from dispatch.models import Booking, Handover

if TYPE_CHECKING:
    from typing import Any

    from django.db.models import QuerySet
    from django.http import HttpRequest


class HandoverInline(DeskInline):
    """Written by the page of a breakdown, and by who says that the patient is on board again."""

    model = Handover
    fields = ("at", "driver", "vehicle", "place", "resumed_at", "price_c", "by")
    readonly_fields = fields
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Handover]:
        rows: QuerySet[Handover] = super().get_queryset(request)
        return rows.select_related("driver", "vehicle", "place__parent", "by")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    has_change_permission = has_add_permission


class HandoverFilter(admin.SimpleListFilter):
    """Journeys that a breakdown gave to somebody else."""

    title = _("handover")
    parameter_name = "handover"
    kinds: ClassVar[dict[str, tuple[Any, Q]]] = {
        "waits": (
            _("waits on the road"),
            Q(place__isnull=False, resumed_at=None, price_c=None)
            & Q(booking__status=BookingStatus.ON_BOARD.value),
        ),
        "vehicle": (_("changed vehicles on the road"), Q(resumed_at__isnull=False)),
        "partner": (_("given to a taxi partner"), Q(price_c__isnull=False)),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(key, words) for key, (words, _which) in self.kinds.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Booking]) -> QuerySet[Booking]:
        chosen = self.kinds.get(self.value() or "")
        if chosen is None:
            return queryset
        found = Handover.objects.filter(chosen[1], booking=OuterRef("pk"))
        return queryset.filter(Exists(found))
