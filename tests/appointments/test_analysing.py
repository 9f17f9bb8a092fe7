"""Analyses: with consent, by rules, out of a process that can be lost."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from appointments import jobs
from appointments.analysis import pages
from appointments.analysis.states import AnalysisFailure
from appointments.errands import reading
from appointments.models import Analysis, Observation
from appointments.services import analysing, files
from common import outbox
from notifications.models import Notification
from tests.appointments.file_scenes import ask, give, read_report
from tests.appointments.reports import CBC, report
from tests.factories import make_user, person_client
from tests.files import pdf, picture
from users.models import Consent
from users.services import consents
from users.states import ConsentPurpose

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
    reading.analyse_due()
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
    reading.analyse_due()

    assert (given.notice.purpose, row.consent_id) == ("report_analysis", given.pk)
    assert Analysis.objects.get().failure == AnalysisFailure.CONSENT_WITHDRAWN
    assert not Observation.objects.exists()


def test_one_reading_at_a_time_and_one_again_when_it_is_over():
    file = give(make_user(), report())

    first, twice = post(file), post(file)
    reading.analyse_due()
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

    reading.analyse_due()
    outbox.drain()

    found = Analysis.objects.get(pk=row.pk)
    assert (found.status, found.failure) == ("failed", failure)
    assert list(Notification.objects.values_list("kind", flat=True)) == ["analysis_failed"]


def test_a_file_that_takes_too_long_is_given_up(monkeypatch):
    monkeypatch.setattr(pages, "PATIENCE", 0.0)
    row = ask(give(make_user(), report()))

    reading.analyse_due()

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


def test_a_file_that_wants_too_much_memory_ends_its_reader_alone(monkeypatch, tmp_path):
    greedy = tmp_path / "greedy.py"
    greedy.write_text(
        f"import json, runpy\nlimit = runpy.run_path({str(pages.SCRIPT)!r})['limit']\n"
        "wish = int(open(0).read())\nlimit()\nprint(json.dumps({'pages': [[str(len(bytes(wish)))]]}))"
    )
    monkeypatch.setattr(pages, "SCRIPT", greedy)

    assert [row.text for row in pages.rows_of(b"1000000")] == ["1000000"]
    with pytest.raises(pages.Unreadable):
        pages.rows_of(b"2000000000")


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

    early = reading.analyse_due()
    noon.shift(analysing.LEASE)
    late = reading.analyse_due()
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
    reading.analyse_due()

    assert not Observation.objects.exists()
    assert Analysis.objects.get().failure == "file_gone"


def test_failures_are_forgotten_after_a_month(noon):
    row = ask(give(make_user()))
    reading.analyse_due()

    early = jobs.prune_analyses()
    noon.shift(dt.timedelta(days=31))

    assert (early, jobs.prune_analyses()) == (0, 1)
    assert not Analysis.objects.filter(pk=row.pk).exists()
