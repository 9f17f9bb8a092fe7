from django.urls import path

from users.api import attestation_views as attestations
from users.api import auth_views as auth
from users.api import document_views as documents
from users.api import me_views as me
from users.api import privacy_views as privacy

urlpatterns = [
    path("auth/otp", auth.OtpView.as_view(), name="otp"),
    path("auth/register", auth.RegisterView.as_view(), name="register"),
    path("auth/login", auth.LoginView.as_view(), name="login"),
    path("auth/login/otp", auth.CodeLoginView.as_view(), name="login-otp"),
    path("auth/refresh", auth.DEVICES.refresh.as_view(), name="refresh"),
    path("auth/logout", auth.DEVICES.logout.as_view(), name="logout"),
    path("auth/sessions", auth.DEVICES.sessions.as_view(), name="sessions"),
    path("auth/sessions/<uuid:session_id>", auth.DEVICES.session.as_view(), name="session"),
    path("auth/password/reset", auth.PasswordResetView.as_view(), name="password-reset"),
    path("auth/password/change", auth.PasswordChangeView.as_view(), name="password-change"),
    path("me", me.MeView.as_view(), name="me"),
    path("me/email/verify", me.VerifyEmailView.as_view(), name="my-email-verify"),
    path("me/location", me.LocationView.as_view(), name="my-location"),
    path("me/donor", me.DonorView.as_view(), name="my-donor"),
    path("me/donor/eligibility", me.EligibilityView.as_view(), name="my-eligibility"),
    path("me/donor/deferrals", me.DeferralsView.as_view(), name="my-deferrals"),
    path("me/donor/score", me.ScoreView.as_view(), name="my-score"),
    path("me/identity", privacy.IdentityView.as_view(), name="my-identity"),
    path("me/identity/aadhaar", privacy.AadhaarView.as_view(), name="my-identity-aadhaar"),
    path("me/identity/offline-ekyc", privacy.OfflineFileView.as_view(), name="my-identity-offline-ekyc"),
    path("me/identity/attestations", attestations.AttestationsView.as_view(), name="my-attestations"),
    path(
        "me/identity/attestations/<uuid:attestation_id>",
        attestations.AttestationView.as_view(),
        name="my-attestation",
    ),
    path(
        "me/identity/attestations/<uuid:attestation_id>/code",
        attestations.AttestationCodeView.as_view(),
        name="my-attestation-code",
    ),
    path("me/consents", privacy.ConsentsView.as_view(), name="my-consents"),
    path("me/consents/<str:purpose>/withdraw", privacy.WithdrawView.as_view(), name="my-consent-withdraw"),
    path("me/data-summary", privacy.DataSummaryView.as_view(), name="my-data-summary"),
    path("me/export", privacy.ExportView.as_view(), name="my-export"),
    path("me/erasure", privacy.ErasureView.as_view(), name="my-erasure"),
    path("identity-levels", attestations.WaysView.as_view(), name="identity-levels"),
    path("me/documents", documents.DocumentsView.as_view(), name="my-documents"),
    path("me/documents/<uuid:document_id>", documents.DocumentView.as_view(), name="my-document"),
    path("me/documents/<uuid:document_id>/content", documents.ContentView.as_view(), name="my-document-content"),
    path("deferral-codes", me.DeferralCodesView.as_view(), name="deferral-codes"),
]
