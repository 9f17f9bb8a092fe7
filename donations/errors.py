from common.errors import Conflict


class AlreadyRated(Conflict):
    code, message, constraint = "already_rated", "You have rated this already.", "rating_once_each_way"


class NotRateableYet(Conflict):
    code, message = "not_rateable_yet", "This can be rated once the two have met and it is over."


class WrongDonationType(Conflict):
    code, message = "wrong_donation_type", "The request needs another kind of donation."


class AlreadyVerified(Conflict):
    code, message = "already_verified", "This donation was verified already."
    constraint = "donation_once_per_assignment"
