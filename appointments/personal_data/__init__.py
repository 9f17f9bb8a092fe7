"""What this app holds of a person, and what must be over before a person may be forgotten."""

from appointments.personal_data import records, visits

__all__ = ["records", "visits"]
