"""What began before there were conversations gets one when it is asked for, once, and as far as it has come."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from appointments.selectors.meetings import PATIENT_EARLY
from appointments.states import VisitKind
from chat import jobs
from chat.models import Conversation, Message
from chat.states import ChatStep
from requests_app.services import promises
from tests.appointments import visit_scenes
from tests.chat.scenes import codes
from tests.chat.test_following import drain, roles
from tests.factories import make_arrived, make_promise
from tests.orders import scenes as orders
from tests.stock import exchange

pytestmark = pytest.mark.django_db


def before_this_release() -> None:
    """Let everything that happened have been told where nobody knew of conversations."""
    drain()
    Message.objects.all().delete()
    Conversation.objects.all().delete()


def promised(promise):
    given = promise.assignment
    return given.pk, "accepted", {"donor": given.donor_id, "centre": given.request.partner_id}


def ordered(order):
    return order.pk, "placed", {"receiver": order.buyer_user_id, "bank": order.bank_id}


def sent(transfer):
    return transfer.pk, "offered", {"asker": transfer.partner_id, "sender": transfer.sender_id}


def booked(visit):
    return visit.pk, "confirmed", {"patient": visit.patient_id, "doctor": visit.doctor.user_id}


def offered():
    asker, sender = exchange.hospital(), exchange.bank(1, 1)
    return exchange.offer(sender, exchange.request(asker))


def on_the_way():
    asker, sender = exchange.hospital(), exchange.bank(1, 1)
    return exchange.fresh(exchange.under_way(asker, sender))


@pytest.mark.parametrize(
    ("begin", "has_met"),
    [
        (lambda: promised(make_promise()), False),
        (lambda: promised(make_arrived()), True),
        (lambda: ordered(orders.place(orders.make_bank(bags=2))), False),
        (lambda: ordered(orders.dispatched(orders.make_bank(bags=2))), True),
        (lambda: sent(exchange.fresh(offered())), False),
        (lambda: sent(on_the_way()), True),
        (lambda: booked(visit_scenes.confirm()), False),
    ],
    ids=["promise", "arrived", "order", "dispatched", "offer", "transfer on its way", "visit"],
)
def test_what_is_going_on_gets_its_conversation_as_far_as_it_has_come(begin, has_met):
    pk, code, sides = begin()
    before_this_release()

    opened = jobs.open_missing_conversations(), jobs.open_missing_conversations()

    found = Conversation.objects.get()
    assert opened == (1, 0)
    assert (found.subject_id, found.closes_at, found.unmasked_at is not None) == (pk, None, has_met)
    assert (codes(found), roles(found)) == ([code], sides)


def test_the_way_into_a_video_consultation_is_planned_as_well():
    visit = visit_scenes.confirm(kind=VisitKind.VIDEO)
    before_this_release()

    call_command("open_conversations")

    assert Conversation.objects.get().joinable_at == visit.starts_at - PATIENT_EARLY
    assert Message.objects.get().about_at == visit.starts_at


def test_what_is_over_gets_none(noon):
    given = make_promise().assignment
    promises.cancel_promise(assignment_id=given.pk, donor_id=given.donor_id, reason="ill")
    visit_scenes.cancel(visit_scenes.confirm())
    asker, sender = exchange.hospital(), exchange.bank(1, 1)
    exchange.cancel(asker, exchange.offer(sender, exchange.request(asker)))
    order = orders.place(orders.make_bank(bags=2))
    before_this_release()
    noon.move_to(order.due_at)

    assert jobs.open_missing_conversations() == 0


def test_what_is_still_to_be_told_is_left_to_its_own_event():
    given = make_promise().assignment

    assert jobs.open_missing_conversations() == 0

    drain()
    assert codes(Conversation.objects.get(subject_id=given.pk)) == [ChatStep.ACCEPTED]


def test_one_that_was_opened_late_follows_its_subject_from_then_on():
    given = make_promise().assignment
    before_this_release()
    jobs.open_missing_conversations()

    promises.cancel_promise(assignment_id=given.pk, donor_id=given.donor_id, reason="ill")
    drain()

    found = Conversation.objects.get()
    assert codes(found) == ["accepted", "cancelled"]
    assert found.closes_at is not None
