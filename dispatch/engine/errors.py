"""The only exceptions the engine raises on purpose."""

from __future__ import annotations


class EngineError(Exception):
    """Base of everything the engine refuses; the message is fit for a dispatcher's eyes."""


class InvalidProblemError(EngineError):
    """A value cannot describe a real day: windows that end before they start, unknown locations…"""


class InvalidPlanError(EngineError):
    """A plan does not belong to its problem or breaks a hard rule where that is not allowed."""
