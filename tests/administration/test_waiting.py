"""What waits for a person is seen with its facts by those who may, decided by a service, and then waits no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from appointments.models import BreakGlass, Doctor
from common import clock, outbox
from common.models import OutboxEvent
from config.waiting.registry import DESKS
from notifications.models import Delivery, WebhookEndpoint
from notifications.services import support
from notifications.services.support import Side
from notifications.states import TicketAuthor
from partners.models import Complaint, ComplaintEvent, Partner, PartnerEvent
from payments.models import Payment, Payout
from tests.administration.scenes import a_month
from tests.appointments.factories import make_doctor
from tests.chat.scenes import report, say, talk_of_donor
from tests.factories import make_user
from tests.notifications.factories import make_sent
from tests.partners.factories import make_listing, make_partner

pytestmark = pytest.mark.django_db
QUEUES = [queue for desk in DESKS for queue in desk.queues]


def page(desk: str) -> str:
    return reverse("admin:waiting", args=[desk])


def act(client: Client, desk: str, queue: str, verb: str, case: Any, words: str = "The register says so.") -> Any:
    said = {"queue": queue, "verb": verb, "case": str(case), "words": words}
    return client.post(page(desk), said, follow=True)


@pytest.mark.parametrize(("verb", "after"), [("approve", "live"), ("reject", "rejected")])
def test_a_partner_is_decided_in_the_administrators_name(site: Client, verb: str, after: str) -> None:
    partner = make_partner(status="pending", name="Lakeside")

    before = site.get(page("approvals")).content.decode()
    reply = act(site, "approvals", "partners", verb, partner.pk)

    assert "Lakeside" in before
    assert Partner.objects.get(pk=partner.pk).status == after
    assert PartnerEvent.objects.get().actor == f"admin {reply.context['user'].pk}"
    assert "Lakeside" not in reply.content.decode()


def test_what_is_claimed_stands_beside_what_is_listed(site: Client) -> None:
    make_listing(status="pending", name="Red Cross", city="Pune", claimed_profile={"name": "Red Cross Pune"})

    shown = site.get(page("approvals")).content.decode()

    assert "<td>Red Cross</td><td>Red Cross Pune</td>" in shown


@pytest.mark.parametrize(("verb", "after"), [("approve", "live"), ("reject", "rejected")])
def test_a_doctor_is_decided(site: Client, verb: str, after: str) -> None:
    doctor = make_doctor(status="pending", approved_at=None)

    act(site, "approvals", "doctors", verb, doctor.pk)

    assert Doctor.objects.get(pk=doctor.pk).status == after


def test_a_refusal_needs_a_reason(site: Client) -> None:
    partner = make_partner(status="pending")

    reply = act(site, "approvals", "partners", "reject", partner.pk, words=" ")

    assert "say why" in reply.content.decode()
    assert Partner.objects.get(pk=partner.pk).status == "pending"


def test_a_case_that_somebody_else_has_decided_is_said_so(site: Client) -> None:
    partner = make_partner(status="rejected")

    reply = act(site, "approvals", "partners", "approve", partner.pk)

    assert reply.status_code == 200
    assert "not possible" in reply.content.decode()


def test_a_complaint_is_taken_answered_and_resolved(site: Client) -> None:
    a_month()
    case = Complaint.objects.first()

    for verb in ("take", "note", "answer", "resolve"):
        act(site, "complaints", "complaints", verb, case.pk, words="We have spoken with the bank.")

    row = Complaint.objects.get(pk=case.pk)
    assert (row.status, row.answer) == ("resolved", "We have spoken with the bank.")
    assert list(ComplaintEvent.objects.values_list("verb", flat=True)) == ["take", "note", "answer", "resolve"]


def test_a_dead_message_goes_once_more_and_a_dead_event_is_told_again(site: Client) -> None:
    message = make_sent(status="dead")
    event = OutboxEvent.objects.create(
        name="order.late", key="1", created_at=clock.now(), available_at=clock.now(), attempts=outbox.MAX_ATTEMPTS
    )

    act(site, "messages", "dead-messages", "replay", message.pk)
    act(site, "events", "dead-events", "replay", event.pk)

    assert Delivery.objects.get(pk=message.pk).status == "queued"
    assert not outbox.dead_events().exists()


def test_a_question_is_taken_on_and_answered(site: Client) -> None:
    side = Side(TicketAuthor.PERSON, make_user().pk)
    ticket = support.ask(side=side, category="order", subject="Where is it?", said=support.words("My bag is late."))

    before = site.get(page("support")).content.decode()
    for verb in ("assign", "answer"):
        act(site, "support", "support", verb, ticket.pk, words="It is on its way.")

    assert "My bag is late." in before
    ticket.refresh_from_db()
    assert (ticket.status, ticket.messages.latest("pk").text) == ("answered", "It is on its way.")
    assert "My bag is late." not in site.get(page("support")).content.decode()


@pytest.mark.parametrize(
    ("verb", "after"), [("dismiss", "dismissed"), ("warn", "warned"), ("close", "closed"), ("block", "blocked")]
)
def test_a_reported_message_is_decided_and_its_words_stay_on_the_report_s_page(
    site: Client, verb: str, after: str
) -> None:
    talk = talk_of_donor()
    row = report(talk, talk.one, say(talk, talk.two, "Bring 2000 rupees."), words="He wants money.")

    shown = site.get(page("chats")).content.decode()
    act(site, "chats", "chat-reports", verb, row.pk)

    assert f"/admin/chat/report/{row.pk}/change/" in shown
    assert "rupees" not in shown
    assert "wants money" not in shown
    row.refresh_from_db()
    assert row.status == after


def test_a_webhook_that_fails_waits_for_somebody_and_one_that_its_owner_ended_does_not(site: Client) -> None:
    now = clock.now()
    values = {"partner": make_partner(name="Lakeside"), "event_types": ["*"], "secret": "x"}
    off = {"status": "disabled", "disabled_at": now}
    WebhookEndpoint.objects.create(url="https://tried.example/", failing_since=now, **values)
    WebhookEndpoint.objects.create(url="https://off.example/", disabled_reason="failing", **off, **values)
    WebhookEndpoint.objects.create(url="https://fine.example/", **values)
    WebhookEndpoint.objects.create(url="https://ended.example/", disabled_reason="owner", **off, **values)

    shown = site.get(page("webhooks")).content.decode()

    assert [name for name in ("tried", "off", "fine", "ended") if f"https://{name}.example/" in shown] == [
        "tried",
        "off",
    ]


def test_an_emergency_is_reviewed_once(site: Client) -> None:
    a_month()
    row = BreakGlass.objects.first()

    act(site, "emergencies", "emergencies", "unjustified", row.pk)
    again = act(site, "emergencies", "emergencies", "justified", row.pk)

    assert BreakGlass.objects.get(pk=row.pk).is_justified is False
    assert "not possible" in again.content.decode()


def test_each_queue_counts_what_it_shows_and_the_badge_says_so(site: Client) -> None:
    a_month()

    shown = {desk.key: site.get(page(desk.key)).context["shown"] for desk in DESKS}

    assert {one["queue"].key: len(one["cases"]) for found in shown.values() for one in found} == {
        queue.key: queue.count() for queue in QUEUES
    }
    assert Payment.objects.filter(status="held").count() == len(shown["money"][0]["cases"]) > 0
    assert Payout.objects.filter(status="failed").count() == len(shown["money"][2]["cases"]) > 0
    sidebar = site.get(reverse("admin:index")).context["sidebar_navigation"][1]["items"]
    assert {item["title"]: item.get("badge") for item in sidebar}["Approvals"] == "5"


@pytest.mark.parametrize("desk", DESKS, ids=lambda desk: desk.key)
def test_who_may_not_see_a_queue_gets_no_page_of_it(clerk: Callable[..., Client], desk: Any) -> None:
    reply = clerk("requests_app.view_wave").get(page(desk.key))

    assert reply.status_code == 403


def test_who_may_only_look_decides_nothing(clerk: Callable[..., Client]) -> None:
    partner = make_partner(status="pending", name="Lakeside")
    client = clerk("partners.view_partner")

    shown = client.get(page("approvals")).content.decode()
    reply = act(client, "approvals", "partners", "approve", partner.pk)

    assert "Lakeside" in shown
    assert 'name="verb"' not in shown
    assert reply.status_code == 403
    assert Partner.objects.get(pk=partner.pk).status == "pending"


@pytest.mark.parametrize(
    ("queue", "verb", "case"), [("partners", "eat", "1"), ("nobody", "approve", "1"), ("partners", "approve", "1")]
)
def test_what_is_no_case_is_not_found(site: Client, queue: str, verb: str, case: str) -> None:
    reply = act(site, "approvals", queue, verb, case)

    assert reply.status_code == 404


def test_a_desk_asks_no_more_for_many_cases_than_for_one(site: Client) -> None:
    make_partner(status="pending")
    site.get(page("approvals"))
    with CaptureQueriesContext(connection) as one:
        site.get(page("approvals"))
    for _ in range(12):
        make_partner(status="pending")

    with CaptureQueriesContext(connection) as many:
        site.get(page("approvals"))

    assert len(many) == len(one)
