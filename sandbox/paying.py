"""What the stand-ins for providers of payments have in common: faults on every call, webhooks, a page to press on."""

from __future__ import annotations

import html
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from sandbox.answers import as_json
from sandbox.courier import Composed, Letter
from sandbox.replies import failure, reply
from sandbox.world import World

Endpoint = Callable[[Request], Awaitable[Response]]
Compose = Callable[[bool], Composed]  # told whether to forge the signature
PAGE = Path(__file__).parent / "pages" / "pay.html"
SIGNS = {"INR": "₹", "BDT": "৳"}


class Refusal(Exception):
    """An error that a provider answers with, in its own words."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        self.status, self.body = status, body
        super().__init__(str(body))


class Desk:
    """One provider's counter: what happens to every call and every webhook of it."""

    def __init__(self, world: World, channel: str) -> None:
        self.world, self.channel = world, channel

    def guarded(
        self,
        endpoint: Callable[[Request], Awaitable[Any]],
        about: str,
        *,
        on: str = "",
        admit: Callable[[Request], None],
        mishap: dict[str, Any] | None = None,
        status: int = HTTPStatus.OK,
    ) -> Endpoint:
        """Wrap an endpoint: who asks first, then faults on both ways. `mishap` is what `error_in_200` answers."""

        async def answer(request: Request) -> Response:
            kind = on or ("look_up" if request.method == "GET" else "send")
            try:
                admit(request)
                failed = await failure(request, self.world.faults, channel=self.channel, to=about, on=kind)
                if failed is not None:
                    return failed
                if mishap is not None and self.strike("error_in_200", to=about, on=kind):
                    return as_json(mishap)
                body = await endpoint(request)
            except Refusal as refusal:
                return as_json(refusal.body, refusal.status)
            ways = {"channel": self.channel, "to": about, "on": kind}
            latency = self.world.settings.latency_ms
            return await reply(request, self.world.faults, body, **ways, latency_ms=latency, status=status)

        return answer

    def strike(self, fault: str, *, to: str, on: str = "send") -> bool:
        """Tell whether the fault strikes now."""
        return self.world.faults.strike(fault, to=to, channel=self.channel, on=on) is not None

    def tell(self, path: str, events: Sequence[Compose]) -> None:
        """Post webhooks to the product, as the faults have them."""
        settings = self.world.settings
        if self.strike("no_callbacks", to="webhook") or not settings.public_url:
            return
        if self.strike("out_of_order_callbacks", to="webhook"):
            events = events[::-1]
        is_forged = self.strike("bad_signature", to="webhook")
        due = time.monotonic() + settings.step_ms / 1000
        url = settings.public_url + path
        letters = [Letter(due, url, partial(compose, is_forged), insists=True) for compose in events]
        self.world.courier.post(letters)
        if self.strike("duplicate_callbacks", to="webhook"):
            self.world.courier.post(letters)

    def paid_amount(self, amount: int) -> int:
        """Return what a payer pays who is asked for so much."""
        return amount - 100 if self.strike("wrong_amount", to="checkout") else amount

    def paid_currency(self, currency: str) -> str:
        return "USD" if self.strike("wrong_currency", to="checkout") else currency


def page(name: str, amount: int, currency: str, about: str, state: str, outcomes: dict[str, str]) -> Response:
    """Show what is to be paid and a button for every outcome, where there is still one to choose."""
    buttons = "".join(
        f'<button name="outcome" value="{key}">{html.escape(text)}</button>' for key, text in outcomes.items()
    )
    values = {
        "provider": name,
        "amount": f"{SIGNS.get(currency, currency + ' ')}{amount / 100:,.2f}",
        "description": html.escape(about),
        "state": state,
        "buttons": buttons,
    }
    text = PAGE.read_text(encoding="utf-8")
    for key, value in values.items():
        text = text.replace("{{" + key + "}}", value)
    policy = "default-src 'none'; style-src 'unsafe-inline'; form-action *; base-uri 'none'"
    return Response(text, media_type="text/html", headers={"Content-Security-Policy": policy})


def no_page() -> Response:
    return Response("There is no such page.", HTTPStatus.NOT_FOUND)


async def form_of(request: Request) -> dict[str, str]:
    return dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))


def new_id(prefix: str) -> str:
    return f"{prefix}{secrets.token_hex(7)}"


def base_of(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"
