"""The tables, by subject."""

from payments.models.adapters import ProviderDecision, ProviderToken
from payments.models.credits import Coupon, CouponUse, CreditMove, Referral, ReferralCode, Wallet
from payments.models.disputes import Dispute
from payments.models.ledger import Account, Entry, Posting
from payments.models.notices import ProviderNotice
from payments.models.papers import Invoice, InvoiceCounter
from payments.models.payees import PayoutAccount
from payments.models.paying import Payment, PaymentEvent, Payout, Purchase, Refund
from payments.models.plans import Charge, Plan, PlanVersion, Subscription
from payments.models.quotas import QuotaCounter, QuotaTake
from payments.models.settlements import Settlement

__all__ = [
    "Account",
    "Charge",
    "Coupon",
    "CouponUse",
    "CreditMove",
    "Dispute",
    "Entry",
    "Invoice",
    "InvoiceCounter",
    "Payment",
    "PaymentEvent",
    "Payout",
    "PayoutAccount",
    "Plan",
    "PlanVersion",
    "Posting",
    "ProviderDecision",
    "ProviderNotice",
    "ProviderToken",
    "Purchase",
    "QuotaCounter",
    "QuotaTake",
    "Referral",
    "ReferralCode",
    "Refund",
    "Settlement",
    "Subscription",
    "Wallet",
]
