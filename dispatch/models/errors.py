"""What a refusal is, whoever says it: use cases, and the one reader of a company's settings."""

from __future__ import annotations


class UseCaseError(Exception):
    """An anticipated refusal; nothing was written."""
