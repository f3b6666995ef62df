"""How names are ordered and searched: lower case, no accents, so that "Élan" stands between "Don" and "Fay"."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Func, Value
from django.db.models.functions import Concat, Lower, Replace
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.db.models.expressions import Combinable

_MARKS = "[\u0300-\u036f]"


def sort_key(text: str) -> str:
    """The key the database computes for the same text: what a search for it must look for."""
    plain = re.sub(_MARKS, "", unicodedata.normalize("NFKD", text))
    return plain.lower().replace("œ", "oe")


def sort_key_field(*names: str) -> models.GeneratedField:
    """A column that PostgreSQL keeps equal to the sort key of these columns, bulk writes included."""
    text: Combinable = F(names[0])
    if len(names) > 1:
        spaced: list[Combinable] = [F(names[0])]
        for name in names[1:]:
            spaced += [Value(" "), F(name)]
        text = Concat(*spaced)
    decomposed = Func(text, function="normalize", template="%(function)s(%(expressions)s, NFKD)")
    plain = Func(decomposed, Value(_MARKS), Value(""), Value("g"), function="regexp_replace")
    return models.GeneratedField(
        expression=Replace(Lower(plain), Value("œ"), Value("oe")),
        output_field=models.TextField(),
        db_persist=True,
        verbose_name=_("sort key"),
    )
