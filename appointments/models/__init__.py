"""Doctors and their time; appointments, their meetings and the records that come of them."""

from appointments.models.analysing import Analysis, Observation, SharedHaemoglobin
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
from appointments.models.files import AppointmentFile, FileVersion, MedicalFile

__all__ = [
    "ORDERS",
    "Analysis",
    "Appointment",
    "AppointmentEvent",
    "AppointmentFile",
    "Doctor",
    "DoctorEvent",
    "DoctorRating",
    "FileVersion",
    "MedicalFile",
    "Observation",
    "Place",
    "SharedHaemoglobin",
    "Specialisation",
    "TimeException",
    "WeeklyHours",
]
