"""Consents: notices in the person's language, given, withdrawn, and what that does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.concurrency.scenes import race_test
from tests.factories import make_donor, make_user, person_client
from tests.races import names, race
from users.models import Consent, ConsentNotice, IdentityAssurance
from users.services import consents
from users.states import ConsentPurpose

URL, PROFILE = "/api/v1/me/consents", "/api/v1/me/donor"
pytestmark = pytest.mark.django_db
DONOR = {"blood_group": "O-", "sex": "male", "date_of_birth": "1995-04-12", "weight_kg": 70, "available": True}


def state(client: Any, purpose: str) -> dict[str, Any]:
    return next(row for row in client.get(URL).json() if row["purpose"] == purpose)


def give(client: Any, purpose: str = "donor_matching", version: int = 1) -> Any:
    return client.post(URL, {"purpose": purpose, "notice_version": version}, format="json")


def withdraw(client: Any, purpose: str = "donor_matching") -> Any:
    return client.post(f"{URL}/{purpose}/withdraw", {}, format="json")


@pytest.mark.parametrize("purpose", list(ConsentPurpose))
def test_every_purpose_has_a_notice_in_every_language(purpose):
    rows = ConsentNotice.objects.filter(purpose=purpose, version=1)

    assert set(rows.values_list("language", flat=True)) == {"en", "hi", "bn"}
    assert all(row.text and row.data for row in rows)


@pytest.mark.parametrize(("language", "script"), [("en", "blood"), ("hi", "रक्त"), ("bn", "রক্ত")])
def test_a_person_reads_the_notice_in_the_own_language(language, script):
    found = state(person_client(make_user(language=language)), "donor_matching")

    assert found["notice"]["language"] == language
    assert script in found["notice"]["text"]
    assert found["status"] == "not_given"


def test_a_consent_is_given_to_a_version_and_withdrawn_as_easily():
    client = person_client(make_user())

    given = give(client)
    withdrawn = withdraw(client)

    assert (given.status_code, given.json()["status"], given.json()["granted_version"]) == (201, "granted", 1)
    assert (withdrawn.status_code, withdrawn.json()["status"]) == (200, "withdrawn")
    assert state(client, "donor_matching")["withdrawn_at"] is not None
    assert state(client, "identity")["status"] == "not_given"


def test_giving_twice_changes_nothing():
    client = person_client(make_user())

    first, second = give(client).json(), give(client).json()

    assert first == second
    assert Consent.objects.count() == 1


@race_test
def test_giving_twice_at_once_leaves_one_consent():
    user = make_user()

    def act() -> Any:
        return consents.give(user_id=user.pk, purpose=ConsentPurpose.IDENTITY, notice_version=1)

    assert names(race(act, act)) == ["ConsentState", "ConsentState"]
    assert Consent.objects.count() == 1


def test_a_withdrawn_consent_can_be_given_again_and_both_are_kept():
    client = person_client(make_user())
    give(client)
    withdraw(client)

    assert give(client).json()["status"] == "granted"
    assert Consent.objects.count() == 2


def test_a_newer_notice_needs_a_new_consent_to_it():
    client = person_client(make_user())
    give(client)
    ConsentNotice.objects.create(purpose="donor_matching", version=2, language="en", data=["x"], text="new")

    late, fresh = give(client, version=1), give(client, version=2)

    assert (late.status_code, late.json()["code"]) == (409, "notice_outdated")
    assert fresh.json()["granted_version"] == 2


def test_what_was_not_given_cannot_be_withdrawn():
    answer = withdraw(person_client(make_user()))

    assert (answer.status_code, answer.json()["code"]) == (409, "consent_not_given")


def test_an_unknown_purpose_is_not_found():
    assert withdraw(person_client(make_user()), "advertising").status_code == 404


def test_a_donor_who_withdraws_is_asked_no_more_until_agreeing_again():
    donor = make_donor(on_leaderboard=True)
    client = person_client(donor.user)
    give(client)

    withdraw(client)
    donor.refresh_from_db()
    assert not donor.available
    refused = client.put("/api/v1/me/donor", DONOR, format="json")
    without = client.put("/api/v1/me/donor", {**DONOR, "available": False}, format="json")
    give(client)
    again = client.put("/api/v1/me/donor", DONOR, format="json")

    donor.refresh_from_db()
    assert not donor.on_leaderboard
    assert (refused.status_code, refused.json()["code"]) == (409, "consent_withdrawn")
    assert without.json()["available"] is False
    assert again.json()["available"] is True


def test_who_becomes_a_donor_has_agreed_to_be_asked_and_can_take_it_back():
    client = person_client(make_user())

    client.put(PROFILE, DONOR, format="json")
    agreed = state(client, "donor_matching")
    client.put(PROFILE, DONOR, format="json")
    withdrawn = withdraw(client)

    assert (agreed["status"], agreed["granted_version"]) == ("granted", 1)
    assert Consent.objects.count() == 1
    assert (withdrawn.status_code, client.get(PROFILE).json()["available"]) == (200, False)


def test_who_does_not_want_to_be_asked_agrees_to_nothing():
    client = person_client(make_user())

    assert client.put(PROFILE, {**DONOR, "available": False}, format="json").status_code == 200

    assert state(client, "donor_matching")["status"] == "not_given"


def test_a_donor_agrees_to_the_notice_that_was_read():
    client = person_client(make_user())
    client.put(PROFILE, DONOR, format="json")
    ConsentNotice.objects.create(purpose="donor_matching", version=2, language="en", data=["x"], text="new")

    late = client.put(PROFILE, {**DONOR, "weight_kg": 71, "notice_version": 1}, format="json")
    silent = client.put(PROFILE, DONOR, format="json")
    before = state(client, "donor_matching")["granted_version"]
    client.put(PROFILE, {**DONOR, "notice_version": 2}, format="json")

    assert (late.status_code, late.json()["code"]) == (409, "notice_outdated")
    assert (silent.json()["weight_kg"], before) == (70, 1)
    assert state(client, "donor_matching")["granted_version"] == 2


def test_who_withdraws_the_consent_to_identity_has_no_level_and_no_digits_left():
    user = make_user()
    client = person_client(user)
    client.post("/api/v1/me/identity/aadhaar", {"number": "234123412346", "consent": True}, format="json")

    withdraw(client, "identity")

    assert client.get("/api/v1/me/identity").json()["level"] == 0
    row = IdentityAssurance.objects.get()
    assert (row.last4, row.ended_at is None) == ("", False)


def test_nobody_sees_another_person_s_consents():
    give(person_client(make_user()))

    assert state(person_client(make_user()), "donor_matching")["status"] == "not_given"
