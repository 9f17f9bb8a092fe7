"""What time does to referrals and prescriptions, in bounded batches over what an index says is due."""

from __future__ import annotations

from typing import Final

from appointments.selectors import records
from appointments.services import prescribing, referring
from common import clock
from common.sweeps import act_on_each

BATCH: Final = 200


def lapse_referrals() -> int:
    """Close the referrals that nobody has answered in time; return how many."""
    now = clock.now()
    return act_on_each(
        lambda: records.due_referrals(now, limit=BATCH), lambda pk: referring.lapse_if_due(referral_id=pk)
    )


def prune_prescription_drafts() -> int:
    """Delete prescriptions that nobody has signed for a month; return how many."""
    return prescribing.prune_drafts(clock.now())
