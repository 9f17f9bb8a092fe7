"""Who reads which donations."""

from __future__ import annotations

import pytest

from tests.donations.scenes import verify
from tests.factories import (
    make_arrived,
    make_donor,
    make_hospital,
    make_promise,
    make_request,
    make_user,
    member_client,
    person_client,
)
from users.models import Donor

pytestmark = pytest.mark.django_db


def give(owner, donor=None):
    return verify(make_arrived(make_promise(make_request(owner), donor or make_donor())))


def results(client, path):
    reply = client.get(path)
    assert reply.status_code == 200
    return reply.json()["results"]


def test_a_donor_reads_his_own_newest_first():
    owner, donor = make_hospital(), make_donor()
    give(owner)
    first = give(owner, donor)
    Donor.objects.update(whole_blood_from=None)
    donor.past_donations.all().delete()
    second = give(make_hospital(), donor)

    rows = results(person_client(donor.user), "/api/v1/me/donations")

    assert [row["id"] for row in rows] == [str(second.pk), str(first.pk)]
    assert rows[1]["partner"] == {
        "id": str(owner.partner_id),
        "name": owner.partner.name,
        "city": "Pune",
    }
    assert "unit" not in rows[0]


def test_a_partner_reads_its_own():
    owner, other = make_hospital(), make_hospital()
    donation = give(owner)
    give(other)

    rows = results(member_client(owner), "/api/v1/partner/donations")

    assert [row["id"] for row in rows] == [str(donation.pk)]
    assert rows[0]["donor"]["name"] == donation.donor.user.name
    assert donation.donor.user.phone not in str(rows)


def test_who_has_given_nothing_reads_an_empty_list():
    assert results(person_client(make_user()), "/api/v1/me/donations") == []
    assert results(member_client(make_hospital()), "/api/v1/partner/donations") == []


def test_pages_follow_each_other():
    owner = make_hospital()
    given = [str(give(owner).pk) for _ in range(5)]
    client = member_client(owner)
    seen, path = [], "/api/v1/partner/donations?limit=2"

    while path:
        body = client.get(path).json()
        seen += [row["id"] for row in body["results"]]
        path = body["next"]

    assert seen == given[::-1]
