"""Camps: who may come, who comes, and who owes the report."""

from __future__ import annotations

import uuid

from common.models import OutboxEvent
from common.outbox import on
from donations import selectors as donations
from donations.selectors import CampFacts
from donations.states import CampStatus
from notifications.handlers.addressing import ANSWERING, id_in, members, people, person
from notifications.kinds import Kind
from notifications.services import Subject, notify, tapping
from notifications.states import TapMatter
from notifications.templates import Facts
from partners import selectors as partners
from users import selectors as users


@on("camp.donors_invited")
def tell_invited(event: OutboxEvent) -> None:
    """Tell each donor once of the camp, whatever is retried; nobody of one that is called off or over."""
    camp = donations.camp_facts(id_in(event, "camp"))
    if camp.status not in (CampStatus.SCHEDULED, CampStatus.ONGOING):
        return
    notify(
        kind=Kind.CAMP_NEARBY,
        occasion=f"camp:{camp.id}",
        recipients=people(uuid.UUID(donor) for donor in event.payload["donors"]),
        facts=_where_and_when(camp),
        subject=Subject("camp", camp.id),
        valid_until=camp.ends_at,
    )


@on("camp.reminder_due")
def tell_reminder(event: OutboxEvent) -> None:
    camp = donations.camp_facts(id_in(event, "camp"))
    if camp.status is not CampStatus.SCHEDULED:
        return
    contacts = users.contacts(donations.donors_expected_at(camp.id))
    links = tapping.issue(matter=TapMatter.CAMP, user_ids=contacts, subject_id=camp.id, expires_at=camp.starts_at)
    notify(
        kind=Kind.CAMP_REMINDER,
        occasion=f"camp-reminder:{camp.id}",
        recipients=[person(contact, link=links[contact.id]) for contact in contacts.values()],
        facts=_where_and_when(camp),
        subject=Subject("camp", camp.id),
        valid_until=camp.starts_at,
    )


@on("camp.cancelled")
def tell_cancelled(event: OutboxEvent) -> None:
    """Tell those who held a place; a suspended partner's reasons are nobody's business."""
    camp = donations.camp_facts(id_in(event, "camp"))
    notify(
        kind=Kind.CAMP_CANCELLED,
        occasion=f"camp-cancelled:{camp.id}",
        recipients=people(uuid.UUID(donor) for donor in event.payload["donors"]),
        facts=_where_and_when(camp),
        subject=Subject("camp", camp.id),
        valid_until=camp.ends_at,
        is_critical=True,
    )


@on("camp.finished")
def tell_report_due(event: OutboxEvent) -> None:
    camp = donations.camp_facts(id_in(event, "camp"))
    notify(
        kind=Kind.CAMP_REPORT_DUE,
        occasion=f"camp-report:{camp.id}",
        recipients=members(camp.partner_id, ANSWERING),
        facts={"place": camp.place_name},
        subject=Subject("camp", camp.id),
    )


def _where_and_when(camp: CampFacts) -> Facts:
    return {"partner": partners.card(camp.partner_id).name, "place": camp.place_name, "starts_at": camp.starts_at}
