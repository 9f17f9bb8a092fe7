from django.urls import path

from payments.api import credit_views, pages, settlement_views, views
from payments.api import export_views as exports
from payments.api import partner_views as partners
from payments.api import payout_views as payouts
from payments.api import plan_views as plans

ONE = "payments/<uuid:payment_id>"

urlpatterns = [
    path("partner/exports/settlements", exports.SettlementsExportView.as_view(), name="partner-export-settlements"),
    path("partner/exports/ledger", exports.LedgerExportView.as_view(), name="partner-export-ledger"),
    path("payments/providers", views.ProvidersView.as_view(), name="payment-providers"),
    path("payments", views.PaymentsView.as_view(), name="payments"),
    path(ONE, views.PaymentView.as_view(), name="payment"),
    path(f"{ONE}/cancel", views.CancelView.as_view(), name="payment-cancel"),
    path(f"{ONE}/checkout", pages.CheckoutView.as_view(), name="payment-checkout"),
    path(f"{ONE}/return", pages.ReturnView.as_view(), name="payment-return"),
    path(f"{ONE}/receipt", views.ReceiptView.as_view(), name="payment-receipt"),
    path(f"{ONE}/receipt.pdf", views.InvoiceView.as_view(), name="payment-receipt-pdf"),
    path("plans", plans.PlansView.as_view(), name="plans"),
    path("me/subscription", plans.SubscriptionView.as_view(), name="subscription"),
    path("me/subscription/cancel", plans.CancelSubscriptionView.as_view(), name="subscription-cancel"),
    path("me/subscription/resume", plans.ResumeSubscriptionView.as_view(), name="subscription-resume"),
    path("me/subscription/change", plans.ChangeSubscriptionView.as_view(), name="subscription-change"),
    path("me/credits", credit_views.CreditsView.as_view(), name="credits"),
    path("me/credits/moves", credit_views.CreditMovesView.as_view(), name="credit-moves"),
    path("me/referrals", credit_views.FriendsView.as_view(), name="referrals"),
    path("me/referrals/redeem", credit_views.RedeemView.as_view(), name="referral-redeem"),
    path("me/payout-account", payouts.PersonAccountView.as_view(), name="payout-account"),
    path("me/payouts", payouts.PersonPayoutsView.as_view(), name="payouts"),
    path("me/balance", payouts.PersonBalanceView.as_view(), name="balance"),
    path("partner/payout-account", payouts.PartnerAccountView.as_view(), name="partner-payout-account"),
    path("partner/payments", partners.PaymentsView.as_view(), name="partner-payments"),
    path(f"partner/{ONE}", partners.PaymentView.as_view(), name="partner-payment"),
    path(f"partner/{ONE}/cancel", partners.CancelView.as_view(), name="partner-payment-cancel"),
    path(f"partner/{ONE}/record", partners.RecordView.as_view(), name="partner-payment-record"),
    path(f"partner/{ONE}/refunds", partners.RefundsView.as_view(), name="partner-payment-refunds"),
    path(f"partner/{ONE}/receipt", partners.ReceiptView.as_view(), name="partner-payment-receipt"),
    path(f"partner/{ONE}/receipt.pdf", partners.InvoiceView.as_view(), name="partner-payment-receipt-pdf"),
    path("partner/refunds/<uuid:refund_id>/record", partners.RecordRefundView.as_view(), name="partner-refund-record"),
    path("partner/invoices", partners.InvoicesView.as_view(), name="partner-invoices"),
    path("partner/payouts", payouts.PartnerPayoutsView.as_view(), name="partner-payouts"),
    path("partner/settlements", settlement_views.SettlementsView.as_view(), name="partner-settlements"),
    path(
        "partner/settlements/<uuid:settlement_id>/lines",
        settlement_views.SettlementLinesView.as_view(),
        name="partner-settlement-lines",
    ),
    path("partner/balance", payouts.PartnerBalanceView.as_view(), name="partner-balance"),
    path("webhooks/<slug:provider>", views.PaymentWebhookView.as_view(), name="payment-webhook"),
]
