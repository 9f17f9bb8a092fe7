"""A doctor is approved, and is booked while Zoom is down; money that comes for what was called off goes back."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

from sandbox.demo.chapters import practice
from sandbox.demo.chapters.practice import FEE, Practice
from sandbox.demo.client import wait
from sandbox.demo.people import Donor
from sandbox.demo.stage import Stage

NAME = "Sunita Kulkarni"
HOUR = dt.timedelta(hours=1)


def tell(stage: Stage) -> None:
    stage.chapter("A doctor is approved, and opens her hours")
    doctor = _opens(stage)
    stage.doctor = doctor
    stage.chapter("Zoom is down while a consultation is booked")
    times = _found(stage, doctor)
    _booked_while_zoom_is_down(stage, doctor, times)
    stage.chapter("Money comes for a time that was given back")
    _late_money(stage, doctor, times)


def _opens(stage: Stage) -> Practice:
    app, ident = practice.apply(stage, NAME, "haematology")
    stage.expect(app.get("/doctor/profile")["status"], "pending", "a registration waits, with two documents")
    stage.public.get(f"/doctors/{ident}", 404)
    refused = app.get("/doctor/appointments", 403)
    stage.expect(refused["code"], "doctor_not_live", "until then nobody finds her, and no patient is open to her")
    stage.admin.approve_doctor(ident)
    stage.expect(app.get("/doctor/profile")["status"], "live", "an administrator approves her in the admin")
    opens_at = practice.open_hours(app)
    app.put("/me/payout-account", provider="stripe", account="acct_1Nv0FGQ9RKHgk3Qz")
    stage.line("She puts down her week, extra hours for today, and the account at Stripe on which she is paid.")
    return Practice(ident, app, opens_at)


def _found(stage: Stage, doctor: Practice) -> list[str]:
    def found() -> dict[str, Any] | None:
        rows = stage.public.get(
            "/doctors", q="kulkarni", specialisation="haematology", language="mr", kind="video", limit=100
        )["results"]
        return next((row for row in rows if row["id"] == doctor.id and row["next_video_at"]), None)

    row = wait(found, "the doctor to be found")
    stage.expect(row["fees"]["video"]["amount"], FEE, "a haematologist who speaks Marathi is found, with her fee")
    times = practice.free_times(stage, doctor)
    stage.line(f"She has {len(times)} free times in the next two hours.")
    return times


def _booked_while_zoom_is_down(stage: Stage, doctor: Practice, times: list[str]) -> None:
    kiran = practice.enter(stage, "Kiran")
    in_an_hour = next(slot for slot in times if dt.datetime.fromisoformat(slot) >= doctor.opens_at + HOUR)
    stage.inbox.fail(error_5xx={"channel": "zoom"})
    made = practice.book(kiran, doctor, in_an_hour, reason="Tired since spring.")
    stage.expect((made["status"], made["fee"]["amount"]), ("held", FEE), "the time is held for Kiran, at her price")
    lost = practice.enter(stage, "Lalit").app.post(
        "/appointments", 409, doctor=doctor.id, starts_at=in_an_hour, kind="video"
    )
    stage.expect(lost["code"], "slot_taken", "Lalit, who wants the same, is too late")
    practice.pay(kiran, made["id"])
    stage.line("Kiran pays on Stripe's page, and the appointment is confirmed.")
    meeting = wait(lambda: _meeting(kiran, made["id"]), "the wish for a meeting")
    stage.expect(meeting["status"], "pending", "Zoom does not answer: the appointment stands, the link waits")
    time.sleep(1)
    stage.inbox.fail()
    practice.wait_for_meeting(kiran, made["id"])
    stage.expect(_meeting(kiran, made["id"])["provider"], "zoom", "Zoom is back, and the meeting is made")
    letter = stage.inbox.wait_for(kiran.phone, containing="Kulkarni")
    stage.line(f"On Kiran's phone: «{letter['body'][:80]}…»")
    stage.awaited = kiran


def _meeting(patient: Donor, appointment: str) -> Any:
    return patient.app.get(f"/appointments/{appointment}")["meeting"]


def _late_money(stage: Stage, doctor: Practice, times: list[str]) -> None:
    manoj = practice.enter(stage, "Manoj")
    held = practice.book(manoj, doctor, times[-1])
    payment, page = practice.checkout(manoj, held["id"])
    stage.inbox.fail(no_callbacks={"channel": "stripe"})
    practice.press_pay(page)
    ended = manoj.app.post(f"/appointments/{held['id']}/cancel")
    stage.inbox.fail()
    stage.expect(ended["status"], "cancelled", "Manoj pays, nobody hears of it, and he gives the time back")

    def returned() -> int | None:
        rows = manoj.app.get(f"/payments/{payment}")["refunds"]
        return next((row["amount"]["amount"] for row in rows if row["status"] == "succeeded"), None)

    stage.expect(wait(returned, "the refund"), FEE, "Stripe is asked, has his money, and all of it goes back")
    stage.expect(times[-1] in practice.free_times(stage, doctor), True, "and the time is free again")
