"""Who reads what of a patient, on which ground, until when; and that every read is written down."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from appointments.access import TREATED_FOR, Scope, require_access
from appointments.models import RecordGrant, RecordRead
from appointments.selectors import records
from appointments.services import granting
from common import clock, outbox
from common.errors import NotFound
from notifications.models import Notification
from tests.appointments.file_scenes import give, make_doctor, read_report, treat
from tests.appointments.record_scenes import (
    accepted_referral,
    break_glass,
    draft,
    grant,
    long_ago,
    make_patient,
    make_visit,
    prescribe,
    refer,
    write_and_sign,
)
from tests.factories import make_user, person_client

pytestmark = pytest.mark.django_db
API = "/api/v1"


def reads(patient: Any, doctor: Any) -> set[Scope]:
    """Return what the doctor may read of the patient at this moment."""
    found = set()
    for scope in Scope:
        try:
            require_access(reader_user_id=doctor.user_id, patient_user_id=patient.pk, scope=scope)
        except NotFound:
            continue
        found.add(scope)
    return found


GRANTED = {Scope.PROFILE, Scope.FILES}
GROUNDS = {
    "treating": (lambda patient, doctor: treat(doctor, patient), set(Scope), "treating"),
    "grant": (lambda patient, doctor: grant(patient, doctor, *GRANTED), GRANTED, "grant"),
    "referral": (
        lambda patient, doctor: accepted_referral(patient, make_visit(patient=patient).doctor, doctor, *GRANTED),
        GRANTED,
        "referral",
    ),
    "emergency": (break_glass, set(Scope), "emergency"),
}


@pytest.mark.parametrize("ground", sorted(GROUNDS))
def test_each_ground_opens_what_it_says_and_is_what_the_log_says(ground):
    open_by, scopes, said = GROUNDS[ground]
    patient, doctor = make_patient(), make_doctor()

    open_by(patient, doctor)

    assert reads(patient, doctor) == scopes
    logged = RecordRead.objects.filter(patient=patient, doctor=doctor)
    assert {(row.scope, row.ground) for row in logged} == {(str(scope), said) for scope in scopes}


@pytest.mark.parametrize("ground", sorted(GROUNDS))
def test_no_ground_opens_anybody_else(ground):
    open_by, _, _ = GROUNDS[ground]
    patient, doctor, other = make_patient(), make_doctor(), make_patient()

    open_by(patient, doctor)

    assert not reads(other, doctor)
    assert not reads(patient, make_doctor())


@pytest.mark.parametrize("status", ["pending", "suspended", "rejected"])
@pytest.mark.parametrize("ground", sorted(GROUNDS))
def test_a_doctor_who_is_not_live_reads_nothing_by_any_ground(ground, status):
    open_by, _, _ = GROUNDS[ground]
    patient, doctor = make_patient(), make_doctor()
    open_by(patient, doctor)

    doctor.status = status
    doctor.save()

    assert not reads(patient, doctor)


@pytest.mark.parametrize("status", ["held", "lapsed", "cancelled", "missed"])
def test_a_visit_that_is_not_confirmed_opens_nothing(status):
    patient, doctor = make_patient(), make_doctor()

    treat_as(status, doctor, patient)

    assert not reads(patient, doctor)


def treat_as(status: str, doctor: Any, patient: Any) -> None:
    visit = treat(doctor, patient)
    visit.status, visit.hold_expires_at = status, clock.now()
    visit.save()


@pytest.mark.parametrize("status", ["confirmed", "in_progress", "completed"])
def test_a_visit_opens_from_its_confirmation_until_thirty_days_after_its_end(noon, status):
    visit = make_visit(status=status)
    last = visit.ends_at + TREATED_FOR

    noon.move_to(last - dt.timedelta(seconds=30))
    before = reads(visit.patient, visit.doctor)
    noon.move_to(last)

    assert before == set(Scope)
    assert not reads(visit.patient, visit.doctor)


@pytest.mark.parametrize(
    ("open_by", "lasts"),
    [
        (lambda patient, doctor: grant(patient, doctor, days=7), dt.timedelta(days=7)),
        (break_glass, dt.timedelta(minutes=60)),
        (
            lambda patient, doctor: accepted_referral(patient, make_visit(patient=patient).doctor, doctor),
            dt.timedelta(days=30),
        ),
    ],
)
def test_what_was_opened_ends_by_itself(noon, open_by, lasts):
    patient, doctor = make_patient(), make_doctor()
    open_by(patient, doctor)

    noon.shift(lasts - dt.timedelta(seconds=30))
    before = reads(patient, doctor)
    noon.shift(dt.timedelta(seconds=30))

    assert before == set(Scope)
    assert not reads(patient, doctor)


@pytest.mark.parametrize("ground", ["grant", "referral", "emergency"])
def test_what_the_patient_takes_back_ends_at_once_whatever_it_came_from(ground):
    open_by, _, _ = GROUNDS[ground]
    patient, doctor = make_patient(), make_doctor()
    open_by(patient, doctor)
    client = person_client(patient)
    row = next(one for one in client.get(f"{API}/me/grants").json()["results"] if one["doctor"]["id"] == str(doctor.pk))

    answer = client.delete(f"{API}/me/grants/{row['id']}")

    assert (answer.status_code, row["is_open"]) == (204, True)
    assert not reads(patient, doctor)
    assert client.get(f"{API}/me/grants").json()["results"][0]["is_open"] is False


def test_a_grant_of_somebody_elses_is_not_there():
    row = grant(make_patient(), make_doctor())

    assert person_client(make_user()).delete(f"{API}/me/grants/{row.pk}").status_code == 404
    assert RecordGrant.objects.get().revoked_at is None


def test_a_new_grant_takes_the_place_of_the_one_before():
    patient, doctor = make_patient(), make_doctor()
    grant(patient, doctor, *Scope)

    answer = person_client(patient).post(
        f"{API}/me/grants", {"doctor": str(doctor.pk), "scopes": ["files"]}, format="json"
    )

    assert answer.status_code == 201, answer.content
    assert reads(patient, doctor) == {Scope.FILES}


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"ends_at": "2030-04-30T00:00:00Z"}, "grant_end_invalid"),
        ({"ends_at": "2031-06-01T00:00:00Z"}, "grant_end_invalid"),
        ({"doctor": str(uuid.uuid4())}, "grant_doctor_unknown"),
        ({"scopes": []}, "invalid_input"),
        ({"scopes": ["everything"]}, "invalid_input"),
    ],
)
def test_a_grant_that_makes_no_sense_is_refused(values, code):
    body = {"doctor": str(make_doctor().pk), "scopes": ["all"], **values}

    answer = person_client(make_patient()).post(f"{API}/me/grants", body, format="json")

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert not RecordGrant.objects.exists()


def test_doctors_grant_themselves_nothing_and_open_no_glass_to_themselves():
    doctor = make_doctor()
    client = person_client(doctor.user)

    granted = client.post(f"{API}/me/grants", {"doctor": str(doctor.pk), "scopes": ["all"]}, format="json")
    broken = client.post(f"{API}/doctor/patients/{doctor.user_id}/break-glass", {"reason": "Mine."}, format="json")

    assert granted.json()["code"] == "grant_to_oneself"
    assert broken.status_code == 404


# Every address that reads a patient, by its name; who adds one has to say here what it is called with.
def things() -> dict[str, Any]:
    analysis = read_report(make_patient())
    visit = make_visit(patient=analysis.patient)
    write_and_sign(visit)
    row = prescribe(visit)
    return {
        "visit": visit,
        "patient_id": visit.patient_id,
        "appointment_id": visit.pk,
        "prescription_id": row.pk,
        "file_id": analysis.version.file_id,
        "analysis_id": analysis.pk,
    }


def leaves(resolver: URLResolver, prefix: str = "") -> list[tuple[str, URLPattern]]:
    found = []
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        found += leaves(entry, path) if isinstance(entry, URLResolver) else [(path, entry)]
    return found


# Reads nothing of one patient: names of those whom one may read, one's own referrals, profile, hours and money.
OWN_DESK = {
    "doctor-patients",
    "doctor-referrals",
    "doctor-profile",
    "doctor-places",
    "doctor-hours",
    "doctor-exceptions",
}
# The visit itself is the doctor's own business: who comes when, why, and to which meeting.
OWN_VISITS = {
    "doctor-appointments",
    "doctor-appointment",
    "doctor-appointment-host-link",
    "doctor-appointment-attendance",
    "doctor-earnings",
    "doctor-earning-totals",
    "doctor-earning-months",
}
READS = [
    path
    for path, entry in leaves(get_resolver())
    if path.startswith("api/v1/doctor/")
    and hasattr(getattr(entry.callback, "cls", None), "get")
    and entry.name not in OWN_DESK | OWN_VISITS
]


def filled(path: str, ids: dict[str, Any]) -> str:
    return "/" + re.sub(r"<uuid:(\w+)>", lambda found: str(ids[found[1]]), path)


def test_every_address_that_reads_a_patient_asks_and_writes_the_read_down():
    ids = things()
    visit = ids["visit"]
    doctor, stranger = person_client(visit.doctor.user), person_client(make_doctor().user)
    assert len(READS) >= 10

    for path in READS:
        address, before = filled(path, ids), RecordRead.objects.count()
        refused = stranger.get(address)
        assert (refused.status_code, RecordRead.objects.count()) == (404, before), path
        answer = doctor.get(address)
        assert (answer.status_code, RecordRead.objects.count()) == (200, before + 1), path
        assert RecordRead.objects.order_by("-pk")[0].patient_id == visit.patient_id, path


def test_a_person_who_is_no_doctor_and_the_public_read_nothing():
    ids = things()
    person = person_client(make_user())

    assert {person.get(filled(path, ids)).status_code for path in READS} <= {403, 404}
    assert {APIClient().get(filled(path, ids)).status_code for path in READS} == {401}
    assert not RecordRead.objects.exists()


def test_a_patient_who_is_a_doctor_reads_the_own_through_no_log():
    doctor = make_doctor()
    give(doctor.user)

    answer = person_client(doctor.user).get(f"{API}/doctor/patients/{doctor.user_id}/files")

    assert len(answer.json()["results"]) == 1
    assert not RecordRead.objects.exists()


def test_the_patient_sees_who_has_read_what_when_and_why():
    visit = make_visit()
    person_client(visit.doctor.user).get(f"{API}/doctor/patients/{visit.patient_id}/records")

    (row,) = person_client(visit.patient).get(f"{API}/me/access-log").json()["results"]

    assert (row["scope"], row["ground"], row["object_id"]) == ("records", "treating", None)
    assert row["doctor"]["name"] == "Asha Kulkarni"
    assert row["doctor"]["registration_number"] == visit.doctor.registration_number
    assert person_client(make_user()).get(f"{API}/me/access-log").json()["results"] == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE appointments_recordread SET ground = 'grant'",
        "DELETE FROM appointments_recordread",
    ],
)
def test_nobody_changes_the_log(change):
    visit = make_visit()
    require_access(reader_user_id=visit.doctor.user_id, patient_user_id=visit.patient_id, scope=Scope.PROFILE)

    with pytest.raises(DatabaseError, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)

    assert RecordRead.objects.get().ground == "treating"


def test_my_patients_are_those_whom_i_may_read_now():
    doctor = make_doctor()
    treated, granted, former, stranger = make_patient(), make_patient(), make_patient(), make_patient()
    visit = treat(doctor, treated)
    row = grant(granted, doctor, Scope.FILES)
    long_ago(treat(doctor, former))
    treat(make_doctor(), stranger)

    found = person_client(doctor.user).get(f"{API}/doctor/patients").json()["results"]

    assert {(one["id"], one["is_treated"]) for one in found} == {(str(treated.pk), True), (str(granted.pk), False)}
    until = {one["id"]: dt.datetime.fromisoformat(one["readable_until"]) for one in found}
    assert until[str(treated.pk)] == visit.ends_at + TREATED_FOR
    assert until[str(granted.pk)] == row.ends_at


def test_the_glass_is_broken_loudly(settings):
    administrator = make_user(is_staff=True)
    patient, doctor = make_patient(), make_doctor(name="Asha Kulkarni")

    address = f"{API}/doctor/patients/{patient.public_id.lower()}/break-glass"
    answer = person_client(doctor.user).post(address, {"reason": "Brought in unconscious."}, format="json")
    outbox.drain()

    assert (answer.status_code, answer.json()["patient"]) == (201, str(patient.pk)), answer.content
    told = {(row.user_id, row.kind) for row in Notification.objects.all()}
    assert told == {(patient.pk, "glass_broken"), (administrator.pk, "glass_review")}
    assert not any("nconscious" in str(row.__dict__) for row in Notification.objects.all())


def test_a_glass_is_broken_for_who_has_no_other_way_in_and_not_too_often(settings):
    visit = make_visit()
    client = person_client(visit.doctor.user)

    treated = client.post(f"{API}/doctor/patients/{visit.patient_id}/break-glass", {"reason": "x"}, format="json")
    unknown = client.post(f"{API}/doctor/patients/nobody/break-glass", {"reason": "x"}, format="json")
    others = [f"{API}/doctor/patients/{make_user().pk}/break-glass" for _ in range(5)]
    often = [client.post(address, {"reason": "x"}, format="json").status_code for address in others]

    assert (treated.status_code, treated.json()["code"]) == (409, "access_open")
    assert unknown.status_code == 404
    assert often == [201, 201, 201, 429, 429]


def test_an_administrator_who_finds_no_emergency_closes_it():
    patient, doctor = make_patient(), make_doctor()
    row = break_glass(patient, doctor)

    granting.review_break_glass(grant_id=row.pk, actor="admin:1", is_justified=False)

    assert not reads(patient, doctor)


def test_a_referral_tells_who_the_patient_is_only_once_it_is_accepted():
    visit = make_visit()
    sender, other = visit.doctor, make_doctor()
    row = refer(visit.patient, sender, other, Scope.RECORDS)
    client = person_client(other.user)

    before = client.get(f"{API}/doctor/referrals").json()["results"][0]["patient"]
    closed = reads(visit.patient, other)
    answer = client.post(f"{API}/doctor/referrals/{row.pk}/accept")
    outbox.drain()

    assert (before, closed) == (None, set())
    assert answer.json()["patient"]["name"] == visit.patient.name, answer.content
    assert reads(visit.patient, other) == {Scope.RECORDS}
    told = {(one.user_id, one.kind) for one in Notification.objects.all()}
    assert told >= {
        (visit.patient_id, "referred"),
        (other.user_id, "referral_asked"),
        (sender.user_id, "referral_accepted"),
    }


def test_a_patient_objects_and_nothing_is_open_any_more():
    visit = make_visit()
    other = make_doctor()
    row = accepted_referral(visit.patient, visit.doctor, other)

    answer = person_client(visit.patient).post(f"{API}/me/doctor-referrals/{row.pk}/object")

    assert answer.json()["status"] == "objected"
    assert not reads(visit.patient, other)
    again = person_client(visit.patient).post(f"{API}/me/doctor-referrals/{row.pk}/object")
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")


@pytest.mark.parametrize("ends", ["from_doctor", "to_doctor"])
def test_either_doctor_ends_a_referral_and_a_third_does_not_see_it(ends):
    visit = make_visit()
    row = accepted_referral(visit.patient, visit.doctor, make_doctor())

    stranger = person_client(make_doctor().user).post(f"{API}/doctor/referrals/{row.pk}/end")
    answer = person_client(getattr(row, ends).user).post(f"{API}/doctor/referrals/{row.pk}/end")

    assert (stranger.status_code, answer.json()["status"]) == (404, "ended")
    assert not reads(visit.patient, row.to_doctor)


@pytest.mark.parametrize("ground", ["referral", "emergency"])
def test_what_was_passed_on_or_opened_in_an_emergency_is_not_passed_on(ground):
    open_by, _, _ = GROUNDS[ground]
    patient, doctor = make_patient(), make_doctor()
    open_by(patient, doctor)
    body = {"patient": str(patient.pk), "to_doctor": str(make_doctor().pk), "reason": "x", "scopes": ["profile"]}

    answer = person_client(doctor.user).post(f"{API}/doctor/referrals", body, format="json")

    assert (answer.status_code, answer.json()["code"]) == (400, "referral_scope_closed")


def test_nobody_refers_a_stranger_or_twice():
    visit = make_visit()
    other = make_doctor()
    body = {"patient": str(visit.patient_id), "to_doctor": str(other.pk), "reason": "x", "scopes": ["all"]}

    strange = person_client(make_doctor().user).post(f"{API}/doctor/referrals", body, format="json")
    client = person_client(visit.doctor.user)
    first, second = (client.post(f"{API}/doctor/referrals", body, format="json") for _ in range(2))

    assert (strange.status_code, first.status_code) == (404, 201)
    assert (second.status_code, second.json()["code"]) == (409, "referral_exists")


def test_a_referral_that_nobody_answers_lapses_before_the_sweep(noon):
    visit = make_visit()
    row = refer(visit.patient, visit.doctor, other := make_doctor())

    noon.shift(dt.timedelta(days=14))
    late = person_client(other.user).post(f"{API}/doctor/referrals/{row.pk}/accept")

    assert (late.status_code, late.json()["code"]) == (409, "referral_over")
    assert records.due_referrals(clock.now(), limit=10) == [row.pk]


def queries(client: Any, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(address).status_code == 200
    return len(caught)


def test_lists_cost_the_same_for_one_and_for_many():
    visit = make_visit()
    patient, doctor = visit.patient, visit.doctor
    mine, theirs = person_client(patient), person_client(doctor.user)

    def fill() -> None:
        more = make_visit(doctor, patient)
        write_and_sign(more)
        prescribe(more)
        draft(more)
        other = make_doctor()
        grant(patient, other)
        accepted_referral(patient, doctor, other)
        treat(doctor, make_user())
        require_access(reader_user_id=doctor.user_id, patient_user_id=patient.pk, scope=Scope.FILES)

    addresses = [
        *((mine, f"/me/{name}") for name in ("records", "prescriptions", "grants", "access-log", "doctor-referrals")),
        *(
            (theirs, f"/doctor/patients{tail}")
            for tail in ("", f"/{patient.pk}/records", f"/{patient.pk}/prescriptions")
        ),
        *((theirs, f"/doctor/referrals?direction={way}") for way in ("sent", "received")),
    ]
    fill()
    one = [queries(client, API + address) for client, address in addresses]
    for _ in range(4):
        fill()

    assert [queries(client, API + address) for client, address in addresses] == one
