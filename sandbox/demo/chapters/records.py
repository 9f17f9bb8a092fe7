"""What a doctor writes after a visit, a second doctor who is asked, and what the patient sees of both."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import requests

from sandbox.demo.chapters import practice
from sandbox.demo.client import TIMEOUT, Api, Surprise
from sandbox.demo.people import Donor
from sandbox.demo.stage import Stage

NOTES: dict[str, Any] = {
    "subjective": "Dizzy on standing for three weeks, no bleeding.",
    "objective": "Pale; pulse 92.",
    "diagnoses": [{"text": "Iron deficiency anaemia", "icd10": "D50.9"}],
    "plan": "Iron by mouth, blood count in a month.",
    "follow_up": "In four weeks; at once with fainting.",
}
MEDICINE: dict[str, Any] = {
    "medicine": "Ferrous sulphate",
    "form": "tablet",
    "strength": "200 mg",
    "dose": "1 tablet",
    "frequency": "twice a day",
    "duration_days": 30,
    "list": "o",
}


def write_down(stage: Stage, patient: Donor, visit: dict[str, Any]) -> None:
    """The doctor writes notes and a prescription, signs both, and anybody can check the paper."""
    app, desk = stage.doctor.app, f"/doctor/appointments/{visit['id']}"
    app.put(f"{desk}/notes", **NOTES)
    app.post(f"{desk}/notes/sign")
    stage.expect(app.put(f"{desk}/notes", 409, **NOTES)["code"], "notes_signed", "her notes are signed, and stay")
    patient.app.put("/me/patient", sex="female", date_of_birth="1991-03-08")
    draft = app.post(f"{desk}/prescriptions", 201, lines=[MEDICINE], advice="Not with tea.")
    issued = app.post(f"/doctor/prescriptions/{draft['id']}/sign")
    paper = _fetch(patient.app, f"/me/prescriptions/{issued['id']}.pdf")
    found = re.search(rb"/URI \(([^)]+)\)", paper)
    if paper[:5] != b"%PDF-" or not found:
        raise Surprise("The prescription is no PDF with an address to check it at.")
    stage.line(f"Prescription {issued['number']} is signed; Nandini prints it with a QR code.")
    checked = stage.public.get(urlsplit(found.group(1).decode()).path.removeprefix("/api/v1"))
    stage.expect(
        (checked["status"], checked["number"]),
        ("genuine", issued["number"]),
        "the pharmacy scans it, and it is genuine",
    )
    stage.expect("Nandini" in str(checked), False, "which says nothing of who takes it")


def ask_another(stage: Stage, patient: Donor, visit: dict[str, Any]) -> None:
    """A second doctor reads once she has accepted, and the patient sees every read."""
    app, ident = practice.apply(stage, "Rehana Shaikh", "cardiology")
    stage.admin.approve_doctor(ident)
    person = visit["patient"]["id"]
    wish = {"patient": person, "to_doctor": ident, "scopes": ["profile", "records", "observations"]}
    asked = stage.doctor.app.post("/doctor/referrals", 201, **wish, reason="Palpitations beside an anaemia.")
    path = f"/doctor/patients/{person}"
    app.get(f"{path}/records", 404)
    stage.expect(asked["status"], "asked", "a cardiologist is asked, who knows nothing of the patient yet")
    stage.expect(app.post(f"/doctor/referrals/{asked['id']}/accept")["status"], "accepted", "she accepts")
    [record] = app.get(f"{path}/records")["results"]
    stage.expect(record["notes"]["diagnoses"], NOTES["diagnoses"], "and reads what was signed")
    [value] = app.get(f"{path}/observations", code="718-7")["results"]
    stage.expect(value["signed"], True, "and the haemoglobin, with who answers for it")
    app.get(f"{path}/files", 404)
    stage.line("The files, which the referral does not name, stay closed to her.")
    log = patient.app.get("/me/access-log", limit=100)["results"]
    readers = {(row["doctor"]["name"], row["ground"]) for row in log}
    stage.expect(
        ("Rehana Shaikh", "referral") in readers, True, f"Nandini's log names all {len(log)} reads: who, what and why"
    )
    [grant] = [row for row in patient.app.get("/me/grants")["results"] if row["doctor"]["id"] == ident]
    patient.app.call("DELETE", f"/me/grants/{grant['id']}", 204)
    app.get(f"{path}/records", 404)
    stage.line("She takes the grant back, and the cardiologist reads no more.")


def _fetch(app: Api, path: str) -> bytes:
    headers = {"Authorization": f"Bearer {app.token}"}
    reply = app.http.get(f"{app.base}/api/v1{path}", headers=headers, timeout=TIMEOUT)
    if reply.status_code != requests.codes.ok:
        raise Surprise(f"GET {path} answered {reply.status_code}: {reply.text[:600]}")
    return reply.content
