"""What a person says of oneself."""

from __future__ import annotations

import pytest

from tests.factories import make_donor, make_user, person_client
from tests.races import race
from users.models import User

pytestmark = pytest.mark.django_db
ME = "/api/v1/me"


def patch(user, body):
    return person_client(user).patch(ME, body, format="json")


def test_a_person_reads_their_account():
    user = make_user(name="Asha", language="hi", city="Pune", lat="18.520400", lng="73.856700")

    body = person_client(user).get(ME).json()

    assert (body["id"], body["public_id"], body["phone"]) == (str(user.pk), user.public_id, user.phone)
    assert body["location"] == {"lat": 18.5204, "lng": 73.8567}
    assert body["is_donor"] is False
    assert set(body) == {
        "id",
        "public_id",
        "name",
        "phone",
        "email",
        "email_status",
        "language",
        "zone",
        "city",
        "location",
        "is_donor",
        "created_at",
    }


def test_who_gives_blood_is_a_donor():
    assert person_client(make_donor().user).get(ME).json()["is_donor"] is True


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Asha K."},
        {"email": "asha@example.org", "email_status": "unverified"},
        {"email": ""},
        {"language": "bn"},
        {"zone": "Asia/Dhaka"},
        {"city": ""},
    ],
)
def test_each_value_changes_alone(change):
    user = make_user(name="Asha", city="Pune")
    before = person_client(user).get(ME).json()

    after = patch(user, {name: value for name, value in change.items() if name != "email_status"})

    assert after.status_code == 200
    assert after.json() == {**before, **change}
    assert person_client(user).get(ME).json() == after.json()


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"name": ""}, "/name"),
        ({"name": None}, "/name"),
        ({"name": "x" * 121}, "/name"),
        ({"name": "a\x00b"}, "/name"),
        ({"email": "not an address"}, "/email"),
        ({"language": "tlh"}, "/language"),
        ({"zone": "Mars/Base"}, "/zone"),
        ({"zone": "../etc/passwd"}, "/zone"),
        ({"city": "x" * 81}, "/city"),
        ({"city": []}, "/city"),
    ],
)
def test_what_is_not_acceptable_is_pointed_at_and_changes_nothing(change, pointer):
    user = make_user(name="Asha")

    answer = patch(user, change)

    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert User.objects.get().name == "Asha"


def test_what_is_not_ones_own_to_change_stays():
    user = make_user()

    patch(
        user,
        {
            "phone": "+919999999999",
            "is_staff": True,
            "is_superuser": True,
            "is_active": False,
            "public_id": "X",
            "id": "1",
            "lat": 1,
            "password": "x",
            "groups": [1],
        },
    )

    after = User.objects.get()
    assert (after.phone, after.public_id, after.pk) == (user.phone, user.public_id, user.pk)
    assert (after.is_staff, after.is_superuser, after.is_active, after.lat) == (False, False, True, None)


def test_nothing_said_changes_nothing():
    assert patch(make_user(), {}).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_two_devices_that_change_different_values_lose_nothing():
    user = make_user(name="Asha", city="Pune")
    one, other = person_client(user), person_client(user)

    race(
        lambda: one.patch(ME, {"name": "Asha K."}, format="json"),
        lambda: other.patch(ME, {"city": "Nashik"}, format="json"),
    )

    after = User.objects.get()
    assert (after.name, after.city) == ("Asha K.", "Nashik")
