"""People, partners, requests and promises for tests, with sensible values unless told otherwise."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal
from typing import Any

from rest_framework.test import APIClient

from common import clock, sessions
from common.blood import BloodGroup
from common.db import unit_of_work
from requests_app.models import BloodRequest
from requests_app.services import posting, promises, visits
from requests_app.services.promises import Promise
from tests.partners.factories import client_with, make_member, make_partner, member_tokens, new_phone
from users.models import Donor, Session, User
from users.services import donors

PUNE = (Decimal("18.520400"), Decimal("73.856700"))
KM = Decimal("0.00903")  # degrees of latitude, about
PASSWORD = "seven quiet tamarinds"
_numbers, _codes = itertools.count(1), itertools.count(1)


def make_user(**values: Any) -> User:
    return User.objects.create(**{"phone": new_phone(), "name": f"Person {next(_numbers)}", "city": "Pune", **values})


def make_donor(*, km_north: float = 1, user: User | None = None, **values: Any) -> Donor:
    """A man of thirty-five in Pune who may give whole blood, `km_north` of the city's centre."""
    lat, lng = PUNE[0] + KM * Decimal(str(km_north)), PUNE[1]
    owner = user or make_user(lat=lat, lng=lng)
    defaults = {
        "blood_group": BloodGroup.O_NEG,
        "sex": "male",
        "date_of_birth": clock.now().date() - dt.timedelta(days=35 * 365 + 9),
        "weight_kg": Decimal("70"),
        "lat": owner.lat,
        "lng": owner.lng,
    }
    donor = Donor.objects.create(user=owner, **{**defaults, **values})
    with unit_of_work():
        donors.refresh_window(donor)
    return donor


def person_client(user: User) -> APIClient:
    with unit_of_work():
        _, pair = sessions.open_session(Session, account_id=user.pk, device="test", address="127.0.0.1")
    return client_with(pair.access)


def member_client(member: Any) -> APIClient:
    return client_with(member_tokens(member).access)


def make_hospital(**values: Any) -> Any:
    """A live hospital in the centre of Pune, with its owner; returns the owner."""
    here = {"kind": "hospital", "city": "Pune", "lat": PUNE[0], "lng": PUNE[1]}
    return make_member(make_partner(**{**here, "facility_code": f"H{next(_codes) % 10_000:04d}", **values}))


def make_request(owner: Any | None = None, **values: Any) -> BloodRequest:
    member = owner or make_hospital()
    defaults = {
        "blood_group": BloodGroup.O_NEG,
        "component": "red_cells",
        "units": 1,
        "urgency": "urgent",
        "needed_by": clock.now() + dt.timedelta(hours=8),
    }
    return posting.post_request(partner_id=member.partner_id, member_id=member.pk, **{**defaults, **values})


def make_promise(request: BloodRequest | None = None, donor: Donor | None = None) -> Promise:
    wanted = request or make_request()
    return promises.accept(request_id=wanted.pk, donor_id=(donor or make_donor()).pk)


def make_arrived(promise: Promise | None = None) -> Promise:
    given = promise or make_promise()
    request = given.assignment.request
    visits.record_arrival(
        assignment_id=given.assignment.pk,
        partner_id=request.partner_id,
        member_id=request.posted_by_id,
        code=given.code,
    )
    return given
