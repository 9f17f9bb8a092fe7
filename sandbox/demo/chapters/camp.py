"""A camp: announced, filled, checked in with and without network, over, frozen, reported."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.demo.people import Donor
from sandbox.demo.stage import Stage

BEGINS_IN, LASTS = 4.0, 5.0  # seconds: a short day
PLACES = 3


def tell(stage: Stage) -> None:
    stage.chapter("A camp in the town hall")
    donors = [stage.donor(name, group, 3) for name, group in (("Ila", "B+"), ("Jai", "O+"), ("Kiran", "A+"))]
    late = stage.donor("Lata", "AB+", 4)
    stranger = stage.donor("Mohan", "O+", 30)
    camp = _announce(stage)
    ends_at = dt.datetime.fromisoformat(camp["ends_at"])
    places = _enrol(stage, camp, donors, late)
    _check_in(stage, camp, places, ends_at)
    _hear(stage, camp, [*donors, late], stranger)
    _wait_until(ends_at)
    _freeze(stage)
    _report(stage, camp, places)


def _announce(stage: Stage) -> dict[str, Any]:
    starts_at = dt.datetime.now(tz=dt.UTC) + dt.timedelta(seconds=BEGINS_IN)
    place = {"name": "Town hall", "address": "3 Main Road", **stage.place}
    camp = stage.desk.post(
        "/partner/camps",
        201,
        title="Give in May",
        place=place,
        starts_at=starts_at.isoformat(),
        ends_at=(starts_at + dt.timedelta(seconds=LASTS)).isoformat(),
        capacity=PLACES,
    )
    path = f"/partner/camps/{camp['id']}"
    stage.public.get(f"/camps/{camp['id']}", 404)
    stage.line("The bank drafts a short camp that nobody sees yet.")
    camp = dict(stage.desk.post(f"{path}/publish"))
    near = stage.public.get("/camps/nearby", lat=stage.place["lat"], lng=stage.place["lng"], radius_km=5)
    stage.expect(camp["id"] in [row["id"] for row in near["results"]], True, "published, it is found nearby")
    return camp


def _enrol(stage: Stage, camp: dict[str, Any], donors: list[Donor], late: Donor) -> dict[str, Any]:
    path = f"/camps/{camp['id']}"
    places = {donor.name: donor.app.post(f"{path}/enrol", 201) for donor in donors}
    stage.line("Ila, Jai and Kiran take the three places; each gets a signed ticket as a QR picture.")
    stage.expect(late.app.post(f"{path}/enrol", 409)["code"], "camp_full", "Lata is fourth")
    donors[2].app.post(f"{path}/leave")
    places["Lata"] = late.app.post(f"{path}/enrol", 201)
    stage.line("Kiran leaves, and Lata gets the place.")
    mine = late.app.get("/me/enrolments")["results"]
    stage.expect(mine[0]["ticket"], places["Lata"]["ticket"], "her app can show the ticket again")
    return places


def _hear(stage: Stage, camp: dict[str, Any], near: list[Donor], stranger: Donor) -> None:
    if not _is_awake(camp["zone"]):
        stage.line("It is night at the bank: those nearby will be told of it in the morning, if it lasts so long.")
        return
    for donor in near:
        stage.inbox.wait_for(donor.phone, containing="Town hall")
    stage.line("Everybody within 20 km has been told, by SMS.")
    stage.expect(stranger.heard_of("Town hall"), False, "Mohan, who lives 30 km away, was left in peace")


def _check_in(stage: Stage, camp: dict[str, Any], places: dict[str, Any], ends_at: dt.datetime) -> None:
    path = f"/partner/camps/{camp['id']}/check-ins"
    scanned = stage.desk.post(path, token=places["Ila"]["ticket"])
    stage.expect(_outcomes(scanned), ["accepted"], "Ila's ticket is scanned at the door")
    moment = (ends_at - dt.timedelta(seconds=1)).isoformat()
    batch = [
        {"token": token, "at": moment}
        for token in (places["Jai"]["ticket"], places["Ila"]["ticket"], places["Kiran"]["ticket"], "a bus ticket")
    ]
    batch.append({"token": places["Lata"]["ticket"], "at": moment})
    first = _outcomes(stage.desk.post(path, check_ins=batch))
    said = ["accepted", "already", "unknown", "unknown", "accepted"]
    stage.expect(first, said, "a scanner that was offline sends its batch, and each scan is answered by itself")
    again = _outcomes(stage.desk.post(path, check_ins=batch[::-1]))
    stage.expect(again.count("accepted"), 0, "sent again, and backwards, it changes nothing")


def _freeze(stage: Stage) -> None:
    refusal = stage.desk.post("/partner/camps", 409, **_another(stage.place))
    stage.expect(refusal["code"], "camp_stock_pending", "the camp is over: other writes wait for its report")
    stage.expect(stage.desk.get("/partner")["status"], "live", "reading goes on")


def _report(stage: Stage, camp: dict[str, Any], places: dict[str, Any]) -> None:
    path = f"/partner/camps/{camp['id']}/report"
    gave = [
        {"enrolment": places[name]["id"], "volume_ml": 350, "haemoglobin_g_dl": 13.6, "blood_group": group}
        for name, group in (("Ila", "B+"), ("Jai", "O+"))
    ]
    unfit = [{"enrolment": places["Lata"]["id"], "code": "cold_fever"}]
    done = stage.desk.post(path, 201, donations=gave, deferred=unfit, units=[{"blood_group": "A+", "volume_ml": 350}])
    bags = [row["unit"] for row in done["units"]]
    stage.expect([bag["status"] for bag in bags], ["quarantined"] * 3, "the report brings three bags into quarantine")
    stage.line(f"Their numbers: {', '.join(bag['din'] for bag in bags)}.")
    stage.expect(stage.desk.post(path, 409)["code"], "illegal_transition", "it counts once")
    stage.desk.post("/partner/camps", 201, **_another(stage.place))
    stage.line("The bank can work again.")
    _look_back(stage, done)


def _look_back(stage: Stage, done: dict[str, Any]) -> None:
    rows = stage.desk.get("/partner/donations")["results"]
    given = {row["enrolment"] for row in rows if row["enrolment"]}
    wanted = {row["enrolment"] for row in done["units"] if row["enrolment"]}
    stage.expect(wanted <= given, True, "both donations stand in its list")


def _another(place: dict[str, float]) -> dict[str, Any]:
    starts_at = dt.datetime.now(tz=dt.UTC) + dt.timedelta(days=30)
    return {
        "title": "Give in June",
        "place": {"name": "Town hall", "address": "3 Main Road", **place},
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + dt.timedelta(hours=6)).isoformat(),
        "capacity": 100,
    }


def _outcomes(answer: dict[str, Any]) -> list[str]:
    return [row["outcome"] for row in answer["results"]]


def _is_awake(zone: str) -> bool:
    """Whether the demo's machine would tell donors now: quiet hours are from 21:30 to 7:00 where the bank is."""
    local = dt.datetime.now(tz=ZoneInfo(zone)).time()
    return dt.time(7, 0) <= local < dt.time(21, 29)


def _wait_until(moment: dt.datetime) -> None:
    left = (moment - dt.datetime.now(tz=dt.UTC)).total_seconds()
    if left > 0:
        time.sleep(left)
