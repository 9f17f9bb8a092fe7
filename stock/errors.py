from common.errors import Busy, Conflict, Invalid


class DinExhausted(Conflict):
    code, message = "din_exhausted", "All donation numbers of this year are used."
    constraint = "din_counter_has_six_digits"


class NumberTaken(Busy):
    """The next number was scanned in at the same moment; the one after it is free."""

    code, message = "number_taken", "This donation number has just been taken. Try again in a moment."
    constraint = "stock_collection_pkey"


class UnitKnown(Conflict):
    code, message = "unit_known", "This component of this donation is in stock already, here or elsewhere."
    constraint = "unit_din_component_once"


class NotTheCollector(Conflict):
    code, message = "not_the_collector", "Another organisation answers for this donation."


class DonationReactive(Conflict):
    code, message = "donation_reactive", "This donation was found reactive; nothing of it may be used."


class GroupContradicts(Conflict):
    code, message = "group_contradicts", "Another group was confirmed for this donation."


class ResultFinal(Conflict):
    code, message = "result_final", "A reactive result stays."


class TestsMissing(Conflict):
    code, message = "tests_missing", "Not every mandatory test of this donation is non-reactive yet."


class GroupNotConfirmed(Conflict):
    code, message = "group_not_confirmed", "The group of this donation has not been confirmed yet."


class UnitExpired(Conflict):
    code, message = "unit_expired", "The life of this unit is over."


class UnitRecalled(Conflict):
    code, message = "unit_recalled", "This unit was recalled: give it to nobody. Say so if it was given before."


class UnitAmbiguous(Conflict):
    code, message = "unit_ambiguous", "Several units carry this number; say which component."


class InsufficientStock(Conflict):
    code, message = "insufficient_stock", "There are not enough suitable units."


class ReservationLapsed(Conflict):
    code, message = "reservation_lapsed", "What was reserved is free again, or given away."


class UnitNotKept(Invalid):
    code, message, pointer = (
        "unit_not_kept",
        "This unit is not kept for this, and is not equal to one that is.",
        "/units",
    )


class SplitImpossible(Invalid):
    code, message = "split_impossible", "This component is not made from such a unit."
    pointer = "/components"


class SplitTooLarge(Invalid):
    code, message = "split_too_large", "The components hold more than the unit does."
    pointer = "/components"


class CollectedInFuture(Invalid):
    code, message = "collected_in_future", "This moment has not come yet."


class ExpiryInvalid(Invalid):
    code, message = "expiry_invalid", "A unit expires after its collection and within the life of its component."


class AnticoagulantUnknown(Invalid):
    code, message = "anticoagulant_unknown", "This component is not made with this anticoagulant."


class CountBelowReserved(Conflict):
    code, message = "count_below_reserved", "More units are reserved than were counted."


class CountNotReleased(Invalid):
    code, message = "count_not_released", "Count only units that are tested and released, and say so."
    pointer = "/all_released"


class TransferNeededByInvalid(Invalid):
    code, message = "transfer_needed_by_invalid", "Units must be needed within the next 30 days."
    pointer = "/needed_by"


class NobodyHasIt(Conflict):
    code, message = "nobody_has_it", "No partner within reach can spare such units."


class TransferTaken(Conflict):
    code, message = "transfer_taken", "Another partner has offered first."
    constraint = "one_offer_for_a_transfer"


class AskOver(Conflict):
    code, message = "ask_over", "Your time to answer is over; others are asked, or nobody any more."


class TransferExpired(Conflict):
    code, message = "transfer_expired", "The time for this step has passed; the units are free again."


class OfferTooLarge(Invalid):
    code, message, pointer = "offer_too_large", "More units are offered than are wanted.", "/units"


class UnitUnsuitable(Invalid):
    code, message, pointer = "unit_unsuitable", "This unit is not yours, or not what is wanted.", "/named"


class UnitNotInTransfer(Invalid):
    code, message, pointer = "unit_not_in_transfer", "This unit was not sent with this transfer.", "/units"


class UnitNamedTwice(Invalid):
    code, message, pointer = "unit_named_twice", "Name each unit once.", "/units"


class ReceiptIncomplete(Invalid):
    code, message, pointer = "receipt_incomplete", "Say of every unit that was sent how it arrived.", "/units"


class SeparatedTooLate(Conflict):
    code, message = "separated_too_late", "This component has to be separated within hours of the donation."


class SeparationTimeInvalid(Invalid):
    code, message = "separation_time_invalid", "A unit is separated after its collection and not in the future."
    pointer = "/separated_at"


class CrossmatchMissing(Conflict):
    code, message = (
        "crossmatch_missing",
        "A valid compatible crossmatch is missing; an emergency needs two authorisers.",
    )


class CrossmatchIncompatible(Conflict):
    code, message = "crossmatch_incompatible", "The crossmatch of this unit is incompatible; not even an emergency."


class CrossmatchNotApplicable(Conflict):
    code, message = "crossmatch_not_applicable", "Only red cells and whole blood are crossmatched."


class CrossmatchForNobody(Invalid):
    code, message = "crossmatch_for_nobody", "Say with whose blood a unit that is kept for nobody was crossmatched."
    pointer = "/recipient"


class UnitNotMatchable(Conflict):
    code, message = "unit_not_matchable", "Only a unit that is available, reserved or issued is crossmatched."


class AuthorisersInvalid(Invalid):
    code, message = (
        "authorisers_invalid",
        "An emergency release is authorised by two different active members of yours.",
    )
    pointer = "/emergency/authorised_by"


class PeriodInvalid(Invalid):
    code, message = "period_invalid", "A period ends no sooner than it begins, and is no longer than 366 days."
    pointer = "/to"
