"""A patient gives a report with the booking, is seen by video, and the doctor writes, is paid and asks another."""

from __future__ import annotations

import datetime as dt
from typing import Any

import requests

from sandbox.demo.chapters import practice, records
from sandbox.demo.chapters.practice import FEE
from sandbox.demo.client import TIMEOUT, Surprise, wait
from sandbox.demo.people import Donor, printed_report
from sandbox.demo.stage import Stage

ROWS = (
    ("Haemoglobin (Hb)", "10.2", "L", "g/dL", "12.0 - 16.0"),
    ("Platelet Count", "1.50", "", "lakhs/cumm", "1.5 - 4.5"),
    ("Serum Creatinine", "0.9", "", "mg/dL", "0.6 - 1.2"),
)
AHEAD = dt.timedelta(minutes=3)
FEE_POINTS = 1_000  # the platform's share of what is paid, in hundredths of a percent


def tell(stage: Stage) -> None:
    stage.chapter("A report is read by rules")
    nandini = practice.enter(stage, "Nandini")
    report, analysis = _report_is_read(stage, nandini)
    stage.chapter("A consultation by video")
    visit = _is_seen(stage, nandini, report)
    _signs_off(stage, nandini, visit, report, analysis)
    stage.chapter("What the doctor writes")
    records.write_down(stage, nandini, visit)
    _ends(stage, visit)
    stage.chapter("Another doctor is asked")
    records.ask_another(stage, nandini, visit)


def _report_is_read(stage: Stage, nandini: Donor) -> tuple[str, str]:
    printed = dt.datetime.now(tz=dt.UTC).strftime("%d/%m/%Y")
    [kept] = nandini.app.send_file(
        "/me/files", "cbc.pdf", printed_report(ROWS, printed), field="files", kind="lab_report", title="Blood count"
    )["files"]
    path = f"/me/files/{kept['id']}/analyses"
    [table] = [row for row in nandini.app.get("/me/analysers") if row["analyser"] == "table"]
    wish = {"analyser": "table", "notice_version": table["notice_version"]}
    refused = nandini.app.post(path, 400, **wish, consent=False)
    stage.expect(refused["code"], "analysis_consent_missing", "nothing is read without Nandini's consent to this file")
    asked = nandini.app.post(path, 202, **wish, consent=True)["id"]
    wait(lambda: nandini.app.get(f"{path}/{asked}")["status"] == "done", "the report to be read")
    read = nandini.app.get(f"{path}/{asked}")
    said = {row["name"]: (row["value"], row["unit"], row["interpretation"]) for row in read["values"]}
    stage.line("Read: " + ", ".join(f"{name} {value} {unit} ({mark})" for name, (value, unit, mark) in said.items()))
    stage.expect(read["not_a_diagnosis"], True, "and every value says that it is not a diagnosis")
    return kept["id"], asked


def _is_seen(stage: Stage, nandini: Donor, report: str) -> dict[str, Any]:
    doctor, soonest = stage.doctor, dt.datetime.now(tz=dt.UTC) + AHEAD
    time = next(time for time in practice.free_times(stage, doctor) if dt.datetime.fromisoformat(time) > soonest)
    made = practice.book(nandini, doctor, time, reason="Dizzy when I stand up.", files=[report])
    practice.pay(nandini, made["id"])
    path, desk = f"/appointments/{made['id']}", f"/doctor/appointments/{made['id']}"
    practice.wait_for_meeting(nandini, made["id"])
    joined = nandini.app.get(f"{path}/join")
    stage.line("Nandini books the next time, gives the report with it, pays, and has the link to join.")
    host = doctor.app.get(f"{desk}/host-link")
    stage.expect(
        host["url"] == joined["join_url"],
        False,
        "the doctor's own link, which makes her the host, is asked of Zoom now",
    )
    nandini.app.get(f"{desk}/host-link", 404)
    stage.expect(doctor.app.post(f"{desk}/start")["status"], "in_progress", "nobody else gets it; she begins")
    _both_come(stage, joined["join_url"])
    wait(lambda: len(doctor.app.get(f"{desk}/attendance")) == 2, "both to be noted")  # noqa: PLR2004
    stage.line("Zoom tells in signed webhooks that both have come.")
    return dict(doctor.app.get(desk))


def _both_come(stage: Stage, join_url: str) -> None:
    books = requests.get(f"{stage.inbox.base}/zoom/books", timeout=TIMEOUT).json()
    meeting = next((row["id"] for row in books["meetings"] if row["join_url"] == join_url), None)
    if meeting is None:
        raise Surprise("Zoom knows no such meeting.")
    for event, side in (("started", "doctor"), ("joined", "doctor"), ("joined", "patient")):
        url = f"{stage.inbox.base}/zoom/meetings/{meeting}/{event}"
        requests.post(url, json={"side": side}, timeout=TIMEOUT).raise_for_status()


def _signs_off(stage: Stage, nandini: Donor, visit: dict[str, Any], report: str, analysis: str) -> None:
    patient, app = f"/doctor/patients/{visit['patient']['id']}", stage.doctor.app
    stage.expect(visit["files"], [report], "the doctor sees the report that came with the booking")
    link = app.get(f"{patient}/files/{report}/link")["url"]
    paper = requests.get(link, timeout=TIMEOUT)
    stage.expect(paper.content[:5], b"%PDF-", "opens it by a link that ends after five minutes")
    values = app.get(f"{patient}/analyses/{analysis}")["values"]
    haemoglobin = next(row["id"] for row in values if row["code"] == "718-7")
    verdict = {"id": haemoglobin, "verdict": "confirm"}
    signed = app.post(
        f"{patient}/analyses/{analysis}/sign-off", values=[verdict], note="Iron, and a blood count in May."
    )
    stage.expect(signed["not_a_diagnosis"], False, "compares, and signs the values off")
    mine = nandini.app.get("/me/observations", code="718-7", signed="true")["results"]
    stage.expect([row["value"] for row in mine], [10.2], "and Nandini has a haemoglobin that a doctor answers for")


def _ends(stage: Stage, visit: dict[str, Any]) -> None:
    app = stage.doctor.app
    ended = app.post(f"/doctor/appointments/{visit['id']}/complete")
    stage.expect(ended["status"], "completed", "the consultation is over")

    def earned() -> dict[str, Any] | None:
        rows = app.get("/doctor/earnings")["results"]
        row = next((row for row in rows if row["appointment"] == visit["id"]), None)
        return row if row and row["payout_status"] == "succeeded" else None

    net = FEE - FEE * FEE_POINTS // 10_000
    stage.expect(
        wait(earned, "the payout")["net"], net, "what was paid less the platform's tenth is hers, and paid out"
    )
    books = requests.get(f"{stage.inbox.base}/stripe/books", timeout=TIMEOUT).json()
    stage.expect(books["transfers"][-1]["amount"], net, "Stripe has transferred it")
