"""The small closed sets of the people's side."""

from enum import IntEnum, StrEnum
from typing import Final


class Purpose(StrEnum):
    """What a one-time code is for; a code of one purpose is worth nothing for another."""

    REGISTER = "register"
    LOGIN = "login"
    RESET_PASSWORD = "reset_password"  # noqa: S105
    PARTNER_RESET_PASSWORD = "partner_reset_password"  # noqa: S105


class SecondFactorVerb(StrEnum):
    """What is done to an administrator's second factor."""

    CONFIRMED = "confirmed"
    RECOVERED = "recovered"  # a recovery code opened the second step
    CODES_RENEWED = "codes_renewed"
    MOVED = "moved"  # away from a telephone, by a code of it
    RESET = "reset"  # by another superuser


class ScoreReason(StrEnum):
    """Why a donor's reliability score changed."""

    DONATED = "donated"
    CANCELLED = "cancelled"
    MISSED = "missed"


class Tag(StrEnum):
    """What a donor has earned by verified donations."""

    NONE = "none"
    BRONZE = "bronze"
    GOLD = "gold"
    PLATINUM = "platinum"


class AssuranceLevel(IntEnum):
    """How much is known of who a person is; more is a higher number."""

    NONE = 0
    FORMAT_VALID = 1  # a number that could exist: says nothing about the person
    PROVIDER_ATTESTED = 2  # a licensed provider said yes
    OFFLINE_EKYC = 3  # the issuer's own signature, fresh, for the account's telephone


class AssuranceLabel(StrEnum):
    """What the API calls the levels; no level is called «verified»."""

    NONE = "none"
    FORMAT_VALID = "format_valid"
    PROVIDER_ATTESTED = "provider_attested"
    OFFLINE_EKYC = "offline_ekyc_signature_valid"


LABELS = dict(zip(AssuranceLevel, AssuranceLabel, strict=True))


class IdentityMethod(StrEnum):
    """By what a level was reached."""

    AADHAAR_FORMAT = "aadhaar_format"
    LICENSED_PROVIDER = "licensed_provider"
    AADHAAR_OFFLINE_XML = "aadhaar_offline_xml"


class AttestationStatus(StrEnum):
    """Where the dialogue with a licensed provider stands; `attested` is all that a provider says."""

    STARTING = "starting"  # the provider is asked to send a code, or was asked and did not answer
    CODE_SENT = "code_sent"
    CHECKING = "checking"  # the provider is asked about a code, or was asked and did not answer
    ATTESTED = "attested"
    FAILED = "failed"
    EXPIRED = "expired"


ATTESTATION_TRANSITIONS: Final = {
    (AttestationStatus.STARTING, "send"): AttestationStatus.CODE_SENT,
    (AttestationStatus.STARTING, "fail"): AttestationStatus.FAILED,
    (AttestationStatus.STARTING, "expire"): AttestationStatus.EXPIRED,
    (AttestationStatus.CODE_SENT, "check"): AttestationStatus.CHECKING,
    (AttestationStatus.CODE_SENT, "fail"): AttestationStatus.FAILED,
    (AttestationStatus.CODE_SENT, "expire"): AttestationStatus.EXPIRED,
    (AttestationStatus.CHECKING, "retry"): AttestationStatus.CODE_SENT,
    (AttestationStatus.CHECKING, "attest"): AttestationStatus.ATTESTED,
    (AttestationStatus.CHECKING, "fail"): AttestationStatus.FAILED,
    (AttestationStatus.CHECKING, "expire"): AttestationStatus.EXPIRED,
}
OPEN_ATTESTATION: Final = (AttestationStatus.STARTING, AttestationStatus.CODE_SENT, AttestationStatus.CHECKING)


class AttestationFailure(StrEnum):
    """Why an attestation came to nothing."""

    NUMBER_REFUSED = "number_refused"
    NAME_DIFFERS = "name_differs"
    IDENTITY_TAKEN = "identity_taken"
    TRIES_SPENT = "tries_spent"
    REFUSED = "refused"  # the provider ended it, or what it said could not be believed
    REPLACED = "replaced"  # by a newer one of the same person
    WITHDRAWN = "withdrawn"  # with the consent, or with the account


class ConsentPurpose(StrEnum):
    """What a person can agree to, and take back."""

    DONOR_MATCHING = "donor_matching"
    IDENTITY = "identity"
    IDENTITY_PROVIDER = "identity_provider"
    DONATION = "donation"  # of one visit, given with the answers before it
    REPORT_ANALYSIS = "report_analysis"  # of each report that the person chooses
    REPORT_VISION = "report_vision"  # the same, by a model that is sent pictures of it


# What a person agrees to once and until taken back.
STANDING_PURPOSES = (
    ConsentPurpose.DONOR_MATCHING,
    ConsentPurpose.IDENTITY,
    ConsentPurpose.IDENTITY_PROVIDER,
    ConsentPurpose.REPORT_ANALYSIS,
    ConsentPurpose.REPORT_VISION,
)


class ConsentStatus(StrEnum):
    NOT_GIVEN = "not_given"
    GRANTED = "granted"
    WITHDRAWN = "withdrawn"


class DocumentKind(StrEnum):
    """What a person says that a document is."""

    REQUISITION = "requisition"
    ID_PROOF = "id_proof"
    PRESCRIPTION = "prescription"
    REPORT = "report"
    OTHER = "other"


class EmailStatus(StrEnum):
    """Whether e-mails reach a person. Only a verified address gets any."""

    NONE = "none"
    UNVERIFIED = "unverified"
    VERIFIED = "verified"
    REFUSED = "refused"  # the mail server knows no such mailbox
