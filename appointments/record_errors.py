from common.errors import Conflict, Invalid


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
