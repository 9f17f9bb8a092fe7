"""Analyses: with consent, by rules, out of a process that can be lost; signed by a doctor, and then for good."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from appointments import file_jobs, reading_errands
from appointments.analysis import pages
from appointments.analysis.states import AnalysisFailure
from appointments.models import Analysis, Observation
from appointments.services import analysing, files
from appointments.services.analysing import Verdict
from common import outbox
from common.db import unit_of_work
from common.errors import IllegalTransition, NotFound
from notifications.models import Notification
from tests.appointments.file_scenes import ask, give, make_doctor, read_report, sign, treat, value_of
from tests.appointments.reports import CBC, report
from tests.factories import PASSWORD, make_donor, make_user, person_client
from tests.files import pdf, picture
from users.models import Consent, Deferral
from users.services import consents, erasure
from users.states import ConsentPurpose

TAKEN = dt.date(2030, 4, 12)
pytestmark = pytest.mark.django_db


def url(file: Any, *parts: Any) -> str:
    return "/".join(["/api/v1/me/files", str(file.pk), "analyses", *map(str, parts)])


def post(file: Any, **values: Any) -> Any:
    body = {"analyser": "table", "consent": True, **values}
    return person_client(file.patient).post(url(file), body, format="json")


def test_a_report_is_read_by_the_worker_and_its_owner_told():
    owner = make_user()
    file = give(owner, report())

    queued = post(file)
    reading_errands.analyse_due()
    outbox.drain()
    done = person_client(owner).get(url(file, queued.json()["id"])).json()

    assert (queued.status_code, queued.json()["status"], queued.json()["values"]) == (202, "queued", [])
    assert (done["status"], done["engine"], done["pages"], done["not_a_diagnosis"]) == ("done", "table-1", 1, True)
    read = {one["name"]: one["value"] for one in done["values"]}
    assert read == {
        "Haemoglobin": 10.2,
        "Leucocytes": 7.8,
        "Platelets": 150,
        "Haematocrit": 31.2,
        "Mean cell volume": 78,
        "Creatinine": 0.9,
    }
    first = done["values"][0]
    assert (first["low"], first["high"], first["interpretation"], first["unit"]) == (12, 16, "L", "g/dL")
    assert (first["taken_on"], first["page"], first["signed"], first["status"]) == ("2030-04-12", 1, False, "read")
    assert done["skipped"] == []
    assert list(Notification.objects.values_list("kind", flat=True)) == ["analysis_ready"]


def test_nothing_is_read_without_consent_to_this_notice():
    file = give(make_user(), report())

    missing, no, outdated = post(file, consent=None), post(file, consent=False), post(file, notice_version=7)

    assert [reply.status_code for reply in (missing, no, outdated)] == [400, 400, 409]
    assert (no.json()["code"], outdated.json()["code"]) == ("analysis_consent_missing", "notice_outdated")
    assert not Analysis.objects.exists()
    assert not Consent.objects.exists()


def test_the_consent_is_written_down_and_what_is_withdrawn_is_not_read():
    file = give(make_user(), report())
    row = ask(file)
    given = Consent.objects.get()

    consents.withdraw(user_id=file.patient_id, purpose=ConsentPurpose.REPORT_ANALYSIS)
    reading_errands.analyse_due()

    assert (given.notice.purpose, row.consent_id) == ("report_analysis", given.pk)
    assert Analysis.objects.get().failure == AnalysisFailure.CONSENT_WITHDRAWN
    assert not Observation.objects.exists()


def test_one_reading_at_a_time_and_one_again_when_it_is_over():
    file = give(make_user(), report())

    first, twice = post(file), post(file)
    reading_errands.analyse_due()
    again = post(file)

    assert [reply.status_code for reply in (first, twice, again)] == [202, 409, 202]
    assert twice.json()["code"] == "analysis_open"


def test_what_is_not_set_up_is_not_offered():
    owner = make_user(language="hi")
    file = give(owner, report())

    refused = post(file, analyser="vision")
    (offer,) = person_client(owner).get("/api/v1/me/analysers").json()

    assert (refused.status_code, refused.json()["code"]) == (400, "analyser_unavailable")
    assert (offer["analyser"], offer["purpose"], offer["run_by"]) == ("table", "report_analysis", "")
    assert "निदान" in offer["notice"]


@pytest.mark.parametrize(
    ("content", "failure"),
    [
        (pdf(), "no_text"),
        (picture(), "no_text"),
        (pdf().replace(b"/Pages 2 0 R", b"/Pages 9 0 R"), "unreadable"),
    ],
)
def test_what_cannot_be_read_says_so(content, failure):
    file = give(make_user(), content)
    row = ask(file)

    reading_errands.analyse_due()
    outbox.drain()

    found = Analysis.objects.get(pk=row.pk)
    assert (found.status, found.failure) == ("failed", failure)
    assert list(Notification.objects.values_list("kind", flat=True)) == ["analysis_failed"]


def test_a_file_that_takes_too_long_is_given_up(monkeypatch):
    monkeypatch.setattr(pages, "PATIENCE", 0.0)
    row = ask(give(make_user(), report()))

    reading_errands.analyse_due()

    assert Analysis.objects.get(pk=row.pk).failure == "unreadable"


def test_twenty_pages_are_read_and_no_more():
    assert {row.page for row in pages.rows_of(report(pages=22))} == set(range(1, 21))


def test_the_process_that_opens_files_knows_nothing_of_ours(monkeypatch, tmp_path):
    spy = tmp_path / "spy.py"
    spy.write_text("import json, os, sys\nprint(json.dumps({'pages': [[k + '=' + v for k, v in os.environ.items()]]}))")
    monkeypatch.setattr(pages, "SCRIPT", spy)
    monkeypatch.setenv("SECRET_KEY", "do-not-tell")

    told = " ".join(row.text for row in pages.rows_of(b""))

    assert "do-not-tell" not in told
    assert "DATABASE_URL" not in told


@pytest.mark.parametrize(
    "script",
    [
        "print('no json')",
        "print('{\"pages\": 7}')",
        "print('{\"pages\": [7]}')",
        "print('{\"pages\": []}')",
        "import os; os.abort()",
        "import sys; sys.exit(3)",
    ],
)
def test_what_a_broken_reader_says_is_not_believed(monkeypatch, tmp_path, script):
    broken = tmp_path / "broken.py"
    broken.write_text(script)
    monkeypatch.setattr(pages, "SCRIPT", broken)

    with pytest.raises(pages.Unreadable):
        pages.rows_of(b"")


def test_a_killed_worker_s_analysis_is_taken_up_by_the_next_once_its_lease_is_over(noon):
    row = ask(give(make_user(), report()))
    ((_, attempt),) = analysing.claim(limit=1)  # and then it was killed

    early = reading_errands.analyse_due()
    noon.shift(analysing.LEASE)
    late = reading_errands.analyse_due()
    analysing.fail(analysis_id=row.pk, attempt=attempt, failure=AnalysisFailure.UNREADABLE)  # the first was only slow

    assert (early, late) == (0, 1)
    assert Analysis.objects.get(pk=row.pk).status == "done"
    assert Observation.objects.count() == len(CBC)


def test_what_takes_its_worker_down_each_time_is_given_up(noon):
    row = ask(give(make_user(), report()))

    for _ in range(3):
        assert len(analysing.claim(limit=1)) == 1
        noon.shift(analysing.LEASE)

    assert analysing.claim(limit=1) == []
    assert (Analysis.objects.get(pk=row.pk).failure, analysing.claim(limit=1)) == ("unreadable", [])


def test_a_file_that_is_destroyed_takes_along_what_no_doctor_signed():
    owner = make_user()
    row = read_report(owner)
    waiting = ask(give(owner, report()))

    files.delete_file(patient_id=owner.pk, file_id=row.version.file_id, at_once=True)
    files.delete_file(patient_id=owner.pk, file_id=waiting.version.file_id, at_once=True)
    reading_errands.analyse_due()

    assert not Observation.objects.exists()
    assert Analysis.objects.get().failure == "file_gone"


def test_a_doctor_confirms_corrects_and_rejects():
    patient, doctor = make_user(), make_doctor()
    treat(doctor, patient)
    row = read_report(patient)
    client = person_client(doctor.user)
    path = f"/api/v1/doctor/patients/{patient.pk}/analyses/{row.pk}"
    verdicts = [
        {"id": str(value_of(row).pk), "verdict": "correct", "value": "12.4"},
        {"id": str(value_of(row, "777-3").pk), "verdict": "reject"},
    ]

    seen = client.get(path)
    signed = client.post(f"{path}/sign-off", {"values": verdicts, "note": "Iron."}, format="json")
    again = client.post(f"{path}/sign-off", {}, format="json")
    outbox.drain()

    assert (seen.status_code, signed.status_code) == (200, 200), signed.content
    body = signed.json()
    values = {one["code"]: one for one in body["values"]}
    assert (body["status"], body["not_a_diagnosis"], body["note"]) == ("signed", False, "Iron.")
    corrected, rejected, confirmed = values["718-7"], values["777-3"], values["2160-0"]
    assert (corrected["value"], corrected["read_value"], corrected["interpretation"]) == (12.4, 10.2, "N")
    assert [one["status"] for one in (corrected, rejected, confirmed)] == ["corrected", "rejected", "confirmed"]
    assert (confirmed["not_a_diagnosis"], confirmed["notice"]) == (False, "")
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")
    series = person_client(patient).get("/api/v1/me/observations?code=777-3").json()["results"]
    assert series == []
    assert set(Notification.objects.values_list("kind", flat=True)) == {"analysis_ready", "analysis_signed"}


@pytest.mark.parametrize(
    ("verdict", "code"),
    [
        ({"verdict": "correct"}, "invalid_input"),
        ({"verdict": "confirm", "value": "3"}, "invalid_input"),
        ({"verdict": "correct", "value": "90"}, "value_impossible"),
        ({"verdict": "reject", "id": str(uuid.UUID(int=7))}, "observation_unknown"),
    ],
)
def test_a_verdict_that_makes_no_sense_is_pointed_at_and_nothing_is_signed(verdict, code):
    patient, doctor = make_user(), make_doctor()
    treat(doctor, patient)
    row = read_report(patient)
    body = {"values": [{"id": str(value_of(row).pk), **verdict}]}
    path = f"/api/v1/doctor/patients/{patient.pk}/analyses/{row.pk}/sign-off"

    answer = person_client(doctor.user).post(path, body, format="json")

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.json()["errors"][0]["pointer"].startswith("/values/0")
    assert Analysis.objects.get().status == "done"


def test_nobody_signs_for_himself_nor_for_a_stranger():
    doctor = make_doctor()
    own, other = read_report(doctor.user), read_report(make_user())

    for row in (own, other):
        with pytest.raises(NotFound):
            analysing.sign_off(doctor_user_id=doctor.user_id, patient_id=row.patient_id, analysis_id=row.pk)


def test_a_doctor_of_one_patient_cannot_sign_another_s_analysis():
    mine, other, doctor = make_user(), make_user(), make_doctor()
    treat(doctor, mine)
    row = read_report(other)

    with pytest.raises(NotFound):
        analysing.sign_off(doctor_user_id=doctor.user_id, patient_id=mine.pk, analysis_id=row.pk)


def test_what_is_still_being_read_is_not_signed():
    patient, doctor = make_user(), make_doctor()
    treat(doctor, patient)
    row = ask(give(patient, report()))

    with pytest.raises(IllegalTransition):
        analysing.sign_off(doctor_user_id=doctor.user_id, patient_id=patient.pk, analysis_id=row.pk)


@pytest.mark.parametrize(
    "act",
    [
        lambda row: Analysis.objects.filter(pk=row.pk).update(note="other"),
        lambda row: Analysis.objects.filter(pk=row.pk).delete(),
        lambda row: row.observations.update(value=Decimal(13), read_value=Decimal(13)),
        lambda row: row.observations.filter(code="718-7").delete(),
    ],
)
def test_what_is_signed_the_database_itself_keeps(act):
    row = sign(read_report(make_user()))

    with pytest.raises(IntegrityError, match="signed"), transaction.atomic():
        act(row)


def test_a_signed_analysis_outlives_its_file_and_a_read_one_can_be_forgotten():
    owner = make_user()
    read, signed = read_report(owner), sign(read_report(owner))
    client = person_client(owner)

    forgotten = client.delete(url(read.version.file, read.pk))
    kept = client.delete(url(signed.version.file, signed.pk))
    files.delete_file(patient_id=owner.pk, file_id=signed.version.file_id, at_once=True)

    assert (forgotten.status_code, kept.status_code, kept.json()["code"]) == (204, 409, "analysis_signed")
    rows = client.get("/api/v1/me/observations").json()["results"]
    assert {row["analysis_id"] for row in rows} == {str(signed.pk)}


@pytest.mark.parametrize(("language", "words"), [("en", "Not a diagnosis"), ("hi", "निदान नहीं"), ("bn", "রোগনির্ণয় নয়")])
def test_every_value_says_in_the_reader_s_language_that_it_is_no_diagnosis(language, words):
    owner = make_user(language=language)
    row = read_report(owner)
    client = person_client(owner)

    (listed,) = client.get("/api/v1/me/observations?code=718-7").json()["results"]
    (whole,) = client.get(url(row.version.file)).json()

    assert listed["not_a_diagnosis"] is True
    assert words in listed["notice"]
    assert words in whole["values"][0]["notice"]


def test_a_series_is_of_one_person_and_one_code():
    owner = make_user()
    read_report(owner)
    sign(read_report(owner, taken_on=TAKEN))
    read_report(make_user())
    client = person_client(owner)

    every = client.get("/api/v1/me/observations?code=718-7").json()["results"]
    signed = client.get("/api/v1/me/observations?code=718-7&signed=true").json()["results"]
    odd = client.get("/api/v1/me/observations?code=nothing")

    assert [row["signed"] for row in every] == [True, False]
    assert [row["signed"] for row in signed] == [True]
    assert odd.status_code == 400


def test_a_list_of_observations_costs_the_same_for_many_rows():
    owner = make_user()
    client = person_client(owner)
    read_report(owner)
    with CaptureQueriesContext(connection) as few:
        client.get("/api/v1/me/observations?code=718-7")

    with CaptureQueriesContext(connection) as many:
        answer = client.get("/api/v1/me/observations")

    assert len(answer.json()["results"]) == len(CBC)
    assert len(many) == len(few)


def share(row: Analysis, **body: Any) -> Any:
    path = f"/api/v1/me/observations/{value_of(row).pk}/share"
    return person_client(row.patient).post(path, {"consent": True, **body}, format="json")


def low(patient: Any, value: str = "10.2", **values: Any) -> Analysis:
    """A signed haemoglobin."""
    return sign(read_report(patient, report([("Haemoglobin", value, "", "g/dL", "")]), **values))


def test_a_low_haemoglobin_that_the_donor_shares_is_a_reason_with_an_end_until_a_better_one():
    donor = make_donor()
    row = low(donor.user)
    outbox.drain()
    untouched = Deferral.objects.count()

    refused, shared, again = share(row, consent=False), share(row), share(row)
    told = person_client(donor.user).get("/api/v1/me/donor/eligibility").json()
    better = share(low(donor.user, "13.6"))

    assert untouched == 0
    assert [reply.status_code for reply in (refused, shared, again, better)] == [400, 200, 200, 200]
    assert (shared.json()["suffices"], better.json()["suffices"]) == (False, True)
    assert (told["eligible"], told["provisional"]) == (False, True)
    assert [(one["code"], one["until"]) for one in told["reasons"]] == [("low_haemoglobin", "2030-07-11")]
    assert not Deferral.objects.exists()
    assert person_client(donor.user).get("/api/v1/me/donor/eligibility").json()["eligible"] is True


def test_only_a_fresh_signed_and_dated_haemoglobin_may_be_shared():
    donor = make_donor()
    unsigned = read_report(donor.user)
    old = low(donor.user, taken_on=dt.date(2030, 1, 30))
    undated = sign(read_report(donor.user, report(collected="")))
    rejected = read_report(donor.user)
    sign(rejected, verdicts=[Verdict(value_of(rejected).pk, "reject")])

    answers = [share(row) for row in (unsigned, old, undated, rejected)]

    assert [reply.status_code for reply in answers] == [409, 409, 409, 404]
    assert {reply.json()["code"] for reply in answers[:3]} == {"haemoglobin_unfit"}
    assert not Deferral.objects.exists()


def test_a_stranger_s_haemoglobin_is_not_there():
    row = low(make_donor().user)
    path = f"/api/v1/me/observations/{value_of(row).pk}/share"

    answer = person_client(make_donor().user).post(path, {"consent": True}, format="json")

    assert answer.status_code == 404


def test_of_somebody_who_is_forgotten_only_what_was_signed_stays_until_the_traces_go():
    owner = make_user()
    owner.set_password(PASSWORD)
    owner.save()
    read_report(owner)
    signed = sign(read_report(owner))

    erasure.erase(user_id=owner.pk, password=PASSWORD)
    outbox.drain()
    kept = list(Analysis.objects.filter(patient=owner).values_list("pk", flat=True))
    with unit_of_work():
        files.delete_traces(owner.pk)

    assert kept == [signed.pk]
    assert not Analysis.objects.filter(patient=owner).exists()


def test_failures_are_forgotten_after_a_month(noon):
    row = ask(give(make_user()))
    reading_errands.analyse_due()

    early = file_jobs.prune_analyses()
    noon.shift(dt.timedelta(days=31))

    assert (early, file_jobs.prune_analyses()) == (0, 1)
    assert not Analysis.objects.filter(pk=row.pk).exists()
