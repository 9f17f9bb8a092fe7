"""Doctors and their time; appointments, meetings and records."""

from django.urls import path

from appointments.api import (
    doctor_views,
    encounter_views,
    my_record_views,
    patient_views,
    practice_views,
    referral_views,
)

NOTED, PRESCRIPTION, REFERRAL = (
    "doctor/appointments/<uuid:appointment_id>",
    "doctor/prescriptions/<uuid:prescription_id>",
    "doctor/referrals/<uuid:referral_id>",
)

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
    path(f"{NOTED}/notes", encounter_views.NotesView.as_view(), name="doctor-notes"),
    path(f"{NOTED}/notes/sign", encounter_views.SignNotesView.as_view(), name="doctor-notes-sign"),
    path(f"{NOTED}/notes/addenda", encounter_views.AddendaView.as_view(), name="doctor-notes-addenda"),
    path(f"{NOTED}/prescriptions", encounter_views.VisitPrescriptionsView.as_view(), name="doctor-visit-prescriptions"),
    path(PRESCRIPTION, encounter_views.PrescriptionView.as_view(), name="doctor-prescription"),
    path(f"{PRESCRIPTION}.pdf", encounter_views.PrescriptionPaperView.as_view(), name="doctor-prescription-paper"),
    path(f"{PRESCRIPTION}/sign", encounter_views.SignPrescriptionView.as_view(), name="doctor-prescription-sign"),
    path(f"{PRESCRIPTION}/revoke", encounter_views.RevokePrescriptionView.as_view(), name="doctor-prescription-revoke"),
    path("doctor/referrals", referral_views.DoctorReferralsView.as_view(), name="doctor-referrals"),
    path(f"{REFERRAL}/accept", referral_views.AcceptReferralView.as_view(), name="doctor-referral-accept"),
    path(f"{REFERRAL}/decline", referral_views.DeclineReferralView.as_view(), name="doctor-referral-decline"),
    path(f"{REFERRAL}/end", referral_views.EndReferralView.as_view(), name="doctor-referral-end"),
]
