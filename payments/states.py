"""The states of what is to be paid, of payments, refunds and payouts, and the closed sets around them."""

from enum import StrEnum
from typing import Final

from common.money import Currency


class PurchaseKind(StrEnum):
    """What was bought, as the app above names it; nothing here looks behind the name."""

    ORDER = "order"
    APPOINTMENT = "appointment"
    SUBSCRIPTION = "subscription"
    TRANSFER = "transfer"


class PurchaseStatus(StrEnum):
    OPEN = "open"
    PAID = "paid"
    CLOSED = "closed"  # its owner wants no money for it any more


PURCHASE_TRANSITIONS = {
    (PurchaseStatus.OPEN, "pay"): PurchaseStatus.PAID,
    (PurchaseStatus.OPEN, "close"): PurchaseStatus.CLOSED,
    (PurchaseStatus.PAID, "close"): PurchaseStatus.CLOSED,
    (PurchaseStatus.CLOSED, "pay"): PurchaseStatus.PAID,  # its owner accepts money that came late
}


class Provider(StrEnum):
    STRIPE = "stripe"
    RAZORPAY = "razorpay"
    PHONEPE = "phonepe"
    BKASH = "bkash"
    OFFLINE = "offline"


class PaymentStatus(StrEnum):
    CREATED = "created"  # written down here; whether the provider has it is not known yet
    PENDING = "pending"  # the provider has it and waits for the payer
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    HELD = "held"  # another amount or currency arrived: a person decides


LIVE: Final = frozenset({PaymentStatus.CREATED, PaymentStatus.PENDING})
# Ended without money; only the provider's word that there is some moves such a payment again.
UNPAID: Final = frozenset({PaymentStatus.FAILED, PaymentStatus.CANCELLED, PaymentStatus.EXPIRED})
PAYMENT_TRANSITIONS: dict[tuple[PaymentStatus, str], PaymentStatus] = {
    (PaymentStatus.CREATED, "submit"): PaymentStatus.PENDING,
    **{(state, "succeed"): PaymentStatus.SUCCEEDED for state in PaymentStatus if state != PaymentStatus.SUCCEEDED},
    **{(state, "hold"): PaymentStatus.HELD for state in (*sorted(LIVE), *sorted(UNPAID))},
    **{(state, "fail"): PaymentStatus.FAILED for state in sorted(LIVE)},
    **{(state, "cancel"): PaymentStatus.CANCELLED for state in sorted(LIVE)},
    **{(state, "expire"): PaymentStatus.EXPIRED for state in sorted(LIVE)},
    (PaymentStatus.HELD, "ask"): PaymentStatus.HELD,  # the provider now says another wrong amount
    (PaymentStatus.HELD, "return"): PaymentStatus.FAILED,  # what arrived goes back
}


class RefundStatus(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


REFUND_TRANSITIONS = {
    (RefundStatus.PENDING, "succeed"): RefundStatus.SUCCEEDED,
    (RefundStatus.PENDING, "fail"): RefundStatus.FAILED,
}


class PayoutStatus(StrEnum):
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


PAYOUT_TRANSITIONS = {
    (PayoutStatus.PENDING, "succeed"): PayoutStatus.SUCCEEDED,
    (PayoutStatus.PENDING, "fail"): PayoutStatus.FAILED,
    (PayoutStatus.SUCCEEDED, "reverse"): PayoutStatus.FAILED,  # it was taken back at the provider
}


# The providers that can pay out, and in which currencies; whatever else is owed is paid by hand.
PAYS_OUT: Final = {Provider.STRIPE: frozenset({Currency.INR, Currency.USD, Currency.EUR})}

PAYOUT_PROVIDERS: Final = tuple(sorted(PAYS_OUT))


class PayoutAccountStatus(StrEnum):
    """Where a payee's money goes at a provider."""

    CHECKING = "checking"  # the provider has not said yet whether it can be paid to
    READY = "ready"
    REFUSED = "refused"
    REMOVED = "removed"


KEPT_ACCOUNTS: Final = (PayoutAccountStatus.CHECKING, PayoutAccountStatus.READY, PayoutAccountStatus.REFUSED)
PAYOUT_ACCOUNT_TRANSITIONS = {
    (PayoutAccountStatus.CHECKING, "confirm"): PayoutAccountStatus.READY,
    (PayoutAccountStatus.REFUSED, "confirm"): PayoutAccountStatus.READY,
    (PayoutAccountStatus.CHECKING, "refuse"): PayoutAccountStatus.REFUSED,
    (PayoutAccountStatus.READY, "refuse"): PayoutAccountStatus.REFUSED,
    (PayoutAccountStatus.CHECKING, "remove"): PayoutAccountStatus.REMOVED,
    (PayoutAccountStatus.READY, "remove"): PayoutAccountStatus.REMOVED,
    (PayoutAccountStatus.REFUSED, "remove"): PayoutAccountStatus.REMOVED,
}


class DisputeStatus(StrEnum):
    """A payer has asked the bank for the money back."""

    OPEN = "open"
    WON = "won"  # the money stays
    LOST = "lost"


DISPUTE_TRANSITIONS = {
    (DisputeStatus.OPEN, "win"): DisputeStatus.WON,
    (DisputeStatus.OPEN, "lose"): DisputeStatus.LOST,
}


class ActionType(StrEnum):
    """What the payer's client does next."""

    REDIRECT = "redirect"
    SDK = "sdk"
    NONE = "none"


class OfflineMethod(StrEnum):
    CASH = "cash"
    TRANSFER = "transfer"
    CHEQUE = "cheque"


class AccountKind(StrEnum):
    """The accounts of the ledger; a debit is positive. docs/payments.md says what moves between them."""

    GATEWAY = "gateway"  # asset: what a provider holds for us; `detail` names the provider
    COLLECTED = "collected"  # asset: what a payee took in by hand for a purchase registered here
    BANK = "bank"  # asset: our own account, from which payouts leave
    PAYABLE = "payable"  # liability: what we owe a payee
    SUSPENSE = "suspense"  # liability: money whose purpose is not settled: late or held
    REFUNDING = "refunding"  # liability: refunds on their way; `disputed`: held until a dispute is over
    PAYING_OUT = "paying_out"  # liability: payouts on their way
    CREDIT = "credit"  # liability: what a person may still spend here
    REVENUE = "revenue"  # income: fees and what we sell ourselves
    DISCOUNT = "discount"  # expense: coupons and referral credits given


class InvoiceKind(StrEnum):
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


class NoticeOutcome(StrEnum):
    """What became of a provider's webhook."""

    WAITING = "waiting"
    ASKED = "asked"  # the provider is asked for the truth
    IGNORED = "ignored"  # nothing of ours, or nothing that matters


class Decided(StrEnum):
    """What is done at most once at a provider that would do it twice."""

    TAKE = "take"  # the payer has agreed: the money is taken
    LEAVE = "leave"  # this charge takes no money any more
    AGREED = "agreed"  # the payer's browser says that the payer has agreed
    REFUND = "refund"


class SubscriptionStatus(StrEnum):
    PENDING = "pending"  # its first payment is awaited
    ACTIVE = "active"  # until its period and the grace after it are over
    ENDED = "ended"


SUBSCRIPTION_TRANSITIONS = {
    (SubscriptionStatus.PENDING, "start"): SubscriptionStatus.ACTIVE,
    (SubscriptionStatus.PENDING, "end"): SubscriptionStatus.ENDED,
    (SubscriptionStatus.ACTIVE, "end"): SubscriptionStatus.ENDED,
}


class SubscriptionEnd(StrEnum):
    """Why a subscription is over."""

    CANCELLED = "cancelled"
    UNPAID = "unpaid"
    REFUNDED = "refunded"
    ERASED = "erased"


class ChargeKind(StrEnum):
    FIRST = "first"
    RENEWAL = "renewal"
    CHANGE = "change"


class ChargeStatus(StrEnum):
    OPEN = "open"
    PAID = "paid"
    LAPSED = "lapsed"  # nobody paid in time, or it is not wanted any more


CHARGE_TRANSITIONS = {
    (ChargeStatus.OPEN, "pay"): ChargeStatus.PAID,
    (ChargeStatus.OPEN, "lapse"): ChargeStatus.LAPSED,
}


class CouponKind(StrEnum):
    PERCENT = "percent"
    AMOUNT = "amount"


class CouponUseStatus(StrEnum):
    TAKEN = "taken"  # for a purchase that is not paid yet
    SETTLED = "settled"
    RETURNED = "returned"


COUPON_USE_TRANSITIONS = {
    (CouponUseStatus.TAKEN, "settle"): CouponUseStatus.SETTLED,
    (CouponUseStatus.TAKEN, "return"): CouponUseStatus.RETURNED,
}


class CreditReason(StrEnum):
    """Why credits came or went."""

    GRANTED = "granted"  # by an administrator
    REFERRED = "referred"  # a friend whom the person brought has paid
    WELCOME = "welcome"  # the person came by a friend's code
    SPENT = "spent"
    RETURNED = "returned"  # what it was spent on was not bought after all
    CHANGED = "changed"  # a change of plans left more than the new one costs
    FORFEITED = "forfeited"  # the account was erased


class QuotaKind(StrEnum):
    APPOINTMENTS = "appointments"  # booked in one period
    STORAGE = "storage"  # bytes that are kept
