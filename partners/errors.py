from common.errors import Conflict, Invalid, NotAllowed


class PartnerNotLive(NotAllowed):
    code, message = (
        "partner_not_live",
        "This organisation has not been approved yet; only its own profile answers.",
    )


class PartnerRejected(NotAllowed):
    code, message = "partner_rejected", "The registration of this organisation was refused."


class PartnerSuspended(NotAllowed):
    code, message = "partner_suspended", "This organisation is suspended."


class RoleNotAllowed(NotAllowed):
    code, message = "role_not_allowed", "Your role does not allow this."


class LicenseInvalid(Invalid):
    code, message = "license_invalid", "This is not a licence number."
    pointer = "/organisation/license_number"


class LicenseTaken(Conflict):
    code, message = "license_taken", "An organisation with this licence is already registered."
    constraint = "partner_license_unique"


class MemberPhoneTaken(Conflict):
    code, message = "member_phone_taken", "This number already signs in for an organisation."
    constraint = "member_phone_unique"


class LastOwner(Conflict):
    code, message = "last_owner", "An organisation keeps at least one active owner."


class FacilityCodeTaken(Conflict):
    code, message = "facility_code_taken", "Another organisation has this facility code."
    constraint = "partner_facility_code_unique"


class NoPriceList(Conflict):
    code, message = "no_price_list", "This bank has no price list, so nothing can be ordered from it here."


class ContractExists(Conflict):
    code, message = "contract_exists", "There is a contract with this hospital already; end it first."
    constraint = "one_contract_between_two"


class ContractWithYourself(Invalid):
    code, message, pointer = "contract_with_yourself", "A contract is between two organisations.", "/hospital"


class ComplaintOpen(Conflict):
    code, message = "complaint_open", "Your complaint about them is still being looked at."
    constraint = "one_open_complaint_each"


class AnswerMissing(Conflict):
    code, message = "answer_missing", "A complaint is closed with an answer to whoever complained."
