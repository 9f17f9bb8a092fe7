"""Owners read what their own people did, administrators everything; nobody writes."""

from __future__ import annotations

import csv
import datetime as dt

import pytest
from django.test import Client

from common.audit import chain
from common.models import AuditEntry
from tests.factories import make_hospital, member_client
from tests.partners.factories import make_member
from users.models import User

URL = "/api/v1/partner/audit-log"
pytestmark = pytest.mark.django_db


def rename(member, name):
    return member_client(member).patch(f"/api/v1/partner/members/{member.pk}", {"name": name}, format="json")


def test_an_owner_reads_what_the_own_people_did_newest_first():
    owner, stranger = make_hospital(), make_hospital()
    rename(owner, "First")
    rename(stranger, "Other")
    rename(owner, "Second")

    rows = member_client(owner).get(URL).json()["results"]

    assert [row["subject"]["id"] for row in rows] == [str(owner.pk)] * 2
    assert {row["actor"]["id"] for row in rows} == {str(owner.pk)}
    assert rows[0]["at"] > rows[1]["at"]


def test_the_list_is_narrowed_by_moment_actor_and_act(noon):
    owner = make_hospital()
    other = make_member(owner.partner)
    rename(owner, "First")
    noon.shift(3600)
    rename(other, "Second")
    client = member_client(owner)
    half_past = (dt.datetime(2030, 5, 1, 7, tzinfo=dt.UTC)).isoformat()

    found = [
        client.get(URL, {"since": half_past}).json()["results"],
        client.get(URL, {"actor": str(other.pk)}).json()["results"],
        client.get(URL, {"act": "partners.members.change_member"}).json()["results"],
        client.get(URL, {"act": "nothing"}).json()["results"],
    ]

    assert [len(rows) for rows in found] == [1, 1, 2, 0]
    assert client.get(URL, {"since": "yesterday"}).status_code == 400


def test_only_owners_read_it():
    owner = make_hospital()

    assert member_client(make_member(owner.partner, role="coordinator")).get(URL).status_code == 403


def test_a_page_costs_the_same_for_one_entry_and_for_twenty(django_assert_num_queries):
    owner = make_hospital()
    rename(owner, "First")
    client = member_client(owner)
    client.get(URL)

    with django_assert_num_queries(2):
        client.get(URL)
    for number in range(20):
        rename(owner, f"Name {number}")
    with django_assert_num_queries(2):
        client.get(URL)


@pytest.fixture
def office() -> Client:
    client = Client()
    client.force_login(
        User.objects.create_superuser(phone="+919876543210", password="seven quiet tamarinds", name="Meera")
    )
    return client


def test_the_admin_shows_an_entry_with_its_place_and_changes_nothing(office):
    rename(make_hospital(), "First")
    chain.run_due()
    entry = AuditEntry.objects.get(act="partners.members.change_member")
    page = f"/admin/common/auditentry/{entry.pk}/change/"

    shown = office.get(page).content.decode()

    assert "partners.members.change_member" in shown
    assert 'name="_save"' not in shown
    assert office.post(page, {"act": "x"}).status_code == 403
    assert office.get("/admin/common/auditentry/", {"q": entry.subject_id, "deed": "write"}).status_code == 200


def test_the_export_holds_what_the_filters_leave_and_is_recorded(office):
    rename(make_hospital(), "First")

    lines = list(
        csv.reader(b"".join(office.get("/admin/common/auditentry/export.csv?deed=write")).decode().splitlines())
    )

    assert [line[7] for line in lines] == ["act", "partners.members.change_member"]
    assert AuditEntry.objects.filter(act="admin.audit_export").exists()
