"""People: accounts, one-time codes, donors, and the facts that decide whether and when a donor may give."""

from users.models.accounts import SEALED_CODE, OtpChallenge, Session, User
from users.models.consents import Consent, ConsentNotice
from users.models.documents import Document, DocumentUse
from users.models.donors import Deferral, Donor, EligibilityRule, PastDonation, ScoreEntry, VisitAnswers
from users.models.identities import CALL_LEASE, IdentityAssurance, IdentityAttestation
from users.models.second_factors import RecoveryCode, SecondFactor, SecondFactorEvent

__all__ = [
    "CALL_LEASE",
    "SEALED_CODE",
    "Consent",
    "ConsentNotice",
    "Deferral",
    "Document",
    "DocumentUse",
    "Donor",
    "EligibilityRule",
    "IdentityAssurance",
    "IdentityAttestation",
    "OtpChallenge",
    "PastDonation",
    "RecoveryCode",
    "ScoreEntry",
    "SecondFactor",
    "SecondFactorEvent",
    "Session",
    "User",
    "VisitAnswers",
]
