"""A family hears of every step of its request, the hospital of the family: no name and no diagnosis in any text."""

from __future__ import annotations

from typing import Final

from common.models import OutboxEvent
from common.outbox import on
from notifications.handlers.addressing import ANSWERING, KEEPING, id_in, members, occasion, people
from notifications.kinds import Kind
from notifications.services import Subject, notify
from notifications.templates import Fact, Word
from partners import selectors as partners
from requests_app import selectors as requests
from requests_app.selectors import FamilyFacts
from requests_app.states import FamilyStatus, SourceKind, SourceStatus, Urgency
from stock.compatibility import UNKNOWN

SERVING: Final = tuple({*ANSWERING, *KEEPING})
# The steps that a family is told of; the others it sees in the app.
STEPS: Final = {
    (SourceKind.STOCK, SourceStatus.RESERVED): Kind.FAMILY_RESERVED,
    (SourceKind.STOCK, SourceStatus.LAPSED): Kind.FAMILY_UNANSWERED,
    (SourceKind.TRANSFER, SourceStatus.ON_THE_WAY): Kind.FAMILY_TRANSFER,
    (SourceKind.TRANSFER, SourceStatus.RESERVED): Kind.FAMILY_ARRIVED,
    (SourceKind.DONORS, SourceStatus.ASKED): Kind.FAMILY_DONORS,
}


@on("family.asked")
def tell_hospital(event: OutboxEvent) -> None:
    _tell_hospital(event, Kind.FAMILY_ASKS)


@on("family.source_changed")
def tell_step(event: OutboxEvent) -> None:
    kind = STEPS.get((SourceKind(event.payload["kind"]), SourceStatus(event.payload["status"])))
    if kind is not None:
        request = requests.family_facts(id_in(event, "attender_request"))
        until = requests.source_until(id_in(event, "step")) or request.needed_by
        if kind is Kind.FAMILY_RESERVED and request.status == FamilyStatus.CONFIRMED:
            kind = Kind.FAMILY_KEPT
        _tell_family(event, kind, request, units=event.payload["units"], until=until)


@on("family.exhausted")
def tell_exhausted(event: OutboxEvent) -> None:
    """The family may have to look elsewhere; to wait for nothing would cost it the time."""
    request = requests.family_facts(id_in(event, "attender_request"))
    _tell_family(event, Kind.FAMILY_EXHAUSTED, request, missing=event.payload["units"])


@on("family.confirmed")
def tell_confirmed(event: OutboxEvent) -> None:
    _tell_family(event, Kind.FAMILY_CONFIRMED, requests.family_facts(id_in(event, "attender_request")))


@on("family.served")
def tell_served(event: OutboxEvent) -> None:
    request = requests.family_facts(id_in(event, "attender_request"))
    _tell_family(event, Kind.FAMILY_SERVED, request, given=event.payload["given"])


@on("family.fulfilled")
def tell_fulfilled(event: OutboxEvent) -> None:
    _tell_family(event, Kind.FAMILY_FULFILLED, requests.family_facts(id_in(event, "attender_request")))


@on("family.refused")
def tell_refused(event: OutboxEvent) -> None:
    """The reason stands in the app: a text message is read by others too."""
    _tell_family(event, Kind.FAMILY_REFUSED, requests.family_facts(id_in(event, "attender_request")))


@on("family.expired")
def tell_expired(event: OutboxEvent) -> None:
    request = requests.family_facts(id_in(event, "attender_request"))
    _tell_family(event, Kind.FAMILY_EXPIRED, request, given=request.units_given)


@on("family.cancelled")
def tell_cancelled(event: OutboxEvent) -> None:
    _tell_family(event, Kind.FAMILY_CANCELLED, requests.family_facts(id_in(event, "attender_request")))
    _tell_hospital(event, Kind.FAMILY_WITHDRAWN)


def _tell_family(event: OutboxEvent, kind: Kind, request: FamilyFacts, **facts: Fact) -> None:
    notify(
        kind=kind,
        occasion=occasion(event),
        recipients=people([] if request.requester_id is None else [request.requester_id]),
        facts={**_need(request), **facts},
        subject=Subject("attender_request", request.id),
        is_critical=request.urgency is Urgency.CRITICAL,
    )


def _tell_hospital(event: OutboxEvent, kind: Kind) -> None:
    request = requests.family_facts(id_in(event, "attender_request"))
    notify(
        kind=kind,
        occasion=occasion(event),
        recipients=members(request.partner_id, SERVING),
        facts=_need(request),
        subject=Subject("attender_request", request.id),
        valid_until=request.needed_by if kind is Kind.FAMILY_ASKS else None,
        is_critical=request.urgency is Urgency.CRITICAL,
    )


def _need(request: FamilyFacts) -> dict[str, Fact]:
    return {
        "partner": partners.card(request.partner_id).name,
        "group": Word.UNKNOWN_GROUP if request.blood_group == UNKNOWN else request.blood_group,
        "wanted": request.units,
        "needed_by": request.needed_by,
    }
