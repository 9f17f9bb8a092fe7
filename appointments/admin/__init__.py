"""This app's tables in the administration."""

from appointments.admin import booking, doctors, files, meetings, records

__all__ = ["booking", "doctors", "files", "meetings", "records"]
