from common.errors import Conflict, Invalid, Mismatch


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


class PayoutAutomatic(Conflict):
    code, message = "payout_automatic", "This is paid out by its provider: nothing is recorded by hand."


class PayoutRepeated(Conflict):
    code, message = "payout_repeated", "Only what has failed is paid again, and only once."


class PayoutUnderway(Conflict):
    code, message = "payout_underway", "This purchase is paid out already."
    constraint = "one_payout_per_purchase"


class PayoutAccountChanging(Conflict):
    code, message = "payout_account_changing", "Somebody is changing this account now. Try again."
    constraint = "one_payout_account_per_payee"


class PayoutAccountInvalid(Invalid):
    code, message, pointer = "payout_account_invalid", "This is no account of this provider.", "/account"


class PayoutProviderUnavailable(Invalid):
    code, message, pointer = "payout_provider_unavailable", "Nothing is paid out by this provider here.", "/provider"


class ReceiptNotReady(Conflict):
    code, message = "receipt_not_ready", "There is a receipt when the money has arrived."


class PlanUnknown(Invalid):
    code, message, pointer = "plan_unknown", "There is no such plan to subscribe to.", "/plan"


class SubscriptionExists(Conflict):
    code, message = "subscription_exists", "You have a subscription, or have begun one: pay, change or cancel it."
    constraint = "one_subscription_per_person"


class NotSubscribed(Conflict):
    code, message = "not_subscribed", "You have no subscription."


class SubscriptionUnpaid(Conflict):
    code, message = "subscription_unpaid", "Pay for this period first."


class SubscriptionEnding(Conflict):
    code, message = "subscription_ending", "You have cancelled; resume the subscription first."


class ChargeOpen(Conflict):
    code, message = "charge_open", "A change is waiting to be paid. Pay it, or cancel it."
    constraint = "one_open_charge_per_subscription"


class RenewalExists(Conflict):
    code, message = "renewal_exists", "This period is charged already."
    constraint = "one_renewal_per_period"


class PlanUnchanged(Conflict):
    code, message = "plan_unchanged", "This is your plan."


class CouponUnknown(Invalid):
    code, message, pointer = "coupon_unknown", "There is no such coupon.", "/coupon"


class CouponNotValid(Invalid):
    code, message, pointer = "coupon_not_valid", "This coupon is not valid today.", "/coupon"


class CouponElsewhere(Invalid):
    code, message, pointer = "coupon_elsewhere", "This coupon is for something else.", "/coupon"


class CouponUsedUp(Conflict):
    code, message = "coupon_used_up", "This coupon has been used as often as it may be."
    constraint = "coupon_within_limit"


class CouponUsed(Conflict):
    code, message = "coupon_used", "You have used this coupon."
    constraint = "coupon_turn_once_per_person"


class CreditShort(Conflict):
    code, message = "credit_short", "You do not have so many credits."
    constraint = "wallet_not_below_zero"


class ReferralUnknown(Invalid):
    code, message, pointer = "referral_unknown", "Nobody has this code.", "/code"


class ReferralTooLate(Conflict):
    code, message = "referral_too_late", "A friend's code is for new accounts that have not paid yet."


class ReferralOwn(Conflict):
    code, message = "referral_own", "This is your own code, or the code of somebody who came after you."
    constraint = "nobody_refers_himself"


class ReferralUsed(Conflict):
    code, message = "referral_used", "You have used a friend's code."


class QuotaExceeded(Conflict):
    code, message = "quota_exceeded", "Your plan allows no more of this."


class SettlementExists(Conflict):
    code, message = "settlement_exists", "This month is settled."
    constraint = "settlement_once_per_month"
