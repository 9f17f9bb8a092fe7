from django.urls import path

from users.api import auth_views as auth
from users.api import me_views as me

urlpatterns = [
    path("auth/otp", auth.OtpView.as_view(), name="otp"),
    path("auth/register", auth.RegisterView.as_view(), name="register"),
    path("auth/login", auth.LoginView.as_view(), name="login"),
    path("auth/login/otp", auth.CodeLoginView.as_view(), name="login-otp"),
    path("auth/refresh", auth.RefreshView.as_view(), name="refresh"),
    path("auth/logout", auth.LogoutView.as_view(), name="logout"),
    path("auth/sessions", auth.SessionsView.as_view(), name="sessions"),
    path("auth/sessions/<uuid:session_id>", auth.SessionView.as_view(), name="session"),
    path("auth/password/reset", auth.PasswordResetView.as_view(), name="password-reset"),
    path("auth/password/change", auth.PasswordChangeView.as_view(), name="password-change"),
    path("me", me.MeView.as_view(), name="me"),
    path("me/location", me.LocationView.as_view(), name="my-location"),
    path("me/donor", me.DonorView.as_view(), name="my-donor"),
    path("me/donor/eligibility", me.EligibilityView.as_view(), name="my-eligibility"),
    path("me/donor/deferrals", me.DeferralsView.as_view(), name="my-deferrals"),
    path("me/donor/score", me.ScoreView.as_view(), name="my-score"),
    path("deferral-codes", me.DeferralCodesView.as_view(), name="deferral-codes"),
]
