from django.urls import path

from donations.api import complaint_views, family_views, views

urlpatterns = [
    path("me/donations", views.MyDonationsView.as_view(), name="my-donations"),
    path("partner/donations", views.PartnerDonationsView.as_view(), name="partner-donations"),
    path("partner/assignments/<uuid:assignment_id>/verify", views.VerifyView.as_view(), name="partner-verify"),
    path("partner/assignments/<uuid:assignment_id>/rating", views.RateDonorView.as_view(), name="partner-rating"),
    path("assignments/<uuid:assignment_id>/rating", views.RatePartnerView.as_view(), name="assignment-rating"),
    path("attender-requests/<uuid:request_id>/rating", family_views.RateHospitalView.as_view(), name="family-rating"),
    path(
        "partner/attender-requests/<uuid:request_id>/rating",
        family_views.RateFamilyView.as_view(),
        name="partner-family-rating",
    ),
    path("partner/complaints", complaint_views.PartnerComplaintsView.as_view(), name="partner-complaints"),
    path(
        "partner/complaints/<uuid:complaint_id>",
        complaint_views.PartnerComplaintView.as_view(),
        name="partner-complaint",
    ),
    path("leaderboard", views.LeaderboardView.as_view(), name="leaderboard"),
]
