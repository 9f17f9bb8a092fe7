"""Doctors and their time; appointments, their meetings and the records that come of them."""

from appointments.models.analysing import Analysis, Observation, SharedHaemoglobin
from appointments.models.booking import Appointment, AppointmentEvent
from appointments.models.doctors import (
    Doctor,
    DoctorEvent,
    Place,
    Specialisation,
    TimeException,
    WeeklyHours,
)
from appointments.models.files import AppointmentFile, FileVersion, MedicalFile

__all__ = [
    "Analysis",
    "Appointment",
    "AppointmentEvent",
    "AppointmentFile",
    "Doctor",
    "DoctorEvent",
    "FileVersion",
    "MedicalFile",
    "Observation",
    "Place",
    "SharedHaemoglobin",
    "Specialisation",
    "TimeException",
    "WeeklyHours",
]
