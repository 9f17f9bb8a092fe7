"""Who is told about what happened.

Nobody learns more than the visit needs: no donor's name or phone, no arrival code, nothing about health.
"""

from __future__ import annotations

import datetime as dt
import math
import uuid
from collections.abc import Collection, Iterable

from django.conf import settings

from common import clock
from common.models import OutboxEvent
from common.outbox import on
from donations import selectors as donations
from notifications.kinds import Kind
from notifications.services import Recipient, Subject, inbox, notify
from notifications.templates import Fact
from partners import selectors as partners
from partners.states import Role
from requests_app import selectors as requests
from requests_app.selectors import AssignmentFacts, RequestFacts
from requests_app.states import RequestStatus, Urgency
from stock.components import Component, donation_type_for
from users import selectors as users
from users.services import otp
from users.services.donors import LOCK_PERIOD, POINTS
from users.states import ScoreReason

ANSWERING = (Role.OWNER, Role.COORDINATOR)  # who deals with donors
KEEPING = (Role.OWNER, Role.INVENTORY)  # who deals with bags
ASK_PRIORITY = {Urgency.CRITICAL: 1, Urgency.URGENT: 3, Urgency.ROUTINE: 4}
CODE_KINDS = {"code": Kind.CODE, "account_exists": Kind.ACCOUNT_EXISTS, "no_account": Kind.NO_ACCOUNT}


@on("otp.requested")
def send_code(event: OutboxEvent) -> None:
    """Send the code, or the hint that it would not help; then the sealed code is wiped."""
    challenge_id = _id(event, "challenge")
    wish = users.code_to_send(challenge_id)
    if wish is None:
        return
    minutes = max(1, math.floor((wish.expires_at - clock.now()) / dt.timedelta(minutes=1) + 0.5))
    notify(
        kind=CODE_KINDS[wish.kind],
        occasion=f"otp:{challenge_id}",
        recipients=[Recipient(phone=wish.phone, language=wish.language, zone=settings.DEFAULT_ZONE)],
        facts={"code": wish.code, "minutes": minutes},
        valid_until=wish.expires_at,
    )
    otp.mark_sent(challenge_id=challenge_id)


@on("account.password_changed")
def tell_password_changed(event: OutboxEvent) -> None:
    _tell_people(event, Kind.PASSWORD_CHANGED, [_id(event, "user")], at=event.created_at)


@on("account.erased")
def forget_person(event: OutboxEvent) -> None:
    """Keep no text and no number of somebody who is gone; nobody is told."""
    inbox.forget_person(user_id=_id(event, "user"))


@on("donor.locked")
def tell_locked(event: OutboxEvent) -> None:
    _tell_people(event, Kind.LOCKED, [_subject_of_key(event)], days=LOCK_PERIOD.days)


@on("donor.unlocked")
def tell_unlocked(event: OutboxEvent) -> None:
    _tell_people(event, Kind.UNLOCKED, [_subject_of_key(event)])


@on("request.donors_asked")
def tell_asked(event: OutboxEvent) -> None:
    """Ask each donor once for the request, whatever is retried."""
    asks = requests.asks_to_tell(uuid.UUID(ask) for ask in event.payload["asks"])
    request = requests.request_facts(_id(event, "request"))
    partner = partners.card(request.partner_id)
    contacts = users.contacts(ask.donor_id for ask in asks)
    notify(
        kind=Kind.ASK,
        occasion=f"ask:{request.id}",
        recipients=[
            _person(contacts[ask.donor_id], distance=ask.distance_km) for ask in asks if ask.donor_id in contacts
        ],
        facts={"partner": partner.name, **_need(request)},
        subject=Subject("request", request.id),
        valid_until=request.expires_at,
        priority=ASK_PRIORITY[request.urgency],
        is_critical=request.urgency is Urgency.CRITICAL,
    )


@on("request.place_offered")
def tell_place_offered(event: OutboxEvent) -> None:
    request = requests.request_facts(_id(event, "request"))
    notify(
        kind=Kind.PLACE_OFFERED,
        occasion=_occasion(event),
        recipients=_people(uuid.UUID(donor) for donor in event.payload["donors"]),
        facts={"partner": partners.card(request.partner_id).name, **_need(request)},
        subject=Subject("request", request.id),
        valid_until=request.expires_at,
        priority=ASK_PRIORITY[request.urgency],
        is_critical=request.urgency is Urgency.CRITICAL,
    )


@on("request.cancelled")
def tell_cancelled(event: OutboxEvent) -> None:
    """Tell the donors who were coming; the partner knows."""
    request = requests.request_facts(_id(event, "request"))
    notify(
        kind=Kind.REQUEST_CANCELLED,
        occasion=_occasion(event),
        recipients=_people(uuid.UUID(donor) for donor in event.payload["donors"]),
        facts={"partner": partners.card(request.partner_id).name},
        subject=Subject("request", request.id),
        is_critical=True,
    )


@on("request.filled")
def tell_filled(event: OutboxEvent) -> None:
    _tell_partner_of_request(event, Kind.REQUEST_FILLED)


@on("request.fulfilled")
def tell_fulfilled(event: OutboxEvent) -> None:
    _tell_partner_of_request(event, Kind.REQUEST_FULFILLED)


@on("request.expired")
def tell_expired(event: OutboxEvent) -> None:
    _tell_partner_of_request(event, Kind.REQUEST_EXPIRED)


@on("assignment.accepted")
def tell_donor_coming(event: OutboxEvent) -> None:
    """Announce the donor to the partner, without the code that proves the arrival."""
    promise = requests.assignment_facts(_id(event, "assignment"))
    request = requests.request_facts(promise.request_id)
    notify(
        kind=Kind.DONOR_COMING,
        occasion=_occasion(event),
        recipients=_members(request.partner_id, ANSWERING),
        facts={
            "group": request.blood_group,
            "distance": promise.distance_km,
            "expires_at": promise.expires_at,
        },
        subject=Subject("assignment", promise.id),
        valid_until=promise.expires_at,
        is_critical=request.urgency is Urgency.CRITICAL,
    )


@on("assignment.cancelled")
def tell_donor_cancelled(event: OutboxEvent) -> None:
    promise = requests.assignment_facts(_id(event, "assignment"))
    request = requests.request_facts(promise.request_id)
    notify(
        kind=Kind.DONOR_CANCELLED,
        occasion=_occasion(event),
        recipients=_members(request.partner_id, ANSWERING),
        facts={"group": request.blood_group, "units_left": request.units_left},
        subject=Subject("assignment", promise.id),
        is_critical=request.urgency is Urgency.CRITICAL,
    )


@on("assignment.released")
def tell_released(event: OutboxEvent) -> None:
    """Tell the donor that nobody waits for him; of a cancelled request another event tells him."""
    promise = requests.assignment_facts(_id(event, "assignment"))
    if requests.get_request(promise.request_id).status == RequestStatus.CANCELLED:
        return
    _tell_donor(event, Kind.RELEASED, promise, is_critical=True)


@on("assignment.missed")
def tell_missed(event: OutboxEvent) -> None:
    promise = requests.assignment_facts(_id(event, "assignment"))
    _tell_donor(event, Kind.MISSED, promise, points=-POINTS[ScoreReason.MISSED])


@on("assignment.deferred")
def tell_deferred(event: OutboxEvent) -> None:
    """Say nothing of the reason: a text message is read by others too."""
    _tell_donor(event, Kind.DEFERRED, requests.assignment_facts(_id(event, "assignment")))


@on("donation.verified")
def tell_thanks(event: OutboxEvent) -> None:
    donation = donations.donation_facts(_id(event, "donation"))
    facts = {"partner": partners.card(donation.partner_id).name}
    dated = {} if donation.next_eligible_on is None else {"next_eligible_on": donation.next_eligible_on}
    notify(
        kind=Kind.THANK_YOU if dated else Kind.THANK_YOU_UNDATED,
        occasion=f"donation:{donation.id}",
        recipients=_people([donation.donor_id]),
        facts={**facts, **dated},
        subject=Subject("donation", donation.id),
    )


@on("partner.registered")
def tell_registered(event: OutboxEvent) -> None:
    _tell_partner(event, Kind.PARTNER_REGISTERED)


@on("partner.approved")
def tell_approved(event: OutboxEvent) -> None:
    _tell_partner(event, Kind.PARTNER_APPROVED)


@on("partner.rejected")
def tell_rejected(event: OutboxEvent) -> None:
    _tell_partner(event, Kind.PARTNER_REJECTED)


@on("partner.suspended")
def tell_suspended(event: OutboxEvent) -> None:
    _tell_partner(event, Kind.PARTNER_SUSPENDED, roles=tuple(Role))


@on("partner.reinstated")
def tell_reinstated(event: OutboxEvent) -> None:
    _tell_partner(event, Kind.PARTNER_REINSTATED, roles=tuple(Role))


@on("member.added")
def tell_member_added(event: OutboxEvent) -> None:
    partner_id, member_id = _subject_of_key(event), _id(event, "member")
    notify(
        kind=Kind.MEMBER_ADDED,
        occasion=_occasion(event),
        recipients=[member for member in _members(partner_id, tuple(Role)) if member.member_id == member_id],
        facts={"partner": partners.card(partner_id).name},
    )


@on("stock.low")
def tell_stock_low(event: OutboxEvent) -> None:
    """Warn those who keep the stock, with the numbers of the moment it fell below what is wanted."""
    partner_id = _id(event, "partner")
    notify(
        kind=Kind.STOCK_LOW,
        occasion=_occasion(event),
        recipients=_members(partner_id, KEEPING),
        facts={
            "partner": partners.card(partner_id).name,
            "component": Component(event.payload["component"]).short_code,
            "group": event.payload["blood_group"],
            "available": event.payload["available"],
            "minimum": event.payload["minimum"],
        },
    )


@on("unit.recalled")
def tell_units_recalled(event: OutboxEvent) -> None:
    """Have the bags looked for, without a word of what was found: that stands with the bag."""
    partner_id = _id(event, "partner")
    notify(
        kind=Kind.UNITS_RECALLED,
        occasion=_occasion(event),
        recipients=_members(partner_id, KEEPING),
        facts={"partner": partners.card(partner_id).name, "bags": len(event.payload["units"])},
        is_critical=True,
    )


def _tell_people(event: OutboxEvent, kind: Kind, user_ids: Iterable[uuid.UUID], **facts: int | dt.datetime) -> None:
    notify(kind=kind, occasion=_occasion(event), recipients=_people(user_ids), facts=facts)


def _tell_donor(
    event: OutboxEvent, kind: Kind, promise: AssignmentFacts, *, is_critical: bool = False, **facts: int
) -> None:
    notify(
        kind=kind,
        occasion=_occasion(event),
        recipients=_people([promise.donor_id]),
        facts={"partner": partners.card(promise.partner_id).name, **facts},
        subject=Subject("assignment", promise.id),
        is_critical=is_critical,
    )


def _tell_partner_of_request(event: OutboxEvent, kind: Kind) -> None:
    request = requests.request_facts(_id(event, "request"))
    notify(
        kind=kind,
        occasion=_occasion(event),
        recipients=_members(request.partner_id, ANSWERING),
        facts={"group": request.blood_group, "units": request.units, "units_left": request.units_left},
        subject=Subject("request", request.id),
    )


def _tell_partner(event: OutboxEvent, kind: Kind, *, roles: Collection[Role] = (Role.OWNER,)) -> None:
    partner_id = _id(event, "partner")
    notify(
        kind=kind,
        occasion=_occasion(event),
        recipients=_members(partner_id, roles),
        facts={"partner": partners.card(partner_id).name},
    )


def _need(request: RequestFacts) -> dict[str, str | dt.datetime]:
    return {
        "group": request.blood_group,
        "gift": donation_type_for(request.component),
        "needed_by": request.needed_by,
    }


def _people(user_ids: Iterable[uuid.UUID]) -> list[Recipient]:
    return [_person(contact) for contact in users.contacts(user_ids).values()]


def _person(contact: users.Contact, **facts: Fact) -> Recipient:
    return Recipient(phone=contact.phone, language=contact.language, zone=contact.zone, user_id=contact.id, facts=facts)


def _members(partner_id: uuid.UUID, roles: Collection[Role]) -> list[Recipient]:
    return [
        Recipient(phone=member.phone, language=member.language, zone=member.zone, member_id=member.id)
        for member in partners.contacts_of(partner_id, roles)
    ]


def _occasion(event: OutboxEvent) -> str:
    return f"event:{event.pk}"


def _id(event: OutboxEvent, name: str) -> uuid.UUID:
    return uuid.UUID(event.payload[name])


def _subject_of_key(event: OutboxEvent) -> uuid.UUID:
    return uuid.UUID(event.key.partition(":")[2])
