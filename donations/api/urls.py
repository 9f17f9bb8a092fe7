from django.urls import path

from donations.api import camp_views as camps
from donations.api import complaint_views, family_views, views
from donations.api import enrolment_views as enrolments
from donations.api import export_views as exports
from donations.api import journey_views as journey

CAMP = "partner/camps/<uuid:camp_id>"

urlpatterns = [
    path("partner/exports/donations", exports.DonationsExportView.as_view(), name="partner-export-donations"),
    path("partner/exports/enrolments", exports.EnrolmentsExportView.as_view(), name="partner-export-enrolments"),
    path("me/donations", views.MyDonationsView.as_view(), name="my-donations"),
    path(
        "me/donations/<uuid:donation_id>/certificate.pdf",
        journey.MyCertificateView.as_view(),
        name="my-donation-certificate",
    ),
    path("me/donations/<uuid:donation_id>/journey", journey.JourneyView.as_view(), name="my-donation-journey"),
    path("certificates/<str:code>", journey.CertificateView.as_view(), name="certificate"),
    path("partner/donations", views.PartnerDonationsView.as_view(), name="partner-donations"),
    path(
        "partner/donations/<uuid:donation_id>/certificate.pdf",
        journey.PartnerCertificateView.as_view(),
        name="partner-donation-certificate",
    ),
    path(
        "partner/donations/<uuid:donation_id>/trace", journey.DonationTraceView.as_view(), name="partner-donation-trace"
    ),
    path("partner/stock/units/<str:unit>/trace", journey.UnitTraceView.as_view(), name="partner-stock-trace"),
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
