"""Doctors and their time; appointments, their meetings and the records that come of them."""

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
from appointments.models.meetings import Attendance, Meeting, MeetingNotice, MeetingSitting
from appointments.models.waiting import Waiting

__all__ = [
    "ORDERS",
    "Appointment",
    "AppointmentEvent",
    "Attendance",
    "CalendarFeed",
    "Doctor",
    "DoctorEvent",
    "DoctorRating",
    "Meeting",
    "MeetingNotice",
    "MeetingSitting",
    "Place",
    "Reminder",
    "Specialisation",
    "TimeException",
    "Waiting",
    "WeeklyHours",
]
