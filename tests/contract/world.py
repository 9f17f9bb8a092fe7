"""A small world in which everything that has an address exists once, and the tokens of those whom it concerns."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import dataclass, field
from typing import Any

from appointments.services import patients
from common import clock, sessions
from common.db import unit_of_work
from notifications.webhooks.services import endpoints
from payments.parties import Party
from stock.states import Urgency
from tests.appointments import file_scenes, record_scenes
from tests.appointments.factories import make_appointment, make_open_doctor, make_place
from tests.donations.camp_scenes import make_camp
from tests.donations.scenes import verify
from tests.factories import make_donor, make_hospital, make_promise, make_request
from tests.notifications.factories import make_notification
from tests.notifications.webhooks.scenes import PUBLIC
from tests.orders import scenes as orders
from tests.partners.factories import make_member, member_tokens
from tests.requests_app.family_scenes import make_family
from tests.stock import exchange
from tests.stock.scenes import give_results, make_unit
from users.models import Session, User


@dataclass(frozen=True)
class World:
    """`tokens` by who calls; `ids` by the segment before them in an address, for one caller or for all."""

    tokens: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    def token_for(self, path: str) -> str:
        return self.tokens[caller(path)]

    def parameters(self, path: str) -> dict[str, str]:
        """Return what exists here for the parameters of an address."""
        segments, found = path.split("/"), {}
        for before, segment in itertools.pairwise(segments):
            if segment.startswith("{"):
                name, _, _ = segment[1:].partition("}")
                known = self.ids.get(f"{caller(path)} {before}", self.ids.get(before))
                found.update({name: known} if known else {})
        return found


def caller(path: str) -> str:
    """Return whose token an operation is called with."""
    area = path.removeprefix("/api/v1/").partition("/")[0]
    return area if area in {"partner", "doctor"} else "person"


def build() -> World:
    """Make everything. Call it inside the transaction that will take it back."""
    owner, person, doctor = make_hospital(kind="both"), make_donor().user, make_open_doctor()
    orders.set_prices(owner)
    pair, session = _sign_in(person)
    world = World(
        tokens={"person": pair, "doctor": _sign_in(doctor.user)[0], "partner": member_tokens(owner).access},
        ids={"sessions": str(session), "partners": str(owner.partner_id), "consents": "donation", "webhooks": "stripe"},
    )
    for part in (_donations(owner, person), _trade(owner, person), _care(doctor, person), _desk(owner, person)):
        world.ids.update({name: str(value) for name, value in part.items()})
    return world


def _sign_in(user: User) -> tuple[str, Any]:
    with unit_of_work():
        session, pair = sessions.open_session(Session, account_id=user.pk, device="test", address="127.0.0.1")
    return pair.access, session.pk


def _donations(owner: Any, person: User) -> dict[str, Any]:
    request = make_request(owner, units=2)
    donation = verify()
    return {
        "requests": request.pk,
        "assignments": make_promise(request, person.donor).assignment.pk,
        "attender-requests": make_family(owner, requester=person).pk,
        "donations": donation.pk,
        "camps": make_camp(owner).pk,
    }


def _trade(owner: Any, person: User) -> dict[str, Any]:
    exchange.bank(2, bags=2)
    bags = [make_unit(owner.partner) for _ in range(6)]
    unit = give_results(make_unit(owner.partner, status="quarantined"))
    buyer, needed_by = Party.person(person.pk), clock.now() + dt.timedelta(hours=6)
    order = orders.accepted(owner, buyer=buyer, needed_by=needed_by)
    packed = orders.packed(owner, box="BOX-1")
    bought = orders.accepted(orders.make_bank(bags=2), buyer=Party.partner(owner.partner_id))
    return {
        "units": unit.pk,
        "transfers": exchange.request(owner, urgency=Urgency.URGENT).pk,
        "orders": order.pk,
        "boxes": packed.boxes.get().pk,
        "person payments": orders.begin(order).pk,
        "partner payments": orders.begin(bought).pk,
        "contracts": orders.make_contract(owner, orders.make_buyer()).pk,
        "movements": bags[0].pk,
    }


def _care(doctor: Any, person: User) -> dict[str, Any]:
    patients.save_profile(patient_id=person.pk, facts=record_scenes.PROFILE)
    visit = make_appointment(doctor, clock.now() + dt.timedelta(days=2, hours=3), patient=person)
    past = file_scenes.treat(doctor, person)
    record_scenes.write_and_sign(past)
    signed, other = record_scenes.prescribe(past), make_open_doctor()
    file_scenes.treat(other, person)
    file = file_scenes.give(person)
    return {
        "doctors": doctor.pk,
        "appointments": visit.pk,
        "patients": person.pk,
        "places": make_place(doctor, name="Second clinic").pk,
        "files": file.pk,
        "analyses": file_scenes.ask(file).pk,
        "person prescriptions": signed.pk,
        "doctor prescriptions": record_scenes.draft(past).pk,
        "grants": record_scenes.grant(person, doctor).pk,
        "doctor-referrals": record_scenes.refer(person, doctor, other).pk,
        "referrals": record_scenes.refer(person, other, doctor).pk,
    }


def _desk(owner: Any, person: User) -> dict[str, Any]:
    endpoint = endpoints.create(partner_id=owner.partner_id, url=PUBLIC, description="", event_types=["*"]).endpoint
    return {
        "members": make_member(owner.partner).pk,
        "notifications": make_notification(user=person).pk,
        "webhook-endpoints": endpoint.pk,
    }
