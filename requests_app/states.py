from enum import StrEnum
from typing import Final


class RequestStatus(StrEnum):
    OPEN = "open"
    ASSIGNED = "assigned"  # every unit is promised
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


REQUEST_TRANSITIONS = {
    (RequestStatus.OPEN, "fill"): RequestStatus.ASSIGNED,
    (RequestStatus.ASSIGNED, "reopen"): RequestStatus.OPEN,
    (RequestStatus.OPEN, "fulfil"): RequestStatus.FULFILLED,
    (RequestStatus.ASSIGNED, "fulfil"): RequestStatus.FULFILLED,
    (RequestStatus.OPEN, "cancel"): RequestStatus.CANCELLED,
    (RequestStatus.ASSIGNED, "cancel"): RequestStatus.CANCELLED,
    (RequestStatus.OPEN, "expire"): RequestStatus.EXPIRED,
    (RequestStatus.ASSIGNED, "expire"): RequestStatus.EXPIRED,
}
LIVE_REQUEST = frozenset({RequestStatus.OPEN, RequestStatus.ASSIGNED})


class AssignmentStatus(StrEnum):
    """One donor's promise of one unit."""

    ACCEPTED = "accepted"
    ARRIVED = "arrived"
    DONATED = "donated"
    CANCELLED = "cancelled"  # by the donor
    MISSED = "missed"  # no-show
    RELEASED = "released"  # nobody's fault
    DEFERRED = "deferred"  # found unfit on the day


ASSIGNMENT_TRANSITIONS = {
    (AssignmentStatus.ACCEPTED, "arrive"): AssignmentStatus.ARRIVED,
    (AssignmentStatus.ARRIVED, "donate"): AssignmentStatus.DONATED,
    (AssignmentStatus.ACCEPTED, "cancel"): AssignmentStatus.CANCELLED,
    (AssignmentStatus.ACCEPTED, "miss"): AssignmentStatus.MISSED,
    (AssignmentStatus.ACCEPTED, "release"): AssignmentStatus.RELEASED,
    (AssignmentStatus.ARRIVED, "release"): AssignmentStatus.RELEASED,
    (AssignmentStatus.ARRIVED, "defer"): AssignmentStatus.DEFERRED,
}
LIVE_ASSIGNMENT = frozenset({AssignmentStatus.ACCEPTED, AssignmentStatus.ARRIVED})


class Urgency(StrEnum):
    ROUTINE = "routine"
    URGENT = "urgent"
    CRITICAL = "critical"


class WaveKind(StrEnum):
    RING = "ring"  # the nearest who were not asked yet
    STANDBY = "standby"  # those who said they would come if a place became free


class StopReason(StrEnum):
    """Why a wave is over."""

    FILLED = "filled"
    WINDOW_PASSED = "window_passed"
    NOBODY_LEFT = "nobody_left"
    REQUEST_CLOSED = "request_closed"


class Answered(StrEnum):
    """Whether the questions before a visit were answered, and the consent given, in the app."""

    ANSWERED = "answered"
    MISSING = "missing"


class FamilyStatus(StrEnum):
    """A family's request: what the hospital that serves it has said, and how it ended."""

    OPEN = "open"  # the hospital has not answered
    CONFIRMED = "confirmed"
    FULFILLED = "fulfilled"
    REFUSED = "refused"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


FAMILY_TRANSITIONS = {
    (FamilyStatus.OPEN, "confirm"): FamilyStatus.CONFIRMED,
    (FamilyStatus.OPEN, "issue"): FamilyStatus.CONFIRMED,  # who hands bags out has said yes
    (FamilyStatus.CONFIRMED, "issue"): FamilyStatus.CONFIRMED,
    (FamilyStatus.OPEN, "fulfil"): FamilyStatus.FULFILLED,
    (FamilyStatus.CONFIRMED, "fulfil"): FamilyStatus.FULFILLED,
    (FamilyStatus.OPEN, "refuse"): FamilyStatus.REFUSED,
    (FamilyStatus.CONFIRMED, "refuse"): FamilyStatus.REFUSED,  # a sample may turn out not to match
    (FamilyStatus.OPEN, "cancel"): FamilyStatus.CANCELLED,
    (FamilyStatus.CONFIRMED, "cancel"): FamilyStatus.CANCELLED,
    (FamilyStatus.OPEN, "expire"): FamilyStatus.EXPIRED,
    (FamilyStatus.CONFIRMED, "expire"): FamilyStatus.EXPIRED,
}
LIVE_FAMILY: Final = frozenset({FamilyStatus.OPEN, FamilyStatus.CONFIRMED})


class RefuseReason(StrEnum):
    """Why the hospital does not serve a family."""

    PATIENT_UNKNOWN = "patient_unknown"
    NO_REQUISITION = "no_requisition"
    GROUP_MISMATCH = "group_mismatch"
    NOT_NEEDED = "not_needed"
    OTHER = "other"
    PARTNER_SUSPENDED = "partner_suspended"  # written by what causes it


OWN_REFUSALS: Final = tuple(reason for reason in RefuseReason if reason is not RefuseReason.PARTNER_SUSPENDED)


class SourceKind(StrEnum):
    """Where a family's blood is looked for, in this order."""

    STOCK = "stock"
    TRANSFER = "transfer"
    DONORS = "donors"


class SourceStatus(StrEnum):
    """What became of one source."""

    ASKED = "asked"
    PROMISED = "promised"  # another partner has offered bags
    ON_THE_WAY = "on_the_way"
    RESERVED = "reserved"  # bags are kept at the hospital
    FULFILLED = "fulfilled"  # all that it promised was given
    UNAVAILABLE = "unavailable"  # it has nothing
    LAPSED = "lapsed"  # the hospital did not answer in time
    FAILED = "failed"  # what was promised does not come
    RELEASED = "released"  # no longer needed


SOURCE_TRANSITIONS = {
    (SourceStatus.ASKED, "miss"): SourceStatus.UNAVAILABLE,
    (SourceStatus.ASKED, "promise"): SourceStatus.PROMISED,
    (SourceStatus.ASKED, "dispatch"): SourceStatus.ON_THE_WAY,
    (SourceStatus.PROMISED, "dispatch"): SourceStatus.ON_THE_WAY,
    (SourceStatus.ASKED, "reserve"): SourceStatus.RESERVED,
    (SourceStatus.PROMISED, "reserve"): SourceStatus.RESERVED,
    (SourceStatus.ON_THE_WAY, "reserve"): SourceStatus.RESERVED,
    (SourceStatus.RESERVED, "lapse"): SourceStatus.LAPSED,
    (SourceStatus.ASKED, "fulfil"): SourceStatus.FULFILLED,
    (SourceStatus.RESERVED, "fulfil"): SourceStatus.FULFILLED,
    **{
        (state, verb): end
        for state in (SourceStatus.ASKED, SourceStatus.PROMISED, SourceStatus.ON_THE_WAY, SourceStatus.RESERVED)
        for verb, end in (("fail", SourceStatus.FAILED), ("release", SourceStatus.RELEASED))
    },
}
LIVE_SOURCE: Final = frozenset(state for state, _ in SOURCE_TRANSITIONS)
