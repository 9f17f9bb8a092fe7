"""How often a password may be tried, so that a stranger's guesses do not lock the owner out.

A number's tries from one network have a budget of their own. Tries from networks that the account has never signed
in from share a second one, whoever makes them: when strangers have spent it, the owner at home still signs in. (OWASP,
«Slow Down Online Guessing Attacks with Device Cookies», with the network in place of the cookie.)
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from django.http import HttpRequest
from rest_framework.request import Request

from common import sessions, throttle
from common.api.address import client_network, network_of
from common.api.views import APIView, HTTPRequest, phone_in
from common.sessions import AbstractSession


def spend_password_try(request: HttpRequest | Request, *, phone: str, signed_in_from: Iterable[str]) -> None:
    """Count one try of a number's password. Raises: TooMany."""
    network = client_network(request)
    throttle.spend("sign_in_network", f"{phone} {network}")
    if not is_familiar(network, signed_in_from):
        throttle.spend("sign_in_phone", phone)


def is_familiar(network: str, signed_in_from: Iterable[str]) -> bool:
    """Whether one of the addresses lies in the network."""
    return network in {network_of(address) for address in signed_in_from}


class PasswordSignIn(APIView):
    """A view by which a number and a password sign in; a try is counted before the password is looked at."""

    session_model: ClassVar[type[AbstractSession]]
    spends = ("sign_in",)

    def check_throttles(self, request: HTTPRequest) -> None:
        """Raises: TooMany."""
        super().check_throttles(request)
        phone = phone_in(request)
        if phone is not None:  # what is no number will be refused, and must not count against anybody
            known = sessions.addresses(self.session_model, account__phone=phone)
            spend_password_try(request, phone=phone, signed_in_from=known)
