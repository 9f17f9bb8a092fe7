from common.errors import Conflict, Invalid, NotAllowed


class NotADoctor(NotAllowed):
    code, message = "not_a_doctor", "This is for doctors. Register as one first."


class DoctorNotLive(NotAllowed):
    code, message = "doctor_not_live", "An administrator has to approve your registration first."


class DoctorSuspended(NotAllowed):
    code, message = "doctor_suspended", "Your registration is suspended."


class SlotNotOffered(Invalid):
    code, message = "slot_not_offered", "The doctor offers no visit of this kind at this time."
    pointer = "/starts_at"


class OwnPatient(Invalid):
    code, message, pointer = "own_patient", "A doctor books no visit with himself.", "/doctor"


class SlotTaken(Conflict):
    code, message = "slot_taken", "Somebody else has this time."
    constraint = "doctor_has_one_at_a_time"


class PatientBusy(Conflict):
    code, message = "you_are_busy", "The patient has another appointment at this time."
    constraint = "patient_has_one_at_a_time"


class TooManyHolds(Conflict):
    code, message = "too_many_holds", "Pay for what is held for you, or cancel it, before you book more."


class AppointmentOver(Conflict):
    code, message = "appointment_over", "The time for this step has passed."


class AppointmentUnpaid(Conflict):
    code, message = "appointment_unpaid", "This appointment is confirmed by paying for it."


class RescheduledTooOften(Conflict):
    code, message = "rescheduled_too_often", "This appointment was moved too often: cancel it and book another."


class TooLateToReschedule(Conflict):
    code, message = "too_late_to_reschedule", "It is too late to move this appointment."


class CheckInClosed(Conflict):
    code, message = "check_in_closed", "Check in shortly before the visit, or while it lasts."


class TooEarlyToStart(Conflict):
    code, message = "too_early_to_start", "The visit begins later."


class TooEarlyToMiss(Conflict):
    code, message = "too_early_to_miss", "Wait a little longer for the other side."


class PatientIsThere(Conflict):
    code, message = "patient_is_there", "The patient has come."


class WaitlistDaysInvalid(Invalid):
    code, message = "waitlist_days_invalid", "One waits for days from today on, within the next year."
    pointer = "/to"


class AlreadyWaiting(Conflict):
    code, message = "already_waiting", "You wait for this doctor already."
    constraint = "waits_once_for_a_doctor"


class TooManyWaits(Conflict):
    code, message = "too_many_waits", "You wait for enough doctors: leave a list first."


class VisitNotByVideo(Conflict):
    code, message = "visit_not_by_video", "This appointment is no video consultation that is going to be held."


class MeetingPending(Conflict):
    code, message = "meeting_pending", "The link is not there yet. Try again in a minute."


class MeetingNotOpen(Conflict):
    code, message = "meeting_not_open", "The link opens shortly before the appointment, and closes after it."
