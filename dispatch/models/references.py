"""References that say nothing about anybody, short enough for the telephone."""

from __future__ import annotations

import secrets

_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that is misread or misheard as another
_LENGTH = 8  # 6.6e11 of them: two alike in one company are refused by the database


def new_reference(prefix: str) -> str:
    return f"{prefix}-" + "".join(secrets.choice(_ALPHABET) for _position in range(_LENGTH))
