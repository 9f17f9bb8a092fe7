"""What the provider of meetings posts; before the addresses of payments, which take any other name."""

from django.urls import path

from appointments.api.meeting_views import ZoomWebhookView

urlpatterns = [path("webhooks/zoom", ZoomWebhookView.as_view(), name="zoom-webhook")]
