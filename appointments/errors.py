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


class DoctorIsThere(Conflict):
    code, message = "doctor_is_there", "The doctor has come to the meeting."


class WaitlistDaysInvalid(Invalid):
    code, message = "waitlist_days_invalid", "One waits for days from today on, within the next year."
    pointer = "/to"


class AlreadyWaiting(Conflict):
    code, message = "already_waiting", "You wait for this doctor already."
    constraint = "waits_once_for_a_doctor"


class TooManyWaits(Conflict):
    code, message = "too_many_waits", "You wait for enough doctors: leave a list first."


class DoctorExists(Conflict):
    code, message = "doctor_exists", "You have registered as a doctor already."


class RegistrationTaken(Conflict):
    code, message = "registration_taken", "A doctor of this council has this registration number already."
    constraint = "doctor_registered_once"


class DoctorHasAppointments(Conflict):
    code, message = "doctor_has_appointments", "Patients have appointments with you: hold or cancel them first."


class SpecialisationUnknown(Invalid):
    code, message = "specialisation_unknown", "GET /specialisations lists what a doctor may be found by."


class RegisteredInFuture(Invalid):
    code, message, pointer = "registered_in_future", "This year has not begun yet.", "/registered_in"


class HoursOverlap(Invalid):
    code, message = "hours_overlap", "These hours overlap with others."


class HoursEmpty(Invalid):
    code, message = "hours_empty", "Hours end after they begin, and last a day at most."


class PlaceUnknown(Invalid):
    code, message = "place_unknown", "No place of yours where patients are seen has this id."


class PlaceMissing(Invalid):
    code, message = "place_missing", "Visits in person need a place."


class PlaceInUse(Conflict):
    code, message = "place_in_use", "Hours or appointments to come are at this place."


class TooManyPlaces(Conflict):
    code, message = "too_many_places", "A doctor sees patients at so many places at most."


class TooManyExceptions(Conflict):
    code, message = "too_many_exceptions", "So many exceptions to come are enough; end some first."


class ExceptionPast(Invalid):
    code, message, pointer = "exception_past", "This time has passed.", "/ends_at"


class LeaveOverAppointments(Conflict):
    code = "leave_over_appointments"
    message = "Patients have appointments in this time. Send `cancel_booked` to cancel them, and all money goes back."


class PeriodTooLong(Invalid):
    code, message, pointer = "period_too_long", "Ask for 31 days at most, which end after they begin.", "/to"


class NotRateable(Conflict):
    code, message = "consult_not_over", "What was completed can be rated."


class ConsultRated(Conflict):
    code, message = "consult_rated", "You have rated this appointment already."
    constraint = "appointment_rated_once"


class OwnRating(NotAllowed):
    code, message = "own_rating", "Nobody rates himself."


class VisitNotByVideo(Conflict):
    code, message = "visit_not_by_video", "This appointment is no video consultation that is going to be held."


class MeetingPending(Conflict):
    code, message = "meeting_pending", "The link is not there yet. Try again in a minute."


class MeetingNotOpen(Conflict):
    code, message = "meeting_not_open", "The link opens shortly before the appointment, and closes after it."


class FileNotScanned(Conflict):
    code, message = "file_not_scanned", "The virus scanner has not looked at this file yet. Try again later."


class FileInfected(Conflict):
    code, message = "file_infected", "The virus scanner found something in this file; it was destroyed."


class FileNotRestorable(Conflict):
    code, message = "file_not_restorable", "This file was destroyed and cannot be brought back."


class TooManyVersions(Conflict):
    code, message = "too_many_versions", "This file has as many versions as it may have: send a new file."


class AttachedFileUnknown(Invalid):
    """Named by its place among those that were to be attached."""

    code, message = "attached_file_unknown", "This is none of your files."


class AnalyserUnavailable(Invalid):
    code, message, pointer = "analyser_unavailable", "This analyser is not offered here.", "/analyser"


class AnalysisConsentMissing(Invalid):
    code, message, pointer = "analysis_consent_missing", "Nothing is read unless you agree to it.", "/consent"


class AnalysisOpen(Conflict):
    code, message = "analysis_open", "This analyser is at this file already."
    constraint = "analysis_open_once"


class AnalysisSigned(Conflict):
    code, message = "analysis_signed", "A doctor has signed this analysis: it stays as it is."


class ValueImpossible(Invalid):
    code, message = "value_impossible", "No living person has this value in this unit."


class ObservationUnknown(Invalid):
    code, message = "observation_unknown", "This is no value of this analysis."


class HaemoglobinUnfit(Conflict):
    code, message = (
        "haemoglobin_unfit",
        "Only a dated haemoglobin of the last 90 days that a doctor has signed can be shared.",
    )


class PatientProfileChanged(Conflict):
    code, message = "patient_profile_changed", "The profile was changed meanwhile: read it again."


class GrantDoctorUnknown(Invalid):
    code, message, pointer = "grant_doctor_unknown", "No doctor whom patients can consult has this id.", "/doctor"


class GrantToOneself(Invalid):
    code, message, pointer = "grant_to_oneself", "You read your own records anyway.", "/doctor"


class GrantEndInvalid(Invalid):
    code, message, pointer = "grant_end_invalid", "A grant ends after now, and within a year.", "/ends_at"


class AccessOpen(Conflict):
    code, message = "access_open", "You may read this patient already; there is no glass to break."


class NotesSigned(Conflict):
    code, message = "notes_signed", "Signed notes never change. Add an addendum."


class NotesNotSigned(Conflict):
    code, message = "notes_not_signed", "These notes are a draft: change it instead."


class NotesEmpty(Conflict):
    code, message = "notes_empty", "There is nothing to sign yet."


class VisitNotHeld(Conflict):
    code, message = "visit_not_held", "This is written about a visit that was confirmed, and signed once it has begun."


class TreatmentOver(Conflict):
    code, message = "treatment_over", "This visit is too long ago to prescribe after it."


class TooManyPrescriptions(Conflict):
    code, message = "too_many_prescriptions", "So many prescriptions of one visit are enough; delete a draft first."


class PatientDetailsMissing(Conflict):
    code, message = "patient_details_missing", "A prescription says the patient's name, age and sex: give them with it."


class MedicineProhibited(Invalid):
    code, message = "medicine_prohibited", "The Telemedicine Practice Guidelines forbid to prescribe this by video."


class DrugListMissing(Invalid):
    code, message = "drug_list_missing", "By video each medicine is of list o, a or b of the Guidelines: say which."


class DrugListNotAllowed(Invalid):
    code, message = "drug_list_not_allowed", "Medicines of list b are prescribed by video at a follow-up alone."


class ReferralDoctorUnknown(Invalid):
    code, message, pointer = "referral_doctor_unknown", "No other doctor who sees patients has this id.", "/to_doctor"


class ReferralScopeClosed(Invalid):
    code, message, pointer = (
        "referral_scope_closed",
        "You can pass on what you may read as the treating doctor, or by the patient's own grant.",
        "/scopes",
    )


class ReferralExists(Conflict):
    code, message = "referral_exists", "You have referred this patient to this doctor already."
    constraint = "one_open_referral"


class ReferralOver(Conflict):
    code, message = "referral_over", "The time to answer this referral has passed."
