from common.errors import Conflict, Invalid, Locked


class NeededByInvalid(Invalid):
    code, message = "order_needed_by_invalid", "Blood must be needed within the next 30 days, not in the past."
    pointer = "/needed_by"


class NotOffered(Invalid):
    code, message, pointer = "component_not_offered", "This bank has no charge for this component.", "/lines"


class DeliveryTooFar(Invalid):
    code, message, pointer = "delivery_too_far", "This bank does not deliver so far.", "/deliver_to"


class BankIsBuyer(Invalid):
    code, message, pointer = "bank_is_buyer", "Your own blood need not be ordered.", "/bank"


class LinesDouble(Invalid):
    code, message, pointer = "lines_double", "Put equal lines together.", "/lines"


class OrderOver(Conflict):
    code, message = "order_over", "The time for this step has passed; the order has ended."


class OrderUnpaid(Conflict):
    code, message = "order_unpaid", "This order has to be paid before its bags may be packed."


class OrderOpen(Conflict):
    code, message = "order_open", "An order of yours is still open; cancel it or wait for its end first."


class RequisitionMissing(Conflict):
    code = "requisition_missing"
    message = "A doctor's requisition is needed first, or two members of the bank who answer for an emergency."


class PartnerIsLive(Conflict):
    code, message = "bank_is_live", "This bank works: its members close the order."


class BagsUnfit(Conflict):
    code = "bags_unfit"
    message = "Bags of this order were recalled, quarantined or have expired: keep them back, or say that it failed."


class BoxMixesBands(Invalid):
    code, message, pointer = "box_mixes_bands", "These bags need different temperatures: use two boxes.", "/units"


class BoxInUse(Conflict):
    code, message = "box_in_use", "This box is on its way with another order."
    constraint = "box_in_one_order"


class BagPacked(Conflict):
    code, message = "bag_packed", "This bag is in a box already."
    constraint = "bag_in_one_box_at_a_time"


class BagNotInOrder(Invalid):
    code, message, pointer = "bag_not_in_order", "No bag of this order has this number.", "/units"


class BagNamedTwice(Invalid):
    code, message, pointer = "bag_named_twice", "Name each bag once.", "/units"


class ReturnIncomplete(Invalid):
    code, message, pointer = "return_incomplete", "Say of every bag that was sent how it came back.", "/units"


class BoxBreached(Conflict):
    code, message = "box_breached", "A box of this order was out of its temperature: its bags may not be handed over."


class DispatchIncomplete(Invalid):
    code, message, pointer = "dispatch_incomplete", "Say who brings it: a rider, the provider, or in words.", "/courier"


class ExpectedInPast(Invalid):
    code, message, pointer = "expected_in_past", "The arrival is expected in the future.", "/expected_at"


class RiderUnknown(Invalid):
    code, message, pointer = "rider_unknown", "This is no active rider of yours, or you have none.", "/rider"


class RiderPhoneTaken(Conflict):
    code, message = "rider_phone_taken", "A rider of yours has this number already."
    constraint = "rider_phone_once_per_bank"


class HandoverCodeWrong(Invalid):
    """Costs one of the tries."""

    code, message, pointer = "handover_code_wrong", "This is not the receiver's code.", "/code"
    keeps_writes = True


class HandoverCodeLocked(Locked):
    code, message = "handover_code_locked", "Five wrong codes: the receiver has to ask for a new one."


class HandoverCodeExpired(Conflict):
    code, message = "handover_code_expired", "This code has run out: the receiver has to ask for a new one."


class NoHandoverCode(Conflict):
    code, message = "no_handover_code", "There is a code from the dispatch to the delivery only."


class MeasuredInFuture(Invalid):
    code, message = "measured_in_future", "This moment has not come yet."


class NotOnTheRoad(Conflict):
    code, message = "not_on_the_road", "This order is not on the road."


class CourierProviderUnavailable(Invalid):
    code, message = "courier_provider_unavailable", "No logistics provider can bring this order."
    pointer = "/provider"


class CourierBooked(Conflict):
    code, message = "courier_booked", "A courier of the provider is still booked for this order, or being called off."
    constraint = "booking_one_live_per_order"


class CourierHasBoxes(Conflict):
    code, message = "courier_has_boxes", "The provider's courier has the boxes: nobody else can bring them."
