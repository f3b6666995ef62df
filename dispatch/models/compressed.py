"""Documents that are kept whole for replay: JSON in a compressed column, byte for byte as it was written."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    from typing import Any

    from django.db.backends.base.base import BaseDatabaseWrapper


class CompressedJSONField(models.BinaryField):  # type: ignore[type-arg]
    """A JSON value that is read and written whole, never searched: a day's problem is a tenth of its jsonb.

    Numbers and the order of keys survive, so that a hash of the document can be checked against it.
    """

    def get_prep_value(self, value: Any) -> bytes | None:
        if value is None:
            return None
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        return zlib.compress(text.encode())

    def from_db_value(
        self, value: bytes | None, _expression: Any, _connection: BaseDatabaseWrapper
    ) -> Any:
        return None if value is None else json.loads(zlib.decompress(value))

    def value_to_string(self, obj: models.Model) -> str:
        return json.dumps(self.value_from_object(obj))

    def to_python(self, value: Any) -> Any:
        return json.loads(value) if isinstance(value, str) else value
