from django.urls import path

from notifications.webhooks.api import views

ENDPOINTS = "partner/webhook-endpoints"
ONE = f"{ENDPOINTS}/<uuid:endpoint_id>"
DELIVERY = f"{ONE}/deliveries/<uuid:delivery_id>"

urlpatterns = [
    path("partner/webhook-event-types", views.EventTypesView.as_view(), name="partner-webhook-event-types"),
    path(ENDPOINTS, views.EndpointsView.as_view(), name="partner-webhook-endpoints"),
    path(ONE, views.EndpointView.as_view(), name="partner-webhook-endpoint"),
    path(f"{ONE}/rotate-secret", views.RotateView.as_view(), name="partner-webhook-rotate-secret"),
    path(f"{ONE}/test", views.TestView.as_view(), name="partner-webhook-test"),
    path(f"{ONE}/enable", views.EnableView.as_view(), name="partner-webhook-enable"),
    path(f"{ONE}/disable", views.DisableView.as_view(), name="partner-webhook-disable"),
    path(f"{ONE}/deliveries", views.DeliveriesView.as_view(), name="partner-webhook-deliveries"),
    path(f"{ONE}/replay", views.ReplayFailedView.as_view(), name="partner-webhook-replay-failed"),
    path(DELIVERY, views.DeliveryView.as_view(), name="partner-webhook-delivery"),
    path(f"{DELIVERY}/replay", views.ReplayView.as_view(), name="partner-webhook-replay"),
]
