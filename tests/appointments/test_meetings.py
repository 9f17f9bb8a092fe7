"""A booking never waits for its meeting, and its meeting follows it: made once, moved, removed, replaced."""

from __future__ import annotations

import datetime as dt

import pytest

from appointments.errands import meetings as errands
from appointments.models import Meeting
from appointments.selectors import meetings as selectors
from appointments.services import meetings
from appointments.services.meetings import LEASE, MOST_IN_VAIN
from appointments.states import MeetingProvider, MeetingStatus, Readiness, VisitKind
from common.models import OutboxEvent
from tests.appointments.visit_scenes import cancel, complete, confirm, meeting_of, reschedule, say
from tests.conftest import NOON

pytestmark = pytest.mark.django_db


def work() -> None:
    while errands.run_due():
        pass


def until_tried(noon, times: int) -> None:
    """Let time pass until the errand has been tried so often."""
    for _ in range(times):
        work()
        noon.shift(dt.timedelta(minutes=10, seconds=1))


def test_a_confirmed_video_consultation_gets_a_meeting_of_zoom(zoom):
    visit = confirm()

    work()

    row, (made,) = meeting_of(visit), zoom.meetings()
    assert (row.state, row.provider, row.external_id) == (MeetingStatus.MADE, MeetingProvider.ZOOM, str(made["id"]))
    assert (row.join_url, row.password) == (made["join_url"], made["password"])
    assert made["start_time"] == f"{visit.starts_at:%Y-%m-%dT%H:%M:%SZ}"
    assert made["duration"] == 20
    assert made["settings"]["waiting_room"] is True
    assert made["settings"]["join_before_host"] is False


def test_zoom_learns_nothing_of_the_people_or_the_reason(zoom):
    visit = confirm()

    work()

    told = str(zoom.meetings())
    assert visit.patient.name not in told
    assert visit.doctor.user.name not in told
    assert "chest" not in told


def test_a_visit_in_person_has_no_meeting(zoom):
    confirm(kind=VisitKind.IN_PERSON)

    work()

    assert not Meeting.objects.exists()


def test_a_confirmation_told_twice_makes_one_meeting(zoom):
    visit = confirm()
    work()

    say("appointment.confirmed", visit)
    work()

    assert zoom.books()["made"] == 1


def test_while_zoom_is_down_the_appointment_stands_and_its_link_is_pending(zoom):
    zoom.fails(error_5xx=1)
    visit = confirm()

    work()

    assert visit.state == "confirmed"
    assert selectors.facts_of(visit).status is Readiness.PENDING


def test_when_zoom_is_up_again_the_link_is_there(zoom, noon):
    zoom.fails(error_5xx=1)
    visit = confirm()
    until_tried(noon, 3)

    zoom.recovers()
    work()

    assert selectors.facts_of(visit).status is Readiness.READY
    assert len(zoom.meetings()) == 1


def test_after_enough_tries_both_meet_by_another_link_and_are_told(zoom, noon):
    zoom.fails(error_5xx=1)
    visit = confirm()

    until_tried(noon, MOST_IN_VAIN)

    row = meeting_of(visit)
    assert (row.state, row.provider) == (MeetingStatus.MADE, MeetingProvider.JITSI)
    assert OutboxEvent.objects.filter(name="meeting.fell_back").count() == 1


def test_shortly_before_the_appointment_one_failure_is_enough(zoom):
    zoom.fails(error_5xx=1)
    visit = confirm(hours_ahead=0.2)

    work()

    assert meeting_of(visit).provider == MeetingProvider.JITSI


def test_without_zoom_the_room_is_there_at_once_and_cannot_be_guessed(settings):
    settings.ZOOM_CLIENT_SECRET = ""
    rooms = [meeting_of(confirm()).join_url.rsplit("-", 1)[1] for _ in range(20)]

    assert len(set(rooms)) == 20
    assert all(len(bytes.fromhex(room)) == 16 for room in rooms)


@pytest.mark.parametrize("fault", ["lost_reply", "truncated_json"])
def test_a_meeting_whose_reply_was_lost_is_found_and_not_made_again(zoom, noon, fault):
    confirm()
    zoom.fails(**{fault: {"times": 1, "only_to": "create"}})
    visit = Meeting.objects.get().appointment

    until_tried(noon, 2)

    assert zoom.books()["made"] == 1
    assert meeting_of(visit).external_id == str(zoom.meetings()[0]["id"])


def test_a_killed_worker_leaves_an_errand_that_looks_before_it_asks(zoom, noon):
    visit = confirm()
    task = meetings.claim()
    errands.gateway_of(task.provider).make(task.plan)  # and the process dies

    noon.shift(LEASE)
    work()

    assert zoom.books()["made"] == 1
    assert meeting_of(visit).state is MeetingStatus.MADE


def test_while_one_worker_asks_another_does_not(zoom):
    confirm()
    meetings.claim()

    assert meetings.claim() is None


@pytest.mark.parametrize("fault", ["rate_limit", "html_body", "lost_request", "error_5xx"])
def test_what_was_not_made_is_made_later(zoom, noon, fault):
    zoom.fails(**{fault: {"times": 1}})
    visit = confirm()

    until_tried(noon, 2)

    assert zoom.books()["made"] == 1
    assert meeting_of(visit).state is MeetingStatus.MADE


def test_a_time_that_zoom_names_is_kept_and_costs_no_try(zoom):
    zoom.fails(rate_limit={"retry_after": 3600, "times": 1})
    visit = confirm()

    work()

    row = meeting_of(visit)
    assert row.ask_at >= NOON + dt.timedelta(hours=1)
    assert row.in_vain == 0


def test_a_day_that_is_spent_ends_in_the_other_link_when_the_appointment_cannot_wait(zoom, settings):
    settings.THROTTLES = {**settings.THROTTLES, "zoom_writes": "1/d"}
    confirm()
    work()

    soon, later = confirm(hours_ahead=3), confirm(hours_ahead=96)
    work()

    assert meeting_of(soon).provider == MeetingProvider.JITSI
    assert meeting_of(later).state is MeetingStatus.WANTED


def test_a_moved_appointment_moves_its_meeting_and_keeps_the_link(zoom):
    visit = confirm()
    work()
    link = meeting_of(visit).join_url

    reschedule(visit)
    work()

    (made,) = zoom.meetings()
    assert (made["start_time"], made["changes"]) == (f"{visit.starts_at:%Y-%m-%dT%H:%M:%SZ}", 1)
    assert (meeting_of(visit).state, meeting_of(visit).join_url) == (MeetingStatus.MADE, link)


def test_an_appointment_moved_while_its_meeting_is_made_moves_it_afterwards(zoom):
    visit = confirm()
    task = meetings.claim()
    reschedule(visit)

    errands.run(task)
    work()

    (made,) = zoom.meetings()
    assert made["start_time"] == f"{visit.starts_at:%Y-%m-%dT%H:%M:%SZ}"
    assert meeting_of(visit).told_sequence == visit.sequence


def test_an_appointment_moved_again_while_its_meeting_moves_moves_it_once_more(zoom):
    visit = confirm()
    work()
    reschedule(visit)
    task = meetings.claim()
    reschedule(visit)

    errands.run(task)
    work()

    assert zoom.meetings()[0]["start_time"] == f"{visit.starts_at:%Y-%m-%dT%H:%M:%SZ}"
    assert meeting_of(visit).state is MeetingStatus.MADE


def test_a_meeting_that_cannot_be_moved_keeps_its_link(zoom, noon):
    visit = confirm()
    work()
    zoom.fails(error_5xx=1)

    reschedule(visit)
    until_tried(noon, MOST_IN_VAIN)

    assert meeting_of(visit).state is MeetingStatus.MADE


def test_a_cancelled_appointment_removes_its_meeting_and_the_link(zoom):
    visit = confirm()
    work()

    cancel(visit)
    work()

    row = meeting_of(visit)
    assert zoom.meetings() == []
    assert (row.state, row.join_url, row.password) == (MeetingStatus.REMOVED, None, None)


def test_an_appointment_cancelled_while_its_meeting_is_made_leaves_none(zoom):
    visit = confirm()
    task = meetings.claim()
    cancel(visit)

    errands.run(task)
    work()

    assert (zoom.books()["made"], zoom.meetings()) == (1, [])
    assert meeting_of(visit).state is MeetingStatus.REMOVED


def test_an_appointment_cancelled_after_a_lost_reply_leaves_no_meeting(zoom, noon):
    visit = confirm()
    zoom.fails(lost_reply={"times": 1, "only_to": "create"})
    work()

    cancel(visit)
    until_tried(noon, 2)

    assert (zoom.books()["made"], zoom.meetings()) == (1, [])


def test_one_that_was_cancelled_before_anybody_asked_costs_no_call(zoom):
    visit = confirm()

    cancel(visit)
    work()

    assert zoom.books()["made"] == 0
    assert meeting_of(visit).state is MeetingStatus.REMOVED


def test_a_meeting_that_somebody_deleted_at_zoom_counts_as_removed(zoom):
    visit = confirm()
    work()
    zoom.sandbox.reset()

    cancel(visit)
    work()

    assert meeting_of(visit).state is MeetingStatus.REMOVED


def test_a_meeting_that_is_gone_when_it_is_moved_is_made_anew(zoom):
    visit = confirm()
    work()
    zoom.sandbox.reset()

    reschedule(visit)
    work()

    assert len(zoom.meetings()) == 1
    assert meeting_of(visit).external_id == str(zoom.meetings()[0]["id"])


def test_what_cannot_be_removed_is_given_to_a_person(zoom, noon):
    visit = confirm()
    work()
    zoom.fails(error_5xx=1)

    cancel(visit)
    until_tried(noon, MOST_IN_VAIN)

    assert meeting_of(visit).state is MeetingStatus.FAILED


def test_a_consultation_that_is_over_ends_its_meeting(zoom):
    visit = confirm()
    work()

    complete(visit)

    assert meeting_of(visit).state is MeetingStatus.ENDED
    assert meeting_of(visit).join_url is None


def test_a_token_that_zoom_turns_down_is_renewed_once_within_the_call(zoom):
    confirm()
    work()
    zoom.fails(token_expired={"times": 1, "only_to": "token"})

    second = confirm(hours_ahead=96)
    work()

    assert meeting_of(second).state is MeetingStatus.MADE
    assert zoom.books()["tokens"] == 2


def test_two_at_one_time_are_held_by_two_hosts_and_a_third_by_another_link(zoom, noon, settings):
    settings.ZOOM_USERS = ["first@clinic.example", "second@clinic.example"]
    starts_at = NOON + dt.timedelta(hours=30)
    visits = [confirm(starts_at=starts_at) for _ in range(3)]

    until_tried(noon, MOST_IN_VAIN)

    assert {row["user"] for row in zoom.meetings()} == set(settings.ZOOM_USERS)
    assert meeting_of(visits[2]).provider == MeetingProvider.JITSI


def test_a_meeting_moved_to_an_hour_at_which_its_host_is_busy_changes_its_host(zoom, settings):
    settings.ZOOM_USERS = ["first@clinic.example", "second@clinic.example"]
    confirm(starts_at=NOON + dt.timedelta(hours=72))
    visit = confirm(starts_at=NOON + dt.timedelta(hours=48))
    work()

    reschedule(visit, hours=24)
    work()

    assert sorted(row["user"] for row in zoom.meetings()) == sorted(settings.ZOOM_USERS)
    assert meeting_of(visit).state is MeetingStatus.MADE
