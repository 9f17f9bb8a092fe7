"""What people are told about, and by which channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from notifications.states import Channel, Group

ONLY_SMS: Final = (Channel.SMS,)  # to a number, whoever holds it
ONLY_EMAIL: Final = (Channel.EMAIL,)
# A push reaches those who have the app on a device, an e-mail those who have a verified address.
SMS: Final = (Channel.SMS, Channel.PUSH)
BOTH: Final = (*SMS, Channel.WHATSAPP)  # a critical event reaches its people by both
MAILED: Final = (*SMS, Channel.EMAIL)
ALL: Final = (*BOTH, Channel.EMAIL)
CAN_WAIT: Final = 4  # a kind of this priority or a later one may wait until the morning


class LockScreen(StrEnum):
    """How much of a kind a push may show to whoever sees the telephone lying there."""

    ALL = "all"
    TITLE = "title"  # for others' eyes no more than what it is about
    NOTHING = "nothing"  # only that there is something


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
    FAMILY_KEPT = "family_kept"  # reserved by a hospital that has said yes
    FAMILY_CONFIRMED = "family_confirmed"
    FAMILY_TRANSFER = "family_transfer"
    FAMILY_ARRIVED = "family_arrived"
    FAMILY_DONORS = "family_donors"
    FAMILY_UNANSWERED = "family_unanswered"
    FAMILY_EXHAUSTED = "family_exhausted"
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
    TRANSFER_OVERDUE = "transfer_overdue"
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
    EMAIL_VERIFY = "email_verify"  # to an address that is not yet known to be the account's
    ACCOUNT_EXISTS = "account_exists"
    NO_ACCOUNT = "no_account"


@dataclass(frozen=True)
class Rule:
    """How one kind travels; `priority` 0 goes first.

    What goes to a number, whoever holds it, is in no inbox; `is_secret` says that the text carries a code.
    """

    channels: tuple[Channel, ...]
    group: Group = Group.ACCOUNT
    priority: int = 5
    lock_screen: LockScreen = LockScreen.ALL
    in_inbox: bool = True
    is_secret: bool = False

    @property
    def is_always_sent(self) -> bool:
        """Whether no wish, no quiet hours and no daily cap hold it back."""
        return self.group is Group.CRITICAL


RULES: Final[Mapping[Kind, Rule]] = {
    Kind.ASK: Rule(BOTH, Group.REQUESTS, priority=4),
    Kind.PLACE_OFFERED: Rule(BOTH, Group.REQUESTS, priority=2),
    Kind.REQUEST_CANCELLED: Rule(BOTH, Group.CRITICAL, priority=1),
    Kind.RELEASED: Rule(BOTH, Group.CRITICAL, priority=1),
    Kind.MISSED: Rule(SMS, Group.REQUESTS),
    Kind.DEFERRED: Rule(SMS, Group.REQUESTS, lock_screen=LockScreen.NOTHING),
    Kind.THANK_YOU: Rule(SMS, Group.REQUESTS),
    Kind.THANK_YOU_UNDATED: Rule(SMS, Group.REQUESTS),
    Kind.REMINDER: Rule(BOTH, Group.REQUESTS, priority=2),
    Kind.ELIGIBLE_AGAIN: Rule(SMS, Group.REQUESTS),
    Kind.BLOOD_ISSUED: Rule(SMS, Group.REQUESTS),
    Kind.LOCKED: Rule(SMS, Group.ACCOUNT),
    Kind.UNLOCKED: Rule(SMS, Group.ACCOUNT),
    Kind.CAMP_NEARBY: Rule(SMS, Group.CAMPS, priority=6),
    Kind.CAMP_REMINDER: Rule(SMS, Group.CAMPS),
    Kind.CAMP_CANCELLED: Rule(ALL, Group.CRITICAL, priority=1),
    Kind.PASSWORD_CHANGED: Rule(MAILED, Group.CRITICAL, priority=1),
    Kind.COMPLAINT_ANSWERED: Rule(MAILED, Group.ACCOUNT),
    Kind.FAMILY_RESERVED: Rule(BOTH, Group.REQUESTS, priority=2, lock_screen=LockScreen.TITLE),
    Kind.FAMILY_KEPT: Rule(BOTH, Group.REQUESTS, priority=2, lock_screen=LockScreen.TITLE),
    Kind.FAMILY_CONFIRMED: Rule(BOTH, Group.REQUESTS, priority=2, lock_screen=LockScreen.TITLE),
    Kind.FAMILY_TRANSFER: Rule(BOTH, Group.REQUESTS, priority=2, lock_screen=LockScreen.TITLE),
    Kind.FAMILY_ARRIVED: Rule(BOTH, Group.REQUESTS, priority=2, lock_screen=LockScreen.TITLE),
    Kind.FAMILY_DONORS: Rule(BOTH, Group.REQUESTS, priority=2, lock_screen=LockScreen.TITLE),
    Kind.FAMILY_EXHAUSTED: Rule(BOTH, Group.REQUESTS, priority=2, lock_screen=LockScreen.TITLE),
    Kind.FAMILY_UNANSWERED: Rule(BOTH, Group.REQUESTS, priority=2, lock_screen=LockScreen.TITLE),
    Kind.FAMILY_SERVED: Rule(SMS, Group.REQUESTS, priority=3, lock_screen=LockScreen.TITLE),
    Kind.FAMILY_FULFILLED: Rule(BOTH, Group.REQUESTS, priority=3, lock_screen=LockScreen.TITLE),
    Kind.FAMILY_REFUSED: Rule(BOTH, Group.REQUESTS, priority=1, lock_screen=LockScreen.TITLE),
    Kind.FAMILY_EXPIRED: Rule(BOTH, Group.REQUESTS, priority=2, lock_screen=LockScreen.TITLE),
    Kind.FAMILY_CANCELLED: Rule(SMS, Group.REQUESTS, lock_screen=LockScreen.TITLE),
    Kind.DOCTOR_APPLIED: Rule(MAILED, Group.ACCOUNT),
    Kind.DOCTOR_APPROVED: Rule(MAILED, Group.ACCOUNT),
    Kind.DOCTOR_REJECTED: Rule(MAILED, Group.ACCOUNT),
    Kind.DOCTOR_SUSPENDED: Rule(ALL, Group.ACCOUNT, priority=2),
    Kind.DOCTOR_REINSTATED: Rule(MAILED, Group.ACCOUNT),
    Kind.GLASS_BROKEN: Rule(BOTH, Group.CRITICAL, priority=1, lock_screen=LockScreen.NOTHING),
    Kind.GLASS_REVIEW: Rule(BOTH, Group.CRITICAL, priority=1, lock_screen=LockScreen.TITLE),
    Kind.RECORD_SIGNED: Rule(SMS, Group.APPOINTMENTS, lock_screen=LockScreen.NOTHING),
    Kind.PRESCRIPTION_READY: Rule(BOTH, Group.APPOINTMENTS, priority=3, lock_screen=LockScreen.NOTHING),
    Kind.PRESCRIPTION_REVOKED: Rule(BOTH, Group.CRITICAL, priority=1, lock_screen=LockScreen.NOTHING),
    Kind.REFERRED: Rule(SMS, Group.CRITICAL, priority=3, lock_screen=LockScreen.NOTHING),
    Kind.REFERRAL_ASKED: Rule(SMS, Group.APPOINTMENTS, priority=3, lock_screen=LockScreen.NOTHING),
    Kind.REFERRAL_ACCEPTED: Rule(SMS, Group.APPOINTMENTS, lock_screen=LockScreen.NOTHING),
    Kind.REFERRAL_DECLINED: Rule(SMS, Group.APPOINTMENTS, lock_screen=LockScreen.NOTHING),
    Kind.REFERRAL_OBJECTED: Rule(SMS, Group.APPOINTMENTS, lock_screen=LockScreen.NOTHING),
    Kind.FAMILY_ASKS: Rule(BOTH, Group.REQUESTS, priority=1),
    Kind.FAMILY_WITHDRAWN: Rule(BOTH, Group.REQUESTS, priority=2),
    Kind.DONOR_COMING: Rule(BOTH, Group.REQUESTS, priority=2),
    Kind.DONOR_CANCELLED: Rule(BOTH, Group.REQUESTS, priority=2),
    Kind.REQUEST_FILLED: Rule(SMS, Group.REQUESTS, priority=3),
    Kind.REQUEST_FULFILLED: Rule(SMS, Group.REQUESTS),
    Kind.REQUEST_EXPIRED: Rule(BOTH, Group.REQUESTS, priority=3),
    Kind.PARTNER_REGISTERED: Rule(MAILED, Group.ACCOUNT),
    Kind.PARTNER_APPROVED: Rule(ALL, Group.ACCOUNT),
    Kind.PARTNER_REJECTED: Rule(MAILED, Group.ACCOUNT),
    Kind.PARTNER_SUSPENDED: Rule(ALL, Group.ACCOUNT),
    Kind.PARTNER_REINSTATED: Rule(MAILED, Group.ACCOUNT),
    Kind.MEMBER_ADDED: Rule(SMS, Group.ACCOUNT),
    Kind.STOCK_LOW: Rule(SMS, Group.REQUESTS),
    Kind.UNITS_RECALLED: Rule(BOTH, Group.CRITICAL, priority=1),
    Kind.CAMP_REPORT_DUE: Rule(ALL, Group.CAMPS, priority=3),
    Kind.TRANSFER_ASKED: Rule(BOTH, Group.REQUESTS, priority=2),
    Kind.TRANSFER_OFFERED: Rule(BOTH, Group.REQUESTS, priority=2),
    Kind.TRANSFER_CONFIRMED: Rule(BOTH, Group.REQUESTS, priority=2),
    Kind.TRANSFER_DISPATCHED: Rule(SMS, Group.REQUESTS, priority=3),
    Kind.TRANSFER_RECEIVED: Rule(SMS, Group.REQUESTS),
    Kind.TRANSFER_UNMET: Rule(BOTH, Group.REQUESTS, priority=2),
    Kind.TRANSFER_OVERDUE: Rule(BOTH, Group.REQUESTS, priority=2),
    Kind.TRANSFER_ENDED: Rule(BOTH, Group.REQUESTS, priority=2),
    Kind.ORDER_PLACED: Rule(ALL, Group.ORDERS, priority=2),
    Kind.ORDER_PAYABLE: Rule(ALL, Group.ORDERS, priority=2),
    Kind.ORDER_ACCEPTED: Rule(BOTH, Group.ORDERS, priority=3),
    Kind.ORDER_REJECTED: Rule(BOTH, Group.ORDERS, priority=2),
    Kind.ORDER_PAID: Rule(BOTH, Group.ORDERS, priority=2),
    Kind.ORDER_PACKED: Rule(SMS, Group.ORDERS),
    Kind.ORDER_DISPATCHED: Rule(BOTH, Group.ORDERS, priority=2),
    Kind.ORDER_DELIVERED: Rule(MAILED, Group.ORDERS, priority=3),
    Kind.ORDER_FAILED: Rule(BOTH, Group.ORDERS, priority=1),
    Kind.ORDER_CANCELLED: Rule(ALL, Group.ORDERS, priority=2),
    Kind.ORDER_SHORT: Rule(BOTH, Group.ORDERS, priority=2),
    Kind.ORDER_LATE: Rule(BOTH, Group.ORDERS, priority=2),
    Kind.ORDER_BREACHED: Rule(BOTH, Group.CRITICAL, priority=1),
    Kind.COURIER_LOST: Rule(BOTH, Group.ORDERS, priority=1),
    Kind.COURIER_THERE: Rule(BOTH, Group.ORDERS, priority=2),
    Kind.ORDER_BAGS_UNFIT: Rule(BOTH, Group.CRITICAL, priority=1, lock_screen=LockScreen.TITLE),
    Kind.ORDER_DOCUMENTED: Rule(BOTH, Group.ORDERS, priority=2),
    Kind.ORDER_GOES_ON: Rule(BOTH, Group.ORDERS, priority=2),
    Kind.APPOINTMENT_HELD: Rule(SMS, Group.APPOINTMENTS, priority=2, lock_screen=LockScreen.TITLE),
    Kind.APPOINTMENT_PROPOSED: Rule(BOTH, Group.APPOINTMENTS, priority=3, lock_screen=LockScreen.TITLE),
    Kind.APPOINTMENT_CONFIRMED: Rule(ALL, Group.APPOINTMENTS, priority=2, lock_screen=LockScreen.TITLE),
    Kind.APPOINTMENT_BOOKED: Rule(MAILED, Group.APPOINTMENTS, priority=3),
    Kind.APPOINTMENT_MOVED: Rule(ALL, Group.APPOINTMENTS, priority=2, lock_screen=LockScreen.TITLE),
    Kind.APPOINTMENT_CANCELLED: Rule(ALL, Group.CRITICAL, priority=1, lock_screen=LockScreen.TITLE),
    Kind.APPOINTMENT_MISSED: Rule(SMS, Group.APPOINTMENTS, lock_screen=LockScreen.TITLE),
    Kind.WAITLIST_OFFERED: Rule(BOTH, Group.APPOINTMENTS, priority=1, lock_screen=LockScreen.TITLE),
    Kind.BILL_DUE: Rule(MAILED, Group.MONEY),
    Kind.HANDOVER_CODE: Rule(ONLY_SMS, Group.CRITICAL, priority=0, in_inbox=False, is_secret=True),
    Kind.PAYMENT_RECEIVED: Rule(ALL, Group.MONEY),
    Kind.PAYMENT_LATE: Rule(ALL, Group.MONEY),
    Kind.REFUND_SENT: Rule(ALL, Group.MONEY),
    Kind.PLAN_RUNS: Rule(MAILED, Group.MONEY),
    Kind.PLAN_RENEWAL_NEAR: Rule(MAILED, Group.MONEY),
    Kind.PLAN_PAYMENT_DUE: Rule(ALL, Group.MONEY, priority=3),
    Kind.PLAN_ENDED: Rule(MAILED, Group.MONEY),
    Kind.CREDIT_GRANTED: Rule(SMS, Group.MONEY),
    Kind.VISIT_REMINDER: Rule(ALL, Group.APPOINTMENTS, priority=2, lock_screen=LockScreen.TITLE),
    Kind.CONSULT_REMINDER: Rule(ALL, Group.APPOINTMENTS, priority=2),
    Kind.VISIT_OTHER_LINK: Rule(ALL, Group.CRITICAL, priority=1),
    Kind.SETTLEMENT_MADE: Rule(MAILED, Group.MONEY),
    Kind.WEBHOOK_FAILING: Rule(MAILED),
    Kind.WEBHOOK_DISABLED: Rule(MAILED, priority=3),
    Kind.SUPPORT_ANSWERED: Rule(SMS),
    Kind.SUPPORT_RESOLVED: Rule(SMS, priority=6),
    Kind.SUPPORT_VISITOR: Rule(ONLY_SMS, in_inbox=False),
    Kind.ANNOUNCEMENT: Rule(BOTH, Group.ANNOUNCEMENTS, priority=8),
    Kind.BUDGET_USED_UP: Rule(SMS, Group.CRITICAL, priority=0),
    Kind.API_KEY_EXPIRING: Rule(SMS),
    Kind.CHAT_WAITING: Rule(SMS, priority=3),
    Kind.CHAT_REPORT_ANSWERED: Rule(SMS),
    Kind.CHAT_WARNED: Rule(SMS),
    Kind.CHAT_BLOCKED: Rule(SMS),
    Kind.ANALYSIS_READY: Rule(SMS, Group.APPOINTMENTS, lock_screen=LockScreen.NOTHING),
    Kind.ANALYSIS_FAILED: Rule(SMS, Group.APPOINTMENTS, priority=6, lock_screen=LockScreen.NOTHING),
    Kind.ANALYSIS_SIGNED: Rule(SMS, Group.APPOINTMENTS, lock_screen=LockScreen.NOTHING),
    Kind.FILE_INFECTED: Rule(SMS, Group.CRITICAL, lock_screen=LockScreen.NOTHING),
    Kind.PAYOUT_SENT: Rule(MAILED, Group.MONEY),
    Kind.PAYOUT_FAILED: Rule(MAILED, Group.MONEY),
    Kind.PAYOUT_ACCOUNT_READY: Rule(ALL, Group.CRITICAL),
    Kind.PAYOUT_ACCOUNT_REFUSED: Rule(MAILED, Group.MONEY),
    Kind.REFUND_OUTSIDE: Rule(MAILED, Group.MONEY),
    Kind.DISPUTE_OPENED: Rule(ALL, Group.MONEY),
    Kind.DISPUTE_WON: Rule(MAILED, Group.MONEY),
    Kind.DISPUTE_LOST: Rule(MAILED, Group.MONEY),
    Kind.CODE: Rule(ONLY_SMS, Group.CRITICAL, priority=0, in_inbox=False, is_secret=True),
    Kind.EMAIL_VERIFY: Rule(ONLY_EMAIL, Group.CRITICAL, priority=0, in_inbox=False, is_secret=True),
    Kind.ACCOUNT_EXISTS: Rule(ONLY_SMS, Group.CRITICAL, priority=0, in_inbox=False),
    Kind.NO_ACCOUNT: Rule(ONLY_SMS, Group.CRITICAL, priority=0, in_inbox=False),
}
