"""Where a call comes from."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request

IPV6_NETWORK = 64  # bits; one subscriber holds at least so many addresses (RFC 6177)


def client_address(request: HttpRequest | Request) -> str:
    """Return the caller's address: what the outermost of our own proxies saw, never what a stranger claims.

    `settings.TRUSTED_PROXIES` says how many entries at the right end of X-Forwarded-For are ours. Empty when
    there is none, as behind a Unix socket.
    """
    direct = _address(str(request.META.get("REMOTE_ADDR", "")))
    proxies: int = settings.TRUSTED_PROXIES
    if proxies == 0:
        return direct
    hops = [hop.strip() for hop in request.META.get("HTTP_X_FORWARDED_FOR", "").split(",") if hop.strip()]
    return _address(hops[-proxies]) or direct if len(hops) >= proxies else direct


def client_network(request: HttpRequest | Request) -> str:
    """Return whom a limit by address counts: an IPv4 address, or an IPv6 subscriber's whole network."""
    return network_of(client_address(request))


def network_of(address: str) -> str:
    """Return what one subscriber holds: an IPv4 address, or an IPv6 network."""
    if ":" not in address:
        return address
    return str(ipaddress.ip_network((address, IPV6_NETWORK), strict=False))


def rough_network(request: HttpRequest | Request) -> str:
    """Return where a call comes from as far as a log may remember it for years: a /24, or an IPv6 /48."""
    address = client_address(request)
    if not address:
        return ""
    return str(ipaddress.ip_network((address, 48 if ":" in address else 24), strict=False))


def _address(text: str) -> str:
    """Return the address in what a proxy wrote (`192.0.2.1`, `192.0.2.1:443`, `[2001:db8::1]:443`), or nothing."""
    bare = text.partition("]")[0].lstrip("[") if text.startswith("[") else text
    if bare.count(":") == 1:
        bare = bare.partition(":")[0]
    try:
        found = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return ""
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return str(mapped or found)
