from common.errors import Conflict, Invalid, NotAllowed, Unauthenticated


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


class ApiKeyInvalid(Unauthenticated):
    code, message = "api_key_invalid", "There is no such API key."


class ApiKeyExpired(Unauthenticated):
    code, message = "api_key_expired", "This API key has expired. Make or extend one."


class ApiKeyRevoked(Unauthenticated):
    code, message = "api_key_revoked", "This API key has been revoked."


class ApiKeyNetworkRefused(NotAllowed):
    code, message = "api_key_network_refused", "This API key does not work from this address."


class ScopeMissing(NotAllowed):
    code, message = "scope_missing", "This API key does not have the scope that this needs."


class MembersOnly(NotAllowed):
    code, message = "members_only", "A member does this; no API key can."


class RotationRunning(Conflict):
    code, message = "rotation_running", "The secret before the last one still opens. Wait, or rotate without overlap."


class ApiKeyOver(Conflict):
    code, message = "api_key_over", "This API key is revoked; it does not come back."


class TooManyApiKeys(Conflict):
    code, message = "too_many_api_keys", "An organisation has at most 50 API keys in use. Revoke one first."


class KeyExpiryInvalid(Invalid):
    code, message, pointer = "key_expiry_invalid", "A key expires in the future, and within two years.", "/expires_at"


class TestModeOnly(NotAllowed):
    code, message = "test_mode_only", "Only test keys see and reset test data."


class TestPartUnknown(Invalid):
    code, message = "test_part_unknown", "There is no such part of test data, or this is no test key."


class NotInTestMode(Conflict):
    code, message = "not_in_test_mode", "A test key cannot do this: it would leave the test data."
