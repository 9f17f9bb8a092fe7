"""What this app holds of a person, and what must be over before a person may be forgotten."""

from appointments.personal_data import records, visits
from appointments.services import files, forgetting_records
from users.personal_data import leaves_traces

__all__ = ["records", "visits"]

# What is registered last is deleted first: records name files and appointments.
leaves_traces(files.delete_traces)
leaves_traces(forgetting_records.delete_traces)
