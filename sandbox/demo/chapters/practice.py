"""How a doctor opens a practice in the story, and how patients book and pay; several chapters stand on it."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import requests

from sandbox.demo.chapters.hospital_order import RETURN_URL
from sandbox.demo.client import TIMEOUT, Api, wait
from sandbox.demo.people import Donor, blank_page
from sandbox.demo.stage import Stage

ZONE = ZoneInfo("Asia/Kolkata")
MINUTE = dt.timedelta(minutes=1)
TO_BOOK = dt.timedelta(seconds=15)  # until the first of them is to be booked
FEE = 60_000
LENGTH = 10  # minutes


@dataclass
class Practice:
    """A doctor whom patients can find: `opens_at` is when today's extra hours begin."""

    id: str
    app: Api
    opens_at: dt.datetime


def enter(stage: Stage, name: str) -> Donor:
    """Return somebody who has just signed up."""
    person = Donor(name, "B+", stage.base, stage.inbox)
    person.sign_up()
    return person


def apply(stage: Stage, name: str, specialisation: str) -> tuple[Api, str]:
    """Register a doctor with two documents; return the session and the id. It waits for an administrator."""
    app = enter(stage, name).app
    kinds = ("other", "id_proof")
    papers = [app.send_file("/me/documents", f"{kind}.png", blank_page(), kind=kind)["id"] for kind in kinds]
    profile = app.post(
        "/doctor/profile",
        201,
        title="Dr",
        name=name,
        registration_number=f"2011/{secrets.token_hex(4).upper()}",
        council="Maharashtra Medical Council",
        registered_in=2011,
        qualifications="MBBS, MD",
        specialisations=[specialisation],
        languages=["en", "hi", "mr"],
        video_fee=FEE,
        consult_minutes=LENGTH,
        notice_minutes=0,
        documents=papers,
    )
    return app, profile["id"]


def open_hours(app: Api) -> dt.datetime:
    """Put down a week that leaves today free, and extra hours that begin in a minute or so; return when."""
    now = dt.datetime.now(tz=dt.UTC)
    rows = [
        {"weekday": (now.astimezone(ZONE) + dt.timedelta(days=days)).isoweekday(), "kinds": ["video"]}
        for days in range(2, 7)
    ]
    app.put("/doctor/availability/hours", hours=[{**row, "begins": "10:00", "ends": "13:00"} for row in rows])
    begins = (now + TO_BOOK).replace(second=0, microsecond=0) + MINUTE
    extra = {"starts_at": begins.isoformat(), "ends_at": (begins + dt.timedelta(hours=2)).isoformat()}
    app.post("/doctor/availability/exceptions", 201, leave=False, kinds=["video"], **extra)
    return begins


def free_times(stage: Stage, practice: Practice) -> list[str]:
    """Return when today's slots begin, as everybody sees them."""
    until = practice.opens_at + dt.timedelta(hours=2)
    query: dict[str, Any] = {"from": practice.opens_at.isoformat(), "to": until.isoformat(), "kind": "video"}
    found = stage.public.get(f"/doctors/{practice.id}/slots", **query)
    return [slot["starts_at"] for slot in found["slots"]]


def book(patient: Donor, practice: Practice, starts_at: str, **wish: Any) -> dict[str, Any]:
    body = {"doctor": practice.id, "starts_at": starts_at, "kind": "video", **wish}
    return dict(patient.app.post("/appointments", 201, **body))


def checkout(patient: Donor, appointment: str) -> tuple[str, str]:
    """Begin to pay by Stripe; return the payment's id and the page on which one pays."""
    purchase = {"kind": "appointment", "id": appointment}
    begun = patient.app.post("/payments", 201, purchase=purchase, provider="stripe", return_url=RETURN_URL)
    return begun["id"], begun["action"]["url"]


def press_pay(page: str) -> None:
    requests.post(page, data={"outcome": "pay"}, timeout=TIMEOUT, allow_redirects=False).raise_for_status()


def pay(patient: Donor, appointment: str) -> dict[str, Any]:
    """Pay as a person would, and wait until the appointment stands; return it."""
    press_pay(checkout(patient, appointment)[1])
    path = f"/appointments/{appointment}"
    wait(lambda: patient.app.get(path)["status"] == "confirmed", "the appointment to be confirmed")
    return dict(patient.app.get(path))


def wait_for_meeting(patient: Donor, appointment: str) -> None:
    def is_ready() -> bool:
        meeting = patient.app.get(f"/appointments/{appointment}")["meeting"]
        return bool(meeting and meeting["status"] == "ready")

    wait(is_ready, "the meeting to be made")
