"""Forgetting a person: who it was goes at once; what was given stays, with nobody's name."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid

from django.contrib.auth.hashers import make_password

from common import clock, outbox, sessions
from common.db import command, lock
from users import personal_data
from users.errors import PasswordWrong
from users.models import Deferral, Donor, OtpChallenge, PastDonation, SecondFactor, Session, User, VisitAnswers
from users.selectors import get_user
from users.services.consents import end, end_assurances, end_attestations, hold_person
from users.services.documents import forget_documents
from users.states import STANDING_PURPOSES, AssuranceLevel


def erase(*, user_id: uuid.UUID, password: str) -> dt.datetime:
    """Make the account nobody's, for good, and sign every device out; return when.

    Raises: NotFound, PasswordWrong, AccountErased, and what another app has against it, such as an open promise
    """
    user = get_user(user_id)
    if not user.check_password(password):  # slow on purpose, so before any lock
        raise PasswordWrong
    return _erase(user_id=user_id, phone=user.phone, proven_hash=user.password)


@command
def _erase(*, user_id: uuid.UUID, phone: str, proven_hash: str) -> dt.datetime:
    """Locks: the challenges of the number, the person, the attestations, the donor, the documents.

    Emits: account.erased
    """
    challenges = lock(OtpChallenge, OtpChallenge.objects.filter(phone=phone).values_list("pk", flat=True))
    user = hold_person(user_id)
    if user.password != proven_hash:
        raise PasswordWrong
    end_attestations(user)  # before the donor, as the order of locks has it
    donor = next(iter(lock(Donor, [user_id])), None)
    personal_data.refuse_unfinished(user_id)

    now = clock.now()
    OtpChallenge.objects.filter(pk__in=[challenge.pk for challenge in challenges]).delete()
    _be_nobody(user, now)
    end(user, *STANDING_PURPOSES)
    end_assurances(user, *AssuranceLevel)
    sessions.end_sessions(Session, account_id=user_id)
    Session.objects.filter(account_id=user_id).update(device="", address=None)
    if donor is not None:
        _keep_trace(donor)
    forget_documents(user)
    outbox.emit("account.erased", key=f"user:{user_id}", user=str(user_id))
    return now


def _be_nobody(user: User, now: dt.datetime) -> None:
    user.phone = f"+999{secrets.randbelow(10**12):012d}"
    user.name = user.email = user.city = ""
    user.email_verified_at = user.email_refused_at = None
    user.lat = user.lng = user.located_at = None
    user.password = make_password(None)
    user.is_active = user.is_staff = user.is_superuser = False
    user.erased_at = now
    user.save()
    SecondFactor.objects.filter(user=user).delete()
    user.groups.clear()
    user.user_permissions.clear()


def _keep_trace(donor: Donor) -> None:
    """Keep what a look-back needs: group, sex, year of birth, verified donations, and what partners have found."""
    VisitAnswers.objects.filter(donor=donor, is_record=False).delete()
    Deferral.objects.filter(donor=donor, recorded_by=None).delete()
    PastDonation.objects.filter(donor=donor, donation_id=None).delete()
    donor.available = donor.on_leaderboard = False
    donor.date_of_birth = donor.date_of_birth.replace(month=1, day=1)
    donor.weight_kg = donor.lat = donor.lng = None
    donor.save()
