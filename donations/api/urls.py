from django.urls import path

from donations.api import camp_views as camps
from donations.api import enrolment_views as enrolments
from donations.api import views

CAMP = "partner/camps/<uuid:camp_id>"

urlpatterns = [
    path("me/donations", views.MyDonationsView.as_view(), name="my-donations"),
    path("partner/donations", views.PartnerDonationsView.as_view(), name="partner-donations"),
    path("partner/assignments/<uuid:assignment_id>/verify", views.VerifyView.as_view(), name="partner-verify"),
    path("partner/assignments/<uuid:assignment_id>/rating", views.RateDonorView.as_view(), name="partner-rating"),
    path("assignments/<uuid:assignment_id>/rating", views.RatePartnerView.as_view(), name="assignment-rating"),
    path("camps/nearby", enrolments.NearbyView.as_view(), name="camps-nearby"),
    path("camps/<uuid:camp_id>", enrolments.CampView.as_view(), name="camp"),
    path("camps/<uuid:camp_id>/enrol", enrolments.EnrolView.as_view(), name="camp-enrol"),
    path("camps/<uuid:camp_id>/leave", enrolments.LeaveView.as_view(), name="camp-leave"),
    path("me/enrolments", enrolments.MyEnrolmentsView.as_view(), name="my-enrolments"),
    path("partner/camps", camps.CampsView.as_view(), name="partner-camps"),
    path(CAMP, camps.CampView.as_view(), name="partner-camp"),
    path(f"{CAMP}/publish", camps.PublishView.as_view(), name="partner-camp-publish"),
    path(f"{CAMP}/cancel", camps.CancelView.as_view(), name="partner-camp-cancel"),
    path(f"{CAMP}/enrolments", camps.EnrolmentsView.as_view(), name="partner-camp-enrolments"),
    path(f"{CAMP}/enrolments.csv", camps.ListView.as_view(), name="partner-camp-list"),
    path(f"{CAMP}/check-ins", camps.CheckInsView.as_view(), name="partner-camp-check-ins"),
    path(f"{CAMP}/report", camps.ReportView.as_view(), name="partner-camp-report"),
    path("leaderboard", views.LeaderboardView.as_view(), name="leaderboard"),
]
