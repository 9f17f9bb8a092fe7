"""What a doctor signs: value by value, for good; and what a donor makes of it."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from appointments.models import Analysis
from appointments.services import analysing, files
from appointments.services.analysing import Verdict
from common import outbox
from common.db import unit_of_work
from common.errors import IllegalTransition, NotFound
from notifications.models import Notification
from tests.appointments.file_scenes import ask, give, make_doctor, read_report, sign, treat, value_of
from tests.appointments.reports import CBC, report
from tests.factories import PASSWORD, make_donor, make_user, person_client
from users.models import Deferral
from users.services import erasure

TAKEN = dt.date(2030, 4, 12)
pytestmark = pytest.mark.django_db


def url(file: Any, *parts: Any) -> str:
    return "/".join(["/api/v1/me/files", str(file.pk), "analyses", *map(str, parts)])


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
    copied = person_client(patient).get("/api/v1/me/export").json()["holdings"]["observations"]
    assert {one["note"] for one in copied} == {"Iron."}
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
