from common.errors import Conflict, Invalid, NotAllowed


class SignatureInvalid(NotAllowed):
    code, message = "signature_invalid", "The signature is missing or does not belong to this call."


class NothingToSend(Conflict):
    code, message = "nothing_to_send", "The text of this message was wiped because it carried a code."


class DeviceTaken(Conflict):
    """Another account registered the same token at the same moment."""

    code, message, constraint = (
        "device_taken",
        "This device was registered at the same moment; try again.",
        "push_token_once",
    )


class NotOnADevice(NotAllowed):
    code, message = "not_on_a_device", "Only somebody who is signed in on a device can register it."


class WordingInvalid(Invalid):
    """`field` and `reason` are among the facts."""

    code, message = "wording_invalid", "This text cannot be sent as it is."


class AnnouncementNotDraft(Conflict):
    code, message = "announcement_not_draft", "What was sent off is not written anew: withdraw it first."


class AudienceEmpty(Conflict):
    code, message = "audience_empty", "Nobody fits this audience."


class AnnouncementTooLate(Invalid):
    code, message, pointer = (
        "announcement_too_late",
        "It would end before it begins: choose a later end.",
        "/valid_until",
    )


class CountNotConfirmed(Conflict):
    """The number of people has to be typed, because they are many."""

    code, message = "count_not_confirmed", "Type the number of people to send this to so many."


class TapLinkDead(Conflict):
    """Said on a page, in the reader's language."""

    code, message = "tap_link_dead", "This link is over."


class TicketsTooMany(Conflict):
    code, message = "tickets_too_many", "You have as many open questions as one may have: reply to one of them."
