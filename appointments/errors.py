from common.errors import NotAllowed


class NotADoctor(NotAllowed):
    code, message = "not_a_doctor", "This is for doctors. Register as one first."


class DoctorNotLive(NotAllowed):
    code, message = "doctor_not_live", "An administrator has to approve your registration first."


class DoctorSuspended(NotAllowed):
    code, message = "doctor_suspended", "Your registration is suspended."
