"""Reasons not to give: said by the person, found by a partner."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from common import clock
from common.db import unit_of_work
from tests.factories import make_donor, make_user, person_client
from users.eligibility.engine import PRIVATE_CODE, PRIVATE_MESSAGE
from users.errors import DeferralUnknown
from users.fitness import declarable, recordable
from users.models import Deferral, Donor
from users.services import donors

pytestmark = pytest.mark.django_db
DEFERRALS, ELIGIBILITY = "/api/v1/me/donor/deferrals", "/api/v1/me/donor/eligibility"
TODAY = dt.date(2030, 5, 1)


def declare(user, code="tattoo", occurred_on="2030-04-01", **more):
    body = {"code": code, "occurred_on": occurred_on, **more}
    return person_client(user).post(DEFERRALS, body, format="json")


def record(donor, code):
    with unit_of_work():
        donors.record_deferral(donors.hold_donor(donor_id=donor.pk), code=code, partner_id=uuid.uuid4())


def eligibility(user, **query):
    return person_client(user).get(ELIGIBILITY, query)


def a_code(rules, **wanted) -> str:
    """Return the code of some rule with these values."""
    return next(
        code for code, rule in rules.items() if all(getattr(rule, name) == value for name, value in wanted.items())
    )


def test_a_healthy_donor_may_give_today():
    body = eligibility(make_donor().user).json()

    assert body == {
        "eligible": True,
        "provisional": True,
        "next_eligible_on": "2030-05-01",
        "permanent": False,
        "reasons": [],
    }


def test_a_declared_reason_defers_and_says_until_when():
    donor = make_donor()

    answer = declare(donor.user)

    assert answer.status_code == 201
    assert (answer.json()["code"], answer.json()["recorded_by_partner"]) == ("tattoo", False)
    body = eligibility(donor.user).json()
    assert (body["eligible"], body["provisional"]) == (False, True)
    assert [reason["code"] for reason in body["reasons"]] == ["tattoo"]
    assert body["next_eligible_on"] == body["reasons"][0]["until"] > "2030-05-01"
    assert Donor.objects.get().whole_blood_from == dt.date.fromisoformat(body["next_eligible_on"])


def test_a_code_may_be_written_in_capitals():
    assert declare(make_donor().user, " TATTOO ").json()["code"] == "tattoo"


def test_a_reason_without_end_says_so():
    donor = make_donor()
    declare(donor.user, a_code(declarable(TODAY), permanent=True))

    body = eligibility(donor.user).json()

    assert (body["eligible"], body["permanent"], body["next_eligible_on"]) == (False, True, None)
    assert Donor.objects.get().whole_blood_from is None


def test_what_is_over_may_be_said_later():
    donor = make_donor()
    code = a_code(declarable(TODAY), until_resolved=True)
    declare(donor.user, code, "2029-01-01")
    assert eligibility(donor.user).json()["next_eligible_on"] is None

    again = declare(donor.user, code, "2029-01-01", resolved_on="2029-01-20")

    assert (again.status_code, again.json()["resolved_on"]) == (201, "2029-01-20")
    assert Deferral.objects.count() == 1
    assert eligibility(donor.user).json()["next_eligible_on"] is not None


def test_what_a_partner_found_cannot_be_ended_by_its_owner():
    donor = make_donor()
    code = a_code(declarable(TODAY), until_resolved=True)
    record(donor, code)

    answer = declare(donor.user, code, "2030-05-01", resolved_on="2030-05-01")

    assert (answer.status_code, answer.json()["code"]) == (409, "deferral_recorded")
    assert Deferral.objects.get().resolved_on is None
    assert declare(donor.user, code, "2030-05-01").status_code == 201


def test_what_a_partner_finds_stands_above_what_was_said_that_day():
    donor = make_donor()
    code = a_code(declarable(TODAY), until_resolved=True)
    declare(donor.user, code, "2030-05-01", resolved_on="2030-05-01")

    record(donor, code)

    found = Deferral.objects.get()
    assert found.recorded_by is not None
    assert found.resolved_on is None


def test_a_private_reason_is_never_spelled_out():
    donor = make_donor()
    code = a_code(recordable(TODAY), private=True)
    record(donor, code)

    answer = eligibility(donor.user)

    assert code not in answer.content.decode()
    assert [(reason["code"], reason["message"]) for reason in answer.json()["reasons"]] == [
        (PRIVATE_CODE, PRIVATE_MESSAGE)
    ]


def test_a_reason_nobody_knows_cannot_be_recorded():
    with pytest.raises(DeferralUnknown):
        record(make_donor(), "left_handed")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"code": "left_handed"}, 400, "deferral_unknown"),
        ({"occurred_on": "2030-05-02"}, 400, "in_the_future"),
        ({"resolved_on": "2030-05-02"}, 400, "resolved_on_invalid"),
        ({"resolved_on": "2030-03-31"}, 400, "resolved_on_invalid"),
        ({"occurred_on": "yesterday"}, 400, "invalid_input"),
        ({"code": ""}, 400, "invalid_input"),
        ({"code": None}, 400, "invalid_input"),
        ({"code": "x" * 41}, 400, "invalid_input"),
    ],
)
def test_what_cannot_be_is_refused_and_pointed_at(body, status, code):
    answer = person_client(make_donor().user).post(
        DEFERRALS, {"code": "tattoo", "occurred_on": "2030-04-01", **body}, format="json"
    )

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["errors"]
    assert not Deferral.objects.exists()


def test_only_a_partner_finds_what_a_person_cannot_know():
    code = next(code for code in recordable(TODAY) if code not in declarable(TODAY))

    assert declare(make_donor().user, code).json()["code"] == "deferral_unknown"


def test_who_is_no_donor_has_nothing_to_defer():
    user = make_user()

    assert declare(user).json()["code"] == "not_a_donor"
    assert eligibility(user).json()["code"] == "not_a_donor"


def test_deferrals_are_listed_newest_first_and_only_ones_own():
    donor = make_donor()
    declare(make_donor().user)
    for day in ("2030-02-01", "2030-03-01"):
        declare(donor.user, occurred_on=day)

    results = person_client(donor.user).get(DEFERRALS).json()["results"]

    assert [row["occurred_on"] for row in results] == ["2030-03-01", "2030-02-01"]
    assert set(results[0]) == {"id", "code", "occurred_on", "resolved_on", "recorded_by_partner", "created_at"}


def test_the_day_is_the_donors_own(noon):
    donor = make_donor()
    donor.user.zone = "Pacific/Kiritimati"
    donor.user.save()
    noon.move_to(dt.datetime(2030, 5, 1, 12, 0, tzinfo=dt.UTC))  # the second of May there

    assert declare(donor.user, occurred_on="2030-05-02").status_code == 201
    assert clock.today("UTC") == TODAY


@pytest.mark.parametrize("kind", ["whole_blood", "platelet_apheresis", "plasma_apheresis", "double_red_cell"])
def test_every_way_to_give_can_be_asked_about(kind):
    assert eligibility(make_donor().user, donation_type=kind).status_code == 200


def test_another_way_is_pointed_at():
    answer = eligibility(make_donor().user, donation_type="sweat")

    assert answer.json()["errors"][0]["pointer"] == "/donation_type"


def test_the_codes_are_public_and_private_ones_are_not_among_them(client):
    found = client.get("/api/v1/deferral-codes").json()

    assert {row["code"] for row in found} == set(declarable(TODAY))
    assert not any(rule.private for rule in declarable(TODAY).values())
    assert set(found[0]) == {"code", "message", "defer_days", "permanent"}


def test_the_codes_are_those_of_the_country_that_is_asked_for(client):
    bangladesh = client.get("/api/v1/deferral-codes", {"jurisdiction": "BD"}).json()
    nowhere = client.get("/api/v1/deferral-codes", {"jurisdiction": "XX"})

    assert {row["code"] for row in bangladesh} == set(declarable(TODAY, "BD"))
    assert set(declarable(TODAY)) - set(declarable(TODAY, "BD")) == {"foreign_resident"}
    assert (nowhere.status_code, nowhere.json()["errors"][0]["pointer"]) == (400, "/jurisdiction")


def test_what_the_persons_country_does_not_know_cannot_be_declared():
    abroad = make_donor(user=make_user(phone="+8801712345678"))

    answer = declare(abroad.user, "foreign_resident")

    assert (answer.status_code, answer.json()["code"]) == (400, "deferral_unknown")
