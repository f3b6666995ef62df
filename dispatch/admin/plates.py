"""Finding vehicles by their plates, however either is spaced: "GE 123 456" is ge123456."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.db.models import Func, TextField, Value
from django.db.models.functions import Upper

from dispatch.models import Vehicle

if TYPE_CHECKING:
    from django.db.models import QuerySet

_BETWEEN = "[^A-Z0-9]"  # spaces, dots, dashes: whatever people put between the parts


def vehicles_with_plate(part: str) -> QuerySet[Vehicle]:
    """Vehicles whose plate holds these letters and digits in a row; none for a part without any."""
    wanted = re.sub(_BETWEEN, "", part.upper())
    if not wanted:
        return Vehicle.objects.none()
    squeezed = Func(
        Upper("plate"), Value(_BETWEEN), Value(""), Value("g"),
        function="regexp_replace", output_field=TextField(),
    )  # fmt: skip
    return Vehicle.objects.alias(squeezed_plate=squeezed).filter(squeezed_plate__contains=wanted)
