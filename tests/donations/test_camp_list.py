"""The desk's list: on the camp's date and until the report, and nothing in it runs."""

from __future__ import annotations

import csv
import io

import pytest

from common import clock
from tests.donations.camp_scenes import API, HOUR, begin, finish, make_camp, make_draft, report, take
from tests.factories import PUNE, make_donor, make_hospital, make_user, member_client
from tests.partners.factories import make_member

pytestmark = pytest.mark.django_db
DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '"=1+1"', "'=1", " =1", "\uff1d1", "\n=1"]


@pytest.fixture
def owner():
    return make_hospital()


def read(camp, member):
    return member_client(member).get(f"{API}/partner/camps/{camp.pk}/enrolments.csv")


def rows_of(reply):
    return list(csv.DictReader(io.StringIO(reply.content.decode())))


def named(name, **values):
    return make_donor(user=make_user(name=name, lat=PUNE[0], lng=PUNE[1]), **values)


def test_the_list_opens_at_midnight_where_the_camp_is_held_and_closes_with_the_report(owner, noon):
    camp = make_camp(owner, starts_at=clock.now() + 24 * HOUR)  # 2 May, 12:00 in India; it is noon of 1 May
    take(camp)

    before = read(camp, owner)
    noon.shift(12 * HOUR)  # 00:00 in India, still 1 May in UTC
    on_the_day = read(camp, owner)
    finish(camp, noon)
    over = read(camp, owner)
    report(camp)
    closed = read(camp, owner)

    assert (before.status_code, before.json()["code"]) == (409, "camp_list_not_open")
    assert before.json()["opens_at"] == "2030-05-02T00:00:00+05:30"
    assert before["Content-Type"] == "application/problem+json"
    assert (on_the_day.status_code, over.status_code) == (200, 200)
    assert (closed.status_code, closed.json()["code"]) == (409, "camp_list_closed")


def test_a_row_says_who_and_which_group_and_no_number_to_call(owner, noon):
    camp, donor = make_camp(owner), named("Asha Kulkarni", blood_group="B+")
    place = take(camp, donor)
    begin(camp, noon)

    reply = read(camp, owner)

    assert reply["Content-Type"] == "text/csv; charset=utf-8"
    assert reply["Content-Disposition"] == f'attachment; filename="camp-{camp.pk}.csv"'
    assert rows_of(reply) == [
        {
            "enrolment": str(place.pk),
            "donor": donor.user.public_id,
            "name": "Asha Kulkarni",
            "blood_group": "B+",
            "group_confirmed": "no",
            "status": "enrolled",
            "enrolled_at": "2030-05-01 12:00:00",
            "checked_in_at": "",
        }
    ]
    assert donor.user.phone not in reply.content.decode()


@pytest.mark.parametrize("name", DANGEROUS)
def test_no_name_runs_as_a_formula(owner, noon, name):
    camp = make_camp(owner)
    take(camp, named(name))
    begin(camp, noon)

    [row] = rows_of(read(camp, owner))

    assert row["name"] == "'" + name


@pytest.mark.parametrize("name", ["Asha", "O'Brien", "Anne-Marie", "A = B", "“Raju”"])
def test_other_names_stay_as_they_are(owner, noon, name):
    camp = make_camp(owner)
    take(camp, named(name))
    begin(camp, noon)

    assert rows_of(read(camp, owner))[0]["name"] == name


def test_a_title_is_in_no_header(owner, noon):
    camp = make_camp(owner, title='x"; filename="y.exe\r\nSet-Cookie: a=b')
    begin(camp, noon)

    reply = read(camp, owner)

    assert reply.status_code == 200
    assert "y.exe" not in str(reply.headers)
    assert "Set-Cookie" not in reply.headers


def test_a_draft_and_a_cancelled_camp_have_no_list(owner, noon):
    draft, cancelled = make_draft(owner), make_camp(owner)
    member_client(owner).post(f"{API}/partner/camps/{cancelled.pk}/cancel", {"reason": "Rain."}, format="json")
    begin(cancelled, noon)

    assert read(draft, owner).json()["code"] == "camp_list_not_open"
    assert read(cancelled, owner).json()["code"] == "camp_list_closed"


def test_only_those_who_deal_with_donors_read_it(owner, noon):
    camp = make_camp(owner)
    begin(camp, noon)

    assert read(camp, make_member(owner.partner, role="inventory")).status_code == 403
    assert read(camp, make_member(owner.partner, role="coordinator")).status_code == 200
    assert read(camp, make_hospital()).status_code == 404
