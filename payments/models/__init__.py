"""The tables, by subject."""

from payments.models.adapters import ProviderDecision, ProviderToken
from payments.models.ledger import Account, Entry, Posting
from payments.models.notices import ProviderNotice
from payments.models.papers import Invoice, InvoiceCounter
from payments.models.paying import Payment, PaymentEvent, Payout, Purchase, Refund

__all__ = [
    "Account",
    "Entry",
    "Invoice",
    "InvoiceCounter",
    "Payment",
    "PaymentEvent",
    "Payout",
    "Posting",
    "ProviderDecision",
    "ProviderNotice",
    "ProviderToken",
    "Purchase",
    "Refund",
]
