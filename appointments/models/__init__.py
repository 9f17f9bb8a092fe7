"""Doctors and their time; appointments, their meetings and the records that come of them."""

from appointments.models.booking import Appointment, AppointmentEvent
from appointments.models.doctors import (
    ORDERS,
    Doctor,
    DoctorEvent,
    DoctorRating,
    Place,
    Specialisation,
    TimeException,
    WeeklyHours,
)

__all__ = [
    "ORDERS",
    "Appointment",
    "AppointmentEvent",
    "Doctor",
    "DoctorEvent",
    "DoctorRating",
    "Place",
    "Specialisation",
    "TimeException",
    "WeeklyHours",
]
