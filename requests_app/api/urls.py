from django.urls import path

from requests_app.api import donor_views as donor
from requests_app.api import export_views as exports
from requests_app.api import family_views as family
from requests_app.api import partner_family_views as partner_family
from requests_app.api import partner_views as partner
from requests_app.api import questionnaire_views as questions

urlpatterns = [
    path("partner/exports/requests", exports.RequestsExportView.as_view(), name="partner-export-requests"),
    path("requests/nearby", donor.NearbyView.as_view(), name="requests-nearby"),
    path("requests/<uuid:request_id>", donor.RequestView.as_view(), name="request"),
    path("requests/<uuid:request_id>/accept", donor.AcceptView.as_view(), name="request-accept"),
    path("requests/<uuid:request_id>/decline", donor.DeclineView.as_view(), name="request-decline"),
    path("requests/<uuid:request_id>/standby", donor.StandbyView.as_view(), name="request-standby"),
    path("assignments", donor.AssignmentsView.as_view(), name="assignments"),
    path("assignments/<uuid:assignment_id>", donor.AssignmentView.as_view(), name="assignment"),
    path("assignments/<uuid:assignment_id>/cancel", donor.CancelView.as_view(), name="assignment-cancel"),
    path("assignments/<uuid:assignment_id>/arrival-code", donor.CodeView.as_view(), name="assignment-code"),
    path(
        "assignments/<uuid:assignment_id>/questionnaire",
        questions.QuestionnaireView.as_view(),
        name="assignment-questionnaire",
    ),
    path("attender-requests", family.FamilyRequestsView.as_view(), name="attender-requests"),
    path("attender-requests/<uuid:request_id>", family.FamilyRequestView.as_view(), name="attender-request"),
    path(
        "attender-requests/<uuid:request_id>/cancel", family.FamilyCancelView.as_view(), name="attender-request-cancel"
    ),
    path(
        "partner/attender-requests",
        partner_family.PartnerFamilyRequestsView.as_view(),
        name="partner-attender-requests",
    ),
    path(
        "partner/attender-requests/<uuid:request_id>",
        partner_family.PartnerFamilyRequestView.as_view(),
        name="partner-attender-request",
    ),
    path(
        "partner/attender-requests/<uuid:request_id>/documents/<uuid:document_id>",
        partner_family.FamilyDocumentView.as_view(),
        name="partner-attender-request-document",
    ),
    path(
        "partner/attender-requests/<uuid:request_id>/confirm",
        partner_family.FamilyConfirmView.as_view(),
        name="partner-attender-request-confirm",
    ),
    path(
        "partner/attender-requests/<uuid:request_id>/refuse",
        partner_family.FamilyRefuseView.as_view(),
        name="partner-attender-request-refuse",
    ),
    path(
        "partner/attender-requests/<uuid:request_id>/issue",
        partner_family.FamilyIssueView.as_view(),
        name="partner-attender-request-issue",
    ),
    path("partner/requests", partner.RequestsView.as_view(), name="partner-requests"),
    path("partner/requests/<uuid:request_id>", partner.RequestView.as_view(), name="partner-request"),
    path("partner/requests/<uuid:request_id>/cancel", partner.CancelView.as_view(), name="partner-request-cancel"),
    path(
        "partner/requests/<uuid:request_id>/candidates",
        partner.CandidatesView.as_view(),
        name="partner-request-candidates",
    ),
    path(
        "partner/requests/<uuid:request_id>/assignments",
        partner.AssignmentsView.as_view(),
        name="partner-request-assignments",
    ),
    path("partner/assignments/<uuid:assignment_id>", partner.AssignmentView.as_view(), name="partner-assignment"),
    path(
        "partner/assignments/<uuid:assignment_id>/questionnaire",
        questions.PartnerQuestionnaireView.as_view(),
        name="partner-questionnaire",
    ),
    path("partner/assignments/<uuid:assignment_id>/arrival", partner.ArrivalView.as_view(), name="partner-arrival"),
    path("partner/assignments/<uuid:assignment_id>/release", partner.ReleaseView.as_view(), name="partner-release"),
    path("partner/assignments/<uuid:assignment_id>/no-show", partner.NoShowView.as_view(), name="partner-no-show"),
    path("partner/assignments/<uuid:assignment_id>/defer", partner.DeferView.as_view(), name="partner-defer"),
]
