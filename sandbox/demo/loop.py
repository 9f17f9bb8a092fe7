"""The loop: a blood bank of the directory goes live, asks for blood, and is given it."""

from __future__ import annotations

import datetime as dt
import time
from typing import Any

from sandbox.demo.client import Surprise, wait
from sandbox.demo.people import PASSWORD, Donor, new_phone
from sandbox.demo.stage import Stage


class Loop(Stage):
    """The chapters of the donation loop, in their order."""

    def tell_loop(self) -> None:
        self._a_bank_goes_live()
        self._donors_sign_up()
        self._blood_is_asked_for()
        self._two_places_three_hands()
        self._a_promise_is_taken_back()
        self._the_code_at_the_door()
        self._blood_is_given()
        self._both_sides_look_back()
        self._stop_means_stop()
        self._the_provider_is_down()
        self._a_stolen_token()

    def _a_bank_goes_live(self) -> None:
        self.chapter("A blood bank of the directory goes live")
        bank = self._an_unclaimed_bank()
        self.line(f"The directory lists «{bank['name']}», {bank['city']}; nobody has claimed it.")
        phone = new_phone()
        claim = self.public.post(
            "/partner/auth/register",
            201,
            organisation={
                "name": bank["name"],
                "kind": "both",
                "license_number": bank["license_number"],
                "phone": "+912026050000",
                "email": "desk@bank.example",
                "address": bank["address"] or "Main Road",
                "city": bank["city"],
                "state": bank["state"],
                "pincode": bank["pincode"] or "411001",
                "lat": bank["lat"],
                "lng": bank["lng"],
            },
            owner={"name": "Meera Joshi", "phone": phone, "password": PASSWORD},
        )
        self.partner = claim["partner"]
        self.expect(self.partner["status"], "pending", "a claim waits for an administrator")
        self.desk.token = self.public.post("/partner/auth/login", phone=phone, password=PASSWORD)["access"]
        refusal = self.desk.get("/partner/requests", 403)
        self.expect(refusal["code"], "partner_not_live", "until then nothing but its own profile answers")
        self.admin.approve(self.partner["id"])
        self.expect(self.desk.get("/partner")["status"], "live", "an administrator approves it in the admin")
        bank = self.desk.get("/partner")
        self.place = {"lat": bank["lat"], "lng": bank["lng"]}
        near = self.public.get("/partners/nearby", lat=self.place["lat"], lng=self.place["lng"], radius_km=5)
        self.expect(self.partner["id"] in [row["id"] for row in near["results"]], True, "and people nearby find it")

    def _donors_sign_up(self) -> None:
        self.chapter("Donors sign up")
        asha, bilal, chitra = (self.donor(name, "O-", 1 + i) for i, name in enumerate(("Asha", "Bilal", "Chitra")))
        self.asha, self.bilal, self.chitra = asha, bilal, chitra
        self.distant = self.donor("Dev", "O-", 40)
        self.other_group = self.donor("Esha", "AB+", 1)
        self.deferred = self.donor("Farhan", "O-", 1)
        today = dt.datetime.now(tz=dt.UTC).date()
        self.deferred.app.post("/me/donor/deferrals", 201, code="tattoo", occurred_on=str(today - dt.timedelta(days=9)))
        answer = self.deferred.app.get("/me/donor/eligibility")
        self.expect(answer["eligible"], False, f"Farhan's tattoo defers him until {answer['next_eligible_on']}")
        self.expect(asha.app.get("/me/donor/eligibility")["eligible"], True, "Asha may give today")

    def _blood_is_asked_for(self) -> None:
        self.chapter("Two units of O- are needed, now")
        posted = time.perf_counter()
        self.request = self.post_request(units=2)
        self.inbox.wait_for(self.asha.phone, containing="O-")
        self.line(f"Asha's phone rings {1000 * (time.perf_counter() - posted):.0f} ms after the request was posted.")
        for donor in (self.bilal, self.chitra):
            self.inbox.wait_for(donor.phone, containing="O-")
        self.inbox.wait_for(self.asha.phone, containing="O-", channel="whatsapp")
        self.line("All three who can help were told, by SMS and WhatsApp.")
        wave = wait(self._wave_with_asks, "the wave's numbers")
        self.line(f"Wave {wave['number']} asked {wave['asked']} donors within {wave['radius_km']:g} km.")
        for donor, why in (
            (self.distant, "lives 40 km away"),
            (self.other_group, "is AB+"),
            (self.deferred, "is deferred"),
        ):
            self.expect(donor.heard_of("O- "), False, f"{donor.name}, who {why}, was left in peace")
        counted = self.desk.get(f"/partner/requests/{self.request['id']}/candidates")
        self.line(f"The bank sees how many could come ({counted['total']}), never who.")

    def _two_places_three_hands(self) -> None:
        self.chapter("Two places, three hands")
        path = f"/requests/{self.request['id']}/accept"
        nearby = self.asha.app.get("/requests/nearby")["results"]
        self.expect(self.request["id"] in [row["id"] for row in nearby], True, "Asha sees the request in her app")
        self.promises = {donor.name: donor.app.post(path, 201) for donor in (self.asha, self.bilal)}
        self.line("Asha and Bilal accept; each gets a six-digit code and a QR picture.")
        self.expect(self.chitra.app.post(path, 409)["code"], "request_full", "Chitra is third")
        self.chitra.app.post(f"/requests/{self.request['id']}/standby", 201)
        self.line("Chitra stands by.")
        rows = self.desk.get(f"/partner/requests/{self.request['id']}/assignments")["results"]
        self.expect([row["visitor"] for row in rows], [None, None], "the bank sees tags and distances, no names")

    def _a_promise_is_taken_back(self) -> None:
        self.chapter("A promise is taken back")
        promise = self.promises["Bilal"]["id"]
        self.bilal.app.post(f"/assignments/{promise}/cancel", reason="I have a fever.")
        self.expect(self.bilal.app.get("/me/donor/score")["score"], -10, "it costs Bilal ten points")
        offer = wait(lambda: self._newest(self.chitra, "place"), "the offer to Chitra")
        self.line(f"Chitra is told at once: «{offer['body'][:90]}…»")
        self.promises["Chitra"] = self.chitra.app.post(f"/requests/{self.request['id']}/accept", 201)
        self.line("She accepts.")

    def _the_code_at_the_door(self) -> None:
        self.chapter("At the door")
        promise = self.promises["Asha"]
        path = f"/partner/assignments/{promise['id']}/arrival"
        wrong = f"{(int(promise['arrival_code']) + 1) % 1_000_000:06d}"
        refusal = self.desk.post(path, 400, code=wrong)
        self.expect(refusal["attempts_left"], 4, "a wrong code costs one of five tries")
        arrived = self.desk.post(path, code=promise["arrival_code"])
        self.expect(arrived["visitor"]["name"], "Asha", "the right one opens, and now the bank knows her name")

    def _blood_is_given(self) -> None:
        self.chapter("Blood is given")
        path = f"/partner/assignments/{self.promises['Asha']['id']}/verify"
        low = self.desk.post(path, 409, donation_type="whole_blood", volume_ml=350, haemoglobin_g_dl=12.4)
        self.expect(low["code"], "donor_not_eligible", "12.4 g/dL of haemoglobin would be too little")
        visit = {"donation_type": "whole_blood", "volume_ml": 350, "haemoglobin_g_dl": 13.6, "blood_group": "O-"}
        donation = self.desk.post(path, 201, **visit)
        self.line(f"350 ml, unit {donation['unit']['din']}, {donation['unit']['status']} until it is tested.")
        self.expect(self.desk.post(path, 409, **visit)["code"], "already_verified", "pressing twice makes one donation")
        self.expect(self.asha.app.get("/me/donor/score")["score"], 10, "ten points for Asha")
        answer = self.asha.app.get("/me/donor/eligibility")
        self.line(f"She may give again on {answer['next_eligible_on']}.")
        frozen = self.asha.app.put("/me/donor", 409, **{**self.asha.profile, "blood_group": "B+"})
        self.expect(frozen["code"], "blood_group_confirmed", "her group is confirmed, and frozen")
        second = self.promises["Chitra"]
        self.desk.post(f"/partner/assignments/{second['id']}/arrival", code=second["arrival_code"])
        self.desk.post(f"/partner/assignments/{second['id']}/verify", 201, **visit)
        done = self.desk.get(f"/partner/requests/{self.request['id']}")
        self.expect((done["status"], done["units_fulfilled"]), ("fulfilled", 2), "Chitra gives the second unit")

    def _both_sides_look_back(self) -> None:
        self.chapter("Both sides look back")
        promise = self.promises["Asha"]["id"]
        self.asha.app.post(f"/assignments/{promise}/rating", 201, stars=5, comment="Kind and quick.")
        again = self.asha.app.post(f"/assignments/{promise}/rating", 409, stars=1)
        self.expect(again["code"], "already_rated", "Asha gives the bank five stars, and cannot vote twice")
        self.desk.post(f"/partner/assignments/{promise}/rating", 201, stars=5)
        letters = wait(lambda: self.asha.app.get("/me/notifications")["results"], "Asha's inbox")
        self.line(f"Messages in Asha's inbox: {len(letters)}; the newest: «{letters[0]['title']}».")
        self.asha.app.post(f"/me/notifications/{letters[0]['id']}/read")
        self.expect(len(self.asha.app.get("/me/donations")["results"]), 1, "her donation is in her list")

    def _stop_means_stop(self) -> None:
        self.chapter("STOP means stop")
        gita = self.donor("Gita", "B-", 2)
        self.inbox.reply(gita.phone, "STOP")
        self.post_request(units=1, blood_group="B-")
        self.inbox.wait_for(gita.phone, containing="B-", channel="whatsapp")
        texts = [message for message in self.inbox.messages(gita.phone, channel="sms") if "B-" in message["body"]]
        self.expect(texts, [], "she is asked by WhatsApp, and no SMS is sent")
        self.gita = gita

    def _the_provider_is_down(self) -> None:
        self.chapter("The provider is down")
        hari = self.donor("Hari", "A-", 2)
        self.inbox.fail(error_5xx=1.0)
        posted = time.perf_counter()
        self.post_request(units=1, blood_group="A-")
        self.line(f"The request is taken all the same, in {1000 * (time.perf_counter() - posted):.0f} ms.")
        time.sleep(1)
        self.inbox.fail()
        self.inbox.wait_for(hari.phone, containing="A-")
        asks = [message for message in self.inbox.messages(hari.phone, channel="sms") if "A-" in message["body"]]
        self.expect(len(asks), 1, "when the provider is back, Hari is told, once")

    def _a_stolen_token(self) -> None:
        self.chapter("A stolen token")
        gita = self.gita
        fresh = gita.app.post("/auth/refresh", refresh=gita.refresh)
        stolen = gita.app.post("/auth/refresh", 401, refresh=gita.refresh)
        self.expect(stolen["code"], "refresh_reused", "the old refresh token is used again")
        gita.app.token = fresh["access"]
        self.expect(gita.app.get("/me", 401)["code"], "session_ended", "and nobody keeps the session")
        self.desk.get("/me", 401)
        self.line("A partner's token means nothing on the people's side.")

    def _an_unclaimed_bank(self) -> dict[str, Any]:
        page = self.public.get("/partners", live="false", limit=200)
        for brief in page["results"]:
            bank = self.public.get(f"/partners/{brief['id']}")
            if not bank["live"] and not bank["claimed"]:
                return dict(bank)
        raise Surprise("Every bank of the directory is claimed.")

    def _wave_with_asks(self) -> dict[str, Any] | None:
        waves = self.desk.get(f"/partner/requests/{self.request['id']}")["waves"]
        return next((wave for wave in waves if wave["asked"]), None)

    def _newest(self, donor: Donor, words: str) -> dict[str, Any] | None:
        return next((m for m in self.inbox.messages(donor.phone) if words in m["body"].lower()), None)
