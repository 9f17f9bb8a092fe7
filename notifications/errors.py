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
