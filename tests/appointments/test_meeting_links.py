"""Each side gets its own way into the meeting, at its time, and nobody gets another's."""

from __future__ import annotations

import datetime as dt
import logging

import pytest

from appointments.models import Appointment, Meeting
from appointments.states import AppointmentStatus, DoctorStatus, VisitKind
from tests.appointments.test_meetings import work
from tests.appointments.visit_scenes import confirm, make_appointment, meeting_of
from tests.factories import make_user, person_client

pytestmark = pytest.mark.django_db


def join(visit: Appointment, user=None):
    return person_client(user or visit.patient).get(f"/api/v1/appointments/{visit.pk}/join")


def host(visit: Appointment, user=None):
    return person_client(user or visit.doctor.user).get(f"/api/v1/doctor/appointments/{visit.pk}/host-link")


def soon(zoom) -> Appointment:
    visit = confirm(hours_ahead=0.24)
    work()
    return visit


def test_the_patient_gets_the_link_a_quarter_of_an_hour_before(zoom):
    visit = soon(zoom)

    reply = join(visit)

    assert reply.status_code == 200
    assert reply.json()["join_url"] == zoom.meetings()[0]["join_url"]
    assert reply.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("minutes", [-16 * 60, -16, 51])
def test_outside_its_time_there_is_no_link(zoom, noon, minutes):
    visit = confirm(hours_ahead=20)
    work()
    noon.move_to(visit.starts_at + dt.timedelta(minutes=minutes))

    reply = join(visit)

    assert (reply.status_code, reply.json()["code"]) == (409, "meeting_not_open")
    assert dt.datetime.fromisoformat(reply.json()["opens_at"]) == visit.starts_at - dt.timedelta(minutes=15)


def test_a_consultation_that_runs_over_keeps_its_link_for_half_an_hour(zoom, noon):
    visit = confirm(hours_ahead=20)
    work()
    noon.move_to(visit.ends_at + dt.timedelta(minutes=29))

    assert join(visit).status_code == 200


def test_a_link_that_is_not_there_yet_is_pending(sandbox):
    visit = confirm(hours_ahead=0.24)

    reply = join(visit)

    assert (reply.status_code, reply.json()["code"]) == (409, "meeting_pending")


@pytest.mark.parametrize("values", [{"kind": VisitKind.IN_PERSON}, {"status": AppointmentStatus.CANCELLED}])
def test_what_is_not_held_by_video_has_no_link(values):
    visit = make_appointment(hours_ahead=0.24, **values)

    assert join(visit).json()["code"] == "visit_not_by_video"
    assert host(visit).json()["code"] == "visit_not_by_video"


def test_strangers_learn_nothing_and_neither_side_has_the_others_link(zoom):
    visit = soon(zoom)
    stranger, patient, doctor = make_user(), visit.patient, visit.doctor.user

    refused = [join(visit, stranger), join(visit, doctor), host(visit, stranger), host(visit, patient)]

    assert [reply.status_code for reply in refused] == [404] * 4


def test_a_suspended_doctor_hosts_no_more(zoom):
    visit = soon(zoom)
    visit.doctor.status = DoctorStatus.SUSPENDED
    visit.doctor.save()

    assert host(visit).status_code == 404


def test_the_doctor_gets_a_fresh_link_of_the_host_each_time(zoom):
    visit = soon(zoom)

    first, second = host(visit), host(visit)

    assert first.status_code == second.status_code == 200
    assert first.json()["url"] != second.json()["url"]
    assert f"/zoom/s/{meeting_of(visit).external_id}?zak=" in first.json()["url"]
    assert first.headers["Cache-Control"] == "no-store"


def test_the_link_of_the_host_is_neither_kept_nor_logged(zoom, caplog):
    visit = soon(zoom)

    with caplog.at_level(logging.DEBUG):
        key = host(visit).json()["url"].partition("zak=")[2]

    row = Meeting.objects.values().get()
    assert key not in caplog.text
    assert "zak=" not in str(row)


def test_while_zoom_is_down_the_doctor_is_asked_to_try_again(zoom):
    visit = soon(zoom)
    zoom.fails(error_5xx={"on": "any"})

    reply = host(visit)

    assert (reply.status_code, reply.json()["code"]) == (503, "unavailable")


def test_a_meeting_that_zoom_has_lost_is_made_anew_when_the_doctor_comes(zoom):
    visit = soon(zoom)
    zoom.sandbox.reset()

    refused = host(visit)
    work()

    assert refused.json()["code"] == "meeting_pending"
    assert host(visit).status_code == 200


def test_in_a_room_of_jitsi_both_have_one_link(settings):
    settings.ZOOM_CLIENT_SECRET = ""
    visit = confirm(hours_ahead=0.24)

    assert host(visit).json()["url"] == join(visit).json()["join_url"]


def test_the_links_are_sealed_in_the_database(zoom):
    soon(zoom)

    sealed = (
        Meeting.objects.extra(select={"raw": "join_url::text", "word": "password::text"}).values("raw", "word").get()
    )

    assert "zoom" not in str(bytes.fromhex(sealed["raw"].removeprefix("\\x")))
    assert zoom.meetings()[0]["password"] not in str(bytes.fromhex(sealed["word"].removeprefix("\\x")))
