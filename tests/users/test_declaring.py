"""Reasons that are declared twice, at once, or are nobody's business."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest

from common.db import command
from tests.factories import make_donor, make_user, person_client
from tests.races import meeting, names, race, without_locks
from tests.users.scenes import DEFERRALS, DONOR, declare, eligibility, pointers
from users import fitness
from users.eligibility.engine import PRIVATE_CODE
from users.models import Deferral
from users.services import donors

pytestmark = pytest.mark.django_db
RACE = pytest.mark.django_db(transaction=True)
TODAY = dt.date(2030, 5, 1)
EXPORT = "/api/v1/me/export"


@command
def find(donor_id, code):
    """Note what a blood bank found, as the services of requests do."""
    donors.record_deferral(donors.hold_donor(donor_id=donor_id), code=code, partner_id=uuid.uuid4())


@pytest.mark.parametrize("code", ["hiv_risk", "sti", "centre_permanent"])
def test_a_private_finding_is_spelled_out_on_no_page_of_the_donors(code):
    donor = make_donor()
    client = person_client(donor.user)
    find(donor.pk, code)

    answers = [client.get(path) for path in (DEFERRALS, DONOR, f"{DONOR}/eligibility", f"{DONOR}/score", EXPORT)]

    assert not [answer for answer in answers if code in answer.content.decode()]
    assert answers[0].json()["results"][0]["code"] == PRIVATE_CODE
    assert answers[-1].json()["holdings"]["deferrals"][0]["code"] == PRIVATE_CODE


def test_a_private_code_stays_private_when_its_rule_has_ended():
    donor = make_donor()
    find(donor.pk, "sti")
    fitness.EligibilityRule.objects.filter(code="sti").update(effective_to=TODAY)
    fitness.forget_rules()

    listed = person_client(donor.user).get(DEFERRALS).json()["results"]

    assert [row["code"] for row in listed] == [PRIVATE_CODE]


@pytest.mark.parametrize(
    "code", ["hiv_risk", "HIV_RISK", "sti", "risk_category", "centre_permanent", "centre_temporary"]
)
def test_what_only_a_centre_records_is_refused_in_the_words_for_an_unknown_code(code):
    client = person_client(make_donor().user)

    answer, unknown = declare(client, code), declare(client, "no_such_reason")

    assert (answer.status_code, answer.json()["code"], pointers(answer)) == (400, "deferral_unknown", ["/code"])
    assert {**answer.json(), "request_id": ""} == {**unknown.json(), "request_id": ""}
    assert not Deferral.objects.exists()


@pytest.mark.parametrize(("zone", "status"), [("Asia/Kolkata", 201), ("UTC", 400)])
def test_today_is_the_day_in_the_persons_zone(noon, zone, status):
    noon.move_to(dt.datetime(2030, 5, 1, 19, 0, tzinfo=dt.UTC))  # half past midnight in India
    donor = make_donor(user=make_user(zone=zone))

    assert declare(person_client(donor.user), occurred_on="2030-05-02").status_code == status


@pytest.mark.parametrize(
    ("code", "occurred_on", "resolved_on", "next_day"),
    [
        ("tattoo", "2030-04-20", None, "2031-04-21"),  # 366 days
        ("tattoo", "2030-02-28", None, "2031-03-01"),
        ("vacc_live", "2030-04-03", None, "2030-05-01"),  # 28 days: today
        ("vacc_live", "2030-04-04", None, "2030-05-02"),
        ("malaria", "2030-01-10", "2030-02-01", "2030-05-04"),  # 92 days after it was over
        ("malaria", "2030-01-10", None, None),
        ("cold_fever", "2030-05-01", "2030-05-01", "2030-05-01"),  # over today
        ("epilepsy", "2000-01-01", None, None),
    ],
)
def test_a_reason_holds_for_the_time_its_rule_says(code, occurred_on, resolved_on, next_day):
    client = person_client(make_donor().user)

    declare(client, code, occurred_on, resolved_on=resolved_on)

    said = eligibility(client)
    assert (said["next_eligible_on"], said["eligible"]) == (next_day, next_day == str(TODAY))
    assert said["permanent"] is (code == "epilepsy")


def test_only_the_type_that_a_reason_concerns_waits():
    client = person_client(make_donor().user)

    declare(client, "aspirin", str(TODAY))

    assert eligibility(client, "platelet_apheresis")["next_eligible_on"] == "2030-05-04"
    assert eligibility(client, "whole_blood")["eligible"] is True


def test_the_longest_of_several_reasons_says_when():
    client = person_client(make_donor().user)
    for code in ("vacc_live", "tattoo", "antibiotics"):
        declare(client, code, "2030-04-20")

    said = eligibility(client)

    assert [why["code"] for why in said["reasons"]] == ["tattoo", "vacc_live", "antibiotics"]
    assert said["next_eligible_on"] == said["reasons"][0]["until"] == "2031-04-21"


@RACE
def test_one_reason_declared_several_times_at_once_is_one_row():
    donor = make_donor()

    outcomes = race(*[lambda: donors.declare_deferral(user_id=donor.pk, code="tattoo", occurred_on=TODAY)] * 5)

    assert names(outcomes) == ["Deferral"] * 5
    assert {outcome.pk for outcome in outcomes} == {Deferral.objects.get().pk}


def declare_two_at_once(monkeypatch, donor):
    """One reason is the longer for whole blood, the other for apheresis; each waits between its sums and its write."""
    with meeting(2) as wait:

        def work_out_together(rows):
            found = fitness.windows_of(rows)
            wait()
            return found

        monkeypatch.setattr(donors, "windows_of", work_out_together)
        outcomes = race(
            *[
                lambda code=code: donors.declare_deferral(user_id=donor.pk, code=code, occurred_on=TODAY)
                for code in ("antihelminth", "antiplatelet")
            ]
        )
    assert names(outcomes) == ["Deferral"] * 2
    donor.refresh_from_db()
    return donor.whole_blood_from, donor.apheresis_from


BOTH = (TODAY + dt.timedelta(days=7), TODAY + dt.timedelta(days=14))


@RACE
def test_two_reasons_declared_at_once_both_count_in_the_dates(monkeypatch):
    assert declare_two_at_once(monkeypatch, make_donor()) == BOTH


@RACE
def test_control_without_the_lock_one_of_the_two_is_forgotten(monkeypatch):
    donor = make_donor()
    monkeypatch.setattr(donors, "lock", without_locks)

    assert declare_two_at_once(monkeypatch, donor) != BOTH
