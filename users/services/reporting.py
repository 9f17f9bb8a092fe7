"""What a donor lets a report say about giving blood."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Final

from common import clock
from common.blood import DonationType
from common.db import step
from users.fitness import assess_donor
from users.models import Deferral
from users.services.donors import hold_donor, refresh_window

LOW_HAEMOGLOBIN: Final = "low_haemoglobin"  # the rule's code: it says for how long
GATE: Final = "haemoglobin_min"


@step
def take_haemoglobin(*, donor_id: uuid.UUID, g_dl: Decimal, measured_on: dt.date) -> bool:
    """Take a haemoglobin that the donor shares: too low a one is a reason not to give, of that day.

    One that suffices takes back what an earlier one said, and what a partner found stays. The centre measures again
    whatever this says. Returns whether it suffices for whole blood.

    Locks: the donor.      Raises: NotADonor
    """
    donor = hold_donor(donor_id=donor_id)
    today = clock.today(donor.user.zone)
    found = assess_donor(donor, donation_type=DonationType.WHOLE_BLOOD, on=today, measured={"haemoglobin_g_dl": g_dl})
    suffices = GATE not in {reason.code for reason in found.reasons}
    shared = Deferral.objects.filter(donor=donor, code=LOW_HAEMOGLOBIN, recorded_by=None)
    if suffices:
        shared.filter(occurred_on__lte=measured_on).delete()
    else:
        Deferral.objects.get_or_create(donor=donor, code=LOW_HAEMOGLOBIN, occurred_on=measured_on)
    refresh_window(donor)
    return suffices
