"""What must never be stored: one function a case, each named constraint at least once."""
