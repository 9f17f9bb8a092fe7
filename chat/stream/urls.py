from django.urls import path

from chat.stream.views import PartnerStreamTicketView, PartnerStreamView, StreamTicketView, StreamView

urlpatterns = [
    path("stream", StreamView.as_view(), name="stream"),
    path("stream-tickets", StreamTicketView.as_view(), name="stream-tickets"),
    path("partner/stream", PartnerStreamView.as_view(), name="partner-stream"),
    path("partner/stream-tickets", PartnerStreamTicketView.as_view(), name="partner-stream-tickets"),
]
