"""The steps that whoever sells composes into its own commands; docs/payments.md tells their story."""

from payments.services.paying_out import pay_out_purchase, request_payout
from payments.services.purchasing import accept_late, close_purchase, register_purchase, register_purchases
from payments.services.quotas import return_quota, take_quota, take_quotas
from payments.services.refunding import refund_purchase

__all__ = [
    "accept_late",
    "close_purchase",
    "pay_out_purchase",
    "refund_purchase",
    "register_purchase",
    "register_purchases",
    "request_payout",
    "return_quota",
    "take_quota",
    "take_quotas",
]
