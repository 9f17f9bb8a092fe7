from common.errors import Conflict, NotAllowed


class SignatureInvalid(NotAllowed):
    code, message = "signature_invalid", "The signature is missing or does not belong to this call."


class NothingToSend(Conflict):
    code, message = "nothing_to_send", "The text of this message was wiped because it carried a code."
