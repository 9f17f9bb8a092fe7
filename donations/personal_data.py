"""What this app holds of a person."""

from __future__ import annotations

import uuid

from donations import selectors
from donations.services.forgetting import delete_traces
from users.personal_data import Holding, Rows, hold, leaves_traces

YOU = "You and the administrators."
FIELDS = (
    "id",
    "assignment_id",
    "enrolment_id",
    "partner_id",
    "donation_type",
    "blood_group",
    "volume_ml",
    "donated_at",
)
MEASURED = ("consent", "haemoglobin_g_dl", "weight_kg", "systolic_mmhg", "diastolic_mmhg", "pulse_bpm", "temperature_c")


def donations(user_id: uuid.UUID) -> Rows:
    return list(selectors.donations_of_donor(user_id).order_by("pk").values(*FIELDS, *MEASURED))


def certificates(user_id: uuid.UUID) -> Rows:
    rows = selectors.donations_of_donor(user_id).filter(certificate__isnull=False).order_by("pk")
    return [{"donation_id": row.pk, "number": row.certificate.number} for row in rows.select_related("certificate")]


def follow_ups(user_id: uuid.UUID) -> Rows:
    invitations = selectors.invitations_of_donor(user_id).order_by("pk")
    reminders = selectors.reminders_of_donor(user_id).order_by("pk")
    camps = selectors.camp_invites_of_donor(user_id).order_by("pk")
    return [
        *invitations.values("assignment_id", "enrolment_id", "status", "due_on", "created_at", "ended_at"),
        *reminders.values("assignment_id", "hours", "created_at"),
        *camps.values("camp_id", "created_at"),
    ]


def ratings(user_id: uuid.UUID) -> Rows:
    rows = selectors.ratings_by_donor(user_id).order_by("pk")
    return list(rows.values("id", "assignment_id", "stars", "comment", "created_at"))


def enrolments(user_id: uuid.UUID) -> Rows:
    rows = selectors.enrolments_of_donor(user_id).order_by("pk")
    return list(rows.values("id", "camp_id", "status", "enrolled_at", "checked_in_at", "ended_at"))


def family_ratings(user_id: uuid.UUID) -> Rows:
    rows = selectors.ratings_by_family(user_id).order_by("pk")
    return list(rows.values("id", "attender_request_id", "stars", "comment", "created_at"))


hold(
    Holding(
        "donations",
        "To trace blood from the person who gave it to the person who got it, and back.",
        "The partner where you gave.",
        "At least five years.",
        "With no name. The law asks blood centres for records of at least five years.",
        donations,
    )
)
hold(
    Holding(
        "ratings",
        "To tell partners what a visit was like.",
        "The partner that was visited.",
        "As long as the account.",
        "The stars, without words or name.",
        ratings,
    )
)
hold(
    Holding(
        "enrolments",
        "To keep you a place in a camp, and to know that you came.",
        "The partner that holds the camp.",
        "As long as the account.",
        "With no name: donations are traced through them, which the law asks for at least five years.",
        enrolments,
    )
)
leaves_traces(delete_traces)
hold(
    Holding(
        "family_ratings",
        "To tell hospitals how they served your request.",
        "The partner that served it.",
        "As long as the account.",
        "The stars, without words or name.",
        family_ratings,
    )
)
hold(
    Holding(
        "certificates",
        "To show that a certificate in somebody's hands is genuine.",
        "Whoever you show one to: the day, the place, and your initials.",
        "As long as the donation.",
        "Without initials.",
        certificates,
    )
)
hold(
    Holding(
        "follow_ups",
        "To remind you of a promise, to ask you again when you may give, and to tell you of a camp nearby, once each.",
        YOU,
        "As long as the promise, or the place in a camp; of which camps you were told, until a week after each.",
        "That something was sent or dropped, with no name; nothing of camps that you were told of.",
        follow_ups,
    )
)
