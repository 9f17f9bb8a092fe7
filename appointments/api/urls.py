"""Doctors and their time; appointments, meetings and records."""

from django.urls import path

from appointments.api import booking_views as booking
from appointments.api import calendar_views as calendars
from appointments.api import day_views as day
from appointments.api import (
    doctor_views,
    encounter_views,
    my_record_views,
    patient_views,
    practice_views,
    referral_views,
)
from appointments.api import file_views as files
from appointments.api import meeting_views as meetings
from appointments.api import patient_file_views as patients

VISIT = "appointments/<uuid:appointment_id>"
OURS = "doctor/appointments/<uuid:appointment_id>"
FILE = "me/files/<uuid:file_id>"
PATIENT = "doctor/patients/<uuid:patient_id>"
PRESCRIPTION = "doctor/prescriptions/<uuid:prescription_id>"
REFERRAL = "doctor/referrals/<uuid:referral_id>"

urlpatterns = [
    path("specialisations", doctor_views.SpecialisationsView.as_view(), name="specialisations"),
    path("doctors", doctor_views.DoctorsView.as_view(), name="doctors"),
    path("doctors/<uuid:doctor_id>", doctor_views.DoctorView.as_view(), name="doctor"),
    path("doctors/<uuid:doctor_id>/slots", doctor_views.SlotsView.as_view(), name="doctor-slots"),
    path("doctors/<uuid:doctor_id>/ratings", doctor_views.RatingsView.as_view(), name="doctor-ratings"),
    path("appointments/<uuid:appointment_id>/rating", doctor_views.RateView.as_view(), name="appointment-rating"),
    path("doctor/profile", practice_views.ProfileView.as_view(), name="doctor-profile"),
    path("doctor/availability/places", practice_views.PlacesView.as_view(), name="doctor-places"),
    path("doctor/availability/places/<uuid:place_id>", practice_views.PlaceView.as_view(), name="doctor-place"),
    path("doctor/availability/hours", practice_views.HoursView.as_view(), name="doctor-hours"),
    path("doctor/availability/exceptions", practice_views.ExceptionsView.as_view(), name="doctor-exceptions"),
    path(
        "doctor/availability/exceptions/<uuid:exception_id>",
        practice_views.ExceptionView.as_view(),
        name="doctor-exception",
    ),
    path("appointments", booking.AppointmentsView.as_view(), name="appointments"),
    path("appointments/series", booking.SeriesListView.as_view(), name="appointments-series"),
    path("appointments/series/<uuid:series>/cancel", booking.SeriesCancelView.as_view(), name="series-cancel"),
    path("appointments/waitlist", booking.WaitsView.as_view(), name="waitlist"),
    path("appointments/waitlist/<uuid:waiting_id>", booking.WaitLeaveView.as_view(), name="waitlist-leave"),
    path(VISIT, booking.AppointmentView.as_view(), name="appointment"),
    path(f"{VISIT}/cancel", booking.AppointmentCancelView.as_view(), name="appointment-cancel"),
    path(f"{VISIT}/confirm", booking.AppointmentConfirmView.as_view(), name="appointment-confirm"),
    path(f"{VISIT}/reschedule", booking.AppointmentMoveView.as_view(), name="appointment-reschedule"),
    path(f"{VISIT}/check-in", booking.CheckInView.as_view(), name="appointment-check-in"),
    path(f"{VISIT}/doctor-absent", booking.DoctorAbsentView.as_view(), name="appointment-doctor-absent"),
    path("doctors/<uuid:doctor_id>/waitlist", booking.WaitView.as_view(), name="doctor-waitlist"),
    path("doctor/appointments", day.DayView.as_view(), name="doctor-appointments"),
    path(OURS, day.DoctorAppointmentView.as_view(), name="doctor-appointment"),
    path(f"{OURS}/start", day.StartView.as_view(), name="doctor-appointment-start"),
    path(f"{OURS}/complete", day.CompleteView.as_view(), name="doctor-appointment-complete"),
    path(f"{OURS}/no-show", day.NoShowView.as_view(), name="doctor-appointment-no-show"),
    path(f"{OURS}/cancel", day.DoctorCancelView.as_view(), name="doctor-appointment-cancel"),
    path(f"{OURS}/follow-up", day.FollowUpView.as_view(), name="doctor-appointment-follow-up"),
    path("doctor/earnings", day.EarningsView.as_view(), name="doctor-earnings"),
    path("doctor/earnings/totals", day.EarningTotalsView.as_view(), name="doctor-earning-totals"),
    path("doctor/earnings/months", day.EarningMonthsView.as_view(), name="doctor-earning-months"),
    path(f"{VISIT}/join", meetings.JoinView.as_view(), name="appointment-join"),
    path(f"{VISIT}.ics", calendars.VisitCalendarView.as_view(), name="appointment-calendar"),
    path(f"{OURS}/host-link", meetings.HostLinkView.as_view(), name="doctor-appointment-host-link"),
    path(f"{OURS}/attendance", meetings.AttendanceView.as_view(), name="doctor-appointment-attendance"),
    path("me/calendar-feed", calendars.CalendarFeedView.as_view(), name="calendar-feed"),
    path("calendar/<str:token>.ics", calendars.FeedView.as_view(), name="calendar"),
    path("me/files", files.FilesView.as_view(), name="me-files"),
    path(FILE, files.FileView.as_view(), name="me-file"),
    path(f"{FILE}/restore", files.RestoreView.as_view(), name="me-file-restore"),
    path(f"{FILE}/versions", files.VersionsView.as_view(), name="me-file-versions"),
    path(f"{FILE}/link", files.LinkView.as_view(), name="me-file-link"),
    path(f"{FILE}/analyses", files.AnalysesView.as_view(), name="me-file-analyses"),
    path(f"{FILE}/analyses/<uuid:analysis_id>", files.AnalysisView.as_view(), name="me-file-analysis"),
    path("me/analysers", files.AnalysersView.as_view(), name="me-analysers"),
    path("me/observations", files.ObservationsView.as_view(), name="me-observations"),
    path("me/observations/<uuid:observation_id>/share", files.ShareView.as_view(), name="me-observation-share"),
    path(f"{PATIENT}/files", patients.PatientFilesView.as_view(), name="doctor-patient-files"),
    path(f"{PATIENT}/files/<uuid:file_id>/link", patients.PatientLinkView.as_view(), name="doctor-patient-file-link"),
    path(
        f"{PATIENT}/files/<uuid:file_id>/analyses",
        patients.PatientAnalysesView.as_view(),
        name="doctor-patient-file-analyses",
    ),
    path(
        f"{PATIENT}/analyses/<uuid:analysis_id>",
        patients.PatientAnalysisView.as_view(),
        name="doctor-patient-analysis",
    ),
    path(
        f"{PATIENT}/analyses/<uuid:analysis_id>/sign-off",
        patients.SignOffView.as_view(),
        name="doctor-patient-analysis-sign-off",
    ),
    path(f"{PATIENT}/observations", patients.PatientObservationsView.as_view(), name="doctor-patient-observations"),
    path("me/patient", my_record_views.MyPatientView.as_view(), name="me-patient"),
    path("me/patient/history", my_record_views.MyPatientHistoryView.as_view(), name="me-patient-history"),
    path("me/records", my_record_views.MyRecordsView.as_view(), name="me-records"),
    path("me/prescriptions", my_record_views.MyPrescriptionsView.as_view(), name="me-prescriptions"),
    path(
        "me/prescriptions/<uuid:prescription_id>.pdf",
        my_record_views.MyPrescriptionPaperView.as_view(),
        name="me-prescription-paper",
    ),
    path("prescriptions/<str:code>", my_record_views.PrescriptionCheckView.as_view(), name="prescription"),
    path("me/grants", my_record_views.GrantsView.as_view(), name="me-grants"),
    path("me/grants/<uuid:grant_id>", my_record_views.GrantView.as_view(), name="me-grant"),
    path("me/access-log", my_record_views.AccessLogView.as_view(), name="me-access-log"),
    path("me/doctor-referrals", my_record_views.MyDoctorReferralsView.as_view(), name="me-doctor-referrals"),
    path(
        "me/doctor-referrals/<uuid:referral_id>/object",
        my_record_views.ObjectToReferralView.as_view(),
        name="me-doctor-referral-object",
    ),
    path("doctor/patients", patient_views.PatientsView.as_view(), name="doctor-patients"),
    path("doctor/patients/<uuid:patient_id>", patient_views.PatientView.as_view(), name="doctor-patient"),
    path(
        "doctor/patients/<uuid:patient_id>/records",
        patient_views.PatientRecordsView.as_view(),
        name="doctor-patient-records",
    ),
    path(
        "doctor/patients/<uuid:patient_id>/prescriptions",
        patient_views.PatientPrescriptionsView.as_view(),
        name="doctor-patient-prescriptions",
    ),
    path(
        "doctor/patients/<str:patient>/break-glass",
        patient_views.BreakGlassView.as_view(),
        name="doctor-patient-break-glass",
    ),
    path(f"{OURS}/notes", encounter_views.NotesView.as_view(), name="doctor-notes"),
    path(f"{OURS}/notes/sign", encounter_views.SignNotesView.as_view(), name="doctor-notes-sign"),
    path(f"{OURS}/notes/addenda", encounter_views.AddendaView.as_view(), name="doctor-notes-addenda"),
    path(f"{OURS}/prescriptions", encounter_views.VisitPrescriptionsView.as_view(), name="doctor-visit-prescriptions"),
    path(PRESCRIPTION, encounter_views.PrescriptionView.as_view(), name="doctor-prescription"),
    path(f"{PRESCRIPTION}.pdf", encounter_views.PrescriptionPaperView.as_view(), name="doctor-prescription-paper"),
    path(f"{PRESCRIPTION}/sign", encounter_views.SignPrescriptionView.as_view(), name="doctor-prescription-sign"),
    path(f"{PRESCRIPTION}/revoke", encounter_views.RevokePrescriptionView.as_view(), name="doctor-prescription-revoke"),
    path("doctor/referrals", referral_views.DoctorReferralsView.as_view(), name="doctor-referrals"),
    path(f"{REFERRAL}/accept", referral_views.AcceptReferralView.as_view(), name="doctor-referral-accept"),
    path(f"{REFERRAL}/decline", referral_views.DeclineReferralView.as_view(), name="doctor-referral-decline"),
    path(f"{REFERRAL}/end", referral_views.EndReferralView.as_view(), name="doctor-referral-end"),
]
