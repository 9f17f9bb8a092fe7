"""What production must never start with."""

from __future__ import annotations

import ipaddress
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.core.exceptions import ImproperlyConfigured

from common.crypto import KeysInvalid, parse_key
from common.webhooks import key_of

SECRETS = ("SECRET_KEY", "TOKEN_KEY", "CODE_KEY", "BLIND_INDEX_KEY")
PROVIDER_SECRETS = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")  # the token also signs the provider's webhooks
SENDERS = ("TWILIO_SMS_FROM", "TWILIO_WHATSAPP_FROM", "TWILIO_VOICE_FROM")
IDENTITY_PROVIDER = tuple(f"IDENTITY_PROVIDER_{part}" for part in ("URL", "NAME", "CLIENT_ID", "SECRET"))
LOGISTICS = ("LOGISTICS_URL", "LOGISTICS_KEY", "LOGISTICS_WEBHOOK_SECRET")
SHORTEST_KEY = 32  # bytes of a key for HS256 (RFC 7518, 3.2)
SHORTEST_SECRET = 50  # characters, as Django asks of its own
CLOUDINARY_URL = re.compile(r"cloudinary://[^:@/]+:[^:@/]+@[^:@/]+")
CLAMD_ADDRESS = re.compile(r"tcp://[^/:@]+:\d{1,5}|unix:///.+")
SHORTEST_WEBHOOK_SECRET = 20  # characters; those of Stripe have 38
SHORTEST_STANDARD_SECRET = 24  # bytes behind whsec_ (Standard Webhooks 1.0.0)
SHORTEST_PROVIDER_SECRET = 8  # characters; what the providers let one choose
RAZORPAY = ("RAZORPAY_KEY_ID", "RAZORPAY_KEY_SECRET", "RAZORPAY_WEBHOOK_SECRET")
PHONEPE = (
    "PHONEPE_CLIENT_ID",
    "PHONEPE_CLIENT_SECRET",
    "PHONEPE_WEBHOOK_USERNAME",
    "PHONEPE_WEBHOOK_PASSWORD",
    "PHONEPE_MERCHANT_ID",
)
BKASH = ("BKASH_USERNAME", "BKASH_PASSWORD", "BKASH_APP_KEY", "BKASH_APP_SECRET")
MAILBOX = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[^@\s<>]+")
SNS_ORIGIN = re.compile(r"https://sns\.[a-z]{2}(-[a-z]+)+-\d\.amazonaws\.com")
SNS_TOPIC = re.compile(r"arn:aws:sns:[a-z]{2}(-[a-z]+)+-\d:\d{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?")
FCM_HOST = "fcm.googleapis.com"
FCM_ACCOUNT = ("project_id", "client_email", "private_key", "token_uri")
GOOGLE_TOKENS = "https://oauth2.googleapis.com/token"
ZOOM = ("ZOOM_ACCOUNT_ID", "ZOOM_CLIENT_ID", "ZOOM_CLIENT_SECRET", "ZOOM_WEBHOOK_SECRET")
ZOOM_HOSTS = {"ZOOM_API_BASE": "api.zoom.us", "ZOOM_OAUTH_BASE": "zoom.us"}
PAYMENT_HOSTS = {
    "STRIPE_API_BASE": ("Stripe", "api.stripe.com"),
    "RAZORPAY_API_BASE": ("Razorpay", "api.razorpay.com"),
    "BKASH_API_BASE": ("bKash", "tokenized.pay.bka.sh"),
    "PHONEPE_API_BASE": ("PhonePe", "api.phonepe.com"),
    "PHONEPE_AUTH_BASE": ("PhonePe", "api.phonepe.com"),
}
LONGEST_VISION = 150  # seconds
FEWEST_CHARACTERS = 12  # different ones; a key of one repeated letter is no key


def refuse_unsafe(settings: Mapping[str, Any]) -> None:
    """Raise ImproperlyConfigured naming everything that makes these settings unsafe; say no value."""
    faults = list(faults_of(settings))
    if faults:
        raise ImproperlyConfigured("Production refuses to start:\n" + "\n".join(f"- {fault}" for fault in faults))


def faults_of(settings: Mapping[str, Any]) -> Iterator[str]:
    """Yield one line per unsafe or missing setting."""
    yield from _weak_secrets(settings)
    if settings["DEBUG"] or os.environ.get("DEBUG", "").lower() in {"1", "true", "yes", "on"}:
        yield "DEBUG is on."
    if not settings["ADMIN_TOTP_REQUIRED"]:
        yield "ADMIN_TOTP_REQUIRED is off: whoever learns an administrator's password would be in."
    token = settings["METRICS_TOKEN"]
    if token and (len(token) < SHORTEST_KEY or "local-only" in token):
        yield f"METRICS_TOKEN is weak: use {SHORTEST_KEY} or more random characters, or none."
    if not settings["ALLOWED_HOSTS"] or "*" in settings["ALLOWED_HOSTS"]:
        yield "ALLOWED_HOSTS must name the hosts this server answers for."
    if not os.environ.get("DATABASE_URL"):
        yield "DATABASE_URL is empty."
    if settings.get("CORS_ALLOW_ALL_ORIGINS"):
        yield "CORS_ALLOW_ALL_ORIGINS is on."
    yield from _outside_world(settings)


def _weak_secrets(settings: Mapping[str, Any]) -> Iterator[str]:
    for name in SECRETS:
        value = settings[name]
        if not value:
            yield f"{name} is empty."
        elif len(value) < SHORTEST_SECRET or len(set(value)) < FEWEST_CHARACTERS or "local-only" in value:
            yield f"{name} is weak: use {SHORTEST_SECRET} or more random characters."
    values = [settings[name] for name in SECRETS if settings[name]]
    if len(set(values)) < len(values):
        yield f"{', '.join(SECRETS)} must differ from each other."
    if not settings["FIELD_KEYS"]:
        yield "FIELD_KEYS is empty."
    elif any(b"local-only" in key or len(set(key)) < FEWEST_CHARACTERS for key in settings["FIELD_KEYS"].values()):
        yield "FIELD_KEYS is weak: use 32 random bytes, base64-encoded."
    yield from _audit_key(settings["AUDIT_KEY"])


def _audit_key(text: str) -> Iterator[str]:
    """It signs what nobody may rewrite; with a known key anybody could."""
    try:
        key = parse_key(text)
    except KeysInvalid:
        yield "AUDIT_KEY is not the base64 of 32 random bytes."
    else:
        if b"local-only" in key or len(set(key)) < FEWEST_CHARACTERS:
            yield "AUDIT_KEY is weak: use 32 random bytes, base64-encoded."


def _outside_world(settings: Mapping[str, Any]) -> Iterator[str]:
    for name in PROVIDER_SECRETS:
        value = settings[name]
        if not value:
            yield f"{name} is empty."
        elif "sandbox" in value or not value.strip("AC0"):
            yield f"{name} is the sandbox's."
    for name in SENDERS:
        if not settings[name]:
            yield f"{name} is empty."
    yield from _identity_provider(settings)
    yield from _logistics(settings)
    if settings["WEBHOOK_SANDBOX_ORIGIN"]:
        yield "WEBHOOK_SANDBOX_ORIGIN is set: in production partners' webhooks go to public https addresses only."
    if settings["SANDBOX_URL"]:
        yield "SANDBOX_URL is set: the sandbox is never used in production."
    yield from _providers_of_payments(settings)
    provider, public = urlsplit(settings["TWILIO_API_BASE"]), urlsplit(settings["PUBLIC_URL"])
    if (provider.scheme, provider.hostname) != ("https", "api.twilio.com"):
        yield "TWILIO_API_BASE does not point at Twilio: the sandbox is never used in production."
    if public.scheme != "https" or not public.hostname:
        yield "PUBLIC_URL must be this server's https address: providers sign their webhooks over it."
    yield from _private_files(settings)
    yield from _meetings(settings)
    yield from _mail(settings)
    yield from _push(settings)
    yield from _vision(settings)


def _vision(settings: Mapping[str, Any]) -> Iterator[str]:
    """All of it or nothing; pictures of reports go over https, or no further than the own network."""
    url, address = settings["VISION_URL"], urlsplit(settings["VISION_URL"])
    if url and address.scheme != "https" and not (address.scheme == "http" and _is_own_network(address.hostname)):
        yield "VISION_URL must be https, or http on this machine or a private network: reports are sent there."
    yield from _all_or_none(settings, ("VISION_URL", "VISION_MODEL", "VISION_RUN_BY"))
    if any("sandbox" in settings[name].lower() for name in ("VISION_URL", "VISION_MODEL", "VISION_KEY")):
        yield "VISION_MODEL is the sandbox's."
    if not 1 <= (settings["VISION_TIMEOUT"] or 0) <= LONGEST_VISION:
        yield f"VISION_TIMEOUT is 1 to {LONGEST_VISION} seconds: a worker's lease is not much longer."


def _is_own_network(host: str | None) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_private
    except ValueError:
        return False


def _identity_provider(settings: Mapping[str, Any]) -> Iterator[str]:
    """All of it or nothing: without a provider level 2 is not offered."""
    given = [name for name in IDENTITY_PROVIDER if settings[name]]
    if not given:
        return
    for name in sorted(set(IDENTITY_PROVIDER) - set(given)):
        yield f"{name} is empty, and {given[0]} is not."
    for name in given:
        if "sandbox" in settings[name].lower():
            yield f"{name} is the sandbox's."
    address = urlsplit(settings["IDENTITY_PROVIDER_URL"])
    if given[0] == "IDENTITY_PROVIDER_URL" and (address.scheme != "https" or _is_this_machine(address.hostname)):
        yield "IDENTITY_PROVIDER_URL must be the https address of a licensed provider: numbers are sent there."
    if len(settings["IDENTITY_PROVIDER_SECRET"].encode()) < SHORTEST_KEY:
        yield f"IDENTITY_PROVIDER_SECRET is weak: use {SHORTEST_KEY} bytes or more, it signs what the provider says."


def _logistics(settings: Mapping[str, Any]) -> Iterator[str]:
    """All of it or nothing: without a provider only a bank's own people bring boxes."""
    url, key, secret = (settings[name] for name in LOGISTICS)
    yield from _all_or_none(settings, LOGISTICS)
    address = urlsplit(url)
    if url and (address.scheme != "https" or _is_this_machine(address.hostname) or "sandbox" in url.lower()):
        yield "LOGISTICS_URL must be a provider's https address: the sandbox is never used in production."
    if key and (len(key) < SHORTEST_PROVIDER_SECRET or "sandbox" in key.lower()):
        yield "LOGISTICS_KEY is the sandbox's, or too short."
    try:
        signing_key = key_of(secret)
    except ValueError:
        yield "LOGISTICS_WEBHOOK_SECRET is written whsec_ and base64."
        return
    if secret and (len(signing_key) < SHORTEST_STANDARD_SECRET or b"sandbox" in signing_key):
        yield "LOGISTICS_WEBHOOK_SECRET is the sandbox's, or too short: whoever knows it signs for the provider."


def _is_this_machine(host: str | None) -> bool:
    try:
        return not host or host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _private_files(settings: Mapping[str, Any]) -> Iterator[str]:
    """Where private files go is said, never guessed, and is no place that a web server shows."""
    url, base, folder = settings["CLOUDINARY_URL"], settings["CLOUDINARY_API_BASE"], settings["PRIVATE_FILES_DIR"]
    if not url and not folder:
        yield "CLOUDINARY_URL or PRIVATE_FILES_DIR must say where private files are kept."
    if url and not CLOUDINARY_URL.fullmatch(url):
        yield "CLOUDINARY_URL is written cloudinary://api_key:api_secret@cloud_name."
    if "sandbox" in url or (url and urlsplit(base)[:2] != ("https", "api.cloudinary.com")):
        yield "CLOUDINARY_API_BASE does not point at Cloudinary: the sandbox is never used in production."
    if folder and Path(settings["STATIC_ROOT"]) in [Path(folder), *Path(folder).parents]:
        yield "PRIVATE_FILES_DIR lies among the static files, which everybody may read."
    scanner = settings["CLAMD_ADDRESS"]
    if scanner and not CLAMD_ADDRESS.fullmatch(scanner):
        yield "CLAMD_ADDRESS is written tcp://host:port or unix:///path."
    if settings["FILE_SCANNER"] == "common.files.clamd.is_clean" and not scanner:
        yield "CLAMD_ADDRESS is empty, and FILE_SCANNER wants it."


def _providers_of_payments(settings: Mapping[str, Any]) -> Iterator[str]:
    """A provider may be left out; one that is set up takes real money, and nothing signs for it with a known secret."""
    key, secret = settings["STRIPE_SECRET_KEY"], settings["STRIPE_WEBHOOK_SECRET"]
    if bool(key) != bool(secret):
        yield "STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET belong together: one is empty."
    if key and (not key.startswith(("sk_live_", "rk_live_")) or "sandbox" in key):
        yield "STRIPE_SECRET_KEY is no live key: the sandbox and test mode are never used in production."
    if secret and (len(secret) < SHORTEST_WEBHOOK_SECRET or "sandbox" in secret):
        yield "STRIPE_WEBHOOK_SECRET is the sandbox's, or too short."
    yield from _razorpay(settings)
    yield from _all_or_none(settings, PHONEPE)
    yield from _weak(settings, PHONEPE)
    yield from _all_or_none(settings, BKASH)
    yield from _weak(settings, BKASH)
    if settings["BKASH_SNS_ORIGIN"] and not SNS_ORIGIN.fullmatch(settings["BKASH_SNS_ORIGIN"]):
        yield "BKASH_SNS_ORIGIN is not Amazon SNS: the sandbox is never used in production."
    if settings["BKASH_SNS_TOPIC"] and not SNS_TOPIC.fullmatch(settings["BKASH_SNS_TOPIC"]):
        yield "BKASH_SNS_TOPIC is no topic of Amazon SNS, or the sandbox's."
    for name, (provider, host) in PAYMENT_HOSTS.items():
        base = urlsplit(settings[name])
        if (base.scheme, base.hostname) != ("https", host):
            yield f"{name} does not point at {provider}: the sandbox is never used in production."


def _meetings(settings: Mapping[str, Any]) -> Iterator[str]:
    """Without Zoom there are rooms of Jitsi, whose addresses are all that keeps strangers out."""
    yield from _all_or_none(settings, ZOOM)
    yield from _weak(settings, ZOOM)
    if settings["ZOOM_ACCOUNT_ID"] and not settings["ZOOM_USERS"]:
        yield "ZOOM_USERS is empty: somebody must host."
    for name, host in ZOOM_HOSTS.items():
        base = urlsplit(settings[name])
        if (base.scheme, base.hostname) != ("https", host):
            yield f"{name} does not point at Zoom: the sandbox is never used in production."
    rooms = urlsplit(settings["JITSI_URL"])
    if rooms.scheme != "https" or _is_this_machine(rooms.hostname):
        yield "JITSI_URL must be the https address of a Jitsi Meet."


def _mail(settings: Mapping[str, Any]) -> Iterator[str]:
    """Without a server no e-mail is sent."""
    yield from _all_or_none(settings, ("SMTP_URL", "MAIL_FROM"))
    url, sender = settings["SMTP_URL"], settings["MAIL_FROM"]
    if url and (urlsplit(url).scheme not in ("smtp", "smtps") or _is_this_machine(urlsplit(url).hostname)):
        yield "SMTP_URL must name a mail server, smtp://… or smtps://…: the sandbox is never used in production."
    if sender and (not MAILBOX.fullmatch(sender) or sender.endswith(".test")):
        yield "MAIL_FROM must be an e-mail address of yours."


def _push(settings: Mapping[str, Any]) -> Iterator[str]:
    """Without a service account no push is sent; with one, its key goes to Google and to nobody else."""
    base, text = urlsplit(settings["FCM_API_BASE"]), settings["FCM_CREDENTIALS"]
    if (base.scheme, base.hostname) != ("https", FCM_HOST):
        yield "FCM_API_BASE does not point at Firebase: the sandbox is never used in production."
    if not text:
        return
    try:
        found = json.loads(text)
        is_whole = all(found[name] and isinstance(found[name], str) for name in FCM_ACCOUNT)
        load_pem_private_key(found["private_key"].encode(), password=None)
    except (ValueError, KeyError, TypeError, AttributeError, UnsupportedAlgorithm):
        yield "FCM_CREDENTIALS cannot be read: it is the JSON file of a service account, with its key."
        return
    if not is_whole:
        yield "FCM_CREDENTIALS is not whole: it is the JSON file of a service account."
    if found["token_uri"] != GOOGLE_TOKENS:
        yield "FCM_CREDENTIALS takes its tokens elsewhere than from Google: the sandbox is never used in production."


def _razorpay(settings: Mapping[str, Any]) -> Iterator[str]:
    yield from _all_or_none(settings, RAZORPAY)
    key = settings["RAZORPAY_KEY_ID"]
    if key and (not key.startswith("rzp_live_") or "sandbox" in key):
        yield "RAZORPAY_KEY_ID is no live key: the sandbox and test mode are never used in production."
    yield from _weak(settings, RAZORPAY[1:])


def _all_or_none(settings: Mapping[str, Any], names: Sequence[str]) -> Iterator[str]:
    missing = [name for name in names if not settings[name]]
    if missing and len(missing) < len(names):
        yield f"{', '.join(names)} belong together: {', '.join(missing)} is empty."


def _weak(settings: Mapping[str, Any], names: Sequence[str]) -> Iterator[str]:
    for name in names:
        value = settings[name]
        if value and (len(value) < SHORTEST_PROVIDER_SECRET or "sandbox" in value.lower()):
            yield f"{name} is the sandbox's, or too short."
