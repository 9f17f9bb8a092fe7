"""Who reads what of a patient and why; the states of notes, prescriptions and referrals between doctors."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Scope(StrEnum):
    """What of a patient is read, or may be."""

    PROFILE = "profile"
    RECORDS = "records"  # notes of visits and prescriptions
    FILES = "files"
    OBSERVATIONS = "observations"


EVERY_SCOPE: Final = "all"  # in requests alone; kept as the list of what it means today


class Ground(StrEnum):
    """Why somebody may read. The first that holds is the one that is written down."""

    OWN = "own"
    AUTHOR = "author"  # what the doctor has written, which the law has him keep
    TREATING = "treating"
    GRANT = "grant"
    REFERRAL = "referral"
    EMERGENCY = "emergency"


class GrantOrigin(StrEnum):
    PATIENT = "patient"
    REFERRAL = "referral"
    EMERGENCY = "emergency"


GROUND_OF: Final = {
    GrantOrigin.PATIENT: Ground.GRANT,
    GrantOrigin.REFERRAL: Ground.REFERRAL,
    GrantOrigin.EMERGENCY: Ground.EMERGENCY,
}
LOGGED_GROUNDS: Final = tuple(ground for ground in Ground if ground is not Ground.OWN)


class NoteStatus(StrEnum):
    DRAFT = "draft"
    SIGNED = "signed"


NOTE_TRANSITIONS: Final = {(NoteStatus.DRAFT, "sign"): NoteStatus.SIGNED}


class PrescriptionStatus(StrEnum):
    DRAFT = "draft"
    SIGNED = "signed"
    REVOKED = "revoked"


PRESCRIPTION_TRANSITIONS: Final = {
    (PrescriptionStatus.DRAFT, "sign"): PrescriptionStatus.SIGNED,
    (PrescriptionStatus.SIGNED, "revoke"): PrescriptionStatus.REVOKED,
}
ISSUED: Final = (PrescriptionStatus.SIGNED, PrescriptionStatus.REVOKED)


class DrugList(StrEnum):
    """The lists of the Telemedicine Practice Guidelines 2020, §3.7.4; what is prohibited is in none of them."""

    O = "o"  # noqa: E741 - its name; over the counter, by every mode
    A = "a"  # at a first consult by video, and again
    B = "b"  # at a follow-up alone


class ReferralStatus(StrEnum):
    ASKED = "asked"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    OBJECTED = "objected"  # by the patient
    WITHDRAWN = "withdrawn"
    ENDED = "ended"
    LAPSED = "lapsed"


REFERRAL_TRANSITIONS: Final = {
    (ReferralStatus.ASKED, "accept"): ReferralStatus.ACCEPTED,
    (ReferralStatus.ASKED, "decline"): ReferralStatus.DECLINED,
    (ReferralStatus.ASKED, "withdraw"): ReferralStatus.WITHDRAWN,
    (ReferralStatus.ASKED, "object"): ReferralStatus.OBJECTED,
    (ReferralStatus.ASKED, "lapse"): ReferralStatus.LAPSED,
    (ReferralStatus.ACCEPTED, "object"): ReferralStatus.OBJECTED,
    (ReferralStatus.ACCEPTED, "end"): ReferralStatus.ENDED,
}


class ReferralUrgency(StrEnum):
    ROUTINE = "routine"
    URGENT = "urgent"
    EMERGENCY = "emergency"
