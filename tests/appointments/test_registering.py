"""How somebody becomes a doctor, and who decides."""

from __future__ import annotations

import datetime as dt

import pytest

from appointments.errors import DoctorHasAppointments
from appointments.models import Doctor, DoctorEvent
from appointments.services import approving, registering
from appointments.services.forgetting import forget_person
from common import clock, outbox
from common.db import unit_of_work
from common.errors import IllegalTransition
from notifications.models import Notification
from tests.appointments.factories import make_appointment, make_doctor, make_open_doctor
from tests.factories import make_user, person_client
from tests.files import pdf
from tests.partners.factories import client_with
from users.services.documents import add_document
from users.states import DocumentKind

URL = "/api/v1/doctor/profile"
ADMIN = "admin:1"
pytestmark = pytest.mark.django_db


def documents_of(user, count=2):
    return [
        str(add_document(owner_id=user.pk, kind=DocumentKind.OTHER, name=f"{number}.pdf", content=pdf()).pk)
        for number in range(count)
    ]


def application(user, **values):
    return {
        "title": "Dr",
        "registration_number": "2009/04/1234",
        "council": "Maharashtra Medical Council",
        "registered_in": 2009,
        "qualifications": "MBBS, MD (Medicine)",
        "specialisations": ["internal_medicine", "haematology"],
        "languages": ["en", "mr"],
        "video_fee": 60000,
        "documents": documents_of(user),
        **values,
    }


def apply(user=None, **values):
    person = user or make_user()
    return person_client(person).post(URL, application(person, **values), format="json")


def events():
    return list(DoctorEvent.objects.order_by("pk").values_list("verb", "actor"))


def test_a_registration_waits_for_an_administrator():
    user = make_user(name="Asha Deshpande")

    reply = apply(user)

    body = reply.json()
    assert (reply.status_code, body["status"], body["name"]) == (201, "pending", "Asha Deshpande")
    assert body["fees"] == {"video": {"amount": 60000, "currency": "INR"}, "in_person": None}
    assert body["registration"] == {"number": "2009/04/1234", "council": "Maharashtra Medical Council", "year": 2009}
    assert person_client(user).get(URL).json() == body
    assert client_with().get(f"/api/v1/doctors/{body['id']}").status_code == 404
    assert client_with().get("/api/v1/doctors").json()["results"] == []
    assert events() == [("apply", f"user:{user.pk}")]


def test_an_approval_lets_patients_find_the_doctor_and_everybody_is_told():
    user = make_user()
    doctor_id = apply(user).json()["id"]

    approving.approve_doctor(doctor_id=doctor_id, actor=ADMIN)
    outbox.drain()

    assert client_with().get(f"/api/v1/doctors/{doctor_id}").status_code == 200
    assert [row["id"] for row in client_with().get("/api/v1/doctors").json()["results"]] == [doctor_id]
    kinds = Notification.objects.filter(user_id=user.pk).order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["doctor_applied", "doctor_approved"]
    assert events()[-1] == ("approve", ADMIN)


def test_one_who_was_rejected_reads_why_and_registers_again():
    user = make_user()
    doctor_id = apply(user).json()["id"]
    approving.reject_doctor(doctor_id=doctor_id, actor=ADMIN, reason="The certificate cannot be read.")

    before = person_client(user).get(URL).json()
    again = apply(user, registration_number="2009/04/1235")

    assert (before["status"], before["reason"]) == ("rejected", "The certificate cannot be read.")
    assert (again.status_code, again.json()["id"], again.json()["status"]) == (201, doctor_id, "pending")
    assert again.json()["reason"] == ""
    assert [verb for verb, _ in events()] == ["apply", "reject", "apply"]


def test_nobody_registers_twice():
    user = make_user()
    apply(user)

    reply = apply(user, registration_number="other")

    assert (reply.status_code, reply.json()["code"]) == (409, "doctor_exists")


def test_a_registration_number_belongs_to_one_doctor_of_a_council_in_any_case():
    apply(registration_number="ab/12")

    taken = apply(registration_number="AB/12", council="MAHARASHTRA medical council")
    elsewhere = apply(registration_number="AB/12", council="Delhi Medical Council")

    assert (taken.status_code, taken.json()["code"]) == (409, "registration_taken")
    assert elsewhere.status_code == 201


@pytest.mark.parametrize(
    ("values", "code", "pointer"),
    [
        ({"specialisations": ["haematology", "magic"]}, "specialisation_unknown", "/specialisations/1"),
        ({"registered_in": 2031}, "registered_in_future", "/registered_in"),
        ({"documents": []}, "min_length", "/documents"),
        ({"languages": ["english"]}, "invalid", "/languages/0"),
        ({"consult_minutes": 3}, "min_value", "/consult_minutes"),
        ({"zone": "Mars/Base"}, "zone_unknown", "/zone"),
    ],
)
def test_what_is_wrong_is_pointed_at(values, code, pointer):
    reply = apply(**values)

    assert reply.status_code == 400
    assert [(error["code"], error["pointer"]) for error in reply.json()["errors"]] == [(code, pointer)]
    assert not Doctor.objects.exists()


def test_nobody_registers_with_documents_of_somebody_else():
    reply = apply(documents=documents_of(make_user()))

    pointers = [error["pointer"] for error in reply.json()["errors"]]
    assert (reply.status_code, reply.json()["code"]) == (400, "document_not_found")
    assert pointers == ["/documents/0", "/documents/1"]


def test_a_document_that_an_administrator_looks_at_stays():
    user = make_user()
    body = application(user)
    person_client(user).post(URL, body, format="json")

    reply = person_client(user).delete(f"/api/v1/me/documents/{body['documents'][0]}")

    assert (reply.status_code, reply.json()["code"]) == (409, "document_in_use")


def test_a_fee_changes_at_once_and_asks_nobody():
    doctor = make_doctor()

    reply = person_client(doctor.user).patch(URL, {"video_fee": 0, "in_person_fee": None}, format="json")

    assert (reply.status_code, reply.json()["status"]) == (200, "live")
    assert reply.json()["fees"] == {"video": {"amount": 0, "currency": "INR"}, "in_person": None}


@pytest.mark.parametrize(
    "change", [{"registration_number": "X/1"}, {"name": "Somebody Famous"}, {"specialisations": ["oncology"]}]
)
def test_another_registration_goes_back_to_the_administrators(change):
    doctor = make_doctor()

    reply = person_client(doctor.user).patch(URL, change, format="json")

    assert (reply.status_code, reply.json()["status"]) == (200, "pending")
    assert client_with().get(f"/api/v1/doctors/{doctor.pk}").status_code == 404
    event = DoctorEvent.objects.get()
    assert (event.verb, list(event.facts["changed"])) == ("review", list(change))


def test_no_review_while_patients_wait():
    doctor = make_doctor()
    make_appointment(doctor, clock.now() + dt.timedelta(days=1))

    with pytest.raises(DoctorHasAppointments) as refusal:
        registering.change_profile(doctor_id=doctor.pk, values={"council": "Delhi Medical Council"})

    assert refusal.value.facts == {"count": 1, "fields": ["council"]}
    assert Doctor.objects.get(pk=doctor.pk).status == "live"


def test_suspended_one_is_found_by_nobody_and_changes_nothing_until_reinstated():
    doctor = make_open_doctor()
    client = person_client(doctor.user)

    approving.suspend_doctor(doctor_id=doctor.pk, actor=ADMIN, reason="The council struck the name off.")

    assert client_with().get("/api/v1/doctors").json()["results"] == []
    assert client.get(URL).json()["reason"] == "The council struck the name off."
    for method, path in (("patch", URL), ("put", "/api/v1/doctor/availability/hours")):
        reply = getattr(client, method)(path, {"hours": []}, format="json")
        assert (reply.status_code, reply.json()["code"]) == (403, "doctor_suspended")
    approving.reinstate_doctor(doctor_id=doctor.pk, actor=ADMIN)
    assert [row["id"] for row in client_with().get("/api/v1/doctors").json()["results"]] == [str(doctor.pk)]


def test_only_a_step_of_the_table_is_taken():
    doctor = make_doctor(status="pending", approved_at=None)

    with pytest.raises(IllegalTransition):
        approving.suspend_doctor(doctor_id=doctor.pk, actor=ADMIN, reason="x")

    assert not DoctorEvent.objects.exists()


def test_who_is_no_doctor_is_told_so():
    reply = person_client(make_user()).get(URL)

    assert (reply.status_code, reply.json()["code"]) == (403, "not_a_doctor")


def test_specialisations_are_data_in_three_languages():
    rows = client_with().get("/api/v1/specialisations").json()

    assert len(rows) > 20
    assert all(row["name"] and row["name_hi"] and row["name_bn"] for row in rows)


def test_a_doctor_for_whom_patients_wait_cannot_be_forgotten():
    doctor = make_doctor(user=make_user())
    doctor.user.set_password("seven quiet tamarinds")
    doctor.user.save()
    make_appointment(doctor, clock.now() + dt.timedelta(days=1))
    said = {"current_password": "seven quiet tamarinds"}

    reply = person_client(doctor.user).post("/api/v1/me/erasure", said, format="json")

    assert (reply.status_code, reply.json()["code"]) == (409, "doctor_has_appointments")


def test_a_doctor_who_is_gone_leaves_the_registration_and_no_more():
    doctor = make_open_doctor(about="Physician", registration_number="2009/1")

    with unit_of_work():
        forget_person(user_id=doctor.user_id)

    kept = Doctor.objects.get(pk=doctor.pk)
    assert (kept.status, kept.registration_number, kept.name) == ("suspended", "2009/1", doctor.name)
    assert (kept.about, kept.search_text, kept.languages) == ("", "", [])
    assert not kept.weekly_hours.exists()
    assert client_with().get("/api/v1/doctors").json()["results"] == []
