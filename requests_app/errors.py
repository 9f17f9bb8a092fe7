from common.errors import Conflict, Invalid, Locked


class NeededByInvalid(Invalid):
    code, message, pointer = "needed_by_invalid", "Blood must be needed within the next 30 days.", "/needed_by"


class RequestClosed(Conflict):
    code, message = "request_closed", "This request was fulfilled or cancelled."


class RequestExpired(Conflict):
    code, message = "request_expired", "The hour by which the blood was needed has passed."


class RequestFull(Conflict):
    code, message = "request_full", "Every unit is promised already. You can stand by in case a place becomes free."


class GroupIncompatible(Conflict):
    code, message = "group_incompatible", "Your blood group cannot help this patient."


class LocationUnknown(Conflict):
    code, message = "location_unknown", "Say where you are first: PUT /me/location."


class TooFar(Conflict):
    code, message = "too_far", "You are farther away than this request reaches."


class AlreadyPromised(Conflict):
    code, message = "already_promised", "You have an open promise already; one at a time."
    constraint = "one_open_promise_per_donor"


class NotFull(Conflict):
    code, message = "request_not_full", "There is a place: accept it instead of standing by."


class AlreadyStandingBy(Conflict):
    code, message, constraint = "already_standing_by", "You are on the standby list already.", "standby_once"


class PromiseOver(Conflict):
    code, message = "promise_over", "This promise is over, or the donor has arrived already."


class ArrivalTooLate(Conflict):
    code, message = "arrival_too_late", "The donor was expected earlier; this promise is over."


class NotMissedYet(Conflict):
    code, message = "not_missed_yet", "The donor may still come. Release the donor to free the place without a mark."


class ArrivalCodeWrong(Invalid):
    """Costs one of the tries."""

    code, message, pointer = "arrival_code_wrong", "This is not the donor's code.", "/code"
    keeps_writes = True


class ArrivalCodeLocked(Locked):
    code, message = "arrival_code_locked", "The code was guessed too often. Release the donor to free the place."
    keeps_writes = True


class PromiseOpen(Conflict):
    code, message = "promise_open", "Somebody counts on your promise: keep it or take it back first."


class VisitNotOpen(Conflict):
    code, message = "visit_not_open", "What a donor answered is shown while the donor is with you."


class HospitalUnknown(Invalid):
    code, message, pointer = "hospital_unknown", "No approved organisation has this id.", "/hospital"


class NoBankNearby(Conflict):
    code, message = "no_bank_nearby", "No approved organisation that keeps blood is near that place."


class FamilyRequestOpen(Conflict):
    """Who has proven no identity has one open request at a time."""

    code, message = "family_request_open", "You have an open request: cancel it first, or prove your identity."
    constraint = "one_open_request_of_the_unverified"


class FamilyRequestsTooMany(Conflict):
    code, message = "family_requests_too_many", "You have as many open requests as one person may have."


class FamilyRequestExpired(Conflict):
    code, message = "family_request_expired", "The hour by which the family needed the blood has passed."


class NothingReserved(Conflict):
    code, message = "nothing_reserved", "No bag is reserved for this family at the moment."


class UnitNotReserved(Conflict):
    code, message = "unit_not_reserved", "One of these bags is not reserved for this family."


class FamilyServed(Conflict):
    code, message = "family_served", "These are more bags than the family still needs."


class FamilyRequestUnfinished(Conflict):
    code, message = "family_request_unfinished", "Blood is being found for your request: cancel it first."
