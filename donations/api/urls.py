from django.urls import path

from donations.api import views

urlpatterns = [
    path("me/donations", views.MyDonationsView.as_view(), name="my-donations"),
    path("partner/donations", views.PartnerDonationsView.as_view(), name="partner-donations"),
    path("partner/assignments/<uuid:assignment_id>/verify", views.VerifyView.as_view(), name="partner-verify"),
    path("partner/assignments/<uuid:assignment_id>/rating", views.RateDonorView.as_view(), name="partner-rating"),
    path("assignments/<uuid:assignment_id>/rating", views.RatePartnerView.as_view(), name="assignment-rating"),
    path("leaderboard", views.LeaderboardView.as_view(), name="leaderboard"),
]
