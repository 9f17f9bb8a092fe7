"""A patient's files: what is let in, who sees it, what it takes of the plan, and how it goes."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments import jobs
from appointments.errors import AttachedFileUnknown
from appointments.models import AppointmentFile, FileVersion, MedicalFile
from appointments.selectors.files import attached_files
from appointments.services import files
from common import outbox
from common.db import unit_of_work
from common.models import PrivateFile
from payments.models import Plan, QuotaCounter
from tests.appointments.file_scenes import give, make_doctor, treat
from tests.factories import PASSWORD, make_user, person_client
from tests.files import archive, pdf, picture
from tests.payments.plan_scenes import new_price
from users.services import erasure

URL = "/api/v1/me/files"
pytestmark = pytest.mark.django_db


def upload(name: str = "cbc.pdf", content: bytes = b"") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content or pdf(), "text/html")


def send(client: Any, *uploads: SimpleUploadedFile, **values: Any) -> Any:
    body = {"files": list(uploads) or [upload()], "kind": "lab_report", **values}
    return client.post(URL, body, format="multipart")


def used(user: Any) -> int:
    return sum(QuotaCounter.objects.filter(user=user, kind="storage").values_list("used", flat=True))


def test_several_files_are_kept_at_once_and_named_by_themselves_or_by_their_title():
    owner = make_user()
    client = person_client(owner)

    answer = send(client, upload("../x.exe"), upload("scan.png", picture("PNG")), kind="imaging")
    titled = send(client, title="Blood count", taken_on="2030-04-12")

    assert (answer.status_code, titled.status_code) == (201, 201), answer.content
    assert [file["title"] for file in answer.json()["files"]] == ["x.pdf", "scan.png"]
    (card,) = titled.json()["files"]
    assert (card["title"], card["taken_on"], card["version"]["number"]) == ("Blood count", "2030-04-12", 1)
    assert (card["version"]["availability"], card["version"]["content_type"]) == ("ready", "application/pdf")
    assert used(owner) == 2 * len(pdf()) + len(picture("PNG"))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"<html><script>alert(1)</script></html>", "file_type_unknown"),
        (picture() + archive(), "file_unsafe"),
        (pdf(b"<</S /JavaScript /JS (app.alert(1))>>"), "file_unsafe"),
        (picture()[:200], "file_unreadable"),
    ],
)
def test_one_bad_file_keeps_the_others_out_too(content, code):
    answer = send(person_client(make_user()), upload(), SimpleUploadedFile("x.jpg", content))

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert not MedicalFile.objects.exists()
    assert not PrivateFile.objects.exists()


@pytest.mark.parametrize(
    ("values", "pointer"),
    [
        ({"kind": "selfie"}, "/kind"),
        ({"taken_on": "yesterday"}, "/taken_on"),
        ({"title": "two\nlines"}, "/title"),
        ({"files": [upload() for _ in range(6)]}, "/files"),
        ({"files": ["text"]}, "/files/0"),
    ],
)
def test_a_body_that_makes_no_sense_is_pointed_at(values, pointer):
    answer = send(person_client(make_user()), **values)

    assert answer.status_code == 400
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


def test_a_plan_keeps_no_more_than_it_allows_and_gives_space_back():
    owner = make_user()
    new_price(Plan.objects.get(rank=0).code, 0, storage_bytes=2 * len(pdf()) + 10)
    client = person_client(owner)
    first = send(client, upload(), upload()).json()["files"][0]["id"]

    refused = send(client)
    client.delete(f"{URL}/{first}?at_once=true")
    fits = send(client)

    assert (refused.status_code, refused.json()["code"]) == (409, "quota_exceeded")
    assert fits.status_code == 201
    assert used(owner) == 2 * len(pdf())


def test_a_newer_version_stands_first_and_the_older_ones_stay():
    owner = make_user()
    file = give(owner, pdf())
    client = person_client(owner)

    answer = client.post(f"{URL}/{file.pk}/versions", {"file": upload("new.jpg", picture())}, format="multipart")

    assert answer.status_code == 201, answer.content
    assert (answer.json()["version"]["number"], answer.json()["version"]["name"]) == (2, "new.jpg")
    assert [version["number"] for version in answer.json()["versions"]] == [2, 1]
    old = client.get(f"{URL}/{file.pk}/link?version=1").json()["url"]
    new = client.get(f"{URL}/{file.pk}/link").json()["url"]
    contents = [client.get("/files/" + link.rsplit("/", 1)[1]).content for link in (old, new)]
    assert contents == [pdf(), picture()]
    assert used(owner) == len(pdf()) + len(picture())


def test_versions_come_to_an_end(monkeypatch):
    monkeypatch.setattr(files, "MOST_VERSIONS", 1)
    owner = make_user()
    file = give(owner)

    answer = person_client(owner).post(f"{URL}/{file.pk}/versions", {"file": upload()}, format="multipart")

    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_versions")


def test_a_card_may_be_changed():
    owner = make_user()
    file = give(owner)

    answer = person_client(owner).patch(f"{URL}/{file.pk}", {"kind": "imaging", "title": "Chest"}, format="json")

    assert (answer.status_code, answer.json()["kind"], answer.json()["title"]) == (200, "imaging", "Chest")


def test_nothing_of_a_file_is_readable_in_the_database(folder):
    secret = pdf(b"%HAEMOGLOBIN-SECRET")
    file = give(make_user(), secret, name="haemogram.pdf", title="HIV test")
    outbox.drain()

    with connection.cursor() as cursor:
        cursor.execute("SELECT title FROM appointments_medicalfile WHERE id = %s", [file.pk])
        title = bytes(cursor.fetchone()[0])
    (kept,) = [path for path in folder.rglob("*") if path.is_file()]

    assert b"HIV" not in title
    assert b"SECRET" not in kept.read_bytes()
    assert "haemogram" not in str(kept)


def test_a_link_ends_after_five_minutes(noon):
    owner = make_user()
    file = give(owner, pdf())
    client = person_client(owner)
    path = "/files/" + client.get(f"{URL}/{file.pk}/link").json()["url"].rsplit("/", 1)[1]

    shown = client.get(path)
    noon.shift(dt.timedelta(minutes=5, seconds=1))
    ended = client.get(path)

    assert (shown.status_code, shown.content) == (200, pdf())
    assert shown["Content-Disposition"].startswith("attachment")
    assert ended.status_code == 404


STRANGE = [
    ("get", ""),
    ("patch", ""),
    ("delete", ""),
    ("post", "/restore"),
    ("post", "/versions"),
    ("get", "/link"),
    ("get", "/analyses"),
    ("post", "/analyses"),
]


@pytest.mark.parametrize(("method", "path"), STRANGE)
def test_a_stranger_s_file_is_not_there(method, path):
    file = give(make_user())
    body = {"file": upload()} if path == "/versions" else {"analyser": "table", "consent": True, "title": "mine"}
    sent = body if path in {"/versions", "/analyses", ""} else {}

    answer = getattr(person_client(make_user()), method)(
        f"{URL}/{file.pk}{path}", sent, format="multipart" if path == "/versions" else "json"
    )
    if method == "get":
        answer = person_client(make_user()).get(f"{URL}/{file.pk}{path}")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert MedicalFile.objects.get().title == "cbc.jpg"


def test_a_deleted_file_is_gone_for_everybody_and_comes_back_within_a_week(noon):
    owner, doctor = make_user(), make_doctor()
    treat(doctor, owner)
    file = give(owner)
    client = person_client(owner)

    assert client.delete(f"{URL}/{file.pk}").status_code == 204
    gone = [client.get(f"{URL}/{file.pk}{path}").status_code for path in ("", "/link", "/analyses")]
    theirs = person_client(doctor.user).get(f"/api/v1/doctor/patients/{owner.pk}/files/{file.pk}/link").status_code
    (waiting,) = client.get(f"{URL}?deleted=true").json()["results"]
    noon.shift(dt.timedelta(days=6, hours=23))
    jobs.destroy_deleted_files()
    again = person_client(owner).post(f"{URL}/{file.pk}/restore", {}, format="json")

    assert (gone, theirs) == ([404, 404, 404], 404)
    assert waiting["destroy_at"].startswith("2030-05-08T06:30")
    assert (again.status_code, again.json()["destroy_at"]) == (200, None)


def test_after_a_week_nothing_is_left_but_a_row_without_a_word(noon, folder):
    owner = make_user()
    file = give(owner, pdf(), title="Blood count", taken_on=dt.date(2030, 4, 12))
    outbox.drain()
    person_client(owner).delete(f"{URL}/{file.pk}")
    noon.shift(dt.timedelta(days=7, seconds=1))

    late = person_client(owner).post(f"{URL}/{file.pk}/restore", {}, format="json")
    destroyed = [jobs.destroy_deleted_files(), jobs.destroy_deleted_files()]
    outbox.drain()

    row = MedicalFile.objects.get(pk=file.pk)
    assert (late.status_code, late.json()["code"]) == (409, "file_not_restorable")
    assert destroyed == [1, 0]
    assert (row.status, row.title, row.taken_on) == ("destroyed", None, None)
    assert (used(owner), PrivateFile.objects.count()) == (0, 0)
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_a_booking_takes_the_patient_s_own_files_and_names_the_others():
    patient, doctor = make_user(), make_doctor()
    visit = treat(doctor, patient)
    mine, other = give(patient), give(make_user())

    with pytest.raises(AttachedFileUnknown) as refusal, unit_of_work():
        files.attach_files(appointment_id=visit.pk, file_ids=[mine.pk, other.pk], patient_id=patient.pk)
    with unit_of_work():
        files.attach_files(appointment_id=visit.pk, file_ids=[mine.pk, mine.pk], patient_id=patient.pk)

    assert refusal.value.facts["pointers"] == ["/files/1"]
    assert [row.file_id for row in attached_files()] == [mine.pk]
    files.delete_file(patient_id=patient.pk, file_id=mine.pk)
    assert list(attached_files()) == []
    assert AppointmentFile.objects.count() == 1


@pytest.mark.parametrize(
    ("status", "doctor_status", "answer"),
    [
        ("completed", "live", 200),
        ("confirmed", "live", 200),
        ("cancelled", "live", 404),
        ("completed", "suspended", 404),
        ("completed", "pending", 404),
    ],
)
def test_a_doctor_sees_the_files_of_whom_he_treats(status, doctor_status, answer):
    patient = make_user()
    doctor = make_doctor(status=doctor_status)
    treat(doctor, patient, status)
    file = give(patient)
    client = person_client(doctor.user)

    seen = [
        client.get(f"/api/v1/doctor/patients/{patient.pk}/{path}").status_code
        for path in ("files", f"files/{file.pk}/link", f"files/{file.pk}/analyses", "observations")
    ]

    assert seen == [answer] * 4


def test_a_doctor_who_does_not_treat_the_patient_learns_nothing():
    patient = make_user()
    treat(make_doctor(), patient)
    file = give(patient)
    client = person_client(make_doctor().user)

    here = client.get(f"/api/v1/doctor/patients/{patient.pk}/files")
    nowhere = client.get(f"/api/v1/doctor/patients/{uuid.uuid4()}/files")
    link = client.get(f"/api/v1/doctor/patients/{patient.pk}/files/{file.pk}/link")

    assert [reply.status_code for reply in (here, nowhere, link)] == [404, 404, 404]
    assert here.json()["detail"] == nowhere.json()["detail"]


def test_a_doctor_of_one_patient_cannot_name_another_s_file():
    mine, other = make_user(), make_user()
    doctor = make_doctor()
    treat(doctor, mine)
    file = give(other)

    answer = person_client(doctor.user).get(f"/api/v1/doctor/patients/{mine.pk}/files/{file.pk}/link")

    assert answer.status_code == 404


def test_a_list_of_files_costs_the_same_for_many_rows():
    owner = make_user()
    client = person_client(owner)
    give(owner)
    with CaptureQueriesContext(connection) as one:
        client.get(URL)
    for _ in range(9):
        give(owner)

    with CaptureQueriesContext(connection) as ten:
        answer = client.get(URL)

    assert len(answer.json()["results"]) == 10
    assert len(ten) == len(one)


def test_a_list_is_filtered_by_kind():
    owner = make_user()
    give(owner, kind="imaging")
    wanted = give(owner, kind="prescription")

    rows = person_client(owner).get(f"{URL}?kind=prescription").json()["results"]

    assert [row["id"] for row in rows] == [str(wanted.pk)]


def test_whoever_is_forgotten_leaves_no_file(folder):
    owner = make_user()
    owner.set_password(PASSWORD)
    owner.save()
    give(owner, pdf())
    files.delete_file(patient_id=owner.pk, file_id=give(owner, pdf()).pk)
    outbox.drain()

    erasure.erase(user_id=owner.pk, password=PASSWORD)
    outbox.drain()

    assert set(MedicalFile.objects.values_list("status", "title")) == {("destroyed", None)}
    assert FileVersion.objects.filter(content__isnull=False).count() == PrivateFile.objects.count() == 0
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_a_person_s_copy_names_the_files():
    owner = make_user()
    give(owner, title="Blood count")

    (row,) = person_client(owner).get("/api/v1/me/export").json()["holdings"]["medical_files"]

    assert (row["title"], row["versions"][0]["number"]) == ("Blood count", 1)
