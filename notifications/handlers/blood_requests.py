"""Who is asked for blood, and what becomes of the request."""

from __future__ import annotations

import datetime as dt
import uuid

from common.models import OutboxEvent
from common.outbox import on
from notifications.handlers.addressing import (
    ANSWERING,
    id_in,
    members,
    occasion,
    people,
    person,
)
from notifications.kinds import Kind
from notifications.services import Subject, notify, tapping
from notifications.states import TapMatter
from partners import selectors as partners
from requests_app import selectors as requests
from requests_app.selectors import RequestFacts
from requests_app.states import Urgency
from stock.components import donation_type_for
from users import selectors as users

ASK_PRIORITY = {Urgency.CRITICAL: 1, Urgency.URGENT: 3, Urgency.ROUTINE: 4}


@on("request.donors_asked")
def tell_asked(event: OutboxEvent) -> None:
    """Ask each donor once for the request, whatever is retried."""
    asks = requests.asks_to_tell(uuid.UUID(ask) for ask in event.payload["asks"])
    request = requests.request_facts(id_in(event, "request"))
    partner = partners.card(request.partner_id)
    contacts = users.contacts(ask.donor_id for ask in asks)
    links = tapping.issue(matter=TapMatter.ASK, user_ids=contacts, subject_id=request.id, expires_at=request.expires_at)
    notify(
        kind=Kind.ASK,
        occasion=f"ask:{request.id}",
        recipients=[
            person(contacts[ask.donor_id], distance=ask.distance_km, link=links[ask.donor_id])
            for ask in asks
            if ask.donor_id in contacts
        ],
        facts={"partner": partner.name, **_need(request)},
        subject=Subject("request", request.id),
        valid_until=request.expires_at,
        priority=ASK_PRIORITY[request.urgency],
        is_critical=request.urgency is Urgency.CRITICAL,
    )


@on("request.place_offered")
def tell_place_offered(event: OutboxEvent) -> None:
    request = requests.request_facts(id_in(event, "request"))
    notify(
        kind=Kind.PLACE_OFFERED,
        occasion=occasion(event),
        recipients=people(uuid.UUID(donor) for donor in event.payload["donors"]),
        facts={"partner": partners.card(request.partner_id).name, **_need(request)},
        subject=Subject("request", request.id),
        valid_until=request.expires_at,
        priority=ASK_PRIORITY[request.urgency],
        is_critical=request.urgency is Urgency.CRITICAL,
    )


@on("request.cancelled")
def tell_cancelled(event: OutboxEvent) -> None:
    """Tell the donors who were coming; the partner knows."""
    request = requests.request_facts(id_in(event, "request"))
    notify(
        kind=Kind.REQUEST_CANCELLED,
        occasion=occasion(event),
        recipients=people(uuid.UUID(donor) for donor in event.payload["donors"]),
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


def _tell_partner_of_request(event: OutboxEvent, kind: Kind) -> None:
    request = requests.request_facts(id_in(event, "request"))
    notify(
        kind=kind,
        occasion=occasion(event),
        recipients=members(request.partner_id, ANSWERING),
        facts={"group": request.blood_group, "units": request.units, "units_left": request.units_left},
        subject=Subject("request", request.id),
    )


def _need(request: RequestFacts) -> dict[str, str | dt.datetime]:
    return {
        "group": request.blood_group,
        "gift": donation_type_for(request.component),
        "needed_by": request.needed_by,
    }
