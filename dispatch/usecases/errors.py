"""What a use case may answer instead of doing its work; each message is fit for the person who asked."""

from __future__ import annotations

from dispatch.models.errors import UseCaseError

__all__ = ["NotFoundError", "StaleBookingError", "UseCaseError"]


class NotFoundError(UseCaseError):
    """The row does not exist, or belongs to another company."""


class StaleBookingError(UseCaseError):
    """Somebody else changed the booking since it was read."""
