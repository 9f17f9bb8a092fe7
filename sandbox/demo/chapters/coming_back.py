"""Before a visit and after it: questions, consent, and a certificate that anybody can check."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from sandbox.demo.client import Surprise, wait
from sandbox.demo.people import Donor
from sandbox.demo.stage import Stage


def tell(stage: Stage) -> None:
    stage.chapter("Questions before a visit")
    jatin = stage.donor("Jatin Deshpande", "A+", 1)
    request = stage.post_request(units=1, blood_group="A+")
    stage.inbox.wait_for(jatin.phone, containing="A+")
    promise = jatin.app.post(f"/requests/{request['id']}/accept", 201)
    _answers(stage, jatin, promise)
    donation = _visit(stage, promise)
    stage.chapter("A certificate")
    _certificate(stage, jatin, donation)


def _answers(stage: Stage, jatin: Donor, promise: dict[str, Any]) -> None:
    path = f"/assignments/{promise['id']}/questionnaire"
    sheet = jatin.app.get(path)
    stage.line(f"Jatin is asked {len(sheet['questions'])} questions; the first: «{sheet['questions'][0]['text']}»")
    answers = [{"code": question["code"], "yes": False} for question in sheet["questions"]]
    body = {"version": sheet["version"], "consent_version": sheet["consent"]["version"]}
    cold = [{**answer, "yes": answer["code"] == "cold_fever"} for answer in answers]
    hint = jatin.app.put(path, **body, answers=cold)["eligibility"]
    stage.expect(
        (hint["eligible"], hint["provisional"]), (False, True), "a cold might keep him away: the centre decides"
    )
    stage.expect(jatin.app.get("/me/donor/eligibility")["eligible"], True, "and nothing of it is noted against him")
    done = jatin.app.put(path, **body, answers=answers)
    stage.expect(done["eligibility"]["eligible"], True, "it was the wrong box: he answers again, and consents")
    sealed = stage.desk.get(f"/partner{path}", 409)
    stage.expect(sealed["code"], "visit_not_open", "before he is there the bank reads nothing")


def _visit(stage: Stage, promise: dict[str, Any]) -> dict[str, Any]:
    place = f"/partner/assignments/{promise['id']}"
    arrived = stage.desk.post(f"{place}/arrival", code=promise["arrival_code"])
    stage.expect(arrived["questionnaire"], "answered", "at the door the bank sees that the questions are answered")
    given = stage.desk.get(f"{place}/questionnaire")
    stage.expect(any(answer["yes"] for answer in given["answers"]), False, "and reads them while he is there")
    donation = stage.desk.post(
        f"{place}/verify", 201, donation_type="whole_blood", volume_ml=350, haemoglobin_g_dl=13.8, blood_group="A+"
    )
    stage.expect(donation["consent"], "digital", "the donation says that he consented in the app")
    stage.desk.get(f"{place}/questionnaire", 409)
    stage.line("When the visit is over, the answers are sealed again.")
    return dict(donation)


def _certificate(stage: Stage, jatin: Donor, donation: dict[str, Any]) -> None:
    path = f"{jatin.app.base}/api/v1/me/donations/{donation['id']}/certificate.pdf"
    reply = jatin.app.http.get(path, headers={"Authorization": f"Bearer {jatin.app.token}"}, timeout=20)
    stage.expect(
        (reply.status_code, reply.content[:5]), (200, b"%PDF-"), f"a certificate of {len(reply.content) // 1024} KiB"
    )
    found = re.search(rb"/URI \(([^)]+)\)", reply.content)
    if not found:
        raise Surprise("The certificate names no address to check it at.")
    address = urlsplit(found.group(1).decode()).path.removeprefix("/api/v1")
    seen = wait(lambda: stage.public.get(address), "the check of the certificate")
    stage.expect(
        (seen["valid"], seen["donor_initials"]), (True, "J. D."), "its QR code leads to «valid», a day, and initials"
    )
