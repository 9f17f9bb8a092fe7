"""Which scope of an API key opens which of the partners' addresses, by the names of their routes."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from typing import Any, Final

from django.urls import Resolver404, resolve

from common.api.schema import add_refusals
from partners.api.authentication import MemberAuthentication
from partners.api.scoping import Needs, register_scopes, scope_for
from partners.errors import ApiKeyExpired, ApiKeyInvalid, ApiKeyNetworkRefused, ApiKeyRevoked, MembersOnly, ScopeMissing
from partners.scopes import Scope

STOCK: Final = Needs(Scope.STOCK_READ, Scope.STOCK_WRITE)
TRANSFERS: Final = Needs(Scope.TRANSFERS_READ, Scope.TRANSFERS_WRITE)
REQUESTS: Final = Needs(Scope.REQUESTS_READ, Scope.REQUESTS_WRITE)
DONATIONS: Final = Needs(Scope.DONATIONS_READ, Scope.DONATIONS_WRITE)
CAMPS: Final = Needs(Scope.CAMPS_READ, Scope.CAMPS_WRITE)
ORDERS: Final = Needs(Scope.ORDERS_READ, Scope.ORDERS_WRITE)
PRICES: Final = Needs(Scope.PRICES_READ, Scope.PRICES_WRITE)
PAYMENTS: Final = Needs(Scope.PAYMENTS_READ, Scope.PAYMENTS_WRITE)
REPORTS: Final = Needs(Scope.REPORTS_READ)
WEBHOOKS: Final = Needs(Scope.WEBHOOKS_READ, Scope.WEBHOOKS_WRITE)
CHAT: Final = Needs(Scope.CHAT_READ, Scope.CHAT_WRITE)
TEST_DATA: Final = Needs(Scope.TEST_DATA, Scope.TEST_DATA)
# What a person decides, or what could make a key outlive its owner's will.
MEMBERS_ONLY: Final = Needs()

ROUTES: Final[Mapping[str, Needs]] = {
    "partner": Needs(Scope.ORGANISATION_READ),
    **dict.fromkeys(
        (
            *("partner-sessions", "partner-session", "partner-password-change"),
            *("partner-members", "partner-member"),
            *("partner-api-keys", "partner-api-key", "partner-api-key-rotate", "partner-api-key-revoke"),
            *("partner-complaints", "partner-complaint"),
            *("partner-push-devices", "partner-push-device", "partner-notification-preferences"),
            *("partner-support-tickets", "partner-support-ticket", "partner-support-messages"),
            *("partner-support-files", "partner-support-close", "partner-support-reopen"),
            "partner-payout-account",  # where the money goes
            "partner-audit-log",
            *("partner-stream", "partner-stream-tickets"),  # tells of everything; systems have webhooks
        ),
        MEMBERS_ONLY,
    ),
    **dict.fromkeys(
        (
            *("partner-conversations", "partner-conversations-unread", "partner-conversation"),
            *("partner-conversation-messages", "partner-conversation-files", "partner-conversation-read"),
            *("partner-conversation-typing", "partner-conversation-quick-replies", "partner-conversation-message"),
            *("partner-conversation-message-file", "partner-conversation-message-report"),
        ),
        CHAT,
    ),
    **dict.fromkeys(("partner-test-data", "partner-test-data-reset"), TEST_DATA),
    **dict.fromkeys(
        (
            *("partner-stock", "partner-stock-units", "partner-stock-unit", "partner-stock-tests"),
            *("partner-stock-release", "partner-stock-split", "partner-stock-discard", "partner-stock-crossmatch"),
            *("partner-stock-transfuse", "partner-stock-movements", "partner-stock-counts"),
            *("partner-stock-thresholds", "partner-stock-trace"),
            *("fhir-biologicallyderivedproducts", "fhir-biologicallyderivedproduct"),
            "partner-attender-request-issue",  # a bag leaves the shelf
            *("partner-stock-import", "partner-stock-discard-many", "partner-stock-tests-many"),
            *("partner-export-units", "partner-export-movements"),
        ),
        STOCK,
    ),
    "partner-stock-policy": Needs(Scope.STOCK_READ),  # an owner decides
    **dict.fromkeys(
        (
            *("partner-stock-wastage", "partner-stock-wastage-file", "partner-stock-age", "partner-stock-age-file"),
            "partner-stock-report",
        ),
        REPORTS,
    ),
    **dict.fromkeys(
        (
            *("partner-transfers", "partner-transfer", "partner-transfer-offer", "partner-transfer-reject"),
            *("partner-transfer-confirm", "partner-transfer-dispatch", "partner-transfer-receive"),
            *("partner-transfer-cancel", "partner-export-transfers"),
        ),
        TRANSFERS,
    ),
    **dict.fromkeys(
        (
            *("partner-requests", "partner-request", "partner-request-cancel", "partner-request-candidates"),
            "partner-request-deliveries",
            *("partner-request-assignments", "partner-assignment", "partner-questionnaire", "partner-arrival"),
            *("partner-release", "partner-no-show", "partner-defer"),
            *("partner-attender-requests", "partner-attender-request", "partner-attender-request-document"),
            *("partner-attender-request-confirm", "partner-attender-request-refuse", "partner-family-rating"),
            *("fhir-supplyrequests", "fhir-supplyrequest", "partner-export-requests"),
        ),
        REQUESTS,
    ),
    **dict.fromkeys(
        (
            *("partner-donations", "partner-donation-certificate", "partner-donation-trace"),
            *("partner-verify", "partner-rating", "partner-export-donations"),
        ),
        DONATIONS,
    ),
    **dict.fromkeys(
        (
            *("partner-camps", "partner-camp", "partner-camp-publish", "partner-camp-cancel", "partner-camp-report"),
            *("partner-camp-enrolments", "partner-camp-list", "partner-camp-check-ins", "partner-export-enrolments"),
        ),
        CAMPS,
    ),
    **dict.fromkeys(
        (
            *("partner-orders-quote", "partner-orders", "partner-order", "partner-order-timeline"),
            *("partner-order-requisition", "partner-order-accept", "partner-order-reject", "partner-order-cancel"),
            *("partner-order-fill-up", "partner-order-pack", "partner-order-dispatch", "partner-order-courier"),
            *("partner-order-deliver", "partner-order-fail", "partner-order-return", "partner-order-code"),
            *("partner-order-pings", "partner-box-readings", "partner-couriers", "partner-riders", "partner-rider"),
            "partner-export-orders",
        ),
        ORDERS,
    ),
    **dict.fromkeys(
        (
            "partner-price-list",
            "partner-prices-import",
            "partner-contracts",
            "partner-contract-end",
            "partner-contract-bills",
        ),
        PRICES,
    ),
    **dict.fromkeys(
        (
            *("partner-payments", "partner-payment", "partner-payment-cancel", "partner-payment-record"),
            *("partner-payment-refunds", "partner-payment-receipt", "partner-payment-receipt-pdf"),
            *("partner-refund-record", "partner-invoices", "partner-payouts", "partner-settlements"),
            *("partner-settlement-lines", "partner-balance", "partner-export-settlements", "partner-export-ledger"),
        ),
        PAYMENTS,
    ),
    **dict.fromkeys(
        (
            *("partner-webhook-event-types", "partner-webhook-endpoints", "partner-webhook-endpoint"),
            *("partner-webhook-rotate-secret", "partner-webhook-test", "partner-webhook-enable"),
            *("partner-webhook-disable", "partner-webhook-deliveries", "partner-webhook-delivery"),
            *("partner-webhook-replay-failed", "partner-webhook-replay"),
        ),
        WEBHOOKS,
    ),
}
SCHEME: Final = "api_key"
PLACEHOLDER: Final = re.compile(r"{[^}]+}")
METHODS: Final = ("get", "post", "put", "patch", "delete")


def register() -> None:
    register_scopes(ROUTES)


def document_scopes(result: dict[str, Any], **_context: Any) -> dict[str, Any]:
    """Say of every operation of partners which scope opens it to a key: a hook of the schema's generator."""
    result["components"]["securitySchemes"][SCHEME] = {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "jsk_…",
        "description": "An API key of a partner, `jsk_live_…` or `jsk_test_…` (docs/api-keys.md).",
    }
    for path, item in result["paths"].items():
        route = _partners_route(path)
        for method in METHODS:
            if route and method in item:
                _describe(item[method], scope_for(route, method))
    return result


def _partners_route(path: str) -> str:
    try:
        found = resolve(PLACEHOLDER.sub(str(uuid.UUID(int=0)), path))
    except Resolver404:
        return ""
    view = getattr(found.func, "cls", None)
    is_partners = MemberAuthentication in getattr(view, "authentication_classes", ())
    return (found.url_name or "") if is_partners else ""


def _describe(operation: dict[str, Any], scope: Scope | None) -> None:
    if scope is None:
        operation["description"] += "\n\nAPI keys: members only."
        add_refusals(operation["responses"], MembersOnly)
        return
    operation["description"] += f"\n\nScope of an API key: `{scope}`."
    operation["security"] = [*operation.get("security", []), {SCHEME: []}]
    add_refusals(
        operation["responses"], ApiKeyInvalid, ApiKeyRevoked, ApiKeyExpired, ScopeMissing, ApiKeyNetworkRefused
    )
