"""Addresses that providers post to; named before those of payments, which take a provider's name."""

from django.urls import path

from orders.api.courier_views import LogisticsWebhookView

urlpatterns = [path("webhooks/logistics", LogisticsWebhookView.as_view(), name="logistics-webhook")]
