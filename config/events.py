"""Every event of the product by name, and a check that somebody hears it or that nobody is meant to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Any, Final

from django.core.checks import CheckMessage, Error, register

from common import outbox

# What happened, in the words of whoever emits it.
EVENTS: Final[Mapping[str, str]] = {
    "access.glass_broken": "A doctor has opened a patient's records in an emergency.",
    "account.erased": "A person has had the account erased.",
    "account.password_changed": "A person has a new password.",
    "apikey.expiring": "An API key of a partner ends in a few days.",
    "apikey.made": "A partner has a new API key.",
    "apikey.revoked": "An API key is dead.",
    "apikey.rotated": "An API key has a new secret.",
    "appointment.cancelled": "A visit was called off.",
    "appointment.checked_in": "The patient is there.",
    "appointment.completed": "A visit is over.",
    "appointment.confirmed": "A visit is booked: it is paid, or needs no payment before.",
    "appointment.held": "A time is kept for a patient, who has to pay or agree.",
    "appointment.lapsed": "Nobody paid or agreed in time: the time is free again.",
    "appointment.missed": "The patient or the doctor did not come.",
    "appointment.money_late": "Money that came late books after all (`used`), or goes back.",
    "appointment.reminder_due": "A visit is tomorrow, or in an hour.",
    "appointment.rescheduled": "A visit has another time.",
    "appointment.started": "A visit has begun.",
    "analysis.failed": "Nothing could be read from a report.",
    "analysis.finished": "Values were read from a report.",
    "analysis.signed": "A doctor has signed what was read from a report.",
    "assignment.accepted": "A donor has promised to come.",
    "assignment.arrived": "The donor is at the partner's.",
    "assignment.cancelled": "The donor has taken the promise back.",
    "assignment.deferred": "The donor was found unfit at the visit.",
    "assignment.missed": "The donor did not come.",
    "assignment.released": "The donor need not come.",
    "budget.used_up": "What a day of a channel may cost is used up.",
    "bill.due": "A hospital with a contract owes a bank for a month.",
    "camp.cancelled": "A partner has called a camp off.",
    "camp.donors_invited": "Donors near a camp are to be told of it.",
    "camp.finished": "A camp is over, and its report is due.",
    "camp.invitations_unfinished": "A camp has more donors near it than one transaction.",
    "camp.published": "A partner collects blood somewhere.",
    "camp.reminder_due": "A camp is tomorrow.",
    "camp.reported": "A partner has said what a camp collected.",
    "assignment.reminder_due": "A donor is expected in a few hours.",
    "chat.report_decided": "An administrator has decided about a message that was reported.",
    "chat.reported": "One side of a conversation has reported a message of the other.",
    "chat.waiting": "A message waits that its reader has not seen for some minutes.",
    "complaint.answered": "An administrator has answered whoever complained.",
    "complaint.opened": "Somebody has complained.",
    "courier.lost": "The provider's courier does not come, or could not bring an order.",
    "courier.there": "The provider's courier says that it has handed an order over.",
    "courier.notified": "The logistics provider has told us about a courier.",
    "credit.granted": "A person has credits to spend.",
    "doctor.applied": "A doctor's registration waits for an administrator.",
    "doctor.approved": "An administrator has let a doctor see patients.",
    "doctor.leave_added": "A doctor is away over appointments, which are to be cancelled.",
    "doctor.leave_removed": "A doctor is there after all.",
    "doctor.reinstated": "A suspended doctor works again.",
    "doctor.rejected": "An administrator has refused a doctor's registration.",
    "doctor.suspended": "An administrator has stopped a doctor.",
    "doctor.time_changed": "A doctor may be free at other times than before.",
    "email.refused": "A mail server has said that it knows no such mailbox.",
    "email.verification_asked": "A person is to be sent the link that verifies an e-mail address.",
    "dispute.lost": "A payer's bank has taken the money back for good.",
    "dispute.opened": "A payer has asked the bank for the money back.",
    "dispute.won": "Money that was disputed stays.",
    "donation.verified": "A partner has verified a donation.",
    "donor.deferred": "A donor has said, or was found, not to be fit to give for a while.",
    "donor.eligible_again": "A donor who came before may give again.",
    "donor.locked": "A donor has broken too many promises.",
    "donor.unlocked": "A donor's lock is over.",
    "file.discarded": "A private file is nobody's any more.",
    "file.infected": "The virus scanner found something in a medical file.",
    "file.kept": "A private file waits to be carried to its storage.",
    "family.asked": "A family needs blood for a patient.",
    "family.cancelled": "A family needs the blood no longer.",
    "family.confirmed": "The hospital has said yes to a family.",
    "family.exhausted": "Nobody is left who could be asked for what a family still needs.",
    "family.expired": "The hour by which a family needed blood has passed.",
    "family.fulfilled": "A family's patient has got every unit.",
    "family.refused": "The hospital has said no to a family.",
    "family.served": "A family's patient has got some of the units.",
    "family.source_changed": "A source of a family's blood has taken a step.",
    "family.unsettled": "What a family needs and what is promised may differ.",
    "member.added": "A partner has a new member.",
    "meeting.fell_back": "A consultation is held by another link than its provider's, which did not answer.",
    "meeting.joined": "Somebody is in the meeting of an appointment, for the first time.",
    "meeting.notified": "A provider of meetings has told us about one.",
    "notification.created": "Something stands in people's inboxes.",
    "order.accepted": "A bank keeps bags for an order.",
    "order.bags_unfit": "Bags of an order that have left may not be used.",
    "order.breached": "A box of an order was out of its temperature for too long.",
    "order.cancelled": "An order has ended before its bags left.",
    "order.delivered": "An order was handed over.",
    "order.dispatched": "The bags of an order have left, and its receiver needs a code.",
    "order.failed": "An order could not be handed over.",
    "order.left": "The boxes of an order are with whoever brings them, later than they were sent off.",
    "order.documented": "The requisition of an order was given after it was placed.",
    "order.goes_on": "A side of an order that is on the road may not work any more.",
    "order.late": "An order should have arrived.",
    "order.money_late": "Money that came late pays its order after all (`used`), or goes back.",
    "order.packed": "Every bag of an order is in a box.",
    "order.paid": "An order is paid: its bags are kept until they leave.",
    "order.placed": "Somebody orders blood of a bank.",
    "order.rejected": "A bank will not serve an order.",
    "order.returned": "The bags of an order are back at the bank.",
    "order.short": "Bags kept for an order were lost, and there are no others.",
    "order.side_suspended": "A side of an open order may not work any more.",
    "otp.requested": "Somebody wants a one-time code.",
    "partner.approved": "An administrator has let a partner work.",
    "partner.flagged": "Many people have complained about a partner.",
    "partner.registered": "An organisation wants to become a partner.",
    "partner.reinstated": "A suspended partner works again.",
    "partner.rejected": "An administrator has refused a registration.",
    "partner.suspended": "An administrator has stopped a partner.",
    "payment.cancelled": "A payment takes no money any more, because its payer or the seller wished so.",
    "payment.expired": "The time to pay has passed.",
    "payment.failed": "A payment has failed, or what arrived goes back.",
    "payment.held": "Another amount or currency arrived than was due: a person decides.",
    "payment.notified": "A provider has told us about a payment or refund.",
    "payment.questioned": "A provider speaks of refunds or disputes of a payment.",
    "payment.succeeded": "Money has arrived; `late` says that it has not paid its purchase.",
    "payee.questioned": "It is to be learnt whether a payee can be paid to an account.",
    "payee.ready": "A payee is paid to an account from now on.",
    "payee.refused": "A payee cannot be paid to an account.",
    "payout.failed": "What was paid out has not arrived.",
    "payout.succeeded": "What was owed has been paid out.",
    "prescription.revoked": "A doctor has revoked a prescription.",
    "prescription.signed": "A doctor has signed a prescription.",
    "record.amended": "A doctor has added to signed notes.",
    "record.signed": "A doctor has signed notes of a visit.",
    "referral.accepted": "A doctor takes a patient on that another has referred.",
    "referral.asked": "A doctor refers a patient to another.",
    "referral.declined": "A doctor does not take a referred patient on.",
    "referral.objected": "A patient does not want a referral.",
    "refund.failed": "The provider will not give money back.",
    "refund.succeeded": "Money has gone back.",
    "request.cancelled": "A partner needs the blood no longer.",
    "request.donors_asked": "A wave has chosen the donors to be asked.",
    "request.expired": "The hour by which the blood was needed has passed.",
    "request.filled": "Every unit is promised.",
    "request.fulfilled": "Every unit is given.",
    "request.opened": "A partner needs blood.",
    "request.place_offered": "A place became free for those standing by.",
    "request.reopened": "A full request has a free place again.",
    "request.wave_unfinished": "A wave has more donors to ask than one transaction.",
    "reservation.ended": "What was reserved has lapsed, or was lost.",
    "settlement.made": "A month is settled with a partner.",
    "stock.gained": "A partner has bags to promise that it had not.",
    "stock.low": "A partner has fewer units of a kind than it wants to have.",
    "testworld.closed": "Test data is no longer used.",
    "testpartner.made": "A partner of somebody's test data is there, to be furnished.",
    "support.answered": "An administrator has answered a question.",
    "support.opened": "Somebody asks the administrators something.",
    "support.resolved": "An administrator has settled a question.",
    "transfer.candidate_asked": "Partners were asked for bags.",
    "transfer.confirmed": "A partner has accepted the bags offered.",
    "transfer.dispatched": "Bags are on the road to another partner.",
    "transfer.ended": "A transfer is over before any bag has left.",
    "transfer.offered": "A partner offers bags to another.",
    "transfer.overdue": "Nobody has received in time what is on the road.",
    "transfer.received": "Bags have arrived at another partner.",
    "transfer.requested": "A partner needs bags of others.",
    "subscription.changed": "A person has another plan for the rest of a period.",
    "subscription.ended": "A subscription is over.",
    "subscription.payment_due": "A renewal waits to be paid.",
    "subscription.renewal_near": "A period ends in a few days.",
    "subscription.renewed": "The next period of a subscription is paid.",
    "subscription.started": "The first period of a subscription is paid.",
    "unit.collected": "A bag is in quarantine.",
    "unit.crossmatched": "A bag and its recipient were tried together.",
    "unit.issued": "A bag was handed out.",
    "unit.reactive": "A test of a donation was reactive.",
    "unit.recalled": "Bags of a reactive donation were withdrawn or looked back for.",
    "webhook.disabled": "Nothing is sent to a partner's system any more.",
    "webhook.failing": "A partner's system has taken nothing for hours.",
    "waitlist.freed": "A time is free that somebody waits for.",
    "waitlist.offered": "A time that became free is kept for somebody who waits.",
}
# Told to nobody yet.
UNHEARD: Final = frozenset(
    {
        "chat.reported",  # administrators see it in their list
        *("apikey.made", "apikey.revoked", "apikey.rotated"),  # owners do it themselves, and see it in the list
        "complaint.opened",  # administrators see it in their list
        "partner.flagged",  # administrators see this too
        "support.opened",  # and this
    }
)

outbox.leave_unheard(UNHEARD)


def faults_of(events: Set[str], heard: Set[str], unheard: Set[str]) -> Iterator[tuple[str, str]]:
    """Yield the id and text of everything wrong between what happens and who listens."""
    for name in sorted(heard - events):
        yield "config.E001", f"Somebody listens to {name}, which never happens."
    for name in sorted(events - heard - unheard):
        yield "config.E002", f"Nobody listens to {name}; if that is meant, it belongs in UNHEARD."
    for name in sorted(unheard - events):
        yield "config.E003", f"{name} is in UNHEARD and never happens."
    for name in sorted(unheard & heard):
        yield "config.E004", f"{name} is in UNHEARD, and somebody listens to it."


@register("events")
def check_events(**_options: Any) -> list[CheckMessage]:
    """Find events that are lost and handlers that wait in vain."""
    return [Error(text, id=code) for code, text in faults_of(EVENTS.keys(), outbox.heard_names(), UNHEARD)]
