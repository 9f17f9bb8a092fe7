"""Who is told about what happened.

Nobody learns more than the visit needs: no donor's name or phone, no arrival code, nothing about health.
"""

from notifications.handlers import (
    accounts,
    appointments,
    blood_requests,
    camps,
    coming_back,
    consultations,
    conversations,
    doctors,
    emails,
    exchange,
    families,
    files,
    money,
    orders,
    organisations,
    records,
    shelves,
    subscriptions,
    support,
    visits,
    webhooks,
)

__all__ = [
    "accounts",
    "appointments",
    "blood_requests",
    "camps",
    "coming_back",
    "consultations",
    "conversations",
    "doctors",
    "emails",
    "exchange",
    "families",
    "files",
    "money",
    "orders",
    "organisations",
    "records",
    "shelves",
    "subscriptions",
    "support",
    "visits",
    "webhooks",
]
