"""Letters about e-mail addresses, and what mail servers say of them."""

from __future__ import annotations

import uuid

from django.conf import settings

from common.models import OutboxEvent
from common.outbox import on
from notifications import selectors
from notifications.handlers.addressing import id_in, occasion
from notifications.kinds import Kind
from notifications.services import Recipient, notify
from users.services import emails


@on("email.verification_asked")
def send_link(event: OutboxEvent) -> None:
    """Send the link to the address, which nobody has shown to be the person's yet."""
    letter = emails.letter_to_send(id_in(event, "user"))
    if letter is None or not settings.PUBLIC_URL:
        return
    notify(
        kind=Kind.EMAIL_VERIFY,
        occasion=occasion(event),
        recipients=[
            Recipient(phone="", language=letter.language, zone=letter.zone, user_id=letter.user_id, email=letter.email)
        ],
        facts={
            "link": f"{settings.PUBLIC_URL.rstrip('/')}/v/{letter.token}",
            "hours": int(emails.LIFETIME.total_seconds() // 3600),
        },
        valid_until=event.created_at + emails.LIFETIME,
    )


@on("email.refused")
def note_refused(event: OutboxEvent) -> None:
    """Write to the mailbox no more."""
    refused = selectors.refused_mail(uuid.UUID(event.payload["delivery"]))
    if refused is not None:
        emails.note_refused(user_id=refused.user_id, address=refused.address, tried_at=refused.tried_at)
