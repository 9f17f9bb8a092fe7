"""Every address of the product."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView

from common.api.docs import RedocView, SchemaView, SwaggerView
from common.api.files import show_file
from common.api.problems import unknown_address
from common.health import healthz, readyz
from common.metrics import show_metrics
from notifications.api import pages
from notifications.api.tap_views import TapView

API: list[URLPattern | URLResolver] = [
    path("", include("users.api.urls")),
    path("", include("partners.api.urls")),
    path("", include("appointments.api.webhook_urls")),
    path("", include("orders.api.webhook_urls")),
    path("", include("payments.api.urls")),
    path("", include("stock.api.urls")),
    path("", include("requests_app.api.urls")),
    path("", include("donations.api.urls")),
    path("", include("orders.api.urls")),
    path("", include("appointments.api.urls")),
    path("", include("chat.stream.urls")),
    path("", include("chat.api.urls")),
    path("", include("notifications.api.urls")),
    path("", include("notifications.webhooks.api.urls")),
    path("schema", SchemaView.as_view(), name="schema"),
    path("docs", SwaggerView.as_view(), name="docs"),
    path("redoc", RedocView.as_view(), name="redoc"),
    re_path("", unknown_address),  # also where DEBUG shows a page of its own for what is not found
]
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="docs"), name="home"),
    path("api/v1/", include(API)),
    path("fhir/R4/", include("config.fhir")),
    path("v/<str:token>", pages.verify_email, name="verify-email"),
    path("u/<str:token>", pages.choose, name="choose-messages"),
    path("files/<str:token>", show_file, name="file"),
    path("a/<str:token>", TapView.as_view(), name="tap"),
    path("admin/", admin.site.urls),
    path("favicon.ico", RedirectView.as_view(url=f"/{settings.STATIC_URL.strip('/')}/favicon.svg"), name="favicon"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", show_metrics, name="metrics"),
]
handler400 = "common.api.problems.bad_request"
handler403 = "common.api.problems.permission_denied"
handler404 = "common.api.problems.not_found"
handler500 = "common.api.problems.server_error"
