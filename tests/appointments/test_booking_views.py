"""Appointments over HTTP: whose they are, what is refused, what is shown, at a constant cost."""

from __future__ import annotations

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from appointments.models import Appointment
from common.outbox import drain
from tests.appointments.file_scenes import give
from tests.appointments.scenes import (
    DAY,
    FEE,
    HALF_HOUR,
    NET,
    TOMORROW,
    book,
    booked,
    generous,
    make_doctor,
    seen,
)
from tests.factories import make_user, person_client

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unthrottled")]
API = "/api/v1"


def wish(doctor, /, **values):
    return {"doctor": str(doctor.pk), "starts_at": TOMORROW.isoformat(), "kind": "video", "reason": "Tired", **values}


def post(client, path, body=None, **headers):
    return client.post(f"{API}{path}", body or {}, format="json", headers=headers)


def queries_of(client, path):
    with CaptureQueriesContext(
        connection,
    ) as seen_queries:
        reply = client.get(f"{API}{path}")
    assert reply.status_code == 200, reply.content
    return len(seen_queries), reply.json()


def test_a_patient_books_reads_moves_and_cancels():
    doctor, patient = make_doctor(full_refund_hours=4), make_user()
    client = person_client(patient)

    made = post(client, "/appointments", wish(doctor))

    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["status"], body["fee"]) == ("held", {"amount": FEE, "currency": "INR"})
    assert body["doctor"]["name"] == "Dr. Asha Rao"
    assert body["payment"]["kind"] == "appointment"
    assert body["payment"]["id"] == body["id"]
    paying = {"purchase": {"kind": "appointment", "id": body["id"]}, "provider": "offline"}
    assert post(client, "/payments", paying, **{"Idempotency-Key": "1"}).status_code in (201, 400, 409)
    cancelled = post(client, f"/appointments/{body['id']}/cancel", {"reason": "Well again"})
    assert (cancelled.json()["status"], cancelled.json()["payment"]) == ("cancelled", None)
    assert cancelled.json()["end_reason"] == "Well again"
    assert [step["verb"] for step in cancelled.json()["history"]] == ["hold", "cancel"]


@pytest.mark.parametrize("name", ["price", "fee", "amount", "discount", "ends_at", "place", "terms"])
def test_a_value_that_is_the_doctors_is_refused(name):
    reply = post(person_client(make_user()), "/appointments", wish(make_doctor(), **{name: 1}))

    assert reply.status_code == 400
    assert reply.json()["errors"][0] == {**reply.json()["errors"][0], "pointer": f"/{name}", "code": "read_only"}
    assert not Appointment.objects.exists()


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"starts_at": "2030-05-02 10:00"}, "/starts_at"),
        ({"starts_at": "2030-05-02T10:07:00+05:30"}, "/starts_at"),
        ({"kind": "letter"}, "/kind"),
        ({"doctor": "x"}, "/doctor"),
        ({"reason": "x" * 1001}, "/reason"),
    ],
)
def test_a_body_of_the_wrong_shape_is_pointed_at(change, pointer):
    reply = post(person_client(make_user()), "/appointments", wish(make_doctor(), **change))

    assert reply.status_code == 400
    assert reply.json()["errors"][0]["pointer"] == pointer


def test_files_come_with_the_booking_and_only_ones_own(noon):
    doctor, patient = make_doctor(), make_user()
    mine, strangers = str(give(patient).pk), str(give(make_user()).pk)
    client = person_client(patient)

    refused = post(client, "/appointments", wish(doctor, files=[mine, strangers]))
    made = post(client, "/appointments", wish(doctor, files=[mine, mine]))

    assert (refused.status_code, refused.json()["code"]) == (400, "attached_file_unknown")
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/files/1"]
    assert (made.status_code, made.json()["files"]) == (201, [mine])
    theirs = person_client(doctor.user).get(f"{API}/doctor/appointments/{made.json()['id']}")
    assert theirs.json()["files"] == [mine]


def test_the_same_key_books_once_and_a_second_patient_is_refused_by_name():
    doctor, client = make_doctor(), person_client(make_user())
    key = {"Idempotency-Key": "tap"}

    first, again = (post(client, "/appointments", wish(doctor), **key) for _ in range(2))
    other = post(person_client(make_user()), "/appointments", wish(doctor))

    assert first.json() == again.json()
    assert (other.status_code, other.json()["code"]) == (409, "slot_taken")
    assert Appointment.objects.count() == 1


def test_strangers_find_nothing_and_people_who_are_no_doctors_have_no_day():
    row = booked(make_doctor())
    person, other = person_client(make_user()), person_client(make_doctor().user)

    assert person.get(f"{API}/appointments/{row.pk}").status_code == 404
    for path in ("cancel", "confirm", "check-in", "doctor-absent"):
        assert post(person, f"/appointments/{row.pk}/{path}").status_code == 404
    assert post(person, f"/appointments/{row.pk}/reschedule", {"starts_at": TOMORROW.isoformat()}).status_code == 404
    assert other.get(f"{API}/doctor/appointments/{row.pk}").status_code == 404
    bodies = {"cancel": {"reason": "x"}, "follow-up": {"starts_at": (TOMORROW + DAY).isoformat()}}
    for path in ("start", "complete", "no-show", "cancel", "follow-up"):
        assert post(other, f"/doctor/appointments/{row.pk}/{path}", bodies.get(path)).status_code == 404
    for path in ("/doctor/appointments", "/doctor/earnings", "/doctor/earnings/months"):
        assert person.get(f"{API}{path}").status_code == 403
    assert post(person, f"/appointments/series/{uuid.uuid4()}/cancel").status_code == 404


def test_a_doctor_runs_a_day_and_sees_who_comes_and_why(noon):
    doctor = make_doctor()
    row = booked(doctor, reason="Headache")
    booked(doctor, starts_at=TOMORROW + DAY)
    noon.move_to(row.starts_at)
    client = person_client(doctor.user)

    day = client.get(f"{API}/doctor/appointments", {"date": "2030-05-02"}).json()["results"]
    started = post(client, f"/doctor/appointments/{row.pk}/start")
    done = post(client, f"/doctor/appointments/{row.pk}/complete")
    follow = post(client, f"/doctor/appointments/{row.pk}/follow-up", {"starts_at": (TOMORROW + 7 * DAY).isoformat()})

    assert [(one["id"], one["reason"], one["patient"]["name"]) for one in day] == [
        (str(row.pk), "Headache", row.patient.name)
    ]
    assert (started.json()["status"], done.json()["status"]) == ("in_progress", "completed")
    assert (follow.status_code, follow.json()["follows"]) == (201, str(row.pk))


def test_of_what_was_never_agreed_the_doctor_does_not_learn_why(noon):
    doctor = make_doctor()
    row = book(doctor, reason="Headache")
    held = person_client(doctor.user).get(f"{API}/doctor/appointments/{row.pk}").json()
    noon.shift(DAY)

    lapsed = person_client(doctor.user).get(f"{API}/doctor/appointments/{row.pk}").json()

    assert [(one["status"], one["reason"]) for one in (held, lapsed)] == [("held", None), ("lapsed", None)]
    assert person_client(row.patient).get(f"{API}/appointments/{row.pk}").json()["reason"] == "Headache"


def test_filters_choose_by_state_at_this_moment_and_by_time(noon):
    generous()
    doctor, patient = make_doctor(), make_user()
    held, paid = book(doctor, patient=patient), booked(doctor, patient=patient, starts_at=TOMORROW + DAY)
    noon.move_to(held.hold_expires_at)
    client = person_client(patient)

    def ids(**query):
        return [row["id"] for row in client.get(f"{API}/appointments", query).json()["results"]]

    assert ids() == [str(paid.pk), str(held.pk)]
    assert ids(status="lapsed") == ids(to=(TOMORROW + HALF_HOUR).isoformat()) == [str(held.pk)]
    assert ids(status="held") == []
    assert ids(**{"from": (TOMORROW + HALF_HOUR).isoformat()}) == [str(paid.pk)]
    assert ids(updated_since=noon_plus(held)) == []
    theirs = person_client(doctor.user).get(f"{API}/doctor/appointments").json()["results"]
    assert [row["id"] for row in theirs] == [str(paid.pk)]


def noon_plus(row):
    return (row.hold_expires_at + HALF_HOUR).isoformat()


def test_lists_cost_the_same_for_one_and_for_ten():
    generous()
    doctor, patient = make_doctor(video_fee_minor=0), make_user()
    book(doctor, patient=patient)
    drain()
    ours, theirs = person_client(patient), person_client(doctor.user)
    one = [queries_of(client, path)[0] for client, path in ((ours, "/appointments"), (theirs, "/doctor/appointments"))]
    for number in range(1, 10):
        book(doctor, patient=patient, starts_at=TOMORROW + number * HALF_HOUR)
    drain()

    ten = [queries_of(client, path) for client, path in ((ours, "/appointments"), (theirs, "/doctor/appointments"))]

    assert [count for count, _ in ten] == one
    assert [[row["meeting"]["status"] for row in body["results"]] for _, body in ten] == [["pending"] * 10] * 2


def test_booking_costs_the_same_however_full_the_day_is():
    generous()
    doctor = make_doctor()

    def cost(number):
        with CaptureQueriesContext(connection) as made:
            book(doctor, patient=make_user(), starts_at=TOMORROW + number * HALF_HOUR)
        return len(made)

    cost(0)
    assert cost(1) == cost(9)


def test_earnings_are_the_doctors_own(noon):
    doctor = make_doctor()
    row = seen(doctor, noon)
    client, other = person_client(doctor.user), person_client(make_doctor().user)

    found = client.get(f"{API}/doctor/earnings").json()["results"]
    months = client.get(f"{API}/doctor/earnings/months").json()

    assert [(one["appointment"], one["net"], one["payout_status"]) for one in found] == [(str(row.pk), NET, "pending")]
    assert months == [{"month": "2030-05", "currency": "INR", "count": 1, "paid": FEE, "net": NET}]
    assert other.get(f"{API}/doctor/earnings").json()["results"] == []


def test_a_series_and_a_place_in_a_list_over_http():
    generous()
    doctor, client = make_doctor(), person_client(make_user())
    series = post(client, "/appointments/series", wish(doctor, every="2weeks", times=3))
    place = {"kind": "video", "from": "2030-05-02", "to": "2030-05-09"}

    waits = post(client, f"/doctors/{doctor.pk}/waitlist", place)

    assert (series.status_code, len(series.json()["appointments"])) == (201, 3)
    gone = post(client, f"/appointments/series/{series.json()['id']}/cancel")
    assert {row["status"] for row in gone.json()["appointments"]} == {"cancelled"}
    assert (waits.status_code, waits.json()["from"], waits.json()["status"]) == (201, "2030-05-02", "waiting")
    listed = client.get(f"{API}/appointments/waitlist").json()["results"]
    assert [row["id"] for row in listed] == [waits.json()["id"]]
    assert client.delete(f"{API}/appointments/waitlist/{waits.json()['id']}").status_code == 204
    assert client.get(f"{API}/appointments/waitlist").json()["results"] == []


def test_a_missed_visit_is_told_by_either_side_over_http(noon):
    doctor = make_doctor()
    row, other = booked(doctor), booked(doctor, starts_at=TOMORROW + HALF_HOUR)
    noon.move_to(other.starts_at + HALF_HOUR)

    claimed = post(person_client(row.patient), f"/appointments/{row.pk}/doctor-absent")
    absent = post(person_client(doctor.user), f"/doctor/appointments/{other.pk}/no-show")

    assert (claimed.json()["ended_by"], claimed.json()["refund"]["amount"]) == ("doctor", FEE)
    assert (absent.json()["ended_by"], absent.json()["refund"]["amount"]) == ("patient", 0)


def test_a_suspended_doctor_runs_nothing():
    doctor = make_doctor()
    row = booked(doctor)
    doctor.status = "suspended"
    doctor.save()
    client = person_client(doctor.user)

    assert client.get(f"{API}/doctor/appointments").status_code == 403
    assert post(client, f"/doctor/appointments/{row.pk}/cancel", {"reason": "x"}).status_code == 403
