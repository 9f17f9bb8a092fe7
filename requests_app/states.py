from enum import StrEnum


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
