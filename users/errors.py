from common.errors import Conflict, Invalid, Locked, NotFound, Unauthenticated


class PhoneNotServed(Invalid):
    code, message, pointer = "phone_not_served", "Numbers of this country cannot be registered yet.", "/phone"


class CodeInvalid(Invalid):
    """One answer for a wrong code, a spent, expired or unknown challenge: nothing to learn from it."""

    code, message, pointer = "code_invalid", "This code is wrong or no longer valid.", "/code"
    keeps_writes = True


class PasswordWeak(Invalid):
    code, message, pointer = "password_weak", "Choose a longer or less common password.", "/password"


class CredentialsInvalid(Unauthenticated):
    code, message = "credentials_invalid", "Phone or password is wrong."


class PasswordWrong(Invalid):
    code, message, pointer = "password_wrong", "The current password is wrong.", "/current_password"


class PhoneTaken(Conflict):
    code, message, constraint = "phone_taken", "This number already has an account.", "user_phone_unique"


class NotADonor(NotFound):
    code, message = "not_a_donor", "There is no donor profile yet: PUT /me/donor first."


class BloodGroupConfirmed(Conflict):
    code, message = "blood_group_confirmed", "A blood bank has confirmed this blood group; it cannot be changed here."


class DeferralUnknown(Invalid):
    code, message, pointer = "deferral_unknown", "This is not a reason a person can declare.", "/code"


class DeferralRecorded(Conflict):
    code, message = "deferral_recorded", "A blood bank has recorded this; it cannot be changed here."


class InTheFuture(Invalid):
    code, message = "in_the_future", "This date lies in the future."


class PauseUntilInvalid(Invalid):
    code, message = "pause_until_invalid", "Say until when the donor has to wait; not a day that is past."
    pointer = "/pause_until"


class ResolvedOnInvalid(Invalid):
    code, message = "resolved_on_invalid", "It cannot be over before it began, or in the future."
    pointer = "/resolved_on"


class AccountLocked(Locked):
    code, message = "account_locked", "Too many promises were not kept; the account is locked for a while."


class DonorNotEligible(Conflict):
    code, message = "donor_not_eligible", "The donor may not give blood on this day."
