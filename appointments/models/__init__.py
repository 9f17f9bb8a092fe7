"""Doctors and their time; appointments, their meetings and the records that come of them."""

from appointments.models.booking import Appointment, AppointmentEvent
from appointments.models.doctors import (
    Doctor,
    DoctorEvent,
    Place,
    Specialisation,
    TimeException,
    WeeklyHours,
)

__all__ = [
    "Appointment",
    "AppointmentEvent",
    "Doctor",
    "DoctorEvent",
    "Place",
    "Specialisation",
    "TimeException",
    "WeeklyHours",
]
