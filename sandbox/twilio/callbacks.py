"""What Twilio posts to the product: fields and signature."""

from __future__ import annotations

import time
from urllib.parse import urlencode

from twilio.request_validator import RequestValidator

from sandbox.courier import Composed
from sandbox.inbox import Message, Step
from sandbox.twilio.rules import API_VERSION


def compose(validator: RequestValidator, url: str, fields: dict[str, str], *, token: str, forged: bool) -> Composed:
    """Return the form and the headers, signed over this exact URL; a repetition has the same `token`."""
    signature = validator.compute_signature(f"{url}forged" if forged else url, fields)
    return urlencode(fields).encode(), {
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "User-Agent": "TwilioProxy/1.1",
        "X-Twilio-Signature": signature,
        "I-Twilio-Idempotency-Token": token,
    }


def message_fields(message: Message, step: Step, account_sid: str) -> dict[str, str]:
    """Return the status callback of a message."""
    prefix = "whatsapp:" if message.channel == "whatsapp" else ""
    fields = {
        "MessageSid": message.sid,
        "SmsSid": message.sid,
        "MessageStatus": step.status,
        "SmsStatus": step.status,
        "To": prefix + message.to,
        "From": prefix + message.sender,
        "AccountSid": account_sid,
        "ApiVersion": API_VERSION,
    }
    if message.service_sid:
        fields["MessagingServiceSid"] = message.service_sid
    if prefix:
        fields["ChannelPrefix"] = "whatsapp"
        fields["ChannelToAddress"] = fields["To"]
    if step.error_code:
        fields["ErrorCode"] = str(step.error_code)
    return fields


def call_fields(message: Message, step: Step, account_sid: str) -> dict[str, str]:
    """Return the status callback of a call."""
    fields = {
        "CallSid": message.sid,
        "CallStatus": "initiated" if step.event == "initiated" else step.status,
        "To": message.to,
        "Called": message.to,
        "From": message.sender,
        "Caller": message.sender,
        "AccountSid": account_sid,
        "ApiVersion": API_VERSION,
        "Direction": "outbound-api",
        "CallbackSource": "call-progress-events",
        "SequenceNumber": str(message.course.index(step) - 1),
        "Timestamp": time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(message.created_at + step.after)),
    }
    if step.event == "completed":
        fields["CallDuration"] = "1" if step.status == "completed" else "0"
    return fields


def inbound_fields(message: Message, account_sid: str) -> dict[str, str]:
    """Return the webhook of a message that a person wrote."""
    prefix = "whatsapp:" if message.channel == "whatsapp" else ""
    fields = {
        "MessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsMessageSid": message.sid,
        "SmsStatus": "received",
        "From": prefix + message.sender,
        "To": prefix + message.to,
        "Body": message.body,
        "NumMedia": "0",
        "NumSegments": "1",
        "AccountSid": account_sid,
        "ApiVersion": API_VERSION,
    }
    if prefix:
        fields["WaId"] = message.sender.lstrip("+")
    return fields
