"""The small closed sets of the people's side."""

from enum import IntEnum, StrEnum


class Purpose(StrEnum):
    """What a one-time code is for; a code of one purpose is worth nothing for another."""

    REGISTER = "register"
    LOGIN = "login"
    RESET_PASSWORD = "reset_password"  # noqa: S105
    PARTNER_RESET_PASSWORD = "partner_reset_password"  # noqa: S105


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


class ConsentPurpose(StrEnum):
    """What a person can agree to, and take back."""

    DONOR_MATCHING = "donor_matching"
    IDENTITY = "identity"


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
