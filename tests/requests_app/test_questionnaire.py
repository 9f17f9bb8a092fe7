"""What a donor answers before a visit: asked from the rules, sealed, read by one centre while he is there."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest
from django.db import connection

from common import clock
from common.blood import DonationType, Sex
from common.db import unit_of_work
from common.models import OutboxEvent
from requests_app.models import RequestEvent
from requests_app.services import visits
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
from tests.partners.factories import make_member
from users import personal_data
from users.fitness import forget_rules, recordable
from users.models import Consent, ConsentNotice, Deferral, Donor, EligibilityRule, VisitAnswers
from users.questionnaire import packaged_words, questionnaire_for
from users.services import answering, donors, erasure
from users.services.answering import RECORD_KEPT, UNUSED_KEPT

pytestmark = pytest.mark.django_db
TODAY = dt.date(2030, 5, 1)
PRIVATE = ("hiv_risk", "sti")
SPOKEN_OF = ("hiv", "syphilis", "tattoo", "centre_deferral")


def asked(**values: Any) -> list[str]:
    defaults = {"sex": Sex.MALE, "donation_type": DonationType.WHOLE_BLOOD, "on": TODAY, "language": "en"}
    defaults["jurisdiction"] = "IN"
    return [question.code for question in questionnaire_for(**{**defaults, **values}).questions]


def path(promise: Any) -> str:
    return f"/api/v1/assignments/{promise.assignment.pk}/questionnaire"


def partner_path(promise: Any) -> str:
    return f"/api/v1/partner/assignments/{promise.assignment.pk}/questionnaire"


def donor_client(promise: Any) -> Any:
    return person_client(Donor.objects.get(pk=promise.assignment.donor_id).user)


def owner_client(promise: Any) -> Any:
    return member_client(promise.assignment.request.posted_by)


def answers_to(questions: list[dict[str, Any]], **yes: str | None) -> list[dict[str, Any]]:
    return [{"code": q["code"], "yes": q["code"] in yes, "on": yes.get(q["code"])} for q in questions]


def fill_in(promise: Any, **yes: str | None) -> Any:
    """Say no to every question but these."""
    client = donor_client(promise)
    sheet = client.get(path(promise)).json()
    body = {
        "version": sheet["version"],
        "consent_version": sheet["consent"]["version"],
        "answers": answers_to(sheet["questions"], **yes),
    }
    return client.put(path(promise), body, format="json")


@pytest.mark.parametrize("language", ["en", "hi", "bn"])
def test_every_reason_that_the_rules_know_is_asked_in_every_language(language):
    words = packaged_words()

    # The centre's own words for what it does not spell out, and what a report says rather than the donor.
    silent = {"centre_temporary", "centre_permanent", "low_haemoglobin"}
    assert set(recordable(TODAY)) - silent <= set(words)
    assert all(row[language].strip() for row in words.values())
    assert len({row[language] for row in words.values()}) == len(words)


def test_questions_follow_the_sex_and_the_kind_of_donation():
    men, women, others = (set(asked(sex=sex)) for sex in Sex)

    assert women - men == {"pregnant", "delivery", "abortion", "lactation", "menstruation"}
    assert others == women | men
    assert "aspirin" not in men
    assert "aspirin" in asked(donation_type=DonationType.PLATELET_APHERESIS)


def test_questions_follow_the_rules_of_the_country():
    india, bangladesh = asked(), asked(jurisdiction="BD")

    assert set(india) - set(bangladesh) == {"foreign_resident"}
    assert set(bangladesh) <= set(india)


def test_the_question_that_the_rules_have_switched_off_is_not_asked():
    assert "risk_category" not in asked()

    EligibilityRule.objects.filter(code="risk_category", jurisdiction="IN").update(enabled=True)
    forget_rules()

    assert "risk_category" in asked()


def test_a_rule_that_ends_changes_the_version_and_old_answers_are_refused():
    promise = make_promise()
    client = donor_client(promise)
    sheet = client.get(path(promise)).json()
    EligibilityRule.objects.filter(code="tattoo", jurisdiction="IN").update(effective_to=TODAY)
    forget_rules()

    body = {"version": sheet["version"], "consent_version": 1, "answers": answers_to(sheet["questions"])}
    reply = client.put(path(promise), body, format="json")

    assert (reply.status_code, reply.json()["code"]) == (409, "questionnaire_outdated")
    assert "tattoo" not in [q["code"] for q in client.get(path(promise)).json()["questions"]]


def test_the_sheet_is_read_in_the_donors_language_with_the_consent():
    promise = make_promise(donor=make_donor(user=make_user(language="bn", lat="18.52", lng="73.8567")))

    sheet = donor_client(promise).get(path(promise)).json()

    assert (sheet["status"], sheet["language"], sheet["consent"]["language"]) == ("missing", "bn", "bn")
    assert (sheet["answers"], sheet["answered_at"], sheet["eligibility"]) == (None, None, None)
    assert all(any("\u0980" <= sign <= "\u09ff" for sign in q["text"]) for q in sheet["questions"])


def test_a_no_to_everything_lets_the_donor_come():
    promise = make_promise()

    sheet = fill_in(promise).json()

    assert sheet["status"] == "answered"
    assert (sheet["eligibility"]["eligible"], sheet["eligibility"]["provisional"]) == (True, True)
    assert sheet["answered_at"] is not None


def test_a_yes_hints_at_the_day_and_defers_nobody():
    promise = make_promise()

    hint = fill_in(promise, tattoo="2030-04-21").json()["eligibility"]

    assert (hint["eligible"], hint["provisional"], hint["next_eligible_on"]) == (False, True, "2031-04-22")
    assert [why["code"] for why in hint["reasons"]] == ["tattoo"]
    assert not Deferral.objects.exists()
    assert person_client(Donor.objects.get().user).get("/api/v1/me/donor/eligibility").json()["eligible"] is True


@pytest.mark.parametrize(("on", "until"), [(None, None), ("2030-04-01", "2030-07-02")])
def test_an_illness_waits_for_its_end(on, until):
    hint = fill_in(make_promise(), malaria=on).json()["eligibility"]

    assert (hint["eligible"], hint["next_eligible_on"]) == (False, until)


@pytest.mark.parametrize("code", PRIVATE)
def test_what_is_private_is_neither_hinted_at_nor_told_to_anybody_else(code):
    promise = make_promise()
    before = OutboxEvent.objects.count()

    hint = fill_in(promise, **{code: None}).json()["eligibility"]

    assert (hint["eligible"], hint["reasons"]) == (True, [])
    assert not Deferral.objects.exists()
    assert OutboxEvent.objects.count() == before
    assert code not in json.dumps(list(RequestEvent.objects.values_list("facts", flat=True)))


def test_answers_are_sealed_in_the_database():
    promise = make_promise()
    fill_in(promise, tattoo="2030-04-21", sti=None)

    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM users_visitanswers")
        row = b" ".join(
            value.tobytes() if isinstance(value, memoryview) else str(value).encode() for value in cursor.fetchone()
        )

    assert not any(word.encode() in row for word in SPOKEN_OF)


def test_the_partner_reads_them_when_the_donor_has_arrived_and_not_before_or_after():
    promise = make_promise()
    fill_in(promise, hiv_risk=None)
    desk = owner_client(promise)

    before = desk.get(partner_path(promise))
    make_arrived(promise)
    during = desk.get(partner_path(promise)).json()
    verify(promise)
    after = desk.get(partner_path(promise))

    assert (before.status_code, before.json()["code"]) == (409, "visit_not_open")
    assert (during["status"], during["consent_version"]) == ("answered", 1)
    assert [row["code"] for row in during["answers"] if row["yes"]] == ["hiv_risk"]
    assert [row["private"] for row in during["answers"] if row["yes"]] == [True]
    assert after.status_code == 409


def test_the_partner_reads_a_question_in_its_own_language_and_as_it_was_asked():
    promise = make_promise(donor=make_donor(user=make_user(language="hi", lat="18.52", lng="73.8567")))
    fill_in(promise)
    make_arrived(promise)

    row = owner_client(promise).get(partner_path(promise)).json()["answers"][0]

    assert row["text"] == packaged_words()["cold_fever"]["en"]
    assert row["asked"] == packaged_words()["cold_fever"]["hi"]


def test_nobody_else_reads_them():
    promise = make_promise()
    fill_in(promise)
    make_arrived(promise)
    keeper = make_member(promise.assignment.request.partner, role="inventory")

    assert member_client(make_hospital()).get(partner_path(promise)).status_code == 404
    assert member_client(keeper).get(partner_path(promise)).status_code == 403
    assert person_client(make_donor().user).get(path(promise)).status_code == 404
    assert person_client(make_donor().user).put(path(promise), sheet_body(promise), format="json").status_code == 404


def sheet_body(promise: Any) -> dict[str, Any]:
    sheet = donor_client(promise).get(path(promise)).json()
    return {"version": sheet["version"], "consent_version": 1, "answers": answers_to(sheet["questions"])}


def test_the_partner_sees_whether_there_is_something_to_read():
    promise, other = make_promise(), make_promise()
    fill_in(promise)
    address = "/api/v1/partner/assignments/{}"

    answered = owner_client(promise).get(address.format(promise.assignment.pk)).json()
    missing = owner_client(other).get(address.format(other.assignment.pk)).json()
    make_arrived(other)

    assert (answered["questionnaire"], missing["questionnaire"]) == ("answered", "missing")
    assert owner_client(other).get(partner_path(other)).json()["answers"] == []


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        (lambda rows: rows[1:], "/answers"),
        (lambda rows: [*rows, rows[0]], "/answers"),
        (lambda rows: [{**rows[0], "code": "moon_phase"}, *rows[1:]], "/answers"),
        (lambda rows: [{**rows[0], "yes": True, "on": "2030-04-30"}, *rows[1:]], "/answers/0/on"),
        (lambda rows: [rows[0], {**rows[1], "yes": True}, *rows[2:]], "/answers/1/on"),
        (lambda rows: [rows[0], {**rows[1], "yes": True, "on": "2030-05-02"}, *rows[2:]], "/answers/1/on"),
        (lambda rows: [rows[0], {**rows[1], "yes": False, "on": "2030-04-30"}, *rows[2:]], "/answers/1/on"),
        (lambda rows: [{**rows[0], "yes": "perhaps"}, *rows[1:]], "/answers/0/yes"),
    ],
    ids=[
        "one left out",
        "one twice",
        "unknown",
        "a day nobody asked for",
        "no day",
        "tomorrow",
        "a day for no",
        "perhaps",
    ],
)
def test_a_sheet_that_is_not_filled_in_is_refused_and_leaves_nothing(change, pointer):
    promise = make_promise()
    body = sheet_body(promise)

    reply = donor_client(promise).put(path(promise), {**body, "answers": change(body["answers"])}, format="json")

    assert reply.status_code == 400
    assert reply.json()["errors"][0]["pointer"] == pointer
    assert not VisitAnswers.objects.exists()


def test_consent_is_given_to_the_notice_that_holds():
    promise = make_promise()
    notice = ConsentNotice.objects.get(purpose="donation", version=1, language="en")
    ConsentNotice.objects.create(purpose="donation", version=2, language="en", data=notice.data, text="Newer.")

    old = donor_client(promise).put(path(promise), sheet_body(promise), format="json")
    new = donor_client(promise).put(path(promise), {**sheet_body(promise), "consent_version": 2}, format="json")

    assert (old.status_code, old.json()["code"]) == (409, "notice_outdated")
    assert new.json()["consent"]["text"] == "Newer."
    assert VisitAnswers.objects.get().notice.version == 2
    assert not Consent.objects.exists()


def test_answering_again_replaces_what_was_said():
    promise = make_promise()
    fill_in(promise, tattoo="2030-04-21")

    again = fill_in(promise)

    assert again.json()["eligibility"]["eligible"] is True
    assert VisitAnswers.objects.count() == 1


def test_answers_are_taken_back_until_the_arrival():
    promise = make_promise()
    fill_in(promise)
    client = donor_client(promise)

    gone = client.delete(path(promise))
    sheet = client.get(path(promise)).json()
    fill_in(promise)
    make_arrived(promise)
    kept = client.delete(path(promise))

    assert (gone.status_code, sheet["status"]) == (204, "missing")
    assert (kept.status_code, kept.json()["code"]) == (409, "promise_over")
    assert VisitAnswers.objects.count() == 1


def test_nothing_is_answered_for_a_visit_that_is_over():
    promise = make_promise()
    body = sheet_body(promise)
    client = donor_client(promise)
    client.post(f"/api/v1/assignments/{promise.assignment.pk}/cancel", {"reason": "No."}, format="json")

    reply = client.put(path(promise), body, format="json")

    assert (reply.status_code, reply.json()["code"]) == (409, "promise_over")


def test_what_came_to_nothing_is_dropped_after_a_month_and_records_after_five_years(noon):
    unused, given, deferred = make_promise(), make_promise(), make_promise()
    for promise in (unused, given, deferred):
        fill_in(promise)
    verify(make_arrived(given))
    make_arrived(deferred)
    request = deferred.assignment.request
    visits.defer(
        assignment_id=deferred.assignment.pk,
        partner_id=request.partner_id,
        member_id=request.posted_by_id,
        code="cold_fever",
        note="",
    )

    noon.shift(UNUSED_KEPT + dt.timedelta(days=1))
    answering.prune()
    records = set(VisitAnswers.objects.values_list("assignment_id", flat=True))
    noon.shift(RECORD_KEPT)
    answering.prune()

    assert records == {given.assignment.pk, deferred.assignment.pk}
    assert dt.timedelta(days=1826) <= RECORD_KEPT
    assert not VisitAnswers.objects.exists()


def test_erasure_keeps_records_and_drops_the_rest():
    user = make_user(lat="18.52", lng="73.8567")
    user.set_password("seven quiet tamarinds")
    user.save()
    donor = make_donor(user=user)
    cancelled = make_promise(donor=donor)
    fill_in(cancelled)
    donor_client(cancelled).post(
        f"/api/v1/assignments/{cancelled.assignment.pk}/cancel", {"reason": "No."}, format="json"
    )
    given = make_promise(donor=donor)
    fill_in(given)
    verify(make_arrived(given))

    erasure.erase(user_id=user.pk, password="seven quiet tamarinds")

    assert [row.assignment_id for row in VisitAnswers.objects.all()] == [given.assignment.pk]


def test_a_person_exports_the_own_answers_only():
    mine, other = make_promise(), make_promise()
    fill_in(mine, tattoo="2030-04-21")
    fill_in(other)

    rows = personal_data.export(mine.assignment.donor_id)["visit_answers"]

    assert [row["assignment_id"] for row in rows] == [mine.assignment.pk]
    assert [answer["code"] for answer in rows[0]["answers"] if answer["yes"]] == ["tattoo"]


def test_lists_of_visitors_cost_the_same_whoever_answered(django_assert_num_queries):
    owner = make_hospital()
    request = make_request(owner, units=4)
    client = member_client(owner)
    address = f"/api/v1/partner/requests/{request.pk}/assignments"
    fill_in(make_promise(request))
    with connection.execute_wrapper(counting := Counting()):
        client.get(address)
    for _ in range(3):
        fill_in(make_promise(request))

    with django_assert_num_queries(counting.queries):
        rows = client.get(address).json()["results"]

    assert {row["questionnaire"] for row in rows} == {"answered"}


class Counting:
    queries = 0

    def __call__(self, execute, sql, params, many, context):
        self.queries += 1
        return execute(sql, params, many, context)


def test_a_donor_of_another_sex_is_told_the_version_of_the_day():
    promise = make_promise()
    body = sheet_body(promise)
    with unit_of_work():
        donor = donors.hold_donor(donor_id=promise.assignment.donor_id)
        donor.sex = "female"
        donor.save()

    reply = donor_client(promise).put(path(promise), body, format="json")

    assert reply.json()["code"] == "questionnaire_outdated"
    assert reply.json()["version"] != body["version"]
    assert clock.today("Asia/Kolkata") == TODAY
