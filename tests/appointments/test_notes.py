"""Notes of a visit: a draft at any time, for good once signed, added to afterwards."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from appointments.models import NoteAddendum, VisitNote
from common import outbox
from notifications.models import Notification
from tests.appointments.file_scenes import make_doctor
from tests.appointments.record_scenes import long_ago, make_visit, write_and_sign
from tests.factories import person_client

NOTES = {
    "subjective": "Cough.",
    "objective": "Throat red.",
    "diagnoses": [{"text": "Cold", "icd10": "J00"}],
    "plan": "Rest.",
    "follow_up": "In a week.",
}
pytestmark = pytest.mark.django_db


def url(visit: Any, tail: str = "") -> str:
    return f"/api/v1/doctor/appointments/{visit.pk}/notes{tail}"


def write(client: Any, visit: Any, **content: Any) -> Any:
    return client.put(url(visit), content or NOTES, format="json")


@pytest.mark.parametrize("status", ["confirmed", "in_progress", "completed"])
def test_a_draft_is_the_doctors_alone_until_it_is_signed(status):
    visit = make_visit(status=status)
    client = person_client(visit.doctor.user)

    answer = write(client, visit)

    assert (answer.status_code, answer.json()["status"], answer.json()["notes"]) == (200, "draft", NOTES)
    assert client.get(url(visit)).json() == answer.json()
    assert person_client(visit.patient).get("/api/v1/me/records").json()["results"] == []


def test_notes_are_signed_after_the_visit_is_completed_and_long_after():
    visit = long_ago(make_visit(status="in_progress"), days=90)
    client = person_client(visit.doctor.user)
    write(client, visit)
    visit.status = "completed"
    visit.save()

    answer = client.post(url(visit, "/sign"))
    outbox.drain()

    assert (answer.status_code, answer.json()["status"]) == (200, "signed"), answer.content
    (row,) = person_client(visit.patient).get("/api/v1/me/records").json()["results"]
    assert (row["notes"], row["doctor"]["council"]) == (NOTES, "Maharashtra Medical Council")
    assert [(one.user_id, one.kind) for one in Notification.objects.all()] == [(visit.patient_id, "record_signed")]


@pytest.mark.parametrize("status", ["held", "cancelled", "missed", "lapsed"])
def test_nothing_is_written_about_a_visit_that_was_none(status):
    visit = make_visit(status=status, hold_expires_at="2030-05-01T00:00:00Z")

    answer = write(person_client(visit.doctor.user), visit)

    assert (answer.status_code, answer.json()["code"]) == (409, "visit_not_held")
    assert not VisitNote.objects.exists()


def test_a_visit_that_has_not_begun_is_not_signed_and_neither_is_nothing():
    ahead, empty = make_visit(status="confirmed"), make_visit()
    write(person_client(ahead.doctor.user), ahead)
    write(person_client(empty.doctor.user), empty, plan="")

    early = person_client(ahead.doctor.user).post(url(ahead, "/sign"))
    void = person_client(empty.doctor.user).post(url(empty, "/sign"))

    assert [answer.json()["code"] for answer in (early, void)] == ["visit_not_held", "notes_empty"]


def test_what_is_signed_stays_and_is_corrected_by_addenda():
    visit = make_visit()
    write_and_sign(visit)
    client = person_client(visit.doctor.user)

    changed = write(client, visit)
    again = client.post(url(visit, "/sign"))
    added = client.post(url(visit, "/addenda"), {"text": "The film is clear."}, format="json")

    assert (changed.status_code, changed.json()["code"]) == (409, "notes_signed")
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")
    assert [row["text"] for row in added.json()["addenda"]] == ["The film is clear."]
    (shown,) = person_client(visit.patient).get("/api/v1/me/records").json()["results"]
    assert shown["addenda"] == added.json()["addenda"]


def test_a_draft_takes_no_addendum():
    visit = make_visit()
    client = person_client(visit.doctor.user)
    write(client, visit)

    answer = client.post(url(visit, "/addenda"), {"text": "More."}, format="json")

    assert (answer.status_code, answer.json()["code"]) == (409, "notes_not_signed")


@pytest.mark.parametrize("method", ["get", "put"])
def test_another_doctor_finds_no_notes_here(method):
    visit = make_visit()
    write_and_sign(visit)

    answer = getattr(person_client(make_doctor().user), method)(url(visit), format="json")

    assert answer.status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE appointments_visitnote SET status = 'draft', signed_at = NULL",
        "UPDATE appointments_visitnote SET content = ''",
        "DELETE FROM appointments_visitnote",
        "UPDATE appointments_noteaddendum SET text = ''",
        "DELETE FROM appointments_noteaddendum",
    ],
)
def test_the_database_itself_keeps_what_is_signed(change):
    visit = make_visit()
    write_and_sign(visit)
    NoteAddendum.objects.create(note_id=visit.pk, patient_id=visit.patient_id, text="More.")

    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)

    assert VisitNote.objects.get().said["subjective"] == "Cough"


@pytest.mark.parametrize("code", ["cold", "J", "J0", "J00.12345", "j00"])
def test_a_code_that_icd_10_could_not_have_is_pointed_at(code):
    visit = make_visit()

    answer = write(person_client(visit.doctor.user), visit, diagnoses=[{"text": "Cold", "icd10": code}])

    assert [error["pointer"] for error in answer.json()["errors"]] == ["/diagnoses/0/icd10"]
