"""Doctors and their time; appointments, their meetings and the records that come of them."""

from appointments.models.access import BreakGlass, DoctorReferral, RecordGrant, RecordRead
from appointments.models.analysing import Analysis, Observation, SharedHaemoglobin
from appointments.models.booking import Appointment, AppointmentEvent
from appointments.models.calendars import CalendarFeed, Reminder
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
from appointments.models.meetings import Attendance, Meeting, MeetingNotice, MeetingSitting
from appointments.models.records import NoteAddendum, PatientVersion, Prescription, VisitNote
from appointments.models.waiting import Waiting

__all__ = [
    "ORDERS",
    "Analysis",
    "Appointment",
    "AppointmentEvent",
    "AppointmentFile",
    "Attendance",
    "BreakGlass",
    "CalendarFeed",
    "Doctor",
    "DoctorEvent",
    "DoctorRating",
    "DoctorReferral",
    "FileVersion",
    "MedicalFile",
    "Meeting",
    "MeetingNotice",
    "MeetingSitting",
    "NoteAddendum",
    "Observation",
    "PatientVersion",
    "Place",
    "Prescription",
    "RecordGrant",
    "RecordRead",
    "Reminder",
    "SharedHaemoglobin",
    "Specialisation",
    "TimeException",
    "VisitNote",
    "Waiting",
    "WeeklyHours",
]
