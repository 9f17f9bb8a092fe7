"""Prescriptions: lawful by video, numbered when signed, for good, revoked to be seen, checked by anybody."""

from __future__ import annotations

import datetime as dt
from typing import Any

import fitz
import pytest
from django.db import DatabaseError, connection, transaction

from appointments.models import Prescription
from appointments.records.prescribing import law_against, prohibited
from appointments.records.printing import LANGUAGES
from appointments.services import prescribing
from common import outbox
from notifications.models import Notification
from tests.appointments.file_scenes import make_doctor, treat
from tests.appointments.record_scenes import LINE, draft, long_ago, make_patient, make_visit, prescribe
from tests.factories import make_user, person_client

API = "/api/v1"
pytestmark = pytest.mark.django_db


def post(visit: Any, **values: Any) -> Any:
    body = {"lines": [LINE], **values}
    address = f"{API}/doctor/appointments/{visit.pk}/prescriptions"
    return person_client(visit.doctor.user).post(address, body, format="json")


def act(row: Prescription, verb: str, body: Any = None, *, by: Any = None) -> Any:
    return person_client(by or row.doctor.user).post(f"{API}/doctor/prescriptions/{row.pk}/{verb}", body, format="json")


def words(content: bytes) -> str:
    with fitz.open(stream=content, filetype="pdf") as paper:
        return " ".join(page.get_text() for page in paper)


def test_a_prescription_is_drafted_signed_and_then_the_patients():
    visit = make_visit()
    drafted = post(visit, advice="Rest.")
    row = Prescription.objects.get()
    before = person_client(visit.patient).get(f"{API}/me/prescriptions").json()["results"]

    signed = act(row, "sign")
    outbox.drain()

    assert (drafted.status_code, drafted.json()["status"], before) == (201, "draft", []), drafted.content
    assert (signed.status_code, signed.json()["status"]) == (200, "signed"), signed.content
    (mine,) = person_client(visit.patient).get(f"{API}/me/prescriptions").json()["results"]
    assert (mine["number"], mine["lines"]) == (signed.json()["number"], [LINE])
    assert [(one.user_id, one.kind) for one in Notification.objects.all()] == [(visit.patient_id, "prescription_ready")]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({"medicine": "Tab. Alprazolam 0.5"}, "medicine_prohibited"),
        ({"medicine": "Paracetamol + Codeine"}, "medicine_prohibited"),
        ({"medicine": "KETAMINE"}, "medicine_prohibited"),
        ({"list": "b"}, "drug_list_not_allowed"),
    ],
)
def test_what_the_guidelines_forbid_by_video_is_refused(line, code):
    answer = post(make_visit(), lines=[LINE, {**LINE, **line}])

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert [error["pointer"].split("/")[2] for error in answer.json()["errors"]] == ["1"]
    assert not Prescription.objects.exists()


def test_by_video_each_medicine_says_its_list():
    answer = post(make_visit(), lines=[{name: LINE[name] for name in ("medicine", "dose", "frequency")}])

    assert (answer.status_code, answer.json()["code"]) == (400, "drug_list_missing")


def test_a_follow_up_within_six_months_may_have_list_b():
    first = long_ago(make_visit(), days=100)
    second = treat(first.doctor, first.patient)
    old = long_ago(make_visit(), days=200)
    late = treat(old.doctor, old.patient)

    assert post(second, lines=[{**LINE, "list": "b"}]).status_code == 201
    assert post(late, lines=[{**LINE, "list": "b"}]).json()["code"] == "drug_list_not_allowed"


def test_in_person_the_lists_of_the_guidelines_do_not_count():
    visit = make_visit()
    place = visit.doctor.places.create(name="Clinic", address="1 Road", city="Pune", lat="18.5", lng="73.8")
    visit.kind, visit.place = "in_person", place
    visit.save()

    answer = post(visit, lines=[{"medicine": "Tramadol", "dose": "50 mg", "frequency": "at night"}])

    assert answer.status_code == 201, answer.content


def test_the_list_of_what_is_prohibited_names_the_law_and_knows_words_alone():
    assert len(prohibited()) > 60
    assert law_against("morphine 10 mg").startswith("NDPS")
    assert not law_against("Apomorphine")
    assert all(name.isalpha() and name.islower() and source for name, source in prohibited().items())


@pytest.mark.parametrize("status", ["confirmed", "cancelled", "missed"])
def test_nothing_is_prescribed_without_a_visit(status):
    answer = post(make_visit(status=status))

    assert (answer.status_code, answer.json()["code"]) == (409, "visit_not_held")


def test_nothing_is_prescribed_long_after_a_visit():
    assert post(long_ago(make_visit(), days=30)).json()["code"] == "treatment_over"


def test_nobody_signs_without_age_and_sex_of_the_patient():
    visit = make_visit(patient=make_user())
    unknown, told = draft(visit), post(visit, patient_age=37, patient_sex="female")

    refused = act(unknown, "sign")
    signed = act(Prescription.objects.get(pk=told.json()["id"]), "sign")

    assert (refused.status_code, refused.json()["code"]) == (409, "patient_details_missing")
    assert signed.status_code == 200
    assert Prescription.objects.get(pk=signed.json()["id"]).said["patient_age"] == 37


@pytest.mark.parametrize(("born", "age"), [("1988-05-01", 42), ("1988-05-02", 41)])
def test_the_age_is_that_of_the_day(born, age):
    visit = make_visit(patient=make_patient(date_of_birth=born))

    assert prescribe(visit).said["patient_age"] == age


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_paper_says_who_prescribes_what_for_whom(language):
    visit = make_visit()
    row = prescribe(visit)

    answer = person_client(visit.patient).get(f"{API}/me/prescriptions/{row.pk}.pdf?language={language}")

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer["Cache-Control"] == "private, no-store"
    text = words(answer.content)
    for said in (
        row.number,
        visit.patient.name,
        "Asha Kulkarni",
        visit.doctor.registration_number,
        "Paracetamol",
        "42",
    ):
        assert said in text
    same = person_client(visit.doctor.user).get(f"{API}/doctor/prescriptions/{row.pk}.pdf?language={language}")
    assert same.content == answer.content


def test_a_long_prescription_has_as_many_pages_as_it_needs():
    visit = make_visit()
    lines = [{**LINE, "medicine": f"Medicine {number}", "instructions": "After food. " * 20} for number in range(20)]
    answer = post(visit, lines=lines, advice="Drink. " * 200)
    act(Prescription.objects.get(pk=answer.json()["id"]), "sign")

    paper = person_client(visit.patient).get(f"{API}/me/prescriptions/{answer.json()['id']}.pdf")

    with fitz.open(stream=paper.content, filetype="pdf") as pages:
        assert pages.page_count > 1
        assert all("RX-" in page.get_text() for page in pages)
    assert all(f"Medicine {number}" in words(paper.content) for number in range(20))


def test_anybody_with_the_paper_sees_that_it_is_genuine_and_nothing_of_the_patient(client):
    visit = make_visit()
    row = prescribe(visit)

    answer = client.get(f"{API}/prescriptions/{row.code}")

    assert answer.json() == {
        "number": row.number,
        "status": "genuine",
        "signed_on": "2030-05-01",
        "revoked_at": None,
        "doctor": "Asha Kulkarni",
        "registration_number": visit.doctor.registration_number,
        "council": "Maharashtra Medical Council",
    }
    assert visit.patient.name not in answer.content.decode()
    assert [client.get(f"{API}/prescriptions/{code}").status_code for code in ("x", "A" * 22, row.number)] == [404] * 3


def test_a_revoked_one_stays_to_be_seen_with_its_reason(client):
    visit = make_visit()
    row = prescribe(visit)

    answer = act(row, "revoke", {"reason": "Another agrees better."})
    outbox.drain()

    assert (answer.status_code, answer.json()["status"]) == (200, "revoked")
    (mine,) = person_client(visit.patient).get(f"{API}/me/prescriptions").json()["results"]
    assert (mine["status"], mine["revoke_reason"]) == ("revoked", "Another agrees better.")
    assert client.get(f"{API}/prescriptions/{row.code}").json()["status"] == "revoked"
    paper = person_client(visit.patient).get(f"{API}/me/prescriptions/{row.pk}.pdf?language=en")
    assert "REVOKED" in words(paper.content)
    assert act(row, "revoke", {"reason": "Again."}).json()["code"] == "illegal_transition"


def test_what_is_signed_is_not_deleted_or_signed_again_and_a_draft_is_no_paper():
    visit = make_visit()
    row, open_one = prescribe(visit), draft(visit)
    client = person_client(visit.doctor.user)

    deleted = client.delete(f"{API}/doctor/prescriptions/{row.pk}")
    signed = act(row, "sign")

    assert [answer.json()["code"] for answer in (deleted, signed)] == ["illegal_transition"] * 2
    assert client.get(f"{API}/doctor/prescriptions/{open_one.pk}.pdf").status_code == 404
    assert person_client(visit.patient).get(f"{API}/me/prescriptions/{open_one.pk}.pdf").status_code == 404
    assert client.delete(f"{API}/doctor/prescriptions/{open_one.pk}").status_code == 204


@pytest.mark.parametrize("verb", ["sign", "revoke"])
def test_another_doctor_finds_no_prescription_here(verb):
    row = draft(make_visit())

    assert act(row, verb, {"reason": "x"}, by=make_doctor().user).status_code == 404


def test_somebody_elses_paper_is_not_there():
    row = prescribe(make_visit())

    assert person_client(make_user()).get(f"{API}/me/prescriptions/{row.pk}.pdf").status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE appointments_prescription SET content = ''",
        "UPDATE appointments_prescription SET patient_name = NULL",
        "UPDATE appointments_prescription SET number = 'RX-1'",
        "UPDATE appointments_prescription SET status = 'revoked', revoked_at = now(), revoke_reason = '', content = ''",
        "UPDATE appointments_prescription SET status = 'draft'",
        "DELETE FROM appointments_prescription",
    ],
)
def test_the_database_itself_keeps_what_is_signed(change):
    row = prescribe(make_visit())

    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)

    assert Prescription.objects.get().number == row.number


def test_one_visit_has_so_many_prescriptions():
    visit = make_visit()
    for _ in range(prescribing.MOST):
        draft(visit)

    assert post(visit).json()["code"] == "too_many_prescriptions"


def test_drafts_that_nobody_signs_go_after_a_month(noon):
    visit = make_visit()
    draft(visit)
    signed = prescribe(visit)

    noon.shift(dt.timedelta(days=31))

    assert prescribing.prune_drafts() == 1
    assert Prescription.objects.get().pk == signed.pk
