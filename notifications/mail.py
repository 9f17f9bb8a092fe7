"""E-mail, by SMTP. A message keeps its Message-ID however often it is tried, so that a mailbox that gets one twice can
tell: nobody can be asked whether a mail was taken whose answer is lost."""

from __future__ import annotations

import datetime as dt
import logging
import re
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from http import HTTPStatus
from typing import Final
from urllib.parse import unquote, urlsplit

from django.conf import settings

from common import clock
from notifications import letters
from notifications.gateways import (
    NO_MAILBOX,
    Accepted,
    Found,
    NotAccepted,
    Outgoing,
    Refused,
    TextGateway,
    TryLater,
    Unknown,
)
from notifications.states import Channel

TIMEOUT: Final = 10  # seconds, of each exchange
PORTS: Final = {"smtp": 587, "smtps": 465}
NAME: Final = "JeevanSetu"
FINAL: Final = 500  # replies from here on are final (RFC 5321, 4.2.1)
BY_POLICY: Final = (
    b"5.7.",
    b"5.3.",
    b"5.4.",
)  # of the sender, the system, the way there (RFC 3463): not of the mailbox
METHOD: Final = re.compile(r"^METHOD:([A-Z]+)\r?$", re.MULTILINE)
log = logging.getLogger(__name__)


class Carriers:
    """Every channel's way out, behind the one interface that the dispatcher knows."""

    def __init__(self, *, text: TextGateway, mail: TextGateway, push: TextGateway) -> None:
        self._text, self._others = text, {Channel.EMAIL: mail, Channel.PUSH: push}

    def send(self, message: Outgoing) -> Accepted:
        return self._others.get(message.channel, self._text).send(message)

    def find(self, *, channel: Channel, to: str, body: str, since: dt.datetime) -> list[Found]:
        return self._others.get(channel, self._text).find(channel=channel, to=to, body=body, since=since)


class SmtpGateway:
    """Hands mails to the server that `SMTP_URL` names, each over a connection of its own."""

    def send(self, message: Outgoing) -> Accepted:
        letter = compose(message)
        with _connected() as server:
            _tell(server, "mail", settings.MAIL_FROM)
            _tell(server, "rcpt", message.to)
            try:
                code, _ = server.data(letter.as_bytes())
            except smtplib.SMTPDataError as exc:  # before the first byte of it
                raise _refusal(exc.smtp_code) from exc
            except (smtplib.SMTPException, OSError) as exc:
                raise Unknown("connection_lost") from exc
            if code != HTTPStatus.OK + 50:
                raise _refusal(code)
        return Accepted(f"mail-{message.delivery_id}")

    def find(self, *, channel: Channel, to: str, body: str, since: dt.datetime) -> list[Found]:
        """A mail server cannot be asked: what is in doubt goes once more, under the same Message-ID."""
        return []


def compose(message: Outgoing) -> EmailMessage:
    """Return the mail: the text, the same as HTML, and the invitation both as what a calendar shows and as a file.

    One that can be unsubscribed from says so in its headers (RFC 2369, RFC 8058).      Raises: Refused
    """
    letter = EmailMessage(policy=SMTP)
    try:
        letter["From"] = formataddr((NAME, settings.MAIL_FROM))
        letter["To"] = message.to
        letter["Subject"] = message.subject
    except (ValueError, MessageError) as exc:
        raise Refused("bad_address") from exc
    letter["Date"] = format_datetime(clock.now())
    letter["Message-ID"] = f"<{message.delivery_id}@{settings.MAIL_FROM.rpartition('@')[2]}>"
    letter["Content-Language"] = message.language
    letter["Auto-Submitted"] = "auto-generated"
    if message.unsubscribe:
        letter["List-Unsubscribe"] = f"<{message.unsubscribe}>"
        letter["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    letter.set_content(letters.text_of(message), cte="base64")
    letter.add_alternative(letters.html_of(message), subtype="html", cte="base64")
    found = METHOD.search(message.invitation)
    if found:
        part = {"method": found.group(1)}
        letter.add_alternative(message.invitation, subtype="calendar", params=part, cte="base64")
        letter.add_attachment(message.invitation.encode(), maintype="application", subtype="ics", filename="invite.ics")
    return letter


@contextmanager
def _connected() -> Iterator[smtplib.SMTP]:
    """Yield a connection that is signed in. Raises: TryLater"""
    try:
        server = _connect()
    except (smtplib.SMTPException, OSError) as exc:
        raise TryLater("unreachable") from exc
    try:
        yield server
    finally:
        with suppress(smtplib.SMTPException, OSError):
            server.quit()


def _connect() -> smtplib.SMTP:
    """Sign in over TLS, or not at all; a relay that asks for no password may do without both."""
    url = urlsplit(settings.SMTP_URL)
    address = (url.hostname or "", url.port or PORTS.get(url.scheme, 25))
    if url.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(*address, timeout=TIMEOUT, context=ssl.create_default_context())
    else:
        server = smtplib.SMTP(*address, timeout=TIMEOUT)
        server.ehlo()
        if server.has_extn("starttls"):
            server.starttls(context=ssl.create_default_context())
        elif url.username:
            server.close()
            log.error("the mail server offers no TLS: no password is sent to it")
            raise TryLater("no_tls")
    if url.username:
        _sign_in(server, unquote(url.username), unquote(url.password or ""))
    return server


def _sign_in(server: smtplib.SMTP, name: str, password: str) -> None:
    try:
        server.login(name, password)
    except smtplib.SMTPAuthenticationError as exc:
        log.error("the mail server refuses our account", extra={"error_code": str(exc.smtp_code)})
        server.close()
        raise TryLater(str(exc.smtp_code)) from exc


def _tell(server: smtplib.SMTP, verb: str, address: str) -> None:
    """Say from whom or to whom. Raises: Refused, TryLater"""
    try:
        code, said = getattr(server, verb)(address)
    except UnicodeError as exc:
        raise Refused("bad_address") from exc
    except (smtplib.SMTPException, OSError) as exc:
        raise TryLater("connection_lost") from exc
    if not HTTPStatus.OK <= code < HTTPStatus.MULTIPLE_CHOICES:
        is_final_of_mailbox = verb == "rcpt" and code >= FINAL and not said.startswith(BY_POLICY)
        raise Refused(f"{NO_MAILBOX}{code}") if is_final_of_mailbox else _refusal(code)


def _refusal(code: int) -> NotAccepted:
    return Refused(str(code)) if code >= FINAL else TryLater(str(code))
