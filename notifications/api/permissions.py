from __future__ import annotations

from django.conf import settings
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView
from twilio.request_validator import RequestValidator

from notifications.errors import SignatureInvalid


class FromTwilio(BasePermission):
    """Signed by Twilio with our token over the public URL of this call and its form.

    https://www.twilio.com/docs/usage/webhooks/webhooks-security
    """

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Raises: SignatureInvalid."""
        token: str = settings.TWILIO_AUTH_TOKEN
        url = settings.PUBLIC_URL.rstrip("/") + request.get_full_path()
        given = request.headers.get("X-Twilio-Signature", "")
        if not token or not RequestValidator(token).validate(url, request.data, given):
            raise SignatureInvalid
        return True
