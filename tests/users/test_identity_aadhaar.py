"""Aadhaar numbers: their form is looked at, and four digits stay."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from common import clock
from tests.factories import make_donor, make_user, person_client
from tests.partners.factories import new_phone
from tests.users.dump import dump
from users.models import Consent, ConsentNotice, IdentityAssurance, User
from users.states import ConsentPurpose

URL = "/api/v1/me/identity/aadhaar"
pytestmark = pytest.mark.django_db


def give(client: Any, number: Any, **values: Any) -> Any:
    return client.post(URL, {"number": number, "consent": True, **values}, format="json")


def test_nobody_has_a_level_to_begin_with():
    answer = person_client(make_user()).get("/api/v1/me/identity")

    assert answer.json() == {"level": 0, "label": "none", "since": None, "method": None, "last4": None}


@pytest.mark.parametrize("number", ["234123412346", "2341 2341 2346", "2341-2341-2346", "999941057058", "999971658847"])
def test_a_number_that_could_exist_is_level_one(number):
    client = person_client(make_user())

    answer = give(client, number)

    assert answer.status_code == 201
    assert answer.json() == client.get("/api/v1/me/identity").json()
    assert (answer.json()["level"], answer.json()["label"]) == (1, "format_valid")
    assert answer.json()["last4"] == number[-4:]


def test_who_has_read_an_old_notice_has_not_agreed():
    client = person_client(make_user())
    ConsentNotice.objects.create(purpose="identity", version=2, language="en", data=["x"], text="new")

    outdated = give(client, "234123412346", notice_version=1)
    agreed = give(client, "234123412346", notice_version=2)

    assert (outdated.status_code, outdated.json()["code"], agreed.status_code) == (409, "notice_outdated", 201)
    assert IdentityAssurance.objects.get().consent.notice.version == 2


@pytest.mark.parametrize(
    "number",
    ["234123412347", "123412341234", "222222222222", "23412341234", "2341234123460", "2341234x2346", "234123412346\n9"],
)
def test_a_number_that_cannot_exist_is_refused_by_its_field(number):
    answer = give(person_client(make_user()), number)

    assert answer.status_code == 400
    assert answer.json()["code"] == "aadhaar_invalid"
    assert answer.json()["errors"][0]["pointer"] == "/number"
    assert number not in answer.content.decode()
    assert not IdentityAssurance.objects.exists()


def test_nothing_is_noted_without_a_consent():
    answer = give(person_client(make_user()), "234123412346", consent=False)

    assert (answer.status_code, answer.json()["code"]) == (400, "consent_required")
    assert answer.json()["errors"][0]["pointer"] == "/consent"
    assert not Consent.objects.exists()


def test_the_consent_is_noted_once_however_often_a_number_is_given():
    user = make_user()

    give(person_client(user), "234123412346")
    give(person_client(user), "999941057058")

    assert [row.notice.purpose for row in Consent.objects.filter(user=user)] == [ConsentPurpose.IDENTITY]
    assert person_client(user).get("/api/v1/me/identity").json()["last4"] == "7058"


def test_no_answer_says_verified():
    answer = give(person_client(make_user()), "234123412346")

    assert "verified" not in answer.content.decode()


def test_the_number_is_in_no_log_line_and_in_no_row(capsys, every_line):
    client = person_client(make_user())

    for number in ("234123412346", "234123412347", "2341 2341 2346"):
        client.post(URL, {"number": number, "consent": True}, format="json", HTTP_IDEMPOTENCY_KEY=f"key-{number[-1]}-1")

    captured = capsys.readouterr()
    rows = dump()
    for text in (captured.out + captured.err, rows):
        assert "23412341" not in text
        assert "2341 2341" not in text
    assert "request" in captured.out + captured.err


def test_the_stored_digest_of_a_body_tells_nothing_without_the_key():
    import hashlib  # noqa: PLC0415

    client, body = person_client(make_user()), b'{"number":"234123412346","consent":true}'

    client.post(URL, body, content_type="application/json", HTTP_IDEMPOTENCY_KEY="key-0001")

    with connection.cursor() as cursor:
        cursor.execute("SELECT request_digest FROM common_idempotentreply")
        assert cursor.fetchall() != [(hashlib.sha256(body).hexdigest(),)]


@pytest.mark.parametrize(
    "changes",
    [
        {"last4": "23461234"[:4] + "x"},
        {"level": 3},
        {"level": 2, "method": "licensed_provider"},
        {"level": 3, "method": "aadhaar_offline_xml", "reference_sha256": "a" * 64},
        {"ended": True},
        {"level": 0},
    ],
)
def test_the_database_keeps_no_level_without_its_evidence(changes):
    user = make_user()
    give(person_client(user), "234123412346")
    row = IdentityAssurance.objects.get()
    changes = dict(changes)
    if changes.pop("ended", False):
        changes["ended_at"] = clock.now()

    with pytest.raises(Exception) as refused, transaction.atomic():  # noqa: PT011
        IdentityAssurance.objects.filter(pk=row.pk).update(**changes)

    assert isinstance(refused.value, IntegrityError) or "too long" in str(refused.value)


def test_administrators_see_levels_and_change_none():
    admin = Client()
    admin.force_login(User.objects.create_superuser(new_phone(), name="Administrator"))
    give(person_client(make_user(name="Asha")), "234123412346")
    row = IdentityAssurance.objects.get()

    listed = admin.get(reverse("admin:users_identityassurance_changelist"))
    changed = admin.post(reverse("admin:users_identityassurance_change", args=[row.pk]), {"level": 3})

    assert b"2346" in listed.content
    assert changed.status_code == 403


def test_a_level_that_the_client_claims_counts_for_nothing():
    client = person_client(make_user())

    answer = give(client, "234123412346", level=3, label="offline_ekyc_signature_valid", method="licensed_provider")
    client.patch("/api/v1/me", {"level": 3, "identity": {"level": 3}}, format="json")

    assert answer.json()["level"] == 1
    assert client.get("/api/v1/me/identity").json()["method"] == "aadhaar_format"


def test_administrators_see_neither_number_nor_password_hash():
    admin = Client()
    admin.force_login(User.objects.create_superuser(new_phone(), name="Administrator"))
    user = make_user(name="Asha")
    user.set_password("seven quiet tamarinds")
    user.save()
    give(person_client(user), "234123412346")
    row = IdentityAssurance.objects.get()

    pages = [
        admin.get(reverse("admin:users_user_change", args=[user.pk])),
        admin.get(reverse("admin:users_identityassurance_change", args=[row.pk])),
    ]

    for page in pages:
        text = page.content.decode()
        assert page.status_code == 200
        assert user.password not in text
        assert "23412341" not in text


def test_no_public_answer_says_anything_of_an_identity():
    donor = make_donor(on_leaderboard=True, verified_donations=3)
    give(person_client(donor.user), "999941057058")

    texts = [
        APIClient().get(f"/api/v1/{path}").content.decode() for path in ("leaderboard", "partners", "deferral-codes")
    ]

    assert not any("7058" in text or "assurance" in text for text in texts)
