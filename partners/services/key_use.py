"""A key that is shown: whose it is, and whether it opens."""

from __future__ import annotations

import datetime as dt
import hmac
import ipaddress
import re
from typing import Final

from common import clock
from partners.errors import (
    ApiKeyExpired,
    ApiKeyInvalid,
    ApiKeyNetworkRefused,
    ApiKeyRevoked,
    PartnerSuspended,
    TestPartUnknown,
)
from partners.models import ApiKey, Member
from partners.services.keys import digest_of
from partners.states import KeyMode, PartnerStatus, TestPart

BEGINS: Final = "jsk_"
_FORM: Final = re.compile(r"jsk_(live|test)_([0-9a-f]{12})_([0-9a-f]{48})")
_SEEN_EVERY: Final = dt.timedelta(minutes=5)  # how exact «last used» is


def authenticate(token: str, *, address: str) -> ApiKey:
    """Return the key that the text opens, with its account and both partners loaded; one query.

    Why it does not open is said only to whoever has its secret.
    Raises: ApiKeyInvalid, ApiKeyRevoked, ApiKeyExpired, ApiKeyNetworkRefused, PartnerSuspended
    """
    found = _FORM.fullmatch(token)
    if found is None:
        raise ApiKeyInvalid
    mode, prefix, secret = found.groups()
    key = ApiKey.objects.select_related("partner", "member__partner").filter(prefix=prefix).first()
    now = clock.now()
    if not _opens(key, secret, now) or key is None or key.mode != KeyMode(mode):
        raise ApiKeyInvalid
    _refuse_stopped(key, now)
    if key.networks and not _is_within(address, key.networks):
        raise ApiKeyNetworkRefused
    _remember(key, address, now)
    return key


def account_in_test(key: ApiKey, part: str) -> Member:
    """Return the account of another part of the test key's world, by its name: the other side of an exchange.

    Raises: TestPartUnknown, also for a key of mode `live`
    """
    twin = key.member.partner
    if not key.is_test or part not in list(TestPart):
        raise TestPartUnknown
    if part == twin.test_part:
        return key.member
    accounts = Member.objects.filter(partner__test_world=twin.test_world, partner__test_part=part, is_system=True)
    return accounts.select_related("partner").get()


def _opens(key: ApiKey | None, secret: str, now: dt.datetime) -> bool:
    """Compare in the same time whether there is such a key or not, and whichever secret it is."""
    shown = digest_of(secret)
    current = key.digest if key else ""
    before = key.previous_digest if key and key.overlap_ends(now) else ""
    is_current = hmac.compare_digest(shown, current)
    is_previous = hmac.compare_digest(shown, before)
    return is_current or is_previous


def _refuse_stopped(key: ApiKey, now: dt.datetime) -> None:
    if key.revoked_at is not None:
        raise ApiKeyRevoked
    if now >= key.expires_at:
        raise ApiKeyExpired
    acts_for = key.member.partner
    if key.partner.status != PartnerStatus.LIVE or acts_for.status != PartnerStatus.LIVE or not key.member.is_active:
        raise PartnerSuspended


def _is_within(address: str, networks: list[str]) -> bool:
    try:
        caller = ipaddress.ip_address(address)
    except ValueError:  # a Unix socket has none
        return False
    return any(caller in ipaddress.ip_network(network) for network in networks)


def _remember(key: ApiKey, address: str, now: dt.datetime) -> None:
    if key.last_used_at is None or now - key.last_used_at > _SEEN_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=now, last_used_address=address or None)
