"""Bookings, drivers and vehicles as CSV: what a file may say, and how nothing is ever half-imported."""
