"""What a donation that must not be used means for its donor."""

from __future__ import annotations

import uuid
from typing import Final

from common.db import step
from donations.models import Donation
from users.services import donors

# The donor learns to ask the centre, and nothing of the test.
CODE: Final = "centre_permanent"


@step
def defer_donor_of(*, din: str, partner_id: uuid.UUID) -> None:
    """Defer the donor of a number for good; a number without a donation here changes nothing.

    Locks: the donor.
    """
    donor_id = Donation.objects.filter(unit__din=din).values_list("donor_id", flat=True).first()
    if donor_id is None:
        return
    donors.record_deferral(donors.hold_donor(donor_id=donor_id), code=CODE, partner_id=partner_id)
