"""The end of what stays after an erasure: five years on nothing asks for it any more."""

from __future__ import annotations

import datetime as dt
import logging
import uuid

from django.db.models import ProtectedError

from common import clock, live
from common.db import command, lock, lock_one
from users import personal_data
from users.models import Consent, Donor, IdentityAssurance, IdentityAttestation, ScoreEntry, User
from users.selectors import erased_before

KEEP_TRACE = dt.timedelta(days=5 * 366)  # at least five years, as the law asks of blood centres
log = logging.getLogger(__name__)


def delete_old_traces(
    *, after: uuid.UUID | None, limit: int, keep: dt.timedelta = KEEP_TRACE
) -> tuple[int, uuid.UUID | None]:
    """Delete the next accounts that were erased long ago, with all that was kept of them.

    Return how many went and the last one looked at, none when no more are due. One that some table still holds on to
    stays, and is said in the log.
    """
    due = erased_before(clock.now() - keep, after=after, limit=limit)
    gone = 0
    for user_id in due:
        try:
            _delete_trace(user_id=user_id)
            gone += 1
        except ProtectedError as exc:
            held_by = sorted({row._meta.label for row in exc.protected_objects})
            log.error("an erased account cannot be deleted", extra={"held_by": held_by})
    return gone, due[-1] if due else None


@command
def _delete_trace(*, user_id: uuid.UUID) -> None:
    """Locks: the person, the donor."""
    lock_one(User, user_id)
    lock(Donor, [user_id])
    personal_data.delete_traces(user_id)
    ScoreEntry.objects.filter(donor_id=user_id).delete()
    IdentityAttestation.objects.filter(user_id=user_id).delete()
    IdentityAssurance.objects.filter(user_id=user_id).delete()
    Consent.objects.filter(user_id=user_id).delete()
    live.forget(user_id)
    User.objects.filter(pk=user_id).delete()
