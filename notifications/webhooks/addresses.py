"""Where webhooks may go: public names over https, and after the name was looked up public addresses only.

A name is looked up once for each send, all of its addresses are judged, and the connection is made to what was judged.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import unicodedata
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

from notifications.webhooks.errors import WebhookUrlRefused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
LONGEST_URL: Final = 500
HTTPS: Final = 443
LABEL: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)", re.ASCII)
NUMBER: Final = re.compile(r"\d+|0x[0-9a-f]*", re.ASCII)  # as the last label of an IPv4 address in any notation
VISIBLE: Final = re.compile(r"[!-\[\]-~]+", re.ASCII)  # ASCII without blanks, controls and the backslash
PUNYCODE: Final = "xn--"
# Names that lead nowhere public: RFC 6761, RFC 6762, RFC 8375, ICANN SAC113, and what networks use inside.
PRIVATE_SUFFIXES: Final = frozenset(
    {
        *("localhost", "localdomain", "local", "internal", "intranet", "private", "lan", "home", "corp"),
        *("arpa", "onion", "test", "invalid"),
    }
)
# IANA's registries of special-purpose addresses, RFC 6890 and later: none of these is a partner's server.
REFUSED_V4: Final = tuple(
    ipaddress.IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",
        "169.254.0.0/16",  # link-local: the metadata of clouds
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # relays of 6to4
        "192.168.0.0/16",
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",
    )
)
PUBLIC_V6: Final = ipaddress.IPv6Network("2000::/3")  # so neither ::1, mapped IPv4, NAT64, ULA, link-local, multicast
REFUSED_V6: Final = tuple(
    ipaddress.IPv6Network(block)
    for block in (
        "2001::/23",  # protocols: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address inside
        "3fff::/20",  # documentation
    )
)


class AddressRefused(Exception):
    """The name leads to where nothing may be sent."""


class NameUnknown(Exception):
    """The name cannot be looked up."""


@dataclass(frozen=True, slots=True)
class Target:
    """A URL in its parts; `is_sandbox` says that it is this machine's stand-in."""

    scheme: str
    host: str
    port: int
    path: str
    is_sandbox: bool = False


def parse_url(url: str) -> Target:
    """Return the parts of a URL that webhooks may be sent to, as far as its text says. Raises: WebhookUrlRefused"""
    if len(url) > LONGEST_URL or not VISIBLE.fullmatch(url):
        raise WebhookUrlRefused
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as exc:
        raise WebhookUrlRefused from exc
    host = (parts.hostname or "").lower().removesuffix(".")
    if "@" in parts.netloc or "#" in url or not host:
        raise WebhookUrlRefused
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if _is_sandbox(parts.scheme, parts.netloc):
        return Target(parts.scheme, host, port or 80, path, is_sandbox=True)
    if parts.scheme != "https" or not _is_public_name(host):
        raise WebhookUrlRefused
    if (port if port is not None else HTTPS) not in {HTTPS, *settings.WEBHOOK_PORTS}:
        raise WebhookUrlRefused
    return Target("https", host, port if port is not None else HTTPS, path)


def look_up(target: Target) -> list[Address]:
    """Return the addresses of the target's name, every one of which may be sent to.

    Raises: NameUnknown, AddressRefused
    """
    try:
        found = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    except (OSError, UnicodeError) as exc:
        raise NameUnknown from exc
    addresses = list(dict.fromkeys(_address(str(entry[4][0])) for entry in found))
    if not addresses:
        raise NameUnknown
    if not target.is_sandbox and not all(is_public(address) for address in addresses):
        raise AddressRefused
    return addresses


def is_public(address: Address) -> bool:
    """Whether an address belongs to a server that anybody may reach."""
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not any(address in block for block in REFUSED_V4)
    if address.scope_id is not None or address not in PUBLIC_V6:
        return False
    return address.is_global and not any(address in block for block in REFUSED_V6)


def _address(text: str) -> Address:
    try:
        return ipaddress.ip_address(text)
    except ValueError as exc:
        raise AddressRefused from exc


def _is_sandbox(scheme: str, netloc: str) -> bool:
    wanted = urlsplit(settings.WEBHOOK_SANDBOX_ORIGIN)
    return bool(settings.WEBHOOK_SANDBOX_ORIGIN) and (scheme, netloc) == (wanted.scheme, wanted.netloc)


def _is_public_name(host: str) -> bool:
    """Whether it is a domain name in its ASCII form, of two labels or more, and no address in any notation."""
    labels = host.split(".")
    if len(labels) < 2 or len(host) > 253 or not all(LABEL.fullmatch(label) for label in labels):  # noqa: PLR2004
        return False
    if NUMBER.fullmatch(labels[-1]) or labels[-1] in PRIVATE_SUFFIXES:
        return False
    return all(_is_plain_punycode(label) for label in labels)


def _is_plain_punycode(label: str) -> bool:
    """Whether a label is none, or one that means what its characters look like."""
    if not label.startswith(PUNYCODE):
        return True
    try:
        text = label.removeprefix(PUNYCODE).encode().decode("punycode")
    except UnicodeError:
        return False
    return not text.isascii() and unicodedata.normalize("NFKC", text) == text and text == text.casefold()
