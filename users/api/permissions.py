from __future__ import annotations

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from users.models import User


class IsPerson(BasePermission):
    """Signed in as a person."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, User)
