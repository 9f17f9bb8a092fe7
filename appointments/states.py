"""The states of a doctor and of an appointment, and the closed sets around them."""

from enum import StrEnum
from typing import Final


class DoctorStatus(StrEnum):
    PENDING = "pending"
    LIVE = "live"
    SUSPENDED = "suspended"
    REJECTED = "rejected"


DOCTOR_TRANSITIONS: Final = {
    (DoctorStatus.PENDING, "approve"): DoctorStatus.LIVE,
    (DoctorStatus.PENDING, "reject"): DoctorStatus.REJECTED,
    (DoctorStatus.REJECTED, "apply"): DoctorStatus.PENDING,
    (DoctorStatus.LIVE, "suspend"): DoctorStatus.SUSPENDED,
    (DoctorStatus.SUSPENDED, "reinstate"): DoctorStatus.LIVE,
    (DoctorStatus.LIVE, "review"): DoctorStatus.PENDING,  # the registration was changed: somebody looks again
}


class VisitKind(StrEnum):
    VIDEO = "video"
    IN_PERSON = "in_person"


class DoctorOrder(StrEnum):
    """Which doctor comes first."""

    NEXT_FREE = "next_free"
    FEE = "fee"
    RATING = "rating"


class SlotsEmpty(StrEnum):
    """Why there are no slots."""

    NOT_OFFERED = "not_offered"
    NOT_THEN = "not_then"
    BOOKED_UP = "booked_up"


class AppointmentStatus(StrEnum):
    HELD = "held"
    CONFIRMED = "confirmed"
    IN_PROGRESS = "in_progress"
    COMPLETED = "completed"
    LAPSED = "lapsed"
    CANCELLED = "cancelled"
    MISSED = "missed"


APPOINTMENT_TRANSITIONS: Final = {
    (AppointmentStatus.HELD, "confirm"): AppointmentStatus.CONFIRMED,
    (AppointmentStatus.HELD, "lapse"): AppointmentStatus.LAPSED,
    (AppointmentStatus.HELD, "cancel"): AppointmentStatus.CANCELLED,
    (AppointmentStatus.LAPSED, "confirm"): AppointmentStatus.CONFIRMED,  # paid late, and the time is still free
    (AppointmentStatus.CONFIRMED, "reschedule"): AppointmentStatus.CONFIRMED,
    (AppointmentStatus.CONFIRMED, "check_in"): AppointmentStatus.CONFIRMED,
    (AppointmentStatus.IN_PROGRESS, "check_in"): AppointmentStatus.IN_PROGRESS,
    (AppointmentStatus.CONFIRMED, "start"): AppointmentStatus.IN_PROGRESS,
    (AppointmentStatus.CONFIRMED, "cancel"): AppointmentStatus.CANCELLED,
    (AppointmentStatus.CONFIRMED, "miss"): AppointmentStatus.MISSED,
    (AppointmentStatus.IN_PROGRESS, "complete"): AppointmentStatus.COMPLETED,
}
# The doctor's and the patient's time is taken.
TAKES_TIME: Final = frozenset(
    {AppointmentStatus.HELD, AppointmentStatus.CONFIRMED, AppointmentStatus.IN_PROGRESS},
)
# What a treating relationship grows from.
TREATING: Final = frozenset(
    {AppointmentStatus.CONFIRMED, AppointmentStatus.IN_PROGRESS, AppointmentStatus.COMPLETED},
)


class VisitTerms(StrEnum):
    """How the visit is paid."""

    PREPAID = "prepaid"
    AT_VISIT = "at_visit"
    FREE = "free"


class EndedBy(StrEnum):
    """Why an appointment ended before it was held; of a missed one, who did not come."""

    PATIENT = "patient"
    DOCTOR = "doctor"
    PLATFORM = "platform"  # the doctor was suspended, the patient erased
    UNPAID = "unpaid"


class Origin(StrEnum):
    """Who chose the time."""

    PATIENT = "patient"
    WAITLIST = "waitlist"
    FOLLOW_UP = "follow_up"


class Every(StrEnum):
    """How often a series comes back."""

    WEEK = "week"
    TWO_WEEKS = "2weeks"
    MONTH = "month"


class WaitingStatus(StrEnum):
    WAITING = "waiting"
    OFFERED = "offered"  # a time is held for the patient
    TAKEN = "taken"
    PASSED = "passed"  # the offer was not taken
    LEFT = "left"


WAITING_TRANSITIONS: Final = {
    (WaitingStatus.WAITING, "offer"): WaitingStatus.OFFERED,
    (WaitingStatus.WAITING, "leave"): WaitingStatus.LEFT,
    (WaitingStatus.OFFERED, "take"): WaitingStatus.TAKEN,
    (WaitingStatus.OFFERED, "pass"): WaitingStatus.PASSED,
}


class MeetingProvider(StrEnum):
    ZOOM = "zoom"
    JITSI = "jitsi"


class MeetingStatus(StrEnum):
    WANTED = "wanted"  # the provider is being asked for it
    MADE = "made"
    MOVING = "moving"  # it stands at the provider, at the time of before
    REMOVING = "removing"
    REMOVED = "removed"
    ENDED = "ended"
    FAILED = "failed"  # it could not be removed at the provider: a person does


MEETING_TRANSITIONS: Final = {
    (MeetingStatus.WANTED, "make"): MeetingStatus.MADE,
    (MeetingStatus.WANTED, "remove"): MeetingStatus.REMOVING,  # perhaps it was made, and the reply is lost
    (MeetingStatus.MADE, "reschedule"): MeetingStatus.MOVING,
    (MeetingStatus.MADE, "lose"): MeetingStatus.WANTED,  # somebody deleted it at the provider
    (MeetingStatus.MADE, "remove"): MeetingStatus.REMOVING,
    (MeetingStatus.MADE, "end"): MeetingStatus.ENDED,
    (MeetingStatus.MOVING, "move"): MeetingStatus.MADE,
    (MeetingStatus.MOVING, "lose"): MeetingStatus.WANTED,
    (MeetingStatus.MOVING, "remove"): MeetingStatus.REMOVING,
    (MeetingStatus.MOVING, "end"): MeetingStatus.ENDED,
    (MeetingStatus.REMOVING, "drop"): MeetingStatus.REMOVED,
    (MeetingStatus.REMOVING, "give_up"): MeetingStatus.FAILED,
}
# One may come to it, now or soon.
LIVE_MEETING: Final = frozenset({MeetingStatus.WANTED, MeetingStatus.MADE, MeetingStatus.MOVING})
# It has a link that opens something.
OPEN_MEETING: Final = frozenset({MeetingStatus.MADE, MeetingStatus.MOVING})


class Readiness(StrEnum):
    """How far the link of a video consultation is."""

    PENDING = "pending"
    READY = "ready"
    OVER = "over"


class Side(StrEnum):
    """Who of the two."""

    DOCTOR = "doctor"
    PATIENT = "patient"


class MeetingNews(StrEnum):
    """What a provider of meetings tells of, in our words."""

    STARTED = "started"
    ENDED = "ended"
    JOINED = "joined"
    LEFT = "left"
    OTHER = "other"


class MeetingNoticeOutcome(StrEnum):
    WAITING = "waiting"
    NOTED = "noted"
    IGNORED = "ignored"  # of no meeting of ours, or of nothing that is noted


class ReminderOutcome(StrEnum):
    WAITING = "waiting"
    TOLD = "told"
    SKIPPED = "skipped"  # moved, ended, or too late
