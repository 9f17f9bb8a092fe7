"""Zoom tells who comes and goes: verified, kept once, in any order."""

from __future__ import annotations

import datetime as dt
import itertools
import json

import pytest
from rest_framework.test import APIClient

from appointments.errors import DoctorIsThere, PatientIsThere
from appointments.gateways import gateway_of
from appointments.gateways.zoom import signature
from appointments.models import Attendance, Doctor, MeetingNotice
from appointments.selectors.meetings import attendance
from appointments.services import attendance as services
from appointments.services import ending, meetings
from appointments.states import MeetingNoticeOutcome, Side
from common import clock
from common.models import OutboxEvent
from common.outbox import drain
from tests.appointments.test_meetings import work
from tests.appointments.visit_scenes import confirm, meeting_of
from tests.appointments.zoom_side import event, post
from tests.conftest import NOON
from tests.factories import person_client

pytestmark = pytest.mark.django_db
AT = NOON + dt.timedelta(hours=48)
END = AT + dt.timedelta(minutes=19)


@pytest.fixture
def visit(zoom):
    found = confirm()
    work()
    return found


def number(visit) -> str:
    return meeting_of(visit).external_id


def the_story(visit) -> list[dict]:
    """Both come, the patient goes, the host ends the meeting."""
    ref = number(visit)
    return [
        event(ref, "started", at=AT),
        event(ref, "participant_joined", at=AT, who="host"),
        event(ref, "participant_joined", at=AT + dt.timedelta(minutes=2), who="77"),
        event(ref, "participant_left", at=AT + dt.timedelta(minutes=17), who="77"),
        event(ref, "ended", at=END),
    ]


def seen(visit) -> list[tuple]:
    drain()
    return [
        (row.side, row.joined_at, row.left_at)
        for row in attendance(user_id=visit.doctor.user_id, appointment_id=visit.pk)
    ]


def test_the_documented_vectors_are_signed_alike():
    body = b'{"event":"meeting.started"}'
    wanted = "v0=593588422cdc91d97556ff1d1eca6969f813d4445bb31d2ac3d7cb90bb2f3326"

    assert signature("zsecret", moment="1660149894", body=body) == wanted


def test_the_validation_of_the_address_is_answered(settings):
    settings.ZOOM_WEBHOOK_SECRET = "zsecret"
    body = {"event": "endpoint.url_validation", "payload": {"plainToken": "qgg8vlvZRS6UYooatFL8Aw"}}

    reply = post(APIClient(), body)

    proof = "6004f4c5cf160998d3b38cf08d7533b95404b4fe3786c3a93941f7de0ec20f9f"
    assert (reply.status_code, reply.json()) == (200, {"plainToken": "qgg8vlvZRS6UYooatFL8Aw", "encryptedToken": proof})


@pytest.mark.parametrize("forgery", [{"secret": "another"}, {"moment": NOON - dt.timedelta(minutes=6)}])
def test_a_forged_or_stale_webhook_changes_nothing(visit, forgery):
    reply = post(APIClient(), event(number(visit), "started", at=AT), **forgery)

    assert (reply.status_code, reply.json()["code"]) == (401, "webhook_signature_invalid")
    assert not MeetingNotice.objects.exists()


def test_a_body_that_was_changed_is_refused(visit):
    raw = json.dumps(event(number(visit), "started", at=AT)).encode()
    headers = {
        "X-Zm-Request-Timestamp": str(int(NOON.timestamp())),
        "X-Zm-Signature": signature("sandbox-zoom-webhook-secret", moment=str(int(NOON.timestamp())), body=raw),
    }

    reply = APIClient().post("/api/v1/webhooks/zoom", raw + b" ", content_type="application/json", headers=headers)

    assert reply.status_code == 401


@pytest.mark.parametrize(
    "body",
    [
        b"no json",
        b"[]",
        b'{"event": "meeting.started"}',
        b'{"event": "meeting.started", "payload": {"object": {"id": "x"}}}',
    ],
)
def test_what_cannot_be_read_is_said_to_be_malformed(visit, body):
    reply = post(APIClient(), body)

    assert (reply.status_code, reply.json()["code"]) == (400, "webhook_malformed")


def test_without_zoom_there_is_no_such_address(settings):
    settings.ZOOM_ACCOUNT_ID = ""

    assert post(APIClient(), {"event": "meeting.started"}).status_code == 404


def test_who_was_there_when_is_noted(visit):
    for body in the_story(visit):
        assert post(APIClient(), body).status_code == 204

    assert seen(visit) == [
        (Side.DOCTOR, AT, END),
        (Side.PATIENT, AT + dt.timedelta(minutes=2), AT + dt.timedelta(minutes=17)),
    ]


@pytest.mark.parametrize("order", [(4, 3, 2, 1, 0), (3, 4, 0, 2, 1), (2, 3, 1, 4, 0)])
def test_in_any_order_and_repeated_the_same_is_noted(visit, order):
    story = the_story(visit)

    for index in itertools.chain(order, order):
        post(APIClient(), story[index])

    assert [row[0] for row in seen(visit)] == [Side.DOCTOR, Side.PATIENT]
    assert seen(visit)[0] == (Side.DOCTOR, AT, END)
    assert MeetingNotice.objects.count() == 5


def test_somebody_who_comes_again_is_there_twice_and_first_once(visit):
    ref, later = number(visit), AT + dt.timedelta(minutes=5)
    for who, at in (("77", AT), ("78", later)):
        post(APIClient(), event(ref, "participant_joined", at=at, who=who))

    assert len(seen(visit)) == 2
    assert OutboxEvent.objects.filter(name="meeting.joined", payload__side="patient").count() == 1


def test_the_meetings_of_others_are_passed_over(visit):
    post(APIClient(), event("999", "participant_joined", at=AT, who="77"))
    post(APIClient(), event(number(visit), "recording_started", at=AT))

    assert seen(visit) == []
    assert set(MeetingNotice.objects.values_list("outcome", flat=True)) == {MeetingNoticeOutcome.IGNORED}


def test_what_was_told_before_the_reply_was_stored_counts_afterwards(zoom):
    visit = confirm()
    task = meetings.claim()
    made = gateway_of(task.provider).make(task.plan)
    post(APIClient(), event(made.external_id, "participant_joined", at=AT, who="77"))
    drain()

    meetings.record_made(task=task, made=made, sequence=task.sequence)

    assert [row[0] for row in seen(visit)] == [Side.PATIENT]


def test_no_name_and_no_link_is_kept(visit):
    post(APIClient(), event(number(visit), "participant_joined", at=AT, who="77"))
    drain()

    kept = str(list(MeetingNotice.objects.values())) + str(list(Attendance.objects.values()))
    assert "A Name" not in kept
    assert "'77'" not in kept


def test_the_doctor_reads_it_and_nobody_else(visit):
    post(APIClient(), event(number(visit), "participant_joined", at=AT, who="77"))
    drain()
    url = f"/api/v1/doctor/appointments/{visit.pk}/attendance"

    assert person_client(visit.doctor.user).get(url).json()[0]["who"] == "patient"
    assert person_client(visit.patient).get(url).status_code == 404
    Doctor.objects.filter(pk=visit.doctor_id).update(status="suspended")
    assert person_client(visit.doctor.user).get(url).status_code == 404


def test_old_webhooks_are_forgotten(visit, noon):
    post(APIClient(), event(number(visit), "started", at=AT))
    noon.shift(services.KEEP + dt.timedelta(days=1))

    assert services.prune() == 1


def test_a_patient_who_joins_in_time_has_checked_in_and_is_no_no_show(visit, noon):
    noon.move_to(visit.starts_at - dt.timedelta(minutes=2))
    post(APIClient(), event(number(visit), "participant_joined", at=clock.now(), who="77"))
    drain()
    noon.move_to(visit.starts_at + dt.timedelta(minutes=16))

    with pytest.raises(PatientIsThere):
        ending.miss_as_doctor(appointment_id=visit.pk, doctor_id=visit.doctor_id)

    visit.refresh_from_db()
    assert visit.checked_in_at is not None
    assert list(visit.events.values_list("verb", "actor")) == [("check_in", "system")]


def test_a_patient_who_looks_in_the_day_before_has_not_come(visit, noon):
    noon.move_to(visit.starts_at - dt.timedelta(days=1))

    post(APIClient(), event(number(visit), "participant_joined", at=clock.now(), who="77"))
    drain()

    visit.refresh_from_db()
    assert visit.checked_in_at is None


def test_a_doctor_who_waits_in_the_meeting_is_not_absent_and_the_patient_is(visit, noon):
    noon.move_to(visit.starts_at)
    post(APIClient(), event(number(visit), "participant_joined", at=clock.now(), who="host"))
    drain()
    noon.move_to(visit.starts_at + dt.timedelta(minutes=16))

    with pytest.raises(DoctorIsThere):
        ending.miss_as_patient(appointment_id=visit.pk, patient_id=visit.patient_id)
    noon.move_to(visit.ends_at + ending.CLOSE_AFTER)
    ending.close_if_unvisited(appointment_id=visit.pk)

    visit.refresh_from_db()
    assert (visit.status, visit.ended_by) == ("missed", "patient")
