from common.errors import Conflict, Invalid


class AlreadyRated(Conflict):
    code, message, constraint = "already_rated", "You have rated this already.", "rating_once_each_way"


class NotRateableYet(Conflict):
    code, message = "not_rateable_yet", "This can be rated once the two have met and it is over."


class WrongDonationType(Conflict):
    code, message = "wrong_donation_type", "The request needs another kind of donation."


class AlreadyVerified(Conflict):
    code, message = "already_verified", "This donation was verified already."
    constraint = "donation_once_per_assignment"


class CampStockPending(Conflict):
    code, message = "camp_stock_pending", "A camp is over and its report is missing: send it first."


class CampStartInvalid(Invalid):
    code, message, pointer = "camp_start_invalid", "A camp begins in the future, within a year.", "/starts_at"


class CampEndInvalid(Invalid):
    code, message, pointer = "camp_end_invalid", "A camp ends after it begins and within 24 hours.", "/ends_at"


class CampPublished(Conflict):
    code, message = "camp_published", "Donors count on this: a published camp changes only its words and capacity."


class CampTooLate(Conflict):
    code, message = "camp_too_late", "This camp would have begun already."


class CampHasVisitors(Conflict):
    code, message = "camp_has_visitors", "Donors have come already: let the camp end and report it."


class CampClosed(Conflict):
    code, message = "camp_closed", "This camp takes no more donors."


class CampFull(Conflict):
    code, message, constraint = "camp_full", "Every place of this camp is taken.", "camp_not_overfull"


class AlreadyEnrolled(Conflict):
    code, message, constraint = "already_enrolled", "You have a place in this camp.", "enrolled_once_per_camp"


class EnrolmentClash(Conflict):
    code, message = "enrolment_clash", "You have a place in another camp at that time."


class CampListNotOpen(Conflict):
    code, message = "camp_list_not_open", "The list opens on the day of the camp."


class CampListClosed(Conflict):
    code, message = "camp_list_closed", "The camp was reported or cancelled: its list is no longer given out."


class EnrolmentUnknown(Invalid):
    code, message = "enrolment_unknown", "This is no enrolment of the camp, or it is named twice."


class NotCheckedIn(Conflict):
    code, message = "not_checked_in", "This donor was not checked in. Send the check-ins before the report."


class CollectedOutsideCamp(Invalid):
    code, message = "collected_outside_camp", "This moment is not within the camp's hours."


class ConsentMissing(Conflict):
    code, message = "consent_missing", "The donor has given no consent in the app for this visit; say `paper`."
