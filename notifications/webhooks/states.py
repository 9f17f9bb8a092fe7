from enum import StrEnum


class EndpointStatus(StrEnum):
    ENABLED = "enabled"
    DISABLED = "disabled"
    DELETED = "deleted"  # kept for its log only; it has no secret any more


ENDPOINT_TRANSITIONS = {
    (EndpointStatus.ENABLED, "disable"): EndpointStatus.DISABLED,
    (EndpointStatus.DISABLED, "enable"): EndpointStatus.ENABLED,
    (EndpointStatus.ENABLED, "delete"): EndpointStatus.DELETED,
    (EndpointStatus.DISABLED, "delete"): EndpointStatus.DELETED,
}


class DisabledReason(StrEnum):
    OWNER = "owner"
    GONE = "gone"  # it answered 410
    FAILING = "failing"  # a message was given up, and nothing else had been taken meanwhile


class WebhookStatus(StrEnum):
    PENDING = "pending"  # waits for its turn, or for the next attempt
    SENDING = "sending"  # leased by a worker
    SUCCEEDED = "succeeded"
    FAILED = "failed"  # given up; it can be replayed


WEBHOOK_TRANSITIONS = {
    (WebhookStatus.PENDING, "send"): WebhookStatus.SENDING,
    (WebhookStatus.SENDING, "send"): WebhookStatus.SENDING,  # whoever had leased it is gone
    (WebhookStatus.SENDING, "succeed"): WebhookStatus.SUCCEEDED,
    (WebhookStatus.SENDING, "retry"): WebhookStatus.PENDING,
    (WebhookStatus.SENDING, "give_up"): WebhookStatus.FAILED,
    (WebhookStatus.PENDING, "give_up"): WebhookStatus.FAILED,  # its endpoint was disabled
    (WebhookStatus.SUCCEEDED, "replay"): WebhookStatus.PENDING,
    (WebhookStatus.FAILED, "replay"): WebhookStatus.PENDING,
}


class Failure(StrEnum):
    """Why an attempt ended without an answer that counts."""

    STATUS = "status"  # any but 2xx, a redirect too
    ADDRESS_REFUSED = "address_refused"  # the name leads to where nothing may be sent
    NAME_UNKNOWN = "name_unknown"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    TIMEOUT = "timeout"
    NO_ANSWER = "no_answer"  # the connection ended, or spoke no HTTP
    WORKER_LOST = "worker_lost"  # whoever sent it died before it could tell
