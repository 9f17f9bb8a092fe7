from django.urls import path

from payments.api import pages, views
from payments.api import partner_views as partners

ONE = "payments/<uuid:payment_id>"

urlpatterns = [
    path("payments/providers", views.ProvidersView.as_view(), name="payment-providers"),
    path("payments", views.PaymentsView.as_view(), name="payments"),
    path(ONE, views.PaymentView.as_view(), name="payment"),
    path(f"{ONE}/cancel", views.CancelView.as_view(), name="payment-cancel"),
    path(f"{ONE}/checkout", pages.CheckoutView.as_view(), name="payment-checkout"),
    path(f"{ONE}/return", pages.ReturnView.as_view(), name="payment-return"),
    path(f"{ONE}/receipt", views.ReceiptView.as_view(), name="payment-receipt"),
    path(f"{ONE}/receipt.pdf", views.InvoiceView.as_view(), name="payment-receipt-pdf"),
    path("partner/payments", partners.PaymentsView.as_view(), name="partner-payments"),
    path(f"partner/{ONE}", partners.PaymentView.as_view(), name="partner-payment"),
    path(f"partner/{ONE}/cancel", partners.CancelView.as_view(), name="partner-payment-cancel"),
    path(f"partner/{ONE}/record", partners.RecordView.as_view(), name="partner-payment-record"),
    path(f"partner/{ONE}/refunds", partners.RefundsView.as_view(), name="partner-payment-refunds"),
    path(f"partner/{ONE}/receipt", partners.ReceiptView.as_view(), name="partner-payment-receipt"),
    path(f"partner/{ONE}/receipt.pdf", partners.InvoiceView.as_view(), name="partner-payment-receipt-pdf"),
    path("partner/refunds/<uuid:refund_id>/record", partners.RecordRefundView.as_view(), name="partner-refund-record"),
    path("partner/invoices", partners.InvoicesView.as_view(), name="partner-invoices"),
    path("partner/payouts", partners.PayoutsView.as_view(), name="partner-payouts"),
    path("partner/balance", partners.BalanceView.as_view(), name="partner-balance"),
    path("webhooks/<slug:provider>", views.WebhookView.as_view(), name="payment-webhook"),
]
