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
    """Why an appointment ended before it was held."""

    PATIENT = "patient"
    DOCTOR = "doctor"
    PLATFORM = "platform"  # the doctor was suspended, the patient erased
    UNPAID = "unpaid"
