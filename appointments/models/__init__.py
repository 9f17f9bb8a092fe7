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
from appointments.models.waiting import Waiting

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
    "Waiting",
    "WeeklyHours",
]
