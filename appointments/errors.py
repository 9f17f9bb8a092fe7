from common.errors import Conflict, Invalid, NotAllowed


class NotADoctor(NotAllowed):
    code, message = "not_a_doctor", "This is for doctors. Register as one first."


class DoctorNotLive(NotAllowed):
    code, message = "doctor_not_live", "An administrator has to approve your registration first."


class DoctorSuspended(NotAllowed):
    code, message = "doctor_suspended", "Your registration is suspended."


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
