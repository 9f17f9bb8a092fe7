from enum import StrEnum


class RatedBy(StrEnum):
    DONOR = "donor"
    PARTNER = "partner"


class ConsentForm(StrEnum):
    """How the donor consented to a donation."""

    DIGITAL = "digital"  # in the app, with the answers before the visit
    PAPER = "paper"


class InvitationStatus(StrEnum):
    """What became of asking a donor to come back after a visit."""

    WAITING = "waiting"
    SENT = "sent"
    DROPPED = "dropped"  # a later visit, or nobody to ask


INVITATION_TRANSITIONS = {
    (InvitationStatus.WAITING, "send"): InvitationStatus.SENT,
    (InvitationStatus.WAITING, "drop"): InvitationStatus.DROPPED,
}


class JourneyStep(StrEnum):
    """What a donor is told of a component; why one was not used is between the donor and the centre."""

    IN_PROCESS = "in_process"
    READY = "ready"
    SEPARATED = "separated"
    ON_ITS_WAY = "on_its_way"
    ISSUED = "issued"
    GIVEN = "given"
    NOT_USED = "not_used"
