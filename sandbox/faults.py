"""Faults of the outside world that one can switch on and off while the sandbox runs."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.answers import NotUnderstood, as_json, read_json

if TYPE_CHECKING:
    from sandbox.world import World

KNOWN: dict[str, str] = {
    "slow_ms": "The reply comes late; the message is accepted and its callbacks do not wait.",
    "rate_limit": "429 with code 20429 and Retry-After; nothing is accepted.",
    "error_5xx": "503; nothing is accepted.",
    "html_body": "502 with a proxy's HTML page; nothing is accepted.",
    "truncated_json": "Accepted, but the reply's JSON is cut in half.",
    "lost_request": "The connection drops before anything is accepted.",
    "lost_reply": "Accepted, then the connection drops without a reply.",
    "undelivered": "Accepted, never delivered: the last status is a failure.",
    "whatsapp_window": "A free-form WhatsApp outside the 24 hours after a person's reply fails with 63016.",
    "duplicate_callbacks": "Every callback is posted twice at once.",
    "out_of_order_callbacks": "Callbacks arrive last status first.",
    "no_callbacks": "No callback is ever posted.",
    "bad_signature": "Callbacks carry a wrong signature.",
    "wrong_amount": "The payer pays another amount than was asked for.",
    "wrong_currency": "The payer pays in another currency than was asked for.",
    "error_in_200": "200 whose body is an error, as bKash has it; nothing is accepted.",
    "token_expired": "The access token is refused with 401, as if its time were up; the next one serves.",
    "refund_pending": "A refund takes days: it stays pending until it is ended by hand.",
}
CHANNELS = ("sms", "whatsapp", "voice", "email", "push", "identity", "vision", "logistics", "webhook")
PAYING = ("stripe", "razorpay", "phonepe", "bkash")  # the providers of payments: a fault may be limited to one
MEETING = ("zoom",)
ANY_CHANNEL = (*CHANNELS, *PAYING, *MEETING)
LIMITS = ("only_to", "channel", "times", "on")
TARGETS = ("send", "look_up", "any")
_dice = secrets.SystemRandom()


@dataclass(slots=True, kw_only=True)
class Rule:
    """When one fault strikes. `times` counts down; None means without end."""

    probability: float = 1.0
    only_to: str | None = None
    channel: str | None = None
    times: int | None = None
    on: str = "send"  # or "look_up" (GETs of the provider's API), or "any"
    ms: float = 2000  # slow_ms
    retry_after: int = 1  # rate_limit, seconds
    code: int | None = None  # undelivered
    refuse: bool = False  # whatsapp_window: 400 at once, not a failure afterwards

    def strikes(self, *, to: str, channel: str, on: str) -> bool:
        """Tell whether this rule applies now, throwing the dice once; a strike is counted."""
        if self.times == 0 or (self.on not in (on, "any")):
            return False
        if self.only_to not in (None, to) or self.channel not in (None, channel):
            return False
        if self.probability < 1 and _dice.random() >= self.probability:
            return False
        if self.times is not None:
            self.times -= 1
        return True


class Faults:
    """The rules in force, by fault."""

    def __init__(self) -> None:
        self._rules: dict[str, list[Rule]] = {}

    def strike(self, fault: str, *, to: str, channel: str, on: str = "send") -> Rule | None:
        """Return the rule by which `fault` strikes this call, or None."""
        rules = self._rules.get(fault)
        if rules is None:
            return None
        return next((rule for rule in rules if rule.strikes(to=to, channel=channel, on=on)), None)

    def replace(self, wishes: Mapping[str, Any]) -> None:
        """Put exactly these faults in force. Raises NotUnderstood and then changes nothing."""
        common = {name: wishes[name] for name in LIMITS if name in wishes}
        wanted = {name: wish for name, wish in wishes.items() if name not in LIMITS}
        rules = {fault: list(_rules(fault, wish, common)) for fault, wish in wanted.items()}
        self._rules = {fault: found for fault, found in rules.items() if found}

    def set_one(self, fault: str, wish: object) -> None:
        """Replace the rules of one fault. Raises NotUnderstood."""
        rules = list(_rules(fault, wish, {}))
        self._rules.pop(fault, None)
        if rules:
            self._rules[fault] = rules

    def clear(self) -> None:
        """Switch everything off."""
        self._rules = {}

    def in_force(self) -> dict[str, list[dict[str, Any]]]:
        """Return the rules as JSON values; a rule that has counted down to 0 is off."""
        alive = {fault: [rule for rule in rules if rule.times != 0] for fault, rules in self._rules.items()}
        return {fault: [asdict(rule) for rule in rules] for fault, rules in alive.items() if rules}


def _rules(fault: str, wish: object, common: Mapping[str, Any]) -> Iterator[Rule]:
    if fault not in KNOWN:
        raise NotUnderstood(f"no fault is called {fault!r}; there are: {', '.join(KNOWN)}")
    for one in wish if isinstance(wish, list) else [wish]:
        rule = _rule(fault, one, common)
        if rule.probability > 0 and rule.ms > 0:
            yield rule


def _rule(fault: str, wish: object, common: Mapping[str, Any]) -> Rule:
    values: dict[str, Any] = dict(common)
    if isinstance(wish, dict):
        values |= wish
    elif wish is None or isinstance(wish, bool):
        values["probability"] = 1 if wish else 0
    else:
        values["ms" if fault == "slow_ms" else "probability"] = wish
    for name, value in values.items():
        _check(name, value)
    return Rule(**values)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "probability": (lambda value: _is_number(value) and 0 <= value <= 1, "a number from 0 to 1"),
    "only_to": (
        lambda value: value is None or isinstance(value, str),
        "a number in E.164, or checkout, capture, execute, refund, payout, account, token, booking, cancel, webhook",
    ),
    "channel": (lambda value: value is None or value in ANY_CHANNEL, ", ".join(ANY_CHANNEL)),
    "times": (lambda value: value is None or _is_count(value), "a whole number"),
    "on": (lambda value: value in TARGETS, "send, look_up or any"),
    "ms": (lambda value: _is_number(value) and 0 <= value <= 600_000, "milliseconds, 600000 at most"),  # noqa: PLR2004
    "retry_after": (_is_count, "whole seconds"),
    "code": (lambda value: value is None or _is_count(value), "an error code"),
    "refuse": (lambda value: isinstance(value, bool), "true or false"),
}


def _check(name: str, value: object) -> None:
    if name not in CHECKS:
        raise NotUnderstood(f"a fault has no {name!r}; it may have: {', '.join(CHECKS)}")
    passes, wanted = CHECKS[name]
    if not passes(value):
        raise NotUnderstood(f"{name} must be {wanted}")


def routes(world: World) -> list[Route]:
    """`/faults` for all, `/faults/{name}` for one. Every answer is what is now in force."""
    faults = world.faults

    async def all_of_them(request: Request) -> Response:
        if request.method == "PUT":
            wishes = await read_json(request)
            if not isinstance(wishes, dict):
                raise NotUnderstood("an object of faults is expected")
            faults.replace(wishes)
        if request.method == "DELETE":
            faults.clear()
        return as_json(faults.in_force())

    async def one(request: Request) -> Response:
        wish = await read_json(request) if request.method == "PUT" else None
        faults.set_one(request.path_params["name"], wish)
        return as_json(faults.in_force())

    return [
        Route("/faults", all_of_them, methods=["GET", "PUT", "DELETE"]),
        Route("/faults/{name}", one, methods=["PUT", "DELETE"]),
    ]
