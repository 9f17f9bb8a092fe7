from django.urls import path

from appointments.api import calendar_views as calendars
from appointments.api import meeting_views as meetings

urlpatterns = [
    path("appointments/<uuid:appointment_id>/join", meetings.JoinView.as_view(), name="appointment-join"),
    path(
        "doctor/appointments/<uuid:appointment_id>/host-link",
        meetings.HostLinkView.as_view(),
        name="doctor-appointment-host-link",
    ),
    path(
        "doctor/appointments/<uuid:appointment_id>/attendance",
        meetings.AttendanceView.as_view(),
        name="doctor-appointment-attendance",
    ),
    path("appointments/<uuid:appointment_id>.ics", calendars.VisitCalendarView.as_view(), name="appointment-calendar"),
    path("me/calendar-feed", calendars.CalendarFeedView.as_view(), name="calendar-feed"),
    path("calendar/<str:token>.ics", calendars.FeedView.as_view(), name="calendar"),
]
