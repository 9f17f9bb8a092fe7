"""Invented hospitals and donors, one by one, signed in."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal
from typing import Any

from common import clock, sessions
from common.db import unit_of_work
from common.geo import Point
from partners.models import Member, MemberSession, Partner
from users.models import Donor, Session, User
from users.services import donors

_numbers = itertools.count(1)


def make_hospital(place: Point) -> Member:
    """Return the owner of a live hospital."""
    number = next(_numbers)
    partner = Partner.objects.create(
        status="live",
        kind="hospital",
        name=f"Hospital {number}",
        license_number=f"BENCH/{number}",
        license_key=f"BENCH{number}",
        phone="+912025530000",
        address="1 Lake Road",
        city="Pune",
        state="Maharashtra",
        **_columns(place),
    )
    return Member.objects.create(
        partner=partner,
        name=f"Owner {number}",
        phone=f"+9198{number:08d}",
        password="!",  # noqa: S106  (nobody signs in with it)
        role="owner",
    )


def make_donor(place: Point, **values: Any) -> Donor:
    """Return a man of thirty-five who may give."""
    number = next(_numbers)
    user = User.objects.create(phone=f"+9197{number:08d}", name=f"Donor {number}", **_columns(place))
    donor = Donor.objects.create(
        user=user,
        sex="male",
        date_of_birth=clock.now().date() - dt.timedelta(days=35 * 365 + 9),
        weight_kg=Decimal(70),
        **_columns(place),
        **values,
    )
    with unit_of_work():
        donors.refresh_window(donor)
    return donor


def member_token(member: Member) -> str:
    """Sign the member in; return the access token."""
    with unit_of_work():
        _, pair = sessions.open_session(MemberSession, account_id=member.pk, device="bench", address="127.0.0.1")
    return pair.access


def person_token(user_id: Any) -> str:
    """Sign the person in; return the access token."""
    with unit_of_work():
        _, pair = sessions.open_session(Session, account_id=user_id, device="bench", address="127.0.0.1")
    return pair.access


def _columns(place: Point) -> dict[str, Decimal]:
    return {"lat": Decimal(str(round(place.lat, 6))), "lng": Decimal(str(round(place.lng, 6)))}
