"""A conversation is opened with its subject, follows it, and closes after it; nobody else's is touched."""

from __future__ import annotations

import datetime as dt
import uuid
from importlib import import_module

import pytest

from chat import jobs
from chat.errors import ConversationClosed
from chat.models import ChatSide, Conversation, Message
from chat.selectors import get_conversation
from chat.services.following import Effect
from chat.states import GRACE, ChatRole, ChatStep, ChatSubject
from common import clock, outbox
from common.db import unit_of_work
from common.models import OutboxEvent, Told
from donations import handlers as donation_handlers
from requests_app.services import promises
from tests.appointments import visit_scenes
from tests.chat.scenes import codes, of_person, say, side, take, talk_of_donor, talk_of_patient
from tests.donations.scenes import verify
from tests.factories import make_arrived, make_donor, make_promise, make_request
from tests.orders import scenes as orders
from tests.stock import exchange

pytestmark = pytest.mark.django_db
chat_handlers = import_module("chat.handlers")
assert donation_handlers


def drain() -> None:
    outbox.drain()
    assert not outbox.open_events().exists(), list(OutboxEvent.objects.values_list("name", "last_error"))


def about(subject: ChatSubject, subject_id: uuid.UUID) -> Conversation:
    return Conversation.objects.get(subject_kind=subject, subject_id=subject_id)


def roles(conversation: Conversation) -> dict[str, uuid.UUID]:
    return {row.role: row.user_id or row.partner_id for row in ChatSide.objects.filter(conversation=conversation)}


def test_a_promise_opens_a_conversation_which_the_donation_ends():
    promise = make_promise()
    given = promise.assignment
    drain()
    found = about(ChatSubject.ASSIGNMENT, given.pk)
    assert roles(found) == {ChatRole.DONOR: given.donor_id, ChatRole.CENTRE: given.request.partner_id}
    assert (found.unmasked_at, found.closes_at) == (None, None)

    make_arrived(promise)
    verify(promise)
    drain()

    found.refresh_from_db()
    assert codes(found) == ["accepted", "arrived", "donated"]
    assert found.unmasked_at is not None
    verified = OutboxEvent.objects.get(name="donation.verified").created_at
    assert found.closes_at == verified + GRACE[ChatSubject.ASSIGNMENT]


def test_another_donor_in_the_same_place_never_sees_what_the_first_one_said():
    request = make_request(units=1)
    first, second = make_donor(), make_donor()
    given = make_promise(request, first).assignment
    drain()
    promises.cancel_promise(assignment_id=given.pk, donor_id=first.pk, reason="ill")
    again = make_promise(request, second).assignment
    drain()

    theirs = about(ChatSubject.ASSIGNMENT, again.pk)
    old = about(ChatSubject.ASSIGNMENT, given.pk)

    assert theirs.pk != old.pk
    assert codes(old) == ["accepted", "cancelled"]
    with pytest.raises(Exception, match="not_found"):
        get_conversation(of_person(second.user), old.pk)


def test_an_order_is_talked_of_from_its_placing_and_goes_on_when_it_is_paid_late():
    bank = orders.make_bank(bags=2)
    order = orders.dispatched(bank)
    drain()

    found = about(ChatSubject.ORDER, order.pk)

    assert roles(found) == {ChatRole.RECEIVER: order.buyer_user_id, ChatRole.BANK: bank.partner_id}
    assert codes(found) == ["placed", "accepted", "paid", "packed", "dispatched"]
    assert found.unmasked_at is not None
    assert found.closes_at is None


def test_a_transfer_is_talked_of_by_the_two_from_the_offer_on():
    asker, sender = exchange.hospital(), exchange.bank(1, 1)
    transfer = exchange.request(asker)
    drain()
    assert not Conversation.objects.exists()

    exchange.offer(sender, transfer)
    exchange.confirm(asker, transfer)
    exchange.cancel(asker, transfer)
    drain()

    found = about(ChatSubject.TRANSFER, transfer.pk)
    assert roles(found) == {ChatRole.ASKER: asker.partner_id, ChatRole.SENDER: sender.partner_id}
    assert codes(found) == ["offered", "confirmed", "ended"]
    assert found.unmasked_at is None


def test_a_visit_is_talked_of_by_patient_and_doctor_and_tells_its_new_time():
    visit = visit_scenes.confirm()
    visit_scenes.reschedule(visit)
    visit_scenes.say("appointment.checked_in", visit)
    visit_scenes.complete(visit)

    found = about(ChatSubject.APPOINTMENT, visit.pk)

    assert roles(found) == {ChatRole.PATIENT: visit.patient_id, ChatRole.DOCTOR: visit.doctor.user_id}
    assert codes(found) == ["confirmed", "rescheduled", "checked_in", "completed"]
    assert Message.objects.get(conversation=found, code="rescheduled").about_at == visit.starts_at


def test_whatever_is_retried_there_is_one_conversation_and_each_step_once():
    given = make_promise().assignment
    drain()
    event = OutboxEvent.objects.get(name="assignment.accepted")
    Told.objects.filter(event=event, handler__startswith="chat.").delete()

    with unit_of_work():
        chat_handlers.open_with_donor(event)

    assert codes(about(ChatSubject.ASSIGNMENT, given.pk)) == ["accepted"]
    assert ChatSide.objects.count() == 2


def test_steps_of_what_nobody_talks_about_change_nothing():
    visit = visit_scenes.make_appointment()

    visit_scenes.say("appointment.started", visit)

    assert not Conversation.objects.exists()


def test_the_clock_closes_a_conversation_and_no_sweep(noon):
    talk = talk_of_donor()
    take(talk, ChatStep.RELEASED, Effect.ENDS)
    noon.shift(GRACE[ChatSubject.ASSIGNMENT] - dt.timedelta(minutes=1))
    assert say(talk, talk.one)

    noon.shift(dt.timedelta(minutes=1))

    with pytest.raises(ConversationClosed):
        say(talk, talk.one)
    assert get_conversation(talk.two, talk.pk).status == "closed"


def test_what_goes_on_after_it_had_ended_is_open_again():
    talk = talk_of_donor()
    take(talk, ChatStep.CANCELLED, Effect.ENDS)

    take(talk, ChatStep.ACCEPTED, Effect.GOES_ON)

    assert talk.conversation.closes_at is None


def test_a_step_waits_for_nobody():
    talk = talk_of_donor()

    take(talk, ChatStep.ARRIVED, Effect.MEETS)

    assert [side(talk, who).unread for who in (talk.one, talk.two)] == [0, 0]


def test_the_way_into_a_consultation_is_shown_when_it_opens_and_leads_each_to_the_own_door(noon):
    visit = visit_scenes.confirm()
    talk = talk_of_patient(visit)
    jobs.show_ways_in()
    assert "video_open" not in codes(talk.conversation)

    noon.move_to(visit.starts_at - dt.timedelta(minutes=15))
    jobs.show_ways_in()
    jobs.show_ways_in()

    assert codes(talk.conversation).count("video_open") == 1
    shown = [get_conversation(who, talk.pk).last_message for who in (talk.one, talk.two)]
    assert [row.way.href for row in shown] == [
        f"/api/v1/appointments/{visit.pk}/join",
        f"/api/v1/doctor/appointments/{visit.pk}/host-link",
    ]


def test_a_moved_consultation_opens_at_its_new_time_and_a_cancelled_one_never(noon):
    moved, cancelled = visit_scenes.confirm(), visit_scenes.confirm()
    was = moved.starts_at
    visit_scenes.reschedule(moved)
    visit_scenes.cancel(cancelled)

    noon.move_to(was)
    jobs.show_ways_in()
    assert not Message.objects.filter(code="video_open").exists()
    noon.move_to(moved.starts_at)
    jobs.show_ways_in()

    assert [row.conversation.subject_id for row in Message.objects.filter(code="video_open")] == [moved.pk]
    assert clock.now() >= moved.starts_at
