"""A person says who she is, level by level, takes a copy of what is held, and takes it back; another is forgotten."""

from __future__ import annotations

import secrets

import requests
from stdnum import verhoeff

from sandbox.demo.client import TIMEOUT, Api
from sandbox.demo.people import PASSWORD, Donor, new_phone
from sandbox.demo.stage import Stage

LEVEL_TWO = "/me/identity/attestations"


def tell(stage: Stage) -> None:
    """Raises: Surprise."""
    stage.chapter("Who she says she is")
    ila = Donor("Ila", "B+", stage.base, stage.inbox)
    ila.sign_up()
    number, mobile = _new_number(), new_phone()
    _register_with_uidai(stage, number, mobile, ila.name)
    stage.expect(ila.app.get("/me/identity")["label"], "none", "Ila has an account and no proven identity")
    _level_one(stage, ila.app, number)
    _level_two(stage, ila, number, mobile)
    _her_data(stage, ila, number)
    _another_is_forgotten(stage)


def _level_one(stage: Stage, app: Api, number: str) -> None:
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    refused = app.post("/me/identity/aadhaar", 400, number=wrong, consent=True)
    stage.expect(refused["code"], "aadhaar_invalid", "a number with a slip is refused by its check digit")
    level = app.post("/me/identity/aadhaar", 201, number=number, consent=True)
    stage.expect((level["level"], level["last4"]), (1, number[-4:]), "one that could exist is level 1, worth nothing")


def _level_two(stage: Stage, ila: Donor, number: str, mobile: str) -> None:
    app = ila.app
    rows = app.get("/identity-levels")
    stage.expect([row["offered"] for row in rows][:2], [True, True], "a licensed provider is at hand for level 2")
    notice = next(row["notice"] for row in app.get("/me/consents") if row["purpose"] == "identity_provider")
    stage.line(f"She reads notice {notice['version']}: «{notice['text'][:75]}…»")
    wish = {"number": number, "consent": True, "notice_version": notice["version"]}
    stage.inbox.fail(error_5xx={"channel": "identity"})
    down = app.post(LEVEL_TWO, 503, **wish)
    stage.expect(down["code"], "identity_provider_unavailable", "the provider is down, and that is said")
    stage.inbox.fail()
    begun = app.post(LEVEL_TWO, 201, **wish)
    code = stage.inbox.code_for(mobile, 0)
    stage.line("The same call again: a code comes to the telephone that UIDAI knows, which is not her account's.")
    path = f"{LEVEL_TWO}/{begun['id']}/code"
    slip = app.post(path, 400, code=f"{(int(code) + 1) % 10**6:06d}")
    stage.expect(slip["tries_left"], 2, "a wrong code costs one of three tries")
    stage.expect(app.post(path, code=code)["status"], "attested", "the right one is attested")
    level = app.get("/me/identity")
    stage.expect((level["level"], level["label"]), (2, "provider_attested"), "level 2, and nobody calls it verified")
    bill = requests.get(f"{stage.inbox.base}/identity/charges", timeout=TIMEOUT).json()
    mine = [row["for"] for row in bill if row["id"] == begun["id"]]
    stage.expect(mine, ["code", "person"], "the provider charged one code and one person")


def _her_data(stage: Stage, ila: Donor, number: str) -> None:
    stage.chapter("What is held of her")
    kinds = [row["name"] for row in ila.app.get("/me/data-summary") if row["count"]]
    stage.line(f"{len(kinds)} kinds of data are held: {', '.join(kinds)}.")
    copied = ila.app.get("/me/export")["holdings"]
    stage.expect(number in str(copied), False, "her copy holds everything, and the number nowhere")
    ila.app.post("/me/consents/identity_provider/withdraw")
    stage.expect(ila.app.get("/me/identity")["level"], 1, "she withdraws the consent, and level 2 is taken back")
    ila.app.post("/me/consents/identity/withdraw")
    stage.expect(ila.app.get("/me/identity")["level"], 0, "and the other, and nothing is left")


def _another_is_forgotten(stage: Stage) -> None:
    stage.chapter("Another is forgotten")
    jatin = Donor("Jatin", "B+", stage.base, stage.inbox)
    jatin.sign_up()
    refused = jatin.app.post("/me/erasure", 400, current_password=PASSWORD[::-1])
    stage.expect(refused["code"], "password_wrong", "who borrows Jatin's telephone cannot erase his account")
    jatin.app.post("/me/erasure", current_password=PASSWORD)
    stage.expect(jatin.app.get("/me", 401)["code"], "session_ended", "he can, and every device is signed out")
    known = stage.public.post("/auth/login", 401, phone=jatin.phone, password=PASSWORD)
    stage.expect(known["code"], "credentials_invalid", "his number and password open nothing any more")


def _new_number() -> str:
    """Return a number that could exist and that no magic number looks like."""
    body = f"4{secrets.randbelow(10**10):010d}"
    return body + verhoeff.calc_check_digit(body)


def _register_with_uidai(stage: Stage, number: str, mobile: str, name: str) -> None:
    told = {"number": number, "phone": mobile, "name": name}
    requests.put(f"{stage.inbox.base}/identity/people", json=told, timeout=TIMEOUT).raise_for_status()
