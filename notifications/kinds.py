"""What people are told about, and by which channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from notifications.states import Channel

SMS: Final = (Channel.SMS,)
BOTH: Final = (Channel.SMS, Channel.WHATSAPP)  # a critical event reaches its people by both

ALL: Final = (*BOTH, Channel.EMAIL)  # e-mail reaches those who have an address


class Kind(StrEnum):
    # To donors.
    ASK = "ask"
    PLACE_OFFERED = "place_offered"
    REQUEST_CANCELLED = "request_cancelled"
    RELEASED = "released"
    MISSED = "missed"
    DEFERRED = "deferred"
    THANK_YOU = "thank_you"
    REMINDER = "reminder"
    ELIGIBLE_AGAIN = "eligible_again"
    BLOOD_ISSUED = "blood_issued"
    THANK_YOU_UNDATED = "thank_you_undated"  # nobody can say when the next donation may be
    LOCKED = "locked"
    UNLOCKED = "unlocked"
    CAMP_NEARBY = "camp_nearby"
    CAMP_REMINDER = "camp_reminder"
    CAMP_CANCELLED = "camp_cancelled"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - the name of a message
    COMPLAINT_ANSWERED = "complaint_answered"  # to whoever complained, person or member
    # To whoever asked the administrators something.
    SUPPORT_ANSWERED = "support_answered"
    SUPPORT_RESOLVED = "support_resolved"
    ANNOUNCEMENT = "announcement"  # in an administrator's words; its channels are chosen with them
    BUDGET_USED_UP = "budget_used_up"  # to administrators
    # To a family that asked for a patient.
    FAMILY_RESERVED = "family_reserved"
    FAMILY_CONFIRMED = "family_confirmed"
    FAMILY_TRANSFER = "family_transfer"
    FAMILY_ARRIVED = "family_arrived"
    FAMILY_DONORS = "family_donors"
    FAMILY_UNANSWERED = "family_unanswered"
    FAMILY_SERVED = "family_served"
    FAMILY_FULFILLED = "family_fulfilled"
    FAMILY_REFUSED = "family_refused"
    FAMILY_EXPIRED = "family_expired"
    FAMILY_CANCELLED = "family_cancelled"
    # To doctors about their registration.
    DOCTOR_APPLIED = "doctor_applied"
    DOCTOR_APPROVED = "doctor_approved"
    DOCTOR_REJECTED = "doctor_rejected"
    DOCTOR_SUSPENDED = "doctor_suspended"
    DOCTOR_REINSTATED = "doctor_reinstated"
    # About records: to patients, doctors, and of a broken glass to administrators. No text says what stands in one.
    GLASS_BROKEN = "glass_broken"
    GLASS_REVIEW = "glass_review"
    RECORD_SIGNED = "record_signed"
    PRESCRIPTION_READY = "prescription_ready"
    PRESCRIPTION_REVOKED = "prescription_revoked"
    REFERRED = "referred"
    REFERRAL_ASKED = "referral_asked"
    REFERRAL_ACCEPTED = "referral_accepted"
    REFERRAL_DECLINED = "referral_declined"
    REFERRAL_OBJECTED = "referral_objected"
    # To members of a partner.
    FAMILY_ASKS = "family_asks"
    FAMILY_WITHDRAWN = "family_withdrawn"
    DONOR_COMING = "donor_coming"
    DONOR_CANCELLED = "donor_cancelled"
    REQUEST_FILLED = "request_filled"
    REQUEST_FULFILLED = "request_fulfilled"
    REQUEST_EXPIRED = "request_expired"
    PARTNER_REGISTERED = "partner_registered"
    PARTNER_APPROVED = "partner_approved"
    PARTNER_REJECTED = "partner_rejected"
    PARTNER_SUSPENDED = "partner_suspended"
    PARTNER_REINSTATED = "partner_reinstated"
    MEMBER_ADDED = "member_added"
    API_KEY_EXPIRING = "api_key_expiring"
    STOCK_LOW = "stock_low"
    UNITS_RECALLED = "units_recalled"
    CAMP_REPORT_DUE = "camp_report_due"
    TRANSFER_ASKED = "transfer_asked"
    TRANSFER_OFFERED = "transfer_offered"
    TRANSFER_CONFIRMED = "transfer_confirmed"
    TRANSFER_DISPATCHED = "transfer_dispatched"
    TRANSFER_RECEIVED = "transfer_received"
    TRANSFER_UNMET = "transfer_unmet"
    TRANSFER_ENDED = "transfer_ended"
    # Of orders, to whoever receives them and to the bank.
    ORDER_PLACED = "order_placed"
    ORDER_PAYABLE = "order_payable"
    ORDER_ACCEPTED = "order_accepted"
    ORDER_REJECTED = "order_rejected"
    ORDER_PAID = "order_paid"
    ORDER_PACKED = "order_packed"
    ORDER_DISPATCHED = "order_dispatched"
    ORDER_DELIVERED = "order_delivered"
    ORDER_FAILED = "order_failed"
    ORDER_CANCELLED = "order_cancelled"
    ORDER_SHORT = "order_short"
    ORDER_LATE = "order_late"
    ORDER_BREACHED = "order_breached"
    COURIER_LOST = "courier_lost"
    COURIER_THERE = "courier_there"
    ORDER_BAGS_UNFIT = "order_bags_unfit"
    ORDER_DOCUMENTED = "order_documented"
    ORDER_GOES_ON = "order_goes_on"
    BILL_DUE = "bill_due"
    # Of appointments, to the patient, to the doctor, or to both.
    APPOINTMENT_HELD = "appointment_held"
    APPOINTMENT_PROPOSED = "appointment_proposed"
    APPOINTMENT_CONFIRMED = "appointment_confirmed"
    APPOINTMENT_BOOKED = "appointment_booked"
    APPOINTMENT_MOVED = "appointment_moved"
    APPOINTMENT_CANCELLED = "appointment_cancelled"
    APPOINTMENT_MISSED = "appointment_missed"
    WAITLIST_OFFERED = "waitlist_offered"
    # To whoever paid: a person, or a partner's members.
    PAYMENT_RECEIVED = "payment_received"
    PAYMENT_LATE = "payment_late"
    REFUND_SENT = "refund_sent"
    # To whoever is paid: a person, or a partner's owners.
    PAYOUT_SENT = "payout_sent"
    PAYOUT_FAILED = "payout_failed"
    PAYOUT_ACCOUNT_READY = "payout_account_ready"
    PAYOUT_ACCOUNT_REFUSED = "payout_account_refused"
    REFUND_OUTSIDE = "refund_outside"
    DISPUTE_OPENED = "dispute_opened"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    # To subscribers.
    PLAN_RUNS = "plan_runs"
    PLAN_RENEWAL_NEAR = "plan_renewal_near"
    PLAN_PAYMENT_DUE = "plan_payment_due"
    PLAN_ENDED = "plan_ended"
    CREDIT_GRANTED = "credit_granted"
    # Of appointments that are near.
    VISIT_REMINDER = "visit_reminder"
    CONSULT_REMINDER = "consult_reminder"  # to the doctor
    VISIT_OTHER_LINK = "visit_other_link"  # to both
    SETTLEMENT_MADE = "settlement_made"  # to a partner's owners
    WEBHOOK_FAILING = "webhook_failing"  # to a partner's owners
    WEBHOOK_DISABLED = "webhook_disabled"  # to a partner's owners
    # To patients, about their files; no text says what stands in one.
    ANALYSIS_READY = "analysis_ready"
    ANALYSIS_FAILED = "analysis_failed"
    ANALYSIS_SIGNED = "analysis_signed"
    FILE_INFECTED = "file_infected"
    # Of conversations, to persons and members; no text says what stands in one.
    CHAT_WAITING = "chat_waiting"
    CHAT_REPORT_ANSWERED = "chat_report_answered"
    CHAT_WARNED = "chat_warned"
    CHAT_BLOCKED = "chat_blocked"
    # To a number, whoever holds it; never in an inbox.
    SUPPORT_VISITOR = "support_visitor"
    HANDOVER_CODE = "handover_code"
    CODE = "code"
    ACCOUNT_EXISTS = "account_exists"
    NO_ACCOUNT = "no_account"


@dataclass(frozen=True)
class Rule:
    """How one kind travels; `priority` 0 goes first.

    What goes to a number, whoever holds it, is in no inbox; `is_secret` says that the text carries a code.
    """

    channels: tuple[Channel, ...]
    priority: int = 5
    in_inbox: bool = True
    is_secret: bool = False


RULES: Final[Mapping[Kind, Rule]] = {
    Kind.ASK: Rule(BOTH, priority=4),
    Kind.PLACE_OFFERED: Rule(BOTH, priority=2),
    Kind.REQUEST_CANCELLED: Rule(BOTH, priority=1),
    Kind.RELEASED: Rule(BOTH, priority=1),
    Kind.MISSED: Rule(SMS),
    Kind.DEFERRED: Rule(SMS),
    Kind.THANK_YOU: Rule(SMS),
    Kind.THANK_YOU_UNDATED: Rule(SMS),
    Kind.REMINDER: Rule(BOTH, priority=2),
    Kind.ELIGIBLE_AGAIN: Rule(SMS),
    Kind.BLOOD_ISSUED: Rule(SMS),
    Kind.LOCKED: Rule(SMS),
    Kind.UNLOCKED: Rule(SMS),
    Kind.CAMP_NEARBY: Rule(SMS, priority=6),
    Kind.CAMP_REMINDER: Rule(SMS),
    Kind.CAMP_CANCELLED: Rule(BOTH, priority=1),
    Kind.PASSWORD_CHANGED: Rule(SMS, priority=1),
    Kind.COMPLAINT_ANSWERED: Rule(SMS),
    Kind.SUPPORT_ANSWERED: Rule(SMS),
    Kind.SUPPORT_RESOLVED: Rule(SMS, priority=6),
    Kind.SUPPORT_VISITOR: Rule(SMS, in_inbox=False),
    Kind.ANNOUNCEMENT: Rule(BOTH, priority=8),
    Kind.BUDGET_USED_UP: Rule(SMS, priority=0),
    Kind.FAMILY_RESERVED: Rule(BOTH, priority=2),
    Kind.FAMILY_CONFIRMED: Rule(BOTH, priority=2),
    Kind.FAMILY_TRANSFER: Rule(BOTH, priority=2),
    Kind.FAMILY_ARRIVED: Rule(BOTH, priority=2),
    Kind.FAMILY_DONORS: Rule(BOTH, priority=2),
    Kind.FAMILY_UNANSWERED: Rule(BOTH, priority=2),
    Kind.FAMILY_SERVED: Rule(SMS, priority=3),
    Kind.FAMILY_FULFILLED: Rule(BOTH, priority=3),
    Kind.FAMILY_REFUSED: Rule(BOTH, priority=1),
    Kind.FAMILY_EXPIRED: Rule(BOTH, priority=2),
    Kind.FAMILY_CANCELLED: Rule(SMS),
    Kind.DOCTOR_APPLIED: Rule(SMS),
    Kind.DOCTOR_APPROVED: Rule(SMS),
    Kind.DOCTOR_REJECTED: Rule(SMS),
    Kind.DOCTOR_SUSPENDED: Rule(BOTH, priority=2),
    Kind.DOCTOR_REINSTATED: Rule(SMS),
    Kind.GLASS_BROKEN: Rule(BOTH, priority=1),
    Kind.GLASS_REVIEW: Rule(BOTH, priority=1),
    Kind.RECORD_SIGNED: Rule(SMS),
    Kind.PRESCRIPTION_READY: Rule(BOTH, priority=3),
    Kind.PRESCRIPTION_REVOKED: Rule(BOTH, priority=1),
    Kind.REFERRED: Rule(SMS, priority=3),
    Kind.REFERRAL_ASKED: Rule(SMS, priority=3),
    Kind.REFERRAL_ACCEPTED: Rule(SMS),
    Kind.REFERRAL_DECLINED: Rule(SMS),
    Kind.REFERRAL_OBJECTED: Rule(SMS),
    Kind.FAMILY_ASKS: Rule(BOTH, priority=1),
    Kind.FAMILY_WITHDRAWN: Rule(BOTH, priority=2),
    Kind.DONOR_COMING: Rule(BOTH, priority=2),
    Kind.DONOR_CANCELLED: Rule(BOTH, priority=2),
    Kind.REQUEST_FILLED: Rule(SMS, priority=3),
    Kind.REQUEST_FULFILLED: Rule(SMS),
    Kind.REQUEST_EXPIRED: Rule(BOTH, priority=3),
    Kind.PARTNER_REGISTERED: Rule(SMS),
    Kind.PARTNER_APPROVED: Rule(BOTH),
    Kind.PARTNER_REJECTED: Rule(SMS),
    Kind.PARTNER_SUSPENDED: Rule(BOTH),
    Kind.PARTNER_REINSTATED: Rule(SMS),
    Kind.MEMBER_ADDED: Rule(SMS),
    Kind.API_KEY_EXPIRING: Rule(SMS),
    Kind.STOCK_LOW: Rule(SMS),
    Kind.UNITS_RECALLED: Rule(BOTH, priority=1),
    Kind.CAMP_REPORT_DUE: Rule(BOTH, priority=3),
    Kind.TRANSFER_ASKED: Rule(BOTH, priority=2),
    Kind.TRANSFER_OFFERED: Rule(BOTH, priority=2),
    Kind.TRANSFER_CONFIRMED: Rule(BOTH, priority=2),
    Kind.TRANSFER_DISPATCHED: Rule(SMS, priority=3),
    Kind.TRANSFER_RECEIVED: Rule(SMS),
    Kind.TRANSFER_UNMET: Rule(BOTH, priority=2),
    Kind.TRANSFER_ENDED: Rule(BOTH, priority=2),
    Kind.ORDER_PLACED: Rule(BOTH, priority=2),
    Kind.ORDER_PAYABLE: Rule(BOTH, priority=2),
    Kind.ORDER_ACCEPTED: Rule(BOTH, priority=3),
    Kind.ORDER_REJECTED: Rule(BOTH, priority=2),
    Kind.ORDER_PAID: Rule(BOTH, priority=2),
    Kind.ORDER_PACKED: Rule(SMS),
    Kind.ORDER_DISPATCHED: Rule(BOTH, priority=2),
    Kind.ORDER_DELIVERED: Rule(SMS, priority=3),
    Kind.ORDER_FAILED: Rule(BOTH, priority=1),
    Kind.ORDER_CANCELLED: Rule(BOTH, priority=2),
    Kind.ORDER_SHORT: Rule(BOTH, priority=2),
    Kind.ORDER_LATE: Rule(BOTH, priority=2),
    Kind.ORDER_BREACHED: Rule(BOTH, priority=1),
    Kind.COURIER_LOST: Rule(BOTH, priority=1),
    Kind.COURIER_THERE: Rule(BOTH, priority=2),
    Kind.ORDER_BAGS_UNFIT: Rule(BOTH, priority=1),
    Kind.ORDER_DOCUMENTED: Rule(BOTH, priority=2),
    Kind.ORDER_GOES_ON: Rule(BOTH, priority=2),
    Kind.APPOINTMENT_HELD: Rule(SMS, priority=2),
    Kind.APPOINTMENT_PROPOSED: Rule(BOTH, priority=3),
    Kind.APPOINTMENT_CONFIRMED: Rule(ALL, priority=2),
    Kind.APPOINTMENT_BOOKED: Rule((Channel.SMS, Channel.EMAIL), priority=3),
    Kind.APPOINTMENT_MOVED: Rule(ALL, priority=2),
    Kind.APPOINTMENT_CANCELLED: Rule(ALL, priority=1),
    Kind.APPOINTMENT_MISSED: Rule(SMS),
    Kind.WAITLIST_OFFERED: Rule(BOTH, priority=1),
    Kind.BILL_DUE: Rule(SMS),
    Kind.CHAT_WAITING: Rule(SMS, priority=3),
    Kind.CHAT_REPORT_ANSWERED: Rule(SMS),
    Kind.CHAT_WARNED: Rule(SMS),
    Kind.CHAT_BLOCKED: Rule(SMS),
    Kind.HANDOVER_CODE: Rule(SMS, priority=0, in_inbox=False, is_secret=True),
    Kind.PAYMENT_RECEIVED: Rule(BOTH),
    Kind.PAYMENT_LATE: Rule(BOTH),
    Kind.REFUND_SENT: Rule(BOTH),
    Kind.PLAN_RUNS: Rule(SMS),
    Kind.PLAN_RENEWAL_NEAR: Rule(SMS),
    Kind.PLAN_PAYMENT_DUE: Rule(BOTH, priority=3),
    Kind.PLAN_ENDED: Rule(SMS),
    Kind.CREDIT_GRANTED: Rule(SMS),
    Kind.VISIT_REMINDER: Rule(ALL, priority=2),
    Kind.CONSULT_REMINDER: Rule(ALL, priority=2),
    Kind.VISIT_OTHER_LINK: Rule(ALL, priority=1),
    Kind.SETTLEMENT_MADE: Rule(SMS),
    Kind.WEBHOOK_FAILING: Rule((Channel.SMS, Channel.EMAIL)),
    Kind.WEBHOOK_DISABLED: Rule((Channel.SMS, Channel.EMAIL), priority=3),
    Kind.ANALYSIS_READY: Rule(SMS),
    Kind.ANALYSIS_FAILED: Rule(SMS, priority=6),
    Kind.ANALYSIS_SIGNED: Rule(SMS),
    Kind.FILE_INFECTED: Rule(SMS),
    Kind.PAYOUT_SENT: Rule(SMS),
    Kind.PAYOUT_FAILED: Rule(SMS),
    Kind.PAYOUT_ACCOUNT_READY: Rule(BOTH),
    Kind.PAYOUT_ACCOUNT_REFUSED: Rule(SMS),
    Kind.REFUND_OUTSIDE: Rule(SMS),
    Kind.DISPUTE_OPENED: Rule(BOTH),
    Kind.DISPUTE_WON: Rule(SMS),
    Kind.DISPUTE_LOST: Rule(SMS),
    Kind.CODE: Rule(SMS, priority=0, in_inbox=False, is_secret=True),
    Kind.ACCOUNT_EXISTS: Rule(SMS, priority=0, in_inbox=False),
    Kind.NO_ACCOUNT: Rule(SMS, priority=0, in_inbox=False),
}
