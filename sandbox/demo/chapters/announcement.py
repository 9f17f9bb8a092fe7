"""An administrator tells many at once; then one of them answers a message with one tap."""

from __future__ import annotations

import datetime as dt
import re
from http import HTTPStatus
from typing import Any

import requests

from sandbox.demo.client import TIMEOUT, Surprise, wait
from sandbox.demo.people import Donor
from sandbox.demo.stage import Stage

WORDS = "Centres of the city are open on Sunday until 18:00."
ADD = "/admin/notifications/announcement/add/"


def tell(stage: Stage) -> None:
    stage.chapter("An announcement")
    nila = stage.donor("Nila", "AB-", 1)
    where_it_is_noon(nila)
    stage.admin.fill("/admin/notifications/channelterms/add/", {**_price(), "channel": "sms"})
    desk = stage.admin.fill(ADD, _announcement(stage))
    page = stage.admin.read(desk)
    found = re.search(r"<strong>(\d+)</strong> people", page)
    if not found:
        raise Surprise("The estimate names no number of people.")
    stage.line(
        f"An administrator writes it, and reads the estimate: how many (here {found.group(1)}), by what, for how much."
    )
    stage.admin.fill(desk, {"step": "schedule", "typed_count": found.group(1)})
    stage.inbox.wait_for(nila.phone, containing=WORDS)
    stage.line("Nila's phone rings: «JeevanSetu: Centres of the city …»; where it is night, it waits for the morning.")
    letters = wait(lambda: nila.app.get("/me/notifications")["results"], "Nila's inbox")
    stage.expect(letters[0]["kind"], "announcement", "her inbox in the app has it too")
    told = [message for message in stage.inbox.messages(nila.phone, channel="sms") if WORDS in message["body"]]
    stage.expect(len(told), 1, "the SMS came once")
    _one_tap(stage, nila)


def where_it_is_noon(donor: Donor) -> None:
    """Let the person live where nobody sleeps now: what is not critical is held back in the quiet hours."""
    ahead = 12 - dt.datetime.now(tz=dt.UTC).hour
    donor.app.call("PATCH", "/me", 200, {"zone": f"Etc/GMT{-ahead:+d}" if ahead else "UTC"})


def _one_tap(stage: Stage, nila: Donor) -> None:
    stage.chapter("One tap")
    request = stage.post_request(units=1, blood_group="AB-")
    message = stage.inbox.wait_for(nila.phone, containing="/a/")
    link = re.findall(r"\S+/a/\S+", message["body"])[0]
    stage.line("AB- is needed, and the SMS to Nila holds a link.")
    shown = requests.get(link, timeout=TIMEOUT)
    stage.expect((shown.status_code, "I can come" in shown.text), (HTTPStatus.OK, True), "a page asks her")
    path = "/assignments"
    before = [row for row in nila.app.get(path)["results"] if row["request"] == request["id"]]
    stage.expect(before, [], "looking at it, as a scanner does, promises nothing")
    tapped = requests.post(link, data={"act": "come"}, timeout=TIMEOUT)
    stage.expect(tapped.status_code, HTTPStatus.OK, "she taps «I can come»")
    [promise] = [row for row in nila.app.get(path)["results"] if row["request"] == request["id"]]
    stage.expect(promise["status"], "accepted", "and has promised")
    stage.expect(re.search(r"\b\d{6}\b", tapped.text), None, "whoever found her phone sees no code")
    code = nila.app.post(f"/assignments/{promise['id']}/arrival-code", 201)["arrival_code"]
    stage.expect(len(code), 6, "she gets it in the app, signed in")
    again = requests.post(link, data={"act": "come"}, timeout=TIMEOUT)
    stage.expect(again.status_code, HTTPStatus.OK, "tapping once more changes nothing")
    nila.app.post(f"/assignments/{promise['id']}/cancel", reason="It was a demonstration.")


def _price() -> dict[str, str]:
    return {"price_minor": "20", "daily_limit_minor": "", "currency": "INR", "reason": "The price of the demo"}


def _announcement(stage: Stage) -> dict[str, Any]:
    until = dt.datetime.now(tz=dt.UTC) + dt.timedelta(days=1)
    return {
        "title_en": "Open on Sunday",
        "body_en": WORDS,
        "audience": "donors",
        "channels": ["sms"],
        "title_hi": "रविवार को खुला",
        "body_hi": "रविवार को शहर के केंद्र 18:00 बजे तक खुले हैं।",
        "lat": f"{stage.place['lat']:.6f}",
        "lng": f"{stage.place['lng']:.6f}",
        "radius_km": "3",
        "blood_groups": ["AB-"],
        "valid_until_0": f"{until:%Y-%m-%d}",
        "valid_until_1": f"{until:%H:%M:%S}",
        "events-TOTAL_FORMS": "0",
        "events-INITIAL_FORMS": "0",
    }
