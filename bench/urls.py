"""The product's addresses, and views that do nothing: what a request costs before the product begins."""

from django.urls import path
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from config.urls import handler400, handler403, handler404, handler500  # noqa: F401  (Django looks for them here)
from config.urls import urlpatterns as product
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson


class EmptyView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]

    def get(self, request: Request) -> Response:
        return Response({})


class SignedInView(EmptyView):
    """As empty, for somebody whose token has to be checked against his session."""

    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]


urlpatterns = [
    path("bench/empty", EmptyView.as_view()),
    path("bench/signed-in", SignedInView.as_view()),
    *product,
]
