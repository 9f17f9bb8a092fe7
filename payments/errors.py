from common.errors import Conflict, Invalid, Mismatch, Unauthenticated


class PurchaseUnknown(Invalid):
    code, message, pointer = "purchase_unknown", "There is nothing of yours to pay under this id.", "/purchase"


class PurchasePaid(Conflict):
    code, message = "purchase_paid", "This is paid already."
    constraint = "one_applied_payment_per_purchase"


class PurchaseClosed(Conflict):
    code, message = "purchase_closed", "This can no longer be paid for."


class PurchaseFixed(Conflict):
    code, message = "purchase_fixed", "The price cannot change while it is being paid, or after."


class PaymentOpen(Conflict):
    code, message = "payment_open", "Another payment for this is open: finish or cancel it first."
    constraint = "one_live_payment_per_purchase"


class PaymentKeyReused(Mismatch):
    code, message = "payment_key_reused", "This Idempotency-Key has just been used for another payment."
    constraint = "payment_client_key_once"


class ProviderUnavailable(Invalid):
    code, message, pointer = "provider_unavailable", "This way of paying is not offered here.", "/provider"


class ReturnUrlInvalid(Invalid):
    code, message, pointer = "return_url_invalid", "Give an https address.", "/return_url"


class NotOffline(Conflict):
    code, message = "not_offline", "Only what is paid by hand is recorded by hand."


class AmountDiffers(Invalid):
    code, message, pointer = "amount_differs", "This is not the amount that is due.", "/amount"


class NothingToRefund(Conflict):
    code, message = "nothing_to_refund", "There is no money here that could be given back."


class RefundTooLarge(Conflict):
    code, message = "refund_too_large", "No more can be given back than was paid."
    constraint = "payment_refunds_within_paid"


class PayoutTooLarge(Conflict):
    code, message = "payout_too_large", "No more can be paid out than is owed."


class ReceiptNotReady(Conflict):
    code, message = "receipt_not_ready", "There is a receipt when the money has arrived."


class WebhookSignatureInvalid(Unauthenticated):
    code, message = "webhook_signature_invalid", "The signature is missing, too old, or does not belong to this body."


class WebhookMalformed(Invalid):
    code, message = "webhook_malformed", "The body is no event of this provider."
