"""Short words for what the tests of donations do over and over."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from common.blood import DonationType
from donations.models import Donation
from donations.services.verifying import verify_donation
from requests_app.services.promises import Promise
from tests.factories import make_arrived


def verify(promise: Promise | None = None, **values: Any) -> Donation:
    """Verify the promise's donation, with values that nobody would object to."""
    given = promise or make_arrived()
    request = given.assignment.request
    defaults = {
        "donation_type": DonationType.WHOLE_BLOOD,
        "volume_ml": 350,
        "haemoglobin_g_dl": Decimal("13.4"),
    }
    return verify_donation(
        assignment_id=given.assignment.pk,
        partner_id=request.partner_id,
        member_id=request.posted_by_id,
        **{**defaults, **values},
    )
