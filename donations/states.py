"""The small closed sets of donations, and the states of camps and of places in them."""

from enum import StrEnum


class RatedBy(StrEnum):
    DONOR = "donor"
    FAMILY = "family"
    PARTNER = "partner"


class CampStatus(StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    ONGOING = "ongoing"
    AWAITING_STOCK = "awaiting_stock"  # over, and nothing was said yet of what was collected
    CLOSED = "closed"
    CANCELLED = "cancelled"


CAMP_TRANSITIONS = {
    (CampStatus.DRAFT, "publish"): CampStatus.SCHEDULED,
    (CampStatus.SCHEDULED, "start"): CampStatus.ONGOING,
    (CampStatus.ONGOING, "finish"): CampStatus.AWAITING_STOCK,
    (CampStatus.AWAITING_STOCK, "report"): CampStatus.CLOSED,
    (CampStatus.DRAFT, "cancel"): CampStatus.CANCELLED,
    (CampStatus.SCHEDULED, "cancel"): CampStatus.CANCELLED,
    (CampStatus.ONGOING, "cancel"): CampStatus.CANCELLED,
}
PUBLIC_CAMP = frozenset(set(CampStatus) - {CampStatus.DRAFT})
LIVE_CAMP = frozenset({CampStatus.SCHEDULED, CampStatus.ONGOING})  # donors may take places
# Once the camp's hours are over, a report is owed, whether or not a sweep has written that down.
OWES_REPORT = LIVE_CAMP | {CampStatus.AWAITING_STOCK}


class EnrolmentStatus(StrEnum):
    """One donor's place in a camp."""

    ENROLLED = "enrolled"
    CHECKED_IN = "checked_in"
    DONATED = "donated"
    DEFERRED = "deferred"  # came and was found unfit
    RELEASED = "released"  # came, and the report says nothing of a donation
    MISSED = "missed"  # did not come; costs no score
    LEFT = "left"  # by the donor
    CANCELLED = "cancelled"  # with the camp


ENROLMENT_TRANSITIONS = {
    (EnrolmentStatus.ENROLLED, "check_in"): EnrolmentStatus.CHECKED_IN,
    (EnrolmentStatus.ENROLLED, "leave"): EnrolmentStatus.LEFT,
    (EnrolmentStatus.ENROLLED, "miss"): EnrolmentStatus.MISSED,
    (EnrolmentStatus.ENROLLED, "cancel"): EnrolmentStatus.CANCELLED,
    (EnrolmentStatus.CHECKED_IN, "donate"): EnrolmentStatus.DONATED,
    (EnrolmentStatus.CHECKED_IN, "defer"): EnrolmentStatus.DEFERRED,
    (EnrolmentStatus.CHECKED_IN, "release"): EnrolmentStatus.RELEASED,
}
LIVE_ENROLMENT = frozenset({EnrolmentStatus.ENROLLED, EnrolmentStatus.CHECKED_IN})
# These count against the camp's capacity; what was left or cancelled is free again.
HOLDS_PLACE = frozenset(set(EnrolmentStatus) - {EnrolmentStatus.LEFT, EnrolmentStatus.CANCELLED})


class CheckInOutcome(StrEnum):
    """What became of one scanned ticket."""

    ACCEPTED = "accepted"
    ALREADY = "already"
    UNKNOWN = "unknown"  # no ticket of this camp, or its place was left
    EXPIRED = "expired"  # outside the camp's hours, or the report is in


class ConsentForm(StrEnum):
    """How the donor consented to a donation."""

    DIGITAL = "digital"  # in the app, with the answers before the visit
    PAPER = "paper"


class InvitationStatus(StrEnum):
    """What became of asking a donor to come back after a visit."""

    WAITING = "waiting"
    SENT = "sent"
    DROPPED = "dropped"  # a later visit, or nobody to ask


INVITATION_TRANSITIONS = {
    (InvitationStatus.WAITING, "send"): InvitationStatus.SENT,
    (InvitationStatus.WAITING, "drop"): InvitationStatus.DROPPED,
}


class JourneyStep(StrEnum):
    """What a donor is told of a component; why one was not used is between the donor and the centre."""

    IN_PROCESS = "in_process"
    READY = "ready"
    SEPARATED = "separated"
    ON_ITS_WAY = "on_its_way"
    ISSUED = "issued"
    GIVEN = "given"
    NOT_USED = "not_used"
