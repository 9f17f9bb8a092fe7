"""Doctors and their time; appointments, meetings and records."""

from django.urls import path

from appointments.api import doctor_views, practice_views

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
]
