"""The certificate of a donation."""

from __future__ import annotations

import uuid

from django.db.models import QuerySet

from common.db import command
from common.errors import NotFound
from common.public_id import new_public_id
from common.secret_codes import new_token
from donations.models import Certificate, Donation

PREFIX = "DC"
CODE_BYTES = 16


@command
def certify_for_donor(*, donation_id: uuid.UUID, donor_id: uuid.UUID) -> None:
    """Make sure that the donor's donation has its certificate: one, whoever asks at once. Raises: NotFound"""
    _certify(Donation.objects.filter(donor_id=donor_id), donation_id)


@command
def certify_for_partner(*, donation_id: uuid.UUID, partner_id: uuid.UUID) -> None:
    """Make sure that the partner's donation has its certificate: one, whoever asks at once. Raises: NotFound"""
    _certify(Donation.objects.filter(partner_id=partner_id), donation_id)


def _certify(mine: QuerySet[Donation], donation_id: uuid.UUID) -> None:
    if not mine.filter(pk=donation_id).exists():
        raise NotFound
    fresh = {"number": new_public_id(PREFIX), "code": new_token(CODE_BYTES)}
    Certificate.objects.get_or_create(donation_id=donation_id, defaults=fresh)
