"""Who takes part in `bench.all_roles`, and what each does over and over."""

from __future__ import annotations

import datetime as dt
import random
import secrets
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import requests

from sandbox.demo.chapters import practice
from sandbox.demo.chapters.family_from_stock import need, shelve
from sandbox.demo.chapters.hospital_order import PRICES, RETURN_URL, wish
from sandbox.demo.chapters.practice import Practice
from sandbox.demo.client import Api
from sandbox.demo.people import KM_NORTH, PASSWORD, Donor, new_phone
from sandbox.demo.stage import Stage

PUNE = {"lat": 18.5204, "lng": 73.8567}
BAGS = 20
Act = Callable[[Any, float], None]  # what one does in a turn, with a `bench.all_roles.Meter`, until when
PAID_WITHIN = 10.0  # seconds from paying to knowing


@dataclass
class Cast:
    """Everybody who is signed in, and what is known of them."""

    stage: Stage
    hospitals: list[Api] = field(default_factory=list)
    banks: list[Api] = field(default_factory=list)
    bank_ids: list[str] = field(default_factory=list)
    practices: list[Practice] = field(default_factory=list)
    people: dict[str, list[Donor]] = field(default_factory=dict)
    open_requests: list[str] = field(default_factory=list)
    members: Counter[str] = field(default_factory=Counter)

    def count(self, role: str) -> int:
        return self.members[role]

    def parts(self) -> Iterator[tuple[str, str, Act]]:
        """Yield role, token and deed of every virtual person."""
        persons = {"donor": self._gives, "family": self._asks, "patient": self._books, "payer": self._pays}
        found: list[tuple[str, str, Act]] = []
        for role, act in persons.items():
            found += [(role, person.app.token, act) for person in self.people[role]]
        everybody = [person for people in self.people.values() for person in people]
        found += [("writer", person.app.token, _writes) for person in everybody]
        found += [("hospital", desk.token, self._needs) for desk in self.hospitals]
        found += [("bank", desk.token, _serves) for desk in self.banks]
        found += [("doctor", one.app.token, _sees) for one in self.practices]
        found += [("listener", person.app.token, _listens) for person in everybody]
        found += [("listener", desk.token, _listens_for_partner) for desk in [*self.hospitals, *self.banks]]
        self.members = Counter(role for role, _, _ in found)
        yield from found

    def _gives(self, meter: Any, _until: float) -> None:
        """A donor moves about, looks, promises and thinks better of it, until that locks the account, as it should."""
        meter.put("/me/location", lat=PUNE["lat"] + random.uniform(-0.03, 0.03), lng=PUNE["lng"])
        page = meter.get("/requests/nearby")
        for row in (page or {"results": []})["results"][:1]:
            promise = meter.post(f"/requests/{row['id']}/accept")
            if promise:
                meter.get(f"/assignments/{promise['id']}")
                meter.post(f"/assignments/{promise['id']}/cancel", reason="A load test.")
        meter.get("/me/notifications", limit=20)
        meter.get("/me/donor/eligibility")

    def _asks(self, meter: Any, _until: float) -> None:
        """A family asks, looks and needs it no longer."""
        asked = meter.post("/attender-requests", **need(self.stage.partner["id"], "B+", 1))
        page = meter.get("/attender-requests")
        if asked:
            meter.get(f"/attender-requests/{asked['id']}")
            meter.post(f"/attender-requests/{asked['id']}/cancel", reason="A load test.")
        elif page and not page["results"]:
            meter.get("/stock/search", lat=PUNE["lat"], lng=PUNE["lng"], blood_group="B+", component="red_cells")

    def _needs(self, meter: Any, _until: float) -> None:
        """A hospital asks donors, counts its stock and orders of a bank."""
        needed_by = (dt.datetime.now(tz=dt.UTC) + dt.timedelta(hours=6)).isoformat()
        wanted = {"blood_group": random.choice(["B+", "O+", "A+"]), "component": "whole_blood", "units": 2}
        made = meter.post("/partner/requests", **wanted, urgency="urgent", needed_by=needed_by)
        meter.get("/partner/requests", limit=20)
        meter.get("/partner/stock/units", limit=20)
        body = wish(self.stage, random.choice(self.bank_ids), B=1)
        order = meter.post("/partner/orders", key=str(uuid.uuid4()), **body)
        if order:
            meter.get(f"/partner/orders/{order['id']}")
        if made:
            meter.get(f"/partner/requests/{made['id']}/assignments")
            self.open_requests.append(made["id"])
        if len(self.open_requests) > 2 * len(self.hospitals):
            meter.post(f"/partner/requests/{self.open_requests.pop(0)}/cancel", reason="A load test.")

    def _books(self, meter: Any, _until: float) -> None:
        """A patient looks for a time, holds one and gives it back."""
        held = self._hold(meter)
        meter.get("/appointments", limit=20)
        if held:
            meter.post(f"/appointments/{held['id']}/cancel", reason="A load test.")

    def _pays(self, meter: Any, until: float) -> None:
        """A patient books and pays; the provider's webhook must say so soon, and the time is given back."""
        held = self._hold(meter)
        if not held:
            return
        purchase = {"kind": "appointment", "id": held["id"]}
        begun = meter.post("/payments", purchase=purchase, provider="stripe", return_url=RETURN_URL)
        if not begun:
            return
        requests.post(begun["action"]["url"], data={"outcome": "pay"}, timeout=20, allow_redirects=False)
        began = time.perf_counter()
        while time.perf_counter() - began < PAID_WITHIN:
            seen = meter.get(f"/appointments/{held['id']}")
            if seen and seen["status"] == "confirmed":
                meter.note("paid", time.perf_counter() - began)
                break
            time.sleep(0.2)
        else:
            meter.note("paid late", PAID_WITHIN)
        meter.post(f"/appointments/{held['id']}/cancel", reason="A load test.")

    def _hold(self, meter: Any) -> Any:
        doctor = random.choice(self.practices)
        until = doctor.opens_at + dt.timedelta(hours=2)
        query = {"from": doctor.opens_at.isoformat(), "to": until.isoformat(), "kind": "video"}
        found = meter.get(f"/doctors/{doctor.id}/slots", **query)
        if not found or not found["slots"]:
            return None
        starts_at = random.choice(found["slots"])["starts_at"]
        return meter.post("/appointments", doctor=doctor.id, starts_at=starts_at, kind="video")


def _serves(meter: Any, _until: float) -> None:
    """A bank answers what was ordered, and looks at its shelves."""
    page = meter.get("/partner/orders", limit=20)
    for row in [row for row in (page or {"results": []})["results"] if row["status"] == "placed"][:3]:
        kept = meter.post(f"/partner/orders/{row['id']}/accept", key=str(uuid.uuid4()))
        if kept is None:
            meter.post(f"/partner/orders/{row['id']}/reject", key=str(uuid.uuid4()), reason="A load test.")
        else:
            meter.get(f"/partner/orders/{row['id']}/timeline")
            meter.post(f"/partner/orders/{row['id']}/cancel", key=str(uuid.uuid4()), reason="A load test.")
    meter.get("/partner/stock/units", limit=50)


def _sees(meter: Any, _until: float) -> None:
    """A doctor looks at the day."""
    meter.get("/doctor/appointments", limit=50)
    meter.get("/doctor/availability/hours")


def _writes(meter: Any, _until: float) -> None:
    """Whoever has a conversation writes in it, and reads what came."""
    page = meter.get("/conversations", limit=5)
    for row in (page or {"results": []})["results"][:1]:
        meter.post(f"/conversations/{row['id']}/messages", client_id=str(uuid.uuid4()), text="On the way, ten minutes.")
        meter.get(f"/conversations/{row['id']}/messages")
    meter.get("/conversations/unread")


def _listens(meter: Any, until: float) -> None:
    meter.listen("/stream", until)


def _listens_for_partner(meter: Any, until: float) -> None:
    meter.listen("/partner/stream", until)


def prepare(base: str, sandbox: str, *, each: int) -> Cast:
    """Have so many of each role sign up, and the administrator let them work. Raises: Surprise"""
    stage = Stage(base, sandbox)
    stage.inbox.fail()
    stage.place, stage.partner = PUNE, {"city": "Pune", "state": "Maharashtra"}
    cast = Cast(stage)
    for _ in range(each):
        bank = _open(stage, "blood_bank", km=2)
        bank.put("/partner/price-list", **PRICES)
        shelve(bank, BAGS, "B+")
        cast.banks.append(bank)
        cast.bank_ids.append(bank.get("/partner")["id"])
    for _ in range(each):
        cast.hospitals.append(_open(stage, "hospital", km=1))
    stage.partner = cast.hospitals[0].get("/partner")
    for number in range(each):
        app, ident = practice.apply(stage, f"Load {number}", "haematology")
        stage.admin.approve_doctor(ident)
        cast.practices.append(Practice(ident, app, practice.open_hours(app)))
    for role in ("donor", "family", "patient", "payer"):
        cast.people[role] = [_person(stage, role, number) for number in range(each)]
    return cast


def _open(stage: Stage, kind: str, *, km: float) -> Api:
    """Return the desk of a new partner that an administrator has let go live."""
    phone, number = new_phone(), secrets.token_hex(4).upper()
    organisation = {
        "name": f"Load {kind} {number}",
        "kind": kind,
        "license_number": f"MH/LOAD/{number}",
        "phone": "+912026050001",
        "email": "desk@load.example",
        "address": "7 River Road",
        "pincode": "411001",
        "city": "Pune",
        "state": "Maharashtra",
        "lat": PUNE["lat"] + km * KM_NORTH,
        "lng": PUNE["lng"],
    }
    owner = {"name": "Farida Shaikh", "phone": phone, "password": PASSWORD}
    claim = stage.public.post("/partner/auth/register", 201, organisation=organisation, owner=owner)
    stage.admin.approve(claim["partner"]["id"])
    desk = Api(stage.base)
    desk.token = stage.public.post("/partner/auth/login", phone=phone, password=PASSWORD)["access"]
    return desk


def _person(stage: Stage, role: str, number: int) -> Donor:
    person = Donor(f"Load {role} {number}", "B+", stage.base, stage.inbox)
    person.sign_up()
    if role == "donor":
        person.become_donor(near=PUNE, km=number / 10)
    return person
