"""What every provider of payments can do here, whatever it calls it.

A call ends in its result or in one of three ways: `Refused` (the provider never will), `TryLater` (it certainly has
not), `Unknown` (perhaps it has). Every write carries our own id and may be repeated with it: an adapter whose
provider has no idempotency key looks for our id first. No adapter touches the database.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, Protocol

from django.conf import settings

from common.money import Currency, Money
from payments.states import ActionType, DisputeStatus, Provider


class NotDone(Exception):
    """The call did not end in its result; `code` is the provider's, or a word of ours."""

    def __init__(self, code: str) -> None:
        self.code = code[:60]
        super().__init__(self.code)


class Refused(NotDone):
    """The provider will never do it."""


class TryLater(NotDone):
    """The provider has certainly not done it; `retry_after` in seconds, when it named a time."""

    def __init__(self, code: str, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(code)


class Undone(TryLater):
    """The provider has certainly not done it, at this call or at any before."""


class Unknown(NotDone):
    """The provider may have done it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One attempt to be paid, the same whenever it is built from the same row.

    `provider_ref` is what the provider calls it, empty before it has said so; `payment_ref` names the money
    itself once there is some. Both are of at most 120 characters.
    """

    id: uuid.UUID
    amount: Money
    description: str
    return_url: str  # empty: the client pays by the provider's SDK
    created_at: dt.datetime
    expires_at: dt.datetime
    provider_ref: str = ""
    payment_ref: str = ""


@dataclass(frozen=True, slots=True)
class Action:
    """What the payer's client does next."""

    type: ActionType
    url: str = ""
    client_token: str = ""


@dataclass(frozen=True, slots=True)
class Created:
    provider_ref: str
    action: Action


class ChargeState(StrEnum):
    OPEN = "open"
    PAID = "paid"
    FAILED = "failed"
    CANCELLED = "cancelled"  # cancelled or expired at the provider: it takes no money any more


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What the provider says of a charge; `received` is what the payer paid, when state is PAID."""

    state: ChargeState
    received: Money | None = None
    payment_ref: str = ""
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repayment:
    """Money to be given back, wholly or in part."""

    id: uuid.UUID
    charge: Charge
    amount: Money
    reason: str
    provider_ref: str = ""


class TransferState(StrEnum):
    """How far money on its way from us has come."""

    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


PARTLY_BACK: Final = "partly_reversed"  # a payout of which a part was taken back at the provider


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """What the provider says of a refund or a payout. `code` says why it failed, or PARTLY_BACK."""

    state: TransferState
    provider_ref: str
    amount: Money | None = None
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """A refund as the provider knows it; `our_id` is empty for one that was made in its dashboard."""

    provider_ref: str
    state: TransferState
    amount: Money
    our_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disputed:
    """A dispute as the provider knows it."""

    provider_ref: str
    state: DisputeStatus
    amount: Money
    reason: str = ""
    answer_by: dt.datetime | None = None


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What became of a payer's money after it had come, whoever wanted it so."""

    refunds: tuple[Returned, ...] = ()
    disputes: tuple[Disputed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Money to be paid out to a payee's account at the provider."""

    id: uuid.UUID
    account: str
    amount: Money
    description: str


@dataclass(frozen=True, slots=True)
class AccountState:
    """Whether money can be paid to an account; `code` says why not."""

    is_ready: bool
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A webhook that was verified. It is a hint and no truth: whoever it is about is asked about.

    `our_id` is the id of a payment or refund where the provider carries it, `refs` whatever the provider calls it.
    """

    event_id: str
    kind: str
    our_id: str = ""
    refs: tuple[str, ...] = ()


class Gateway(Protocol):
    """One provider. Made for each piece of work, so that settings are read late."""

    @property
    def provider(self) -> Provider: ...

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def currencies(self) -> frozenset[Currency]: ...

    @property
    def least(self) -> int:
        """The smallest amount it takes, in minor units."""

    def is_configured(self) -> bool:
        """Whether this server may offer it."""

    def create(self, charge: Charge, *, again: bool) -> Created:
        """Open the charge and say how it is paid; `again` when an earlier call may have done so already.

        Raises: Refused, TryLater, Unknown.
        """

    def fetch(self, charge: Charge) -> Found:
        """Ask how a charge stands. Raises: Refused when the provider knows none, TryLater, Unknown."""

    def cancel(self, charge: Charge) -> Found:
        """Let the charge take no money any more and return how it stands then, which may be paid.

        OPEN when the provider cannot cancel. Raises: Refused, TryLater, Unknown.
        """

    def refund(self, repayment: Repayment) -> Moved:
        """Give money back, once, however often this is called. Raises: Refused, TryLater, Unknown."""

    def fetch_refund(self, repayment: Repayment) -> Moved:
        """Ask how a refund stands. Raises: Refused, TryLater, Unknown."""

    def aftermath(self, charge: Charge, refs: Sequence[str]) -> Aftermath:
        """Ask what went back of a charge and what is disputed of it, whoever did so. `refs` are what webhooks named,
        for a provider that cannot list. Raises: Refused, TryLater, Unknown."""

    def take_return(self, charge: Charge, fields: Mapping[str, str]) -> bool:
        """Note what the payer's browser brings back, and tell whether it is a reason to ask at once. No proof."""

    def read_notice(self, headers: Mapping[str, str], body: bytes) -> Notice:
        """Verify a webhook on its raw body and read what it is about. Raises: SignatureInvalid, Malformed."""


class PayoutGateway(Protocol):
    """A provider by which payees are paid. What it does is done once, as with `Gateway`."""

    @property
    def provider(self) -> Provider: ...

    def is_configured(self) -> bool:
        """Whether this server may pay out by it."""

    def is_account(self, reference: str) -> bool:
        """Whether this may be the name of an account."""

    def look_at(self, reference: str) -> AccountState:
        """Ask whether money can be paid to the account. Raises: TryLater, Unknown."""

    def find_payout(self, transfer: Transfer) -> Moved | None:
        """Ask how a payout stands; None when none was ever made. Raises: TryLater, Unknown."""

    def pay_out(self, transfer: Transfer) -> Moved:
        """Pay, once, however often this is called. Raises: Refused (of this and of any call before), Undone, TryLater,
        Unknown."""


def text(value: Any) -> str:
    """Return a provider's value as text, empty for none."""
    return "" if value is None else str(value)


def return_page(charge: Charge) -> str:
    """Return our own page to which a provider sends the payer's browser back."""
    return f"{settings.PUBLIC_URL}/api/v1/payments/{charge.id}/return"
