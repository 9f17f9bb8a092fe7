"""The product's addresses, and a view that does nothing: what a request costs before the product begins."""

from django.urls import path
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.urls import handler400, handler403, handler404, handler500  # noqa: F401  (Django looks for them here)
from config.urls import urlpatterns as product


class EmptyView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        return Response({})


urlpatterns = [path("bench/empty", EmptyView.as_view()), *product]
