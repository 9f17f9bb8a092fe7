"""A mail server that delivers to the inbox and nowhere else: enough of SMTP (RFC 5321) for the product to speak."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from uuid import uuid4

from sandbox.faults import Rule
from sandbox.inbox import Message, Step
from sandbox.world import World

CHANNEL = "email"
LARGEST = 1_048_576  # bytes of one mail
END = b"\r\n.\r\n"


@dataclass
class Envelope:
    sender: str = ""
    to: list[str] = field(default_factory=list)


@asynccontextmanager
async def delivering(world: World, listener: socket.socket | None) -> AsyncIterator[None]:
    """Take mails while this lasts; without a listener, none."""
    if listener is None:
        yield
        return
    server = await asyncio.start_server(Desk(world).attend, sock=listener, limit=LARGEST)
    try:
        yield
    finally:
        server.close()


class Desk:
    """One conversation after another, any number at a time."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk until QUIT, or until the line is cut."""
        envelope = Envelope()
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            await _say(writer, "220 sandbox ESMTP")
            while line := await reader.readline():
                verb, _, rest = line.decode("utf-8", "replace").strip().partition(" ")
                if verb.upper() == "DATA" and envelope.to:
                    if not await self._take(envelope, reader, writer):
                        break
                    envelope = Envelope()
                    continue
                await _say(writer, self._reply(verb.upper(), rest, envelope))
                if verb.upper() == "QUIT":
                    break
        writer.close()

    def _reply(self, verb: str, rest: str, envelope: Envelope) -> str:
        if verb in ("EHLO", "HELO"):
            return "250 sandbox"
        if verb == "MAIL":
            envelope.sender = _address(rest)
            return "250 OK"
        if verb == "RCPT":
            return self._add(_address(rest), envelope)
        if verb == "RSET":
            envelope.sender, envelope.to = "", []
            return "250 OK"
        return {"NOOP": "250 OK", "QUIT": "221 Bye", "DATA": "503 RCPT first"}.get(verb, "502 Not implemented")

    def _add(self, to: str, envelope: Envelope) -> str:
        if self._strike("rate_limit", to):
            return "451 Try again later"
        if self._strike("error_5xx", to):
            return "421 Service not available"
        if self._strike("undelivered", to):
            return "550 No such mailbox"
        envelope.to.append(to)
        return "250 OK"

    async def _take(self, envelope: Envelope, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Take one mail; return whether the line goes on."""
        to = envelope.to[0]
        if self._strike("lost_request", to):
            return False
        await _say(writer, "354 Go on")
        text = await reader.readuntil(END)
        slow = self._strike("slow_ms", to)
        if slow:
            await asyncio.sleep(slow.ms / 1000)
        for address in envelope.to:
            self._world.inbox.add(_message(text.removesuffix(END[2:]), envelope.sender, address))
        if self._strike("lost_reply", to):
            return False
        await _say(writer, "250 OK")
        return True

    def _strike(self, fault: str, to: str) -> Rule | None:
        return self._world.faults.strike(fault, to=to, channel=CHANNEL)


async def _say(writer: asyncio.StreamWriter, line: str) -> None:
    writer.write(f"{line}\r\n".encode())
    await writer.drain()


def _address(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]


def _message(raw: bytes, sender: str, to: str) -> Message:
    letter = message_from_bytes(raw.replace(b"\r\n..", b"\r\n."), EmailMessage, policy=default)
    plain, html = letter.get_body(("plain",)), letter.get_body(("html",))
    calendar = next((part for part in letter.walk() if part.get_content_type() == "text/calendar"), None)
    return Message(
        sid=f"EM{uuid4().hex}",
        channel=CHANNEL,
        to=to,
        sender=sender,
        body=plain.get_content() if plain else "",
        course=(Step(0, "delivered"),),
        also={
            "subject": str(letter["Subject"]),
            "message_id": str(letter["Message-ID"]),
            "html": html.get_content() if html else None,
            "unsubscribe": letter["List-Unsubscribe"],
            "unsubscribe_post": letter["List-Unsubscribe-Post"],
            "method": calendar.get_param("method") if calendar else None,
            "calendar": calendar.get_content() if calendar else None,
            "files": [part.get_filename() for part in letter.iter_attachments()],
        },
    )
