"""A request that opens, or has a place again, asks donors; a suspended partner's end; who is gone is forgotten."""

import uuid

from common.models import OutboxEvent
from common.outbox import on
from requests_app.services import posting, promises, visits, waves
from requests_app.services.families import answering, following, raising, settling
from stock.states import CrossmatchResult


@on("request.opened")
@on("request.reopened")
def ask_donors(event: OutboxEvent) -> None:
    """Run the wave that is due."""
    waves.advance_waves(request_id=uuid.UUID(event.payload["request"]))


@on("request.wave_unfinished")
def ask_more_donors(event: OutboxEvent) -> None:
    """Ask the next batch of a wave too large for one transaction."""
    waves.continue_wave(request_id=uuid.UUID(event.payload["request"]), wave_id=uuid.UUID(event.payload["wave"]))


@on("partner.suspended")
def cancel_requests(event: OutboxEvent) -> None:
    """Send nobody to a partner that may not receive donors."""
    posting.cancel_requests_of(partner_id=uuid.UUID(event.payload["partner"]))


@on("partner.suspended")
def refuse_families(event: OutboxEvent) -> None:
    """Tell families at once that they must look elsewhere."""
    answering.refuse_all_of(partner_id=uuid.UUID(event.payload["partner"]))


@on("family.asked")  # it may have been asked while the hospital was being suspended
def refuse_if_suspended(event: OutboxEvent) -> None:
    answering.refuse_if_suspended(request_id=_family(event))


@on("account.erased")
def forget_donor(event: OutboxEvent) -> None:
    """Offer no place to somebody who is gone, and keep none of that person's words."""
    promises.forget_donor(donor_id=uuid.UUID(event.payload["user"]))


@on("account.erased")
def forget_family(event: OutboxEvent) -> None:
    """Keep no name of the patients for whom somebody asked who is gone."""
    raising.forget_person(user_id=uuid.UUID(event.payload["user"]))


# What a family needs and what is promised are brought into line whenever one of them has changed: first stock, then
# transfers, then donors, each in a transaction of its own, each seeing what the one before has done.


@on("family.asked")
@on("family.confirmed")
@on("family.refused")
@on("family.cancelled")
@on("family.expired")
@on("family.fulfilled")
@on("family.unsettled")
def settle_stock(event: OutboxEvent) -> None:
    settling.settle_stock(request_id=_family(event))


@on("family.asked")
@on("family.confirmed")
@on("family.refused")
@on("family.cancelled")
@on("family.expired")
@on("family.fulfilled")
@on("family.unsettled")
def settle_transfer(event: OutboxEvent) -> None:
    settling.settle_transfer(request_id=_family(event))


@on("family.asked")
@on("family.confirmed")
@on("family.refused")
@on("family.cancelled")
@on("family.expired")
@on("family.fulfilled")
@on("family.unsettled")
def settle_donors(event: OutboxEvent) -> None:
    settling.settle_donors(request_id=_family(event))


@on("reservation.ended")
def note_lost_bags(event: OutboxEvent) -> None:
    following.note_reservation_ended(purpose=event.payload["purpose"], reason=event.payload["reason"])


@on("stock.gained")
def look_at_new_stock(event: OutboxEvent) -> None:
    following.note_stock_gained(partner_id=uuid.UUID(event.payload["partner"]), components=event.payload["components"])


@on("unit.crossmatched")
def let_go_of_incompatible(event: OutboxEvent) -> None:
    """A family waits for another bag, also where nobody has tried to hand this one out."""
    if event.payload["result"] == CrossmatchResult.INCOMPATIBLE:
        following.note_incompatible(purpose=event.payload["purpose"], unit_id=uuid.UUID(event.payload["unit"]))


@on("transfer.requested")
@on("transfer.offered")
@on("transfer.dispatched")
def follow_transfers(event: OutboxEvent) -> None:
    following.follow_transfers(purpose=event.payload["purpose"], need=uuid.UUID(event.payload["need"]))


@on("transfer.received")
def note_received(event: OutboxEvent) -> None:
    holding = event.payload["holding"]
    following.note_transfer_received(
        purpose=event.payload["purpose"],
        need=uuid.UUID(event.payload["need"]),
        transfer_id=uuid.UUID(event.payload["transfer"]),
        holding_id=uuid.UUID(holding) if holding else None,
    )


@on("transfer.ended")
def note_transfer_ended(event: OutboxEvent) -> None:
    following.note_transfer_ended(
        purpose=event.payload["purpose"],
        need=uuid.UUID(event.payload["need"]),
        transfer_id=uuid.UUID(event.payload["transfer"]),
        units=event.payload["units"],
    )


@on("donation.verified")
def count_donation(event: OutboxEvent) -> None:
    """Count what was given for a family; what was given at a camp was for nobody yet."""
    if "assignment" not in event.payload:
        return
    following.count_donation(assignment_id=uuid.UUID(event.payload["assignment"]))


@on("donation.verified")
def release_who_gave(event: OutboxEvent) -> None:
    """Wait for nobody who has given at a camp meanwhile."""
    if "enrolment" in event.payload:
        visits.release_who_may_not_come(donor_id=uuid.UUID(event.payload["donor"]), reason="gave_elsewhere")


@on("donor.deferred")
def release_who_is_deferred(event: OutboxEvent) -> None:
    """Wait for nobody who has a reason not to give, whoever found it."""
    visits.release_who_may_not_come(donor_id=uuid.UUID(event.payload["donor"]), reason="deferred_meanwhile")


@on("request.cancelled")
@on("request.expired")
def note_request_closed(event: OutboxEvent) -> None:
    following.note_request_closed(blood_request_id=uuid.UUID(event.payload["request"]))


def _family(event: OutboxEvent) -> uuid.UUID:
    return uuid.UUID(event.payload["attender_request"])
