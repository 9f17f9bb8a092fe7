"""What may be read of people, by themselves and by other apps."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import F, QuerySet, Window
from django.db.models.functions import Rank

from common.blood import BloodGroup, Sex
from common.crypto import decrypt
from common.errors import NotFound
from common.geo import Point
from users.errors import NotADonor
from users.models import SEALED_CODE, Deferral, Donor, OtpChallenge, ScoreEntry, User
from users.states import Purpose, Tag

LEADERS = 100


@dataclass(frozen=True)
class Contact:
    """How a person is reached."""

    id: uuid.UUID
    name: str
    phone: str
    language: str
    zone: str


@dataclass(frozen=True)
class CodeToSend:
    """What a message about a one-time code says. `kind` is code, account_exists or no_account."""

    phone: str
    language: str
    purpose: Purpose
    kind: str
    code: str
    expires_at: dt.datetime


@dataclass(frozen=True)
class DonorCard:
    """A donor as other apps may know him."""

    id: uuid.UUID
    public_id: str
    name: str
    phone: str
    blood_group: BloodGroup
    is_group_confirmed: bool
    sex: Sex
    tag: Tag
    score: int
    location: Point | None
    zone: str


def contacts(user_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Contact]:
    """Return how the active people among these are reached; one query."""
    rows = User.objects.filter(pk__in=list(user_ids), is_active=True)
    values = rows.values_list("pk", "name", "phone", "language", "zone")
    return {row[0]: Contact(*row) for row in values}


def code_to_send(challenge_id: uuid.UUID) -> CodeToSend | None:
    """Return what to tell the number about its challenge; None when there is nothing left to say."""
    challenge = OtpChallenge.objects.filter(pk=challenge_id, closed_at=None).first()
    if challenge is None or challenge.code_sealed is None:
        return None
    has_account = challenge.account_id is not None
    kind = "code"
    if challenge.purpose == Purpose.REGISTER and has_account:
        kind = "account_exists"
    elif challenge.purpose != Purpose.REGISTER and not has_account:
        kind = "no_account"
    code = decrypt(bytes(challenge.code_sealed), context=SEALED_CODE).decode() if kind == "code" else ""
    return CodeToSend(
        phone=challenge.phone,
        language=challenge.language,
        purpose=Purpose(challenge.purpose),
        kind=kind,
        code=code,
        expires_at=challenge.expires_at,
    )


def get_donor(user_id: uuid.UUID) -> Donor:
    """Raises: NotADonor."""
    donor = Donor.objects.select_related("user").filter(pk=user_id).first()
    if donor is None:
        raise NotADonor
    return donor


def donor_card(donor_id: uuid.UUID) -> DonorCard:
    """Raises: NotADonor."""
    donor = get_donor(donor_id)
    return DonorCard(
        id=donor.pk,
        public_id=donor.user.public_id,
        name=donor.user.name,
        phone=donor.user.phone,
        blood_group=BloodGroup(donor.blood_group),
        is_group_confirmed=donor.group_confirmed_at is not None,
        sex=Sex(donor.sex),
        tag=donor.tag,
        score=donor.score,
        location=donor.location,
        zone=donor.user.zone,
    )


def deferrals_of(user_id: uuid.UUID) -> QuerySet[Deferral]:
    return Deferral.objects.filter(donor_id=user_id)


def score_ledger(user_id: uuid.UUID) -> QuerySet[ScoreEntry]:
    """Return the lines that explain the donor's score, newest first."""
    return ScoreEntry.objects.filter(donor_id=user_id).order_by("-pk")


def leaderboard(*, city: str | None) -> QuerySet[Donor]:
    """Return the donors who agreed to be shown and have given, the most generous first, with their `rank`."""
    shown = Donor.objects.filter(on_leaderboard=True, verified_donations__gt=0, user__is_active=True)
    if city:
        shown = shown.filter(user__city__iexact=city)
    standing = Window(Rank(), order_by=[F("verified_donations").desc(), F("score").desc()])
    ordered = shown.order_by("-verified_donations", "-score", "user_id")
    return ordered.select_related("user").annotate(rank=standing)[:LEADERS]


def get_user(user_id: uuid.UUID) -> User:
    """Raises: NotFound."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotFound
    return user
