"""Donors: the profile, deferrals, the reliability score, and whether somebody may give."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import F, prefetch_related_objects

from common import clock, outbox
from common.blood import BloodGroup, DonationType
from common.db import command, lock, lock_free, step
from users.eligibility.engine import Eligibility
from users.eligibility.rules import normalise_code
from users.errors import (
    AccountLocked,
    BloodGroupConfirmed,
    DeferralRecorded,
    DeferralUnknown,
    DonorNotEligible,
    InTheFuture,
    NotADonor,
    PauseUntilInvalid,
    ResolvedOnInvalid,
)
from users.fitness import (
    assess_donor,
    assess_donors,
    declarable,
    jurisdiction_of,
    recordable,
    rules_fingerprints,
    windows_of,
)
from users.models import Deferral, Donor, PastDonation, ScoreEntry
from users.services.consents import agree_unless_withdrawn, hold_person
from users.states import ConsentPurpose, ScoreReason

POINTS = {ScoreReason.DONATED: 10, ScoreReason.CANCELLED: -10, ScoreReason.MISSED: -10}  # design §5 «Reliability»
STRIKES_TO_LOCK = 3
LOCK_PERIOD = dt.timedelta(days=30)
WINDOWS = ("whole_blood_from", "whole_blood_until", "apheresis_from", "apheresis_until", "window_rules")
GIVEN = ("verified_donations", "score", "blood_group", "group_confirmed_at", "group_confirmed_by", "updated_at")


@dataclass(frozen=True)
class Visited:
    """A held donor and what was measured, by the names that the rules know (users.eligibility.engine.Visit)."""

    donor: Donor
    measured: Mapping[str, Any]


@dataclass(frozen=True)
class Gift:
    """A verified donation of a held donor. `promise_id`: the assignment, or the place in a camp, that was kept."""

    donor: Donor
    donation_id: uuid.UUID
    promise_id: uuid.UUID
    donation_type: DonationType
    donated_on: dt.date
    red_cells_lost: bool = False
    confirmed_group: BloodGroup | None = None


@command
def save_donor(
    *,
    user_id: uuid.UUID,
    values: Mapping[str, Any],
    last_donated_on: dt.date | None = None,
    notice_version: int | None = None,
) -> Donor:
    """Create or change the donor profile; a blood group that a partner has confirmed stays as it is.

    Who wants to be asked agrees to the notice of `donor_matching`, of the version that was read where that is known.

    Locks: the person, the donor.
    Raises: NotFound, AccountErased, ConsentWithdrawn, NoticeOutdated, BloodGroupConfirmed, InTheFuture
    """
    user = hold_person(user_id)
    donor = next(iter(lock(Donor, [user_id])), None)
    if donor is None:
        donor = Donor(user=user, lat=user.lat, lng=user.lng)
    elif donor.group_confirmed_at is not None and values["blood_group"] != donor.blood_group:
        raise BloodGroupConfirmed(blood_group=donor.blood_group)
    for field, value in values.items():
        setattr(donor, field, value)
    if donor.available:
        agree_unless_withdrawn(user, ConsentPurpose.DONOR_MATCHING, notice_version=notice_version)
    today = clock.today(user.zone)
    if donor.date_of_birth >= today:
        raise InTheFuture(pointer="/date_of_birth")
    donor.save()
    if last_donated_on is not None:
        _declare_donation(donor, last_donated_on, today)
    refresh_window(donor)
    return donor


@command
def declare_deferral(
    *, user_id: uuid.UUID, code: str, occurred_on: dt.date, resolved_on: dt.date | None = None
) -> Deferral:
    """Note a reason not to give that the person knows of; saying it again changes only when it was over.

    What a partner has found stays as the partner wrote it.

    Locks: the donor.      Emits: donor.deferred
    Raises: NotADonor, DeferralUnknown, InTheFuture, ResolvedOnInvalid, DeferralRecorded
    """
    donor = hold_donor(donor_id=user_id)
    today = clock.today(donor.user.zone)
    known = normalise_code(code)
    if known not in declarable(today, jurisdiction_of(donor.user.phone)):
        raise DeferralUnknown
    if occurred_on > today:
        raise InTheFuture(pointer="/occurred_on")
    if resolved_on is not None and not occurred_on <= resolved_on <= today:
        raise ResolvedOnInvalid
    deferral, _ = Deferral.objects.get_or_create(donor=donor, code=known, occurred_on=occurred_on)
    if deferral.resolved_on != resolved_on:
        if deferral.recorded_by is not None:
            raise DeferralRecorded
        deferral.resolved_on = resolved_on
        deferral.save(update_fields=["resolved_on"])
    _follow_from_deferral(donor)
    return deferral


@step
def hold_donor(*, donor_id: uuid.UUID) -> Donor:
    """Lock a donor, so that nothing else decides about him meanwhile. Raises: NotADonor."""
    donor = next(iter(lock(Donor, [donor_id])), None)
    if donor is None:
        raise NotADonor
    return donor


@step
def hold_donors(donor_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Donor]:
    """Lock several donors, with their people loaded. Raises: NotADonor when one is none."""
    wanted = set(donor_ids)
    found = lock(Donor, wanted)
    if len(found) < len(wanted):
        raise NotADonor
    prefetch_related_objects(found, "user")
    return {donor.pk: donor for donor in found}


@step
def refuse_unfit(
    donor: Donor,
    *,
    donation_type: DonationType,
    zone: str,
    measured: Mapping[str, Any] | None = None,
    on: dt.date | None = None,
) -> None:
    """Ask the rules again, for today in the zone unless for another day.

    Raises: AccountLocked, DonorNotEligible with the reasons
    """
    if donor.is_locked(clock.now()):
        raise AccountLocked(locked_until=donor.locked_until.isoformat() if donor.locked_until else None)
    refuse_ineligible(donor, donation_type=donation_type, zone=zone, measured=measured, on=on)


@step
def refuse_ineligible(
    donor: Donor,
    *,
    donation_type: DonationType,
    zone: str,
    measured: Mapping[str, Any] | None = None,
    on: dt.date | None = None,
) -> None:
    """Raises: DonorNotEligible with the reasons."""
    found = assess_donor(donor, donation_type=donation_type, on=on or clock.today(zone), measured=measured)
    if not found.eligible:
        raise DonorNotEligible(**_facts(found))


@step
def refuse_ineligible_visits(visits: Mapping[str, Visited], *, donation_type: DonationType, on: dt.date) -> None:
    """Ask the rules of many visits of one day; `visits` are named by what a refusal points at.

    Raises: DonorNotEligible, with the reasons of each that may not give
    """
    pointers, rows = list(visits), list(visits.values())
    answers = assess_donors(
        [visit.donor for visit in rows], donation_type=donation_type, on=on, measured=[visit.measured for visit in rows]
    )
    unfit = {pointer: found for pointer, found in zip(pointers, answers, strict=True) if not found.eligible}
    if unfit:
        raise DonorNotEligible(
            pointers=list(unfit), donors=[{"pointer": pointer, **_facts(found)} for pointer, found in unfit.items()]
        )


@step
def record_deferral(
    donor: Donor,
    *,
    code: str,
    partner_id: uuid.UUID,
    pause_until: dt.date | None = None,
    found_on: dt.date | None = None,
) -> None:
    """Note a reason found at a visit, today unless on another day, whatever was declared of it.

    The caller holds the donor. `pause_until` says when it will be over. A reason that only partners record and whose
    end nobody else could declare needs it.

    Emits: donor.deferred      Raises: DeferralUnknown, PauseUntilInvalid
    """
    day, known = found_on or clock.today(donor.user.zone), normalise_code(code)
    rule = recordable(day, jurisdiction_of(donor.user.phone)).get(known)
    if rule is None:
        raise DeferralUnknown
    endless = rule.until_resolved and not rule.declarable and pause_until is None
    if endless or (pause_until is not None and pause_until < day):
        raise PauseUntilInvalid
    found: dict[str, Any] = {"recorded_by": partner_id, "resolved_on": pause_until}
    Deferral.objects.update_or_create(donor=donor, code=known, occurred_on=day, defaults=found)
    _follow_from_deferral(donor)


def _follow_from_deferral(donor: Donor) -> None:
    refresh_window(donor)
    outbox.emit("donor.deferred", key=f"user:{donor.pk}", donor=str(donor.pk))


@step
def record_donation(
    donor: Donor,
    *,
    donation_id: uuid.UUID,
    assignment_id: uuid.UUID,
    donation_type: DonationType,
    donated_on: dt.date,
    red_cells_lost: bool,
    confirmed_group: BloodGroup | None,
    partner_id: uuid.UUID,
) -> None:
    """`record_donations` for the one that an assignment led to."""
    gift = Gift(
        donor=donor,
        donation_id=donation_id,
        promise_id=assignment_id,
        donation_type=donation_type,
        donated_on=donated_on,
        red_cells_lost=red_cells_lost,
        confirmed_group=confirmed_group,
    )
    record_donations([gift], partner_id=partner_id)


@step
def record_donations(gifts: Sequence[Gift], *, partner_id: uuid.UUID) -> None:
    """Write what verified donations mean for their donors: score, tag, next date, and a confirmed group.

    The caller holds the donors, and each gives once. As many statements for one as for many.
    """
    PastDonation.objects.bulk_create(
        PastDonation(
            donor=gift.donor,
            donation_type=gift.donation_type,
            donated_on=gift.donated_on,
            red_cells_lost=gift.red_cells_lost,
            donation_id=gift.donation_id,
        )
        for gift in gifts
    )
    now, delta = clock.now(), POINTS[ScoreReason.DONATED]
    ScoreEntry.objects.bulk_create(
        ScoreEntry(
            donor=gift.donor,
            delta=delta,
            reason=ScoreReason.DONATED,
            assignment_id=gift.promise_id,
            created_at=now,
        )
        for gift in gifts
    )
    donors = [gift.donor for gift in gifts]
    for gift in gifts:
        donor = gift.donor
        donor.verified_donations += 1
        donor.score += delta
        donor.updated_at = now
        if gift.confirmed_group is not None:
            donor.blood_group = gift.confirmed_group
            donor.group_confirmed_at, donor.group_confirmed_by = now, partner_id
    _write_windows(donors)
    Donor.objects.bulk_update(donors, [*GIVEN, *WINDOWS])


@step
def penalise(donor: Donor, *, reason: ScoreReason, assignment_id: uuid.UUID) -> None:
    """Count a broken promise; the third since the last lock locks the account. The caller holds the donor.

    Emits: donor.locked
    """
    _score(donor, reason=reason, assignment_id=assignment_id)
    donor.strikes += 1
    if donor.strikes >= STRIKES_TO_LOCK:
        donor.strikes = 0
        donor.locked_until = clock.now() + LOCK_PERIOD
        outbox.emit("donor.locked", key=f"user:{donor.pk}", donor=str(donor.pk))
    donor.save(update_fields=["strikes", "locked_until"])


@command
def unlock_due_donors(*, limit: int) -> int:
    """Unlock up to `limit` donors whose time is over and tell them; return how many.

    Emits: donor.unlocked
    """
    due = Donor.objects.filter(locked_until__lte=clock.now()).order_by("locked_until")
    donors = lock_free(due, limit=limit)
    Donor.objects.filter(pk__in=[donor.pk for donor in donors]).update(locked_until=None)
    outbox.emit_many("donor.unlocked", {f"user:{donor.pk}": {"donor": str(donor.pk)} for donor in donors})
    return len(donors)


@step
def refresh_window(donor: Donor) -> None:
    """Write down from and until when the donor may give, for matching."""
    _write_windows([donor])
    donor.save(update_fields=[*WINDOWS, "updated_at"])


@command
def refresh_stale_windows(*, after: uuid.UUID | None, limit: int) -> list[uuid.UUID]:
    """Work out the dates of up to `limit` donors again whose dates come from other rules than today's; return them.

    Goes by id, beginning behind `after`, and passes over those that somebody holds.
    Locks: the donors.
    """
    stale = Donor.objects.exclude(window_rules__in=rules_fingerprints(clock.today(settings.DEFAULT_ZONE)))
    if after is not None:
        stale = stale.filter(pk__gt=after)
    donors = lock_free(stale.select_related("user").order_by("pk"), limit=limit)
    _write_windows(donors)
    Donor.objects.bulk_update(donors, WINDOWS)
    return [donor.pk for donor in donors]


def _write_windows(donors: Sequence[Donor]) -> None:
    for donor, found in zip(donors, windows_of(donors), strict=True):
        donor.whole_blood_from, donor.whole_blood_until = found.whole_blood
        donor.apheresis_from, donor.apheresis_until = found.apheresis
        donor.window_rules = found.rules


def _declare_donation(donor: Donor, donated_on: dt.date, today: dt.date) -> None:
    if donated_on > today:
        raise InTheFuture(pointer="/last_donated_on")
    PastDonation.objects.get_or_create(
        donor=donor, donation_type=DonationType.WHOLE_BLOOD, donated_on=donated_on, donation_id=None
    )


def _facts(found: Eligibility) -> dict[str, Any]:
    return {
        "next_eligible_on": found.next_eligible_on and found.next_eligible_on.isoformat(),
        "permanent": found.permanent,
        "provisional": found.provisional,
        "reasons": [
            {"code": why.code, "until": why.until and why.until.isoformat(), "message": why.message}
            for why in found.reasons
        ],
    }


def _score(donor: Donor, *, reason: ScoreReason, assignment_id: uuid.UUID) -> None:
    delta = POINTS[reason]
    ScoreEntry.objects.create(
        donor=donor, delta=delta, reason=reason, assignment_id=assignment_id, created_at=clock.now()
    )
    Donor.objects.filter(pk=donor.pk).update(score=F("score") + delta)
    donor.score += delta
