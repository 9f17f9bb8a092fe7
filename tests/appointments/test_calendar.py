"""Appointments as iCalendar: a program can replace what it has, and nothing is told that others may not read."""

from __future__ import annotations

import pytest
from django.conf import settings
from icalendar import Calendar
from rest_framework.test import APIClient

from appointments.calendar import Method, write
from appointments.models import CalendarFeed
from appointments.selectors.calendars import entries_of
from appointments.states import Side, VisitKind
from common.outbox import drain
from tests.appointments.visit_scenes import cancel, make_appointment, make_doctor, reschedule
from tests.factories import make_user, person_client

pytestmark = pytest.mark.django_db
PLACE = "Rao Clinic, Floor 2; Gate B, " + "a very long road " * 8


def written(visit, *, side=Side.PATIENT, method=Method.REQUEST, language="en") -> bytes:
    return write([entries_of(visit.pk)[side]], method=method, language=language, organizer="a@b.example")


def only_event(raw: bytes):
    (event,) = Calendar.from_ical(raw).walk("VEVENT")
    return event


def ics(visit, user, **headers):
    return person_client(user).get(f"/api/v1/appointments/{visit.pk}.ics", headers=headers)


def feed(user) -> str:
    url = person_client(user).post("/api/v1/me/calendar-feed").json()["url"]
    return url.removeprefix(settings.PUBLIC_URL)


def test_lines_end_in_crlf_and_are_folded_within_75_octets():
    doctor = make_doctor()
    visit = make_appointment(
        doctor, kind=VisitKind.IN_PERSON, place=doctor.places.create(name="x", address=PLACE, lat=1, lng=1)
    )

    raw = written(visit, language="bn")

    assert raw.count(b"\n") == raw.count(b"\r\n")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 75
    assert b"Floor 2\\; Gate B\\, a very" in raw.replace(b"\r\n ", b"")


def test_an_invitation_says_all_that_a_calendar_needs():
    visit = make_appointment()

    raw = written(visit)

    event = only_event(raw)
    assert Calendar.from_ical(raw)["METHOD"] == "REQUEST"
    assert event["UID"] == f"{visit.pk}@jeevansetu"
    assert event["SEQUENCE"] == 0
    assert event.decoded("DTSTART") == visit.starts_at.replace(microsecond=0)
    assert event["DTSTAMP"].to_ical().endswith(b"Z")
    assert event["STATUS"] == "CONFIRMED"
    assert [str(alarm["TRIGGER"].to_ical(), "ascii") for alarm in event.walk("VALARM")] == ["-PT15M"]


def test_after_a_change_the_uid_stays_and_the_sequence_rises():
    visit = make_appointment()
    before = only_event(written(visit))

    reschedule(visit, tell=False)

    after = only_event(written(visit))
    assert after["UID"] == before["UID"]
    assert after["SEQUENCE"] > before["SEQUENCE"]


def test_a_cancelling_says_so_and_rings_no_more():
    visit = make_appointment()

    event = only_event(written(visit, method=Method.CANCEL))

    assert event["STATUS"] == "CANCELLED"
    assert event.walk("VALARM") == []


@pytest.mark.parametrize("language", ["en", "hi", "bn", "fr"])
def test_neither_calendar_tells_of_the_patient_the_reason_or_a_link(language):
    visit = make_appointment(patient=make_user(name="Meera Joshi"))

    for side in Side:
        text = written(visit, side=side, language=language).replace(b"\r\n ", b"").decode()
        assert "Meera" not in text
        assert "chest" not in text
        assert "http" not in text


def test_both_take_their_appointment_as_a_file_and_a_stranger_does_not():
    visit = make_appointment()

    theirs, doctors = ics(visit, visit.patient), ics(visit, visit.doctor.user)

    assert theirs.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert b"with Dr Asha Rao" in theirs.content
    assert b"Asha Rao" not in doctors.content
    assert ics(visit, make_user()).status_code == 404


def test_what_was_never_agreed_is_in_no_calendar():
    visit = make_appointment(confirmed_at=None)

    assert ics(visit, visit.patient).status_code == 404


def test_an_unchanged_calendar_costs_no_body():
    visit = make_appointment()
    etag = ics(visit, visit.patient).headers["ETag"]

    again = ics(visit, visit.patient, if_none_match=etag)
    reschedule(visit, tell=False)
    changed = ics(visit, visit.patient, if_none_match=etag)

    assert (again.status_code, again.content) == (304, b"")
    assert changed.status_code == 200


def test_the_feed_shows_both_hats_of_its_owner_and_nobody_elses():
    doctor = make_doctor()
    seen, visited = make_appointment(doctor), make_appointment(patient=doctor.user, hours_ahead=72)
    make_appointment()

    reply = APIClient().get(feed(doctor.user))

    shown = {event["UID"] for event in Calendar.from_ical(reply.content).walk("VEVENT")}
    assert shown == {f"{seen.pk}@jeevansetu", f"{visited.pk}@jeevansetu"}
    assert reply.headers["Cache-Control"] == "private, max-age=300"


def test_a_cancelled_appointment_stays_in_the_feed_as_cancelled(sandbox):
    visit = make_appointment()
    cancel(visit)

    event = only_event(APIClient().get(feed(visit.patient)).content)

    assert event["STATUS"] == "CANCELLED"


def test_a_new_address_ends_the_one_before_and_only_digests_are_kept():
    user = make_user()
    first, second = feed(user), feed(user)

    assert APIClient().get(first).status_code == 404
    assert APIClient().get(second).status_code == 200
    assert second.rpartition("/")[2].removesuffix(".ics") not in str(CalendarFeed.objects.values().get())
    assert len(second.rpartition("/")[2].removesuffix(".ics")) == 22  # 128 bits in base64


def test_the_address_stands_right_behind_that_of_the_server(settings):
    settings.PUBLIC_URL = "https://api.example.org/"

    assert feed(make_user()).startswith("api/v1/calendar/")


def test_an_ended_address_leads_nowhere():
    user = make_user()
    url = feed(user)

    ended = person_client(user).delete("/api/v1/me/calendar-feed")

    assert ended.status_code == 204
    assert APIClient().get(url).status_code == 404
    assert person_client(user).delete("/api/v1/me/calendar-feed").status_code == 204


def test_the_address_of_somebody_suspended_leads_nowhere():
    user = make_user()
    url = feed(user)
    user.is_active = False
    user.save()

    assert APIClient().get(url).status_code == 404


def test_the_feed_costs_the_same_for_one_and_for_many(django_assert_num_queries):
    doctor = make_doctor()
    url = feed(doctor.user)
    for number in range(20):
        make_appointment(doctor, hours_ahead=24 + number)
    drain()

    with django_assert_num_queries(3):  # the throttle, the address, its owner's appointments
        APIClient().get(url)
