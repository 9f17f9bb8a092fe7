"""Doctors and their time; appointments, their meetings and the records that come of them."""

from appointments.models.access import BreakGlass, DoctorReferral, RecordGrant, RecordRead
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
from appointments.models.records import NoteAddendum, PatientVersion, Prescription, VisitNote

__all__ = [
    "ORDERS",
    "Analysis",
    "Appointment",
    "AppointmentEvent",
    "AppointmentFile",
    "BreakGlass",
    "Doctor",
    "DoctorEvent",
    "DoctorRating",
    "DoctorReferral",
    "FileVersion",
    "MedicalFile",
    "NoteAddendum",
    "Observation",
    "PatientVersion",
    "Place",
    "Prescription",
    "RecordGrant",
    "RecordRead",
    "SharedHaemoglobin",
    "Specialisation",
    "TimeException",
    "VisitNote",
    "WeeklyHours",
]
