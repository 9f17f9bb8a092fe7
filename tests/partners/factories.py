"""Partners, members and people for tests; numbers and licences differ from call to call."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import connection
from rest_framework.test import APIClient

from common import sessions
from common.db import unit_of_work
from partners.directory import license_key
from partners.models import Member, MemberSession, Partner
from partners.states import PartnerStatus, Role
from users.models import Session, User

PASSWORD = "seven quiet tamarinds"
_numbers = itertools.count(1)


def new_phone() -> str:
    return f"+9198{next(_numbers):08d}"


def make_partner(**values: Any) -> Partner:
    number = next(_numbers)
    licence = values.pop("license_number", f"KA/BB/{number}")
    defaults = {
        "status": PartnerStatus.LIVE,
        "kind": "blood_bank",
        "name": f"Bank {number}",
        "license_number": licence,
        "license_key": license_key(licence),
        "phone": "+918025500101",
        "address": "1 Lake Road",
        "city": "Bengaluru",
        "state": "Karnataka",
        "lat": Decimal("12.971600"),
        "lng": Decimal("77.594600"),
    }
    return Partner.objects.create(**{**defaults, **values})


def make_listing(**values: Any) -> Partner:
    return make_partner(**{"status": PartnerStatus.LISTED, "in_directory": True, **values})


def make_member(partner: Partner | None = None, **values: Any) -> Member:
    defaults = {
        "partner": partner or make_partner(),
        "name": "Kavya Raman",
        "phone": new_phone(),
        "password": make_password(PASSWORD),
        "role": Role.OWNER,
    }
    return Member.objects.create(**{**defaults, **values})


def member_tokens(member: Member) -> sessions.Pair:
    with unit_of_work():
        _, pair = sessions.open_session(MemberSession, account_id=member.pk, device="test", address="127.0.0.1")
    return pair


def person_tokens() -> sessions.Pair:
    user = User.objects.create_user(new_phone(), PASSWORD, name="Asha")
    with unit_of_work():
        _, pair = sessions.open_session(Session, account_id=user.pk, device="test", address="127.0.0.1")
    return pair


def client_with(token: str = "") -> APIClient:
    client = APIClient()
    if token:
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def client_of(member: Member) -> APIClient:
    return client_with(member_tokens(member).access)


def registration(**changes: Any) -> dict[str, Any]:
    """A body of POST /partner/auth/register; `owner__phone="x"` replaces a value, None leaves it out."""
    body: dict[str, Any] = {
        "organisation": {
            "name": "Marina Blood Centre",
            "kind": "both",
            "license_number": f"TN/BB/{next(_numbers)}",
            "phone": "044 2829 0200",
            "email": "desk@marina.example",
            "address": "12 Beach Road",
            "city": "Chennai",
            "state": "Tamil Nadu",
            "pincode": "600005",
            "lat": 13.0587,
            "lng": 80.2757,
        },
        "owner": {"name": "Kavya Raman", "phone": new_phone(), "password": PASSWORD},
    }
    for path, value in changes.items():
        part, name = path.split("__")
        body[part].pop(name, None)
        if value is not None:
            body[part][name] = value
    return body


def together(acts: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run the acts at the same moment, each on its own connection; return results and exceptions in order."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> Any:
        try:
            connection.ensure_connection()
            start.wait(timeout=20)
            return act()
        except Exception as exc:
            return exc
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))
