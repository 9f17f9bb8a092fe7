from django.urls import path

from partners.api.views import audit, complaints, directory, keys, organisation, resetting, signing_in

KEY = "partner/api-keys/<uuid:key_id>"

urlpatterns = [
    path("partner/auth/register", signing_in.RegisterView.as_view(), name="partner-register"),
    path("partner/auth/login", signing_in.LoginView.as_view(), name="partner-login"),
    path("partner/auth/refresh", signing_in.DEVICES.refresh.as_view(), name="partner-refresh"),
    path("partner/auth/logout", signing_in.DEVICES.logout.as_view(), name="partner-logout"),
    path("partner/auth/sessions", signing_in.DEVICES.sessions.as_view(), name="partner-sessions"),
    path("partner/auth/sessions/<uuid:session_id>", signing_in.DEVICES.session.as_view(), name="partner-session"),
    path(
        "partner/auth/password/change",
        signing_in.PasswordChangeView.as_view(),
        name="partner-password-change",
    ),
    path("partner/auth/otp", resetting.CodeView.as_view(), name="partner-otp"),
    path("partner/auth/password/reset", resetting.PasswordResetView.as_view(), name="partner-password-reset"),
    path("partner", organisation.PartnerView.as_view(), name="partner"),
    path("partner/members", organisation.MembersView.as_view(), name="partner-members"),
    path("partner/members/<uuid:member_id>", organisation.MemberView.as_view(), name="partner-member"),
    path("partner/api-keys", keys.ApiKeysView.as_view(), name="partner-api-keys"),
    path(KEY, keys.ApiKeyView.as_view(), name="partner-api-key"),
    path(f"{KEY}/rotate", keys.ApiKeyRotateView.as_view(), name="partner-api-key-rotate"),
    path(f"{KEY}/revoke", keys.ApiKeyRevokeView.as_view(), name="partner-api-key-revoke"),
    path("partner/test-data", keys.TestDataView.as_view(), name="partner-test-data"),
    path("partner/test-data/reset", keys.TestDataResetView.as_view(), name="partner-test-data-reset"),
    path("partner/audit-log", audit.AuditLogView.as_view(), name="partner-audit-log"),
    path("complaints", complaints.ComplaintsView.as_view(), name="complaints"),
    path("complaints/<uuid:complaint_id>", complaints.ComplaintView.as_view(), name="complaint"),
    path("partners", directory.DirectoryView.as_view(), name="partners"),
    path("partners/nearby", directory.NearbyView.as_view(), name="partners-nearby"),
    path("partners/<uuid:partner_id>", directory.PublicPartnerView.as_view(), name="partners-one"),
]
