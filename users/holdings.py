"""What this app holds of a person."""

from __future__ import annotations

import json
import uuid

from users.fitness import shown_code
from users.models import (
    Consent,
    Deferral,
    Document,
    Donor,
    IdentityAssurance,
    IdentityAttestation,
    PastDonation,
    ScoreEntry,
    SecondFactorEvent,
    Session,
    User,
    VisitAnswers,
)
from users.personal_data import Holding, Rows, hold

YOU = "You and the administrators."
TRACE = "The law asks blood centres for records of at least five years."
ACCOUNT = (
    "id",
    "public_id",
    "phone",
    "name",
    "email",
    "email_verified_at",
    "email_refused_at",
    "language",
    "zone",
    "city",
    "lat",
    "lng",
    "located_at",
)
DONOR = ("blood_group", "group_confirmed_at", "sex", "date_of_birth", "weight_kg", "available", "on_leaderboard")
STANDING = ("score", "verified_donations", "strikes", "locked_until", "created_at", "updated_at")
EVIDENCE = ("id", "level", "method", "last4", "provider", "transaction_id", "subject_digest", "reference_sha256")


def account(user_id: uuid.UUID) -> Rows:
    return list(User.objects.filter(pk=user_id).values(*ACCOUNT, "created_at"))


def devices(user_id: uuid.UUID) -> Rows:
    rows = Session.objects.filter(account_id=user_id).order_by("pk")
    return list(rows.values("id", "device", "address", "created_at", "last_used_at", "expires_at", "ended_at"))


def donor_profile(user_id: uuid.UUID) -> Rows:
    return list(Donor.objects.filter(pk=user_id).values(*DONOR, *STANDING))


def deferrals(user_id: uuid.UUID) -> Rows:
    """What is private stays a matter of the centre in the copy too: a file is read by others."""
    rows = Deferral.objects.filter(donor_id=user_id).order_by("pk")
    found = rows.values("id", "code", "occurred_on", "resolved_on", "recorded_by", "created_at")
    return [{**row, "code": shown_code(row["code"])} for row in found]


def past_donations(user_id: uuid.UUID) -> Rows:
    rows = PastDonation.objects.filter(donor_id=user_id).order_by("donated_on", "pk")
    return list(rows.values("donation_type", "donated_on", "donation_id"))


def score_entries(user_id: uuid.UUID) -> Rows:
    rows = ScoreEntry.objects.filter(donor_id=user_id).order_by("pk")
    return list(rows.values("delta", "reason", "assignment_id", "created_at"))


def consents(user_id: uuid.UUID) -> Rows:
    rows = Consent.objects.filter(user_id=user_id).order_by("pk")
    fields = ("notice__purpose", "notice__version", "notice__language", "granted_at", "withdrawn_at")
    names = [field.removeprefix("notice__") for field in fields]
    return [dict(zip(names, row, strict=True)) for row in rows.values_list(*fields)]


def assurances(user_id: uuid.UUID) -> Rows:
    rows = IdentityAssurance.objects.filter(user_id=user_id).order_by("pk")
    return list(rows.values(*EVIDENCE, "certificate_sha256", "created_at", "ended_at"))


def attestations(user_id: uuid.UUID) -> Rows:
    rows = IdentityAttestation.objects.filter(user_id=user_id).order_by("pk")
    return list(rows.values("id", "provider", "status", "failure", "created_at", "closed_at"))


def visit_answers(user_id: uuid.UUID) -> Rows:
    rows = VisitAnswers.objects.filter(donor_id=user_id).order_by("pk")
    fields = ("assignment_id", "version", "answered_at", "keep_until")
    return [
        {**{name: getattr(row, name) for name in fields}, "answers": json.loads(row.answers or "[]")} for row in rows
    ]


def second_factor(user_id: uuid.UUID) -> Rows:
    rows = SecondFactorEvent.objects.filter(user_id=user_id).order_by("pk")
    return list(rows.values("verb", "reason", "created_at"))


def documents(user_id: uuid.UUID) -> Rows:
    rows = Document.objects.filter(owner_id=user_id).order_by("pk")
    fields = ("name", "content_type", "size", "sha256")
    values = rows.values_list("id", "kind", "created_at", *(f"file__{field}" for field in fields))
    return [dict(zip(("id", "kind", "created_at", *fields), row, strict=True)) for row in values]


hold(Holding("account", "To know who you are here, and to reach you.", YOU, "As long as the account.", "", account))
hold(
    Holding(
        "devices",
        "To keep you signed in, and to show you where you are.",
        YOU,
        "Thirty days after a device signed out.",
        "",
        devices,
    )
)
hold(
    Holding(
        "donor_profile",
        "To ask you when your blood can help.",
        "Partners whose request you accept; on the leaderboard everybody, if you agreed.",
        "As long as the account.",
        f"Blood group, sex, year of birth and score, with no name. {TRACE}",
        donor_profile,
    )
)
hold(
    Holding(
        "deferrals",
        "To know when you may give.",
        "The partner that recorded one.",
        "As long as the account.",
        f"Those that a partner recorded, with no name. {TRACE}",
        deferrals,
    )
)
hold(
    Holding(
        "past_donations",
        "To count the days until you may give again.",
        YOU,
        "As long as the account.",
        f"Those that a partner verified, with no name. {TRACE}",
        past_donations,
    )
)
hold(
    Holding(
        "score",
        "To explain your score.",
        "Partners whose request you accept see the sum.",
        "As long as the account.",
        f"The lines, with no name: they belong to visits. {TRACE}",
        score_entries,
    )
)
hold(
    Holding(
        "visit_answers",
        "So that the centre you visit can decide whether you may give.",
        "The partner of the visit, while you are there.",
        "Thirty days; five years when you gave or were deferred.",
        f"Those of visits at which you gave or were deferred, with no name. {TRACE}",
        visit_answers,
    )
)
hold(
    Holding(
        "consents",
        "To prove what you agreed to.",
        YOU,
        "As long as the account.",
        "What was agreed to and withdrawn when, with no name, as proof.",
        consents,
    )
)
hold(
    Holding(
        "identity",
        "To say how sure it is who you are.",
        YOU,
        "Until you withdraw the consent; then without the digits.",
        "That a level was reached and ended, without digits or name, so that no file counts twice.",
        assurances,
    )
)
hold(
    Holding(
        "identity_attestations",
        "To ask a licensed provider who you are, and not to pay twice for it.",
        "The provider, which was given your number and name.",
        "A month.",
        "How the dialogues ended, for a month.",
        attestations,
    )
)
hold(
    Holding(
        "documents",
        "To show hospitals what your request rests on; the files themselves are behind `/me/documents`.",
        "Whoever decides about what you attached one to, until that is over.",
        "Until you delete them.",
        "",
        documents,
    )
)
hold(
    Holding(
        "second_factor",
        "Of administrators: to know that it is you who signs in, and how that was set up.",
        "Superusers.",
        "As long as the account.",
        "That it was set up and reset, with no name, to prove who administered.",
        second_factor,
    )
)
