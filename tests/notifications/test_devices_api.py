"""Devices by HTTP: each realm its own, no token is ever shown, and a stranger's is not there."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.models import PushDevice
from tests.factories import make_user, member_client, person_client
from tests.partners.factories import make_member, make_partner

pytestmark = pytest.mark.django_db
MINE, TEAM = "/api/v1/me/push-devices", "/api/v1/partner/me/push-devices"
APP = {"token": "fMEP0vJqS0:APA91b", "platform": "android", "app_version": "2.4.1", "language": "hi"}


def test_a_device_is_registered_listed_and_taken_off():
    client = person_client(make_user())

    device = client.post(MINE, APP, format="json").json()
    listed = client.get(MINE).json()["results"]
    removed = client.delete(f"{MINE}/{device['id']}")

    assert {name: device[name] for name in ("platform", "app_version", "language")} == {
        name: APP[name] for name in ("platform", "app_version", "language")
    }
    assert listed == [device]
    assert "token" not in device
    assert (removed.status_code, client.get(MINE).json()["results"]) == (204, [])


def test_a_token_that_is_known_is_the_same_device_whatever_the_app_says_anew():
    client = person_client(make_user())

    first = client.post(MINE, APP, format="json")
    again = client.post(MINE, {**APP, "app_version": "2.5.0"}, format="json")

    assert (first.status_code, again.status_code) == (201, 200)
    assert (again.json()["id"], again.json()["app_version"]) == (first.json()["id"], "2.5.0")
    assert client.get(MINE).json()["results"] == [again.json()]


def test_a_token_follows_whoever_registers_it_last_across_realms():
    person, member = person_client(make_user()), member_client(make_member(make_partner()))
    person.post(MINE, APP, format="json")

    answer = member.post(TEAM, APP, format="json")

    assert answer.status_code == 201
    assert person.get(MINE).json()["results"] == []
    assert [row["id"] for row in member.get(TEAM).json()["results"]] == [answer.json()["id"]]


def test_a_strangers_device_is_not_there():
    theirs = person_client(make_user()).post(MINE, APP, format="json").json()

    assert person_client(make_user()).delete(f"{MINE}/{theirs['id']}").status_code == 404
    assert PushDevice.objects.exists()


def test_signing_out_ends_the_device():
    user = make_user()
    client = person_client(user)
    client.post(MINE, APP, format="json")
    user.sessions.update(ended_at=user.created_at)

    assert person_client(user).get(MINE).json()["results"] == []


@pytest.mark.parametrize("count", [1, 9])
def test_the_list_takes_the_same_queries_for_one_and_for_many(unthrottled, count):
    client = person_client(make_user())
    for number in range(count):
        client.post(MINE, {**APP, "token": f"token-{number}"}, format="json")

    with CaptureQueriesContext(connection) as queries:
        rows = client.get(MINE).json()["results"]

    assert (len(rows), len(queries)) == (count, 2)
