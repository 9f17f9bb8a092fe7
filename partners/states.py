"""The states of a partner, what it is, and what its members may do."""

from enum import StrEnum
from typing import Final


class PartnerStatus(StrEnum):
    LISTED = "listed"  # known from the national directory, claimed by nobody
    PENDING = "pending"
    LIVE = "live"
    SUSPENDED = "suspended"
    REJECTED = "rejected"


TRANSITIONS: Final = {
    (PartnerStatus.LISTED, "claim"): PartnerStatus.PENDING,
    (PartnerStatus.PENDING, "approve"): PartnerStatus.LIVE,
    (PartnerStatus.PENDING, "reject"): PartnerStatus.REJECTED,
    (PartnerStatus.PENDING, "relist"): PartnerStatus.LISTED,  # a refused claim leaves the directory's listing
    (PartnerStatus.REJECTED, "claim"): PartnerStatus.PENDING,
    (PartnerStatus.LIVE, "suspend"): PartnerStatus.SUSPENDED,
    (PartnerStatus.SUSPENDED, "reinstate"): PartnerStatus.LIVE,
}
MAY_SIGN_IN: Final = frozenset({PartnerStatus.PENDING, PartnerStatus.LIVE})
# Nobody speaks for a partner in these states: whoever claimed it was refused, or nobody did.
UNCLAIMED: Final = frozenset({PartnerStatus.LISTED, PartnerStatus.REJECTED})


class PartnerKind(StrEnum):
    HOSPITAL = "hospital"
    BLOOD_BANK = "blood_bank"
    BOTH = "both"


class Role(StrEnum):
    """What a member may do: owners everything, coordinators requests and donors, inventory the stock."""

    OWNER = "owner"
    COORDINATOR = "coordinator"
    INVENTORY = "inventory"


class KeyMode(StrEnum):
    """Where an API key acts: on the partner itself, or on a twin of it among test data."""

    LIVE = "live"
    TEST = "test"


class TestPart(StrEnum):
    """Who there is in a world of test data."""

    TWIN = "twin"  # the partner's own
    BANK = "bank"
    HOSPITAL = "hospital"
    FAR_BANK = "far_bank"


class KeyState(StrEnum):
    """What an API key is good for now, by its columns and the clock."""

    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"


class ComplaintStatus(StrEnum):
    OPEN = "open"
    IN_REVIEW = "in_review"
    RESOLVED = "resolved"
    DISMISSED = "dismissed"


COMPLAINT_TRANSITIONS: Final = {
    (ComplaintStatus.OPEN, "take"): ComplaintStatus.IN_REVIEW,
    (ComplaintStatus.IN_REVIEW, "resolve"): ComplaintStatus.RESOLVED,
    (ComplaintStatus.IN_REVIEW, "dismiss"): ComplaintStatus.DISMISSED,
    (ComplaintStatus.RESOLVED, "reopen"): ComplaintStatus.IN_REVIEW,
    (ComplaintStatus.DISMISSED, "reopen"): ComplaintStatus.IN_REVIEW,
}
UNDECIDED: Final = frozenset({ComplaintStatus.OPEN, ComplaintStatus.IN_REVIEW})


class ComplaintCategory(StrEnum):
    CONDUCT = "conduct"
    MONEY_ASKED = "money_asked"  # blood is never sold; a partner that asks a donor or family for money
    SAFETY = "safety"
    FALSE_REQUEST = "false_request"
    NO_SHOW = "no_show"
    PRIVACY = "privacy"
    OTHER = "other"


class SubjectKind(StrEnum):
    """What a complaint is about besides whom, as its author says; nobody has checked it."""

    ASSIGNMENT = "assignment"
    ATTENDER_REQUEST = "attender_request"
    CAMP = "camp"
    ORDER = "order"
