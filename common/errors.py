"""What can go wrong, in the product's own words. Nothing here knows about HTTP.

Every refusal is a subclass with a `code` that clients may act on; codes are unique in the product and
never change meaning. `docs/errors.md` is printed from these classes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar


class DomainError(Exception):
    """A rule said no.

    `facts` are JSON values for the client. `constraint` names the database constraint whose violation means
    this refusal. `keeps_writes` says that what the command wrote before refusing (an attempt that was
    counted) is committed all the same.
    """

    code: ClassVar[str]
    message: ClassVar[str]
    constraint: ClassVar[str] = ""
    keeps_writes: ClassVar[bool] = False

    def __init__(self, **facts: Any) -> None:
        self.facts = facts
        super().__init__(self.code)


class Invalid(DomainError):
    """The input is of the right shape and still not acceptable; `pointer` may name the field."""

    code, message = "invalid", "This value is not acceptable."
    pointer: ClassVar[str] = ""


class Unauthenticated(DomainError):
    """It is not known who asks."""

    code, message = "not_authenticated", "Sign in first."


class NotAllowed(DomainError):
    code, message = "not_allowed", "You may not do this."


class RegistrationClosed(NotAllowed):
    """An administrator has closed it for a while; `GET` and everything else go on."""

    code, message = "registration_closed", "Registration is closed at present. Try again later."


class NotFound(DomainError):
    code, message = "not_found", "There is no such thing, or you may not see it."


class Conflict(DomainError):
    code, message = "conflict", "This can no longer be done."


class Busy(Conflict):
    """Somebody else holds the rows; the same call may succeed in a moment."""

    code, message = "busy", "Somebody else is changing this right now. Try again in a moment."


class IllegalTransition(Conflict):
    code, message = "illegal_transition", "This step is not possible from the current state."


class Mismatch(DomainError):
    """The request contradicts what it refers to."""

    code, message = "mismatch", "The request contradicts an earlier one."


class Locked(DomainError):
    code, message = "locked", "This is locked."


class TooMany(DomainError):
    """Asked too often; `retry_after` (seconds) is among the facts."""

    code, message = "too_many_requests", "Too many requests. Try again later."


class Unavailable(DomainError):
    """What is needed for this, a provider or the database, does not answer; the same call may succeed later."""

    code, message = "unavailable", "This is not available right now. Try again later."


class Misdirected(DomainError):
    """Another server answers this."""

    code, message = "misdirected", "Another server answers this."


class WebhookSignatureInvalid(Unauthenticated):
    code, message = "webhook_signature_invalid", "The signature is missing, too old, or does not belong to this body."


class WebhookMalformed(Invalid):
    code, message = "webhook_malformed", "The body is no event of this provider."


def every_refusal() -> Iterator[type[DomainError]]:
    """Yield every refusal class that has been imported, parents first."""
    waiting: list[type[DomainError]] = list(DomainError.__subclasses__())
    seen: set[type[DomainError]] = set()
    while waiting:
        kind = waiting.pop(0)
        if kind not in seen:
            seen.add(kind)
            waiting.extend(kind.__subclasses__())
            yield kind


def refusal_for_constraint(name: str) -> type[DomainError] | None:
    """Return the refusal that a violation of the constraint `name` means, or None."""
    return next((kind for kind in every_refusal() if kind.__dict__.get("constraint") == name), None)
