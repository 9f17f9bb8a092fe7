"""What a payer and a tester can do at each provider's stand-in, in the words of the shared contract."""

from __future__ import annotations

from typing import Any

import urllib3

from common.money import Currency, Money
from payments.gateways import gateway_of
from payments.gateways.base import Charge
from payments.states import Provider
from sandbox.server import Sandbox


class Side:
    """One provider's stand-in."""

    provider: Provider
    price = Money(12_345, Currency.INR)

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.http = urllib3.PoolManager(retries=False, timeout=20)

    @property
    def channel(self) -> str:
        return str(self.provider)

    @property
    def gateway(self) -> Any:
        return gateway_of(self.provider)

    def books(self) -> dict[str, Any]:
        return dict(self.sandbox._ask("GET", f"/{self.channel}/books"))

    def captured(self) -> dict[str, int]:
        return dict(self.books()["captured"])

    def refunds(self) -> int:
        return len(self.books()["refunds"])

    def press(self, ref: str, outcome: str) -> int:
        url = f"{self.sandbox.url}/{self.channel}/pay/{ref}"
        return self.http.request("POST", url, body=f"outcome={outcome}".encode(), redirect=False).status

    def pay(self, charge: Charge) -> None:
        assert self.press(charge.provider_ref, "pay") in (200, 303)

    def charges(self) -> int:
        """How many charges the provider has been asked for."""
        raise NotImplementedError


class StripeSide(Side):
    provider = Provider.STRIPE

    def charges(self) -> int:
        return len(self.books()["sessions"])


class RazorpaySide(Side):
    provider = Provider.RAZORPAY

    def charges(self) -> int:
        return len(self.books()["orders"])


class PhonePeSide(Side):
    provider = Provider.PHONEPE

    def charges(self) -> int:
        return len(self.books()["orders"])

    def tokens(self) -> int:
        return int(self.books()["tokens"])


class BkashSide(Side):
    provider = Provider.BKASH
    price = Money(12_345, Currency.BDT)

    def charges(self) -> int:
        return len(self.books()["payments"])

    def tokens(self) -> int:
        return int(self.books()["tokens"])

    def executed(self) -> int:
        return int(self.books()["executed"])


SIDES: dict[str, type[Side]] = {side.provider: side for side in (StripeSide, RazorpaySide, PhonePeSide, BkashSide)}
# Those that answer a repeated call with what they made first, and those that can be told to take no money any more.
KEYED = [Provider.RAZORPAY, Provider.STRIPE]
CANCELLING = [Provider.BKASH, Provider.RAZORPAY, Provider.STRIPE]
TOKENED = [Provider.BKASH, Provider.PHONEPE]  # those that are called with a token of an hour or so
MANY_CURRENCIES = [Provider.BKASH, Provider.RAZORPAY, Provider.STRIPE]  # those whose answers name one
