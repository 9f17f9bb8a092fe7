"""Complaints: made by one side of a visit about the other, decided by an administrator, told to whoever complained.

However many complain, nobody is suspended by counting: complaints of many people only ask an administrator to look.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.db.models import Q

from common import clock, outbox
from common.db import command, lock, lock_one, step
from common.errors import NotFound
from common.transitions import advance
from partners.errors import AnswerMissing
from partners.models import Complaint, ComplaintEvent, Partner
from partners.services import history
from partners.states import (
    COMPLAINT_TRANSITIONS,
    UNCLAIMED,
    ComplaintCategory,
    ComplaintStatus,
    PartnerStatus,
    SubjectKind,
)

FLAG_AFTER: Final = 5  # people with a complaint about one partner ...
FLAG_WITHIN: Final = dt.timedelta(days=30)  # ... in this time ask for a review; every account has a proven telephone


@dataclass(frozen=True)
class Grievance:
    """What is complained of. The subject is what its author says it is about."""

    category: ComplaintCategory
    text: str
    subject_kind: SubjectKind | None = None
    subject_id: uuid.UUID | None = None


@command
def complain_about_partner(*, person_id: uuid.UUID, partner_id: uuid.UUID, grievance: Grievance) -> Complaint:
    """Open a person's case about a partner that somebody speaks for; one at a time.

    Locks: the partner, so that two complaints at once count each other.
    Emits: complaint.opened, partner.flagged      Raises: NotFound, ComplaintOpen
    """
    partner = next(iter(lock(Partner, [partner_id])), None)
    if partner is None or PartnerStatus(partner.status) in UNCLAIMED:
        raise NotFound
    complaint = _open(grievance, by_person_id=person_id, about_partner=partner, actor=f"person {person_id}")
    _flag_if_many(partner)
    return complaint


@step
def complain_about_person(
    *, partner_id: uuid.UUID, member_id: uuid.UUID, person_id: uuid.UUID, grievance: Grievance
) -> Complaint:
    """Open a partner's case about a person; the caller has checked that the two met. Emits: complaint.opened

    Raises: ComplaintOpen
    """
    return _open(
        grievance,
        by_partner_id=partner_id,
        by_member_id=member_id,
        about_person_id=person_id,
        actor=f"member {member_id}",
    )


@command
def take(*, complaint_id: uuid.UUID, admin_id: uuid.UUID) -> Complaint:
    """An administrator takes a case. Locks: the case.      Raises: NotFound, IllegalTransition"""
    complaint = _advanced(complaint_id, "take")
    complaint.taken_by_id = admin_id
    return _saved(complaint, "take", actor=admin_actor(admin_id))


@command
def note(*, complaint_id: uuid.UUID, admin_id: uuid.UUID, text: str) -> Complaint:
    """Keep a note for administrators; the history keeps the earlier ones. Locks: the case.      Raises: NotFound"""
    complaint = lock_one(Complaint, complaint_id)
    complaint.note = text
    return _saved(complaint, "note", actor=admin_actor(admin_id), text=text)


@command
def answer(*, complaint_id: uuid.UUID, admin_id: uuid.UUID, text: str) -> Complaint:
    """Answer whoever complained. Locks: the case.      Emits: complaint.answered      Raises: NotFound"""
    complaint = lock_one(Complaint, complaint_id)
    complaint.answer, complaint.answered_at = text, clock.now()
    outbox.emit("complaint.answered", key=f"complaint:{complaint.pk}", complaint=str(complaint.pk))
    return _saved(complaint, "answer", actor=admin_actor(admin_id), text=text)


@command
def close(*, complaint_id: uuid.UUID, admin_id: uuid.UUID, verb: str) -> Complaint:
    """Resolve or dismiss a case that has been answered. Locks: the case.

    Raises: NotFound, IllegalTransition, AnswerMissing
    """
    complaint = _advanced(complaint_id, verb)
    if not complaint.answer:
        raise AnswerMissing
    return _saved(complaint, verb, actor=admin_actor(admin_id))


@command
def reopen(*, complaint_id: uuid.UUID, admin_id: uuid.UUID) -> Complaint:
    """Look at a closed case again. Locks: the case.      Raises: NotFound, IllegalTransition, ComplaintOpen"""
    return _saved(_advanced(complaint_id, "reopen"), "reopen", actor=admin_actor(admin_id))


@command
def unflag(*, partner_id: uuid.UUID, actor: str) -> Partner:
    """An administrator has reviewed the partner. Locks: the partner.      Raises: NotFound"""
    partner = lock_one(Partner, partner_id)
    if partner.flagged_at is not None:
        partner.flagged_at = None
        partner.save(update_fields=["flagged_at", "updated_at"])
        history.record(partner, "unflag", actor=actor)
    return partner


@step
def forget_words(*, person_id: uuid.UUID) -> None:
    """Keep of the cases by and about a forgotten person only that they were, and how they ended."""
    mine = Complaint.objects.filter(Q(by_person_id=person_id) | Q(about_person_id=person_id))
    ComplaintEvent.objects.filter(complaint__in=mine).update(text="")
    mine.update(text="", answer="", note="")


def admin_actor(admin_id: uuid.UUID) -> str:
    return f"admin {admin_id}"


@step
def _open(grievance: Grievance, *, actor: str, **sides: object) -> Complaint:
    complaint = Complaint.objects.create(
        category=grievance.category,
        text=grievance.text,
        subject_kind=grievance.subject_kind or "",
        subject_id=grievance.subject_id,
        **sides,
    )
    ComplaintEvent.objects.create(complaint=complaint, verb="open", actor=actor)
    outbox.emit("complaint.opened", key=f"complaint:{complaint.pk}", complaint=str(complaint.pk))
    return complaint


@step
def _flag_if_many(partner: Partner) -> None:
    """Ask for a review when many people complained lately and since the last one; the caller holds the partner."""
    if partner.flagged_at is not None:
        return
    now = clock.now()
    reviews = partner.events.filter(verb="unflag").order_by("-created_at").values_list("created_at", flat=True)
    since = max([now - FLAG_WITHIN, *reviews[:1]])
    lately: Iterable[uuid.UUID | None] = (
        Complaint.objects.filter(about_partner=partner, created_at__gt=since)
        .values_list("by_person_id", flat=True)
        .distinct()[:FLAG_AFTER]
    )
    if len(list(lately)) >= FLAG_AFTER:
        partner.flagged_at = now
        partner.save(update_fields=["flagged_at", "updated_at"])
        history.record(partner, "flag", actor="complaints")
        history.tell("partner.flagged", partner)


def _advanced(complaint_id: uuid.UUID, verb: str) -> Complaint:
    complaint = lock_one(Complaint, complaint_id)
    complaint.status = advance(COMPLAINT_TRANSITIONS, ComplaintStatus(complaint.status), verb)
    return complaint


@step
def _saved(complaint: Complaint, verb: str, *, actor: str, text: str = "") -> Complaint:
    complaint.save()
    ComplaintEvent.objects.create(complaint=complaint, verb=verb, actor=actor, text=text)
    return complaint
