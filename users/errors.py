from common.errors import Conflict, Invalid, Locked, NotAllowed, NotFound, Unauthenticated, Unavailable


class PhoneNotServed(Invalid):
    code, message, pointer = "phone_not_served", "Numbers of this country cannot be registered yet.", "/phone"


class CodeInvalid(Invalid):
    """One answer for a wrong code, a spent, expired or unknown challenge: nothing to learn from it."""

    code, message, pointer = "code_invalid", "This code is wrong or no longer valid.", "/code"
    keeps_writes = True


class SecondFactorKnown(Conflict):
    code, message = "second_factor_known", "There is a second factor already: move it or have it reset first."
    constraint = "users_secondfactor_user_id_key"


class SecondFactorNotYours(NotAllowed):
    code, message = "second_factor_not_yours", "Another superuser resets a second factor, with a reason."


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


class QuestionnaireOutdated(Conflict):
    code, message = "questionnaire_outdated", "The questions have changed: read them again and answer those."


class AnswersIncomplete(Invalid):
    code, message, pointer = "answers_incomplete", "Answer every question, each once and no other.", "/answers"


class AnswerDateInvalid(Invalid):
    code, message = "answer_date_invalid", "This answer needs a day, which is not in the future; or it takes none."


class AadhaarInvalid(Invalid):
    code, message, pointer = "aadhaar_invalid", "This is not a possible Aadhaar number.", "/number"


class ConsentRequired(Invalid):
    code, message, pointer = "consent_required", "This needs your consent.", "/consent"


class NoticeOutdated(Conflict):
    code, message = "notice_outdated", "There is a newer notice: read it and agree to that one."


class ConsentNotGiven(Conflict):
    code, message = "consent_not_given", "There is no consent to withdraw."


class ConsentWithdrawn(Conflict):
    code, message = "consent_withdrawn", "The consent to be asked was withdrawn: give it again first."


class IdentityNotConfigured(Conflict):
    code, message = "not_configured", "This way to prove an identity is not offered here."


class OfflineFileInvalid(Invalid):
    code, message, pointer = "offline_file_invalid", "This is not an offline e-KYC file as it was issued.", "/file"


class ShareCodeWrong(Invalid):
    code, message, pointer = "share_code_wrong", "The share code does not open this file.", "/share_code"


class OfflineSignatureInvalid(Invalid):
    """One answer for a changed, wrapped or foreign signature: nothing to learn from it."""

    code, message, pointer = "offline_signature_invalid", "The issuer has not signed this file as it is.", "/file"


class OfflineFileStale(Invalid):
    code, message, pointer = "offline_file_stale", "This file is too old: fetch a new one.", "/file"


class OfflineFileUsed(Conflict):
    code, message = "offline_file_used", "This file was used before: fetch a new one."
    constraint = "offline_file_counts_once"


class OfflinePhoneDiffers(Conflict):
    code, message = "offline_phone_differs", "The file belongs to another telephone number than this account."


class ProviderUnavailable(Unavailable):
    """Nothing is decided, and the same call goes on where this one stopped."""

    code, message = "identity_provider_unavailable", "The provider does not answer now. Send the same again later."


class ProviderNumberRefused(Invalid):
    code, message = "identity_number_refused", "The provider can send no code for this number."
    pointer = "/number"


class ProviderCodeWrong(Invalid):
    """Costs a try; `tries_left` is among the facts."""

    code, message, pointer = "identity_code_wrong", "This is not the code that the provider sent.", "/code"


class AttestationOver(Conflict):
    code, message = "attestation_over", "This attestation has ended: start another."


class NameDiffers(Conflict):
    code, message = "identity_name_differs", "The provider knows the person by another name than this account."


class IdentityTaken(Conflict):
    code, message = "identity_taken", "Another account has been attested for this person."
    constraint = "one_account_per_attested_person"


class AttestationUsed(Conflict):
    code, message = "attestation_used", "This attestation was used before."
    constraint = "attestation_counts_once"


class LevelReached(Conflict):
    code, message = "identity_level_reached", "This account has this level or a higher one already."


class AccountErased(Conflict):
    code, message, constraint = "account_erased", "This account has been erased.", "user_erased_is_nobody"


class DocumentNotFound(Invalid):
    """Named by its place among those that were to be attached."""

    code, message = "document_not_found", "This is none of your documents."


class DocumentInUse(Conflict):
    code, message = "document_in_use", "Somebody still needs this document for a decision about you."


class TooManyDocuments(Conflict):
    code, message = "too_many_documents", "Delete a document that is not needed any more, then send this one."


class EmailMissing(Conflict):
    code, message = "email_missing", "There is no e-mail address to verify. Give one first."


class EmailAlreadyVerified(Conflict):
    code, message = "email_already_verified", "This e-mail address is verified already."


class EmailLinkInvalid(Invalid):
    code, message = "email_link_invalid", "This link has expired, or is for an address that the account no longer has."
