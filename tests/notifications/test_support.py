"""Questions to the administrators: asked by three sides, answered in time, read by nobody else."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from common import clock, outbox
from common.errors import IllegalTransition
from notifications.models import Delivery, Notification, SupportEvent, SupportMessage, SupportTicket
from notifications.services import support
from notifications.states import DAYS_TO_ANSWER, TicketCategory
from tests.donations.camp_scenes import begin, finish, make_camp
from tests.factories import PASSWORD, make_hospital, make_user, member_client, person_client
from tests.files import pdf
from tests.notifications.campaign_scenes import make_administrator
from tests.partners.factories import make_member, new_phone
from users.models import User
from users.services import erasure

URL, PARTNER_URL, CONTACT = "/api/v1/support-tickets", "/api/v1/partner/support-tickets", "/api/v1/contact"
BODY = {"category": "donation", "subject": "My donation is missing", "text": "I gave on Sunday."}
pytestmark = pytest.mark.django_db


def ask(client: APIClient, url: str = URL, **changes: Any) -> dict[str, Any]:
    answer = client.post(url, {**BODY, **changes}, format="json")
    assert answer.status_code in (201, 202), answer.content
    return dict(answer.json())


def answer(ticket_id: Any, text: str = "It is there now.") -> User:
    admin = make_administrator()
    support.answer(ticket_id=uuid.UUID(str(ticket_id)), admin_id=admin.pk, text=text)
    outbox.drain()
    return admin


def said(client: APIClient, ticket_id: str, url: str = URL) -> list[tuple[str, str]]:
    rows = client.get(f"{url}/{ticket_id}/messages").json()["results"]
    return [(row["author"], row["text"]) for row in reversed(rows)]


def test_a_person_asks_is_answered_told_replies_closes_and_reopens() -> None:
    person = make_user()
    client = person_client(person)
    ticket = ask(client)
    answer(ticket["id"])

    assert client.get(f"{URL}/{ticket['id']}").json()["status"] == "answered"
    assert Notification.objects.get(user=person).kind == "support_answered"
    assert "It is there" not in str(Delivery.objects.get().body)
    replied = client.post(f"{URL}/{ticket['id']}/messages", {"text": "I still do not see it."}, format="json")
    assert (replied.status_code, replied.json()["status"]) == (201, "open")
    assert client.post(f"{URL}/{ticket['id']}/close").json()["status"] == "closed"
    assert client.post(f"{URL}/{ticket['id']}/messages", {"text": "More"}, format="json").status_code == 409
    assert client.post(f"{URL}/{ticket['id']}/reopen").json()["status"] == "open"
    assert said(client, ticket["id"]) == [
        ("person", "I gave on Sunday."),
        ("administrator", "It is there now."),
        ("person", "I still do not see it."),
    ]
    assert list(SupportEvent.objects.order_by("pk").values_list("verb", flat=True)) == [
        *("open", "answer", "reply", "close", "reopen"),
    ]


def test_what_was_said_is_sealed_in_the_database() -> None:
    ask(person_client(make_user()))

    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM notifications_supportmessage")
        assert b"Sunday" not in bytes(cursor.fetchone()[0])


def test_the_members_of_a_partner_share_their_questions_and_nobody_else_reads_them() -> None:
    owner = make_hospital()
    colleague, stranger, person = make_member(owner.partner), make_member(), make_user()
    mine = ask(member_client(owner), PARTNER_URL, category="order")
    hers = ask(person_client(person))

    assert member_client(colleague).get(f"{PARTNER_URL}/{mine['id']}").status_code == 200
    for path in ("", "/messages"):
        assert member_client(stranger).get(f"{PARTNER_URL}/{mine['id']}{path}").status_code == 404
        assert person_client(make_user()).get(f"{URL}/{hers['id']}{path}").status_code == 404
    for verb in ("close", "reopen"):
        assert member_client(stranger).post(f"{PARTNER_URL}/{mine['id']}/{verb}").status_code == 404
        assert person_client(person).post(f"{URL}/{mine['id']}/{verb}").status_code == 404
    answer(mine["id"])
    assert Notification.objects.get().member_id == owner.pk


def test_a_partner_may_ask_though_a_camp_s_report_is_due(noon: time_machine.Coordinates) -> None:
    owner = make_hospital()
    camp = make_camp(owner)
    begin(camp, noon)
    finish(camp, noon)

    assert ask(member_client(owner), PARTNER_URL)["status"] == "open"


def test_a_visitor_gets_the_answer_by_sms_and_can_read_nothing_back() -> None:
    taken = ask(APIClient(), CONTACT, phone="98765 43210", language="en", category="account")
    answer(taken["id"], "Please sign in with your number and ask for a code.")

    sms = Delivery.objects.get()
    assert (sms.to, set(taken)) == ("+919876543210", {"id", "due_at"})
    assert "ask for a code" in str(sms.body)
    assert Notification.objects.get().user_id is None
    assert person_client(make_user()).get(f"{URL}/{taken['id']}").status_code == 404


def test_a_visitor_s_number_and_address_are_throttled(settings: Any) -> None:
    settings.THROTTLES = {**settings.THROTTLES, "support_phone": "1/d"}
    ask(APIClient(), CONTACT, phone="+919876543210")

    again = APIClient().post(CONTACT, {**BODY, "phone": "+919876543210"}, format="json")
    other = APIClient().post(CONTACT, {**BODY, "phone": "+919876543211"}, format="json")

    assert (again.status_code, other.status_code) == (429, 202)


@pytest.mark.parametrize(("category", "days"), [("privacy", 30), ("payment", 14)])
def test_each_category_has_a_published_day_by_which_it_is_answered(category: str, days: int) -> None:
    ask(person_client(make_user()), category=category)

    ticket = SupportTicket.objects.get()
    assert ticket.due_at - ticket.created_at == dt.timedelta(days=days)


def test_a_grievance_about_personal_data_is_answered_within_what_the_law_allows() -> None:
    assert DAYS_TO_ANSWER[TicketCategory.PRIVACY] <= 90
    assert set(DAYS_TO_ANSWER) == set(TicketCategory)


def test_a_file_comes_with_a_reply_and_is_seen_by_the_side_alone() -> None:
    client = person_client(make_user())
    ticket = ask(client)
    path = f"{URL}/{ticket['id']}/files"

    sent = client.post(path, {"file": SimpleUploadedFile("proof.pdf", pdf()), "text": "This."}, format="multipart")
    unsafe = client.post(path, {"file": SimpleUploadedFile("x.pdf", b"<script>")}, format="multipart")
    strange = person_client(make_user()).post(path, {"file": SimpleUploadedFile("p.pdf", pdf())}, format="multipart")

    assert (sent.status_code, unsafe.status_code, strange.status_code) == (201, 400, 404)
    shown = client.get(f"{URL}/{ticket['id']}/messages").json()["results"][0]["file"]
    assert shown["name"] == "proof.pdf"
    assert "/files/" in shown["url"]


def test_only_so_many_questions_are_open_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(support, "MOST_WAITING", 1)
    client = person_client(make_user())
    ask(client)

    refused = client.post(URL, BODY, format="json")

    assert (refused.status_code, refused.json()["code"]) == (409, "tickets_too_many")


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [({"category": "gossip"}, "/category"), ({"subject": " "}, "/subject"), ({"text": "x" * 4001}, "/text")],
)
def test_a_body_of_the_wrong_shape_is_pointed_at(changes: dict[str, Any], pointer: str) -> None:
    refused = person_client(make_user()).post(URL, {**BODY, **changes}, format="json")

    assert refused.status_code == 400
    assert [error["pointer"] for error in refused.json()["errors"]] == [pointer]


def test_settling_needs_an_answer_and_is_told() -> None:
    person = make_user()
    ticket = uuid.UUID(ask(person_client(person))["id"])
    admin = make_administrator()
    with pytest.raises(IllegalTransition):
        support.resolve(ticket_id=ticket, admin_id=admin.pk)

    answer(ticket)
    support.resolve(ticket_id=ticket, admin_id=admin.pk)
    outbox.drain()

    assert set(Notification.objects.filter(user=person).values_list("kind", flat=True)) == {
        *("support_answered", "support_resolved"),
    }


def test_administrators_work_on_questions_in_the_list_if_they_may() -> None:
    ticket = ask(person_client(make_user()))
    admin = make_administrator()
    looking = make_user(is_staff=True)
    looking.user_permissions.add(Permission.objects.get(codename="view_supportticket"))
    page = "/admin/notifications/supportticket/"

    def act(user: User, action: str, **values: str) -> None:
        client = Client()
        client.force_login(user)
        client.post(page, {"action": action, "_selected_action": ticket["id"], **values})

    act(looking, "assign")
    assert SupportTicket.objects.get().assigned_to is None
    act(admin, "assign")
    act(admin, "answer_words", words="We are looking.")
    act(admin, "resolve")

    row = SupportTicket.objects.get()
    assert (row.assigned_to_id, row.status) == (admin.pk, "resolved")
    client = Client()
    client.force_login(admin)
    shown = client.get(f"{page}{row.pk}/change/").content.decode()
    assert "We are looking." in shown
    assert client.get(page, {"due": "over"}).status_code == 200


def test_what_is_overdue_is_found(noon: time_machine.Coordinates) -> None:
    ask(person_client(make_user()))
    assert not SupportTicket.objects.get().is_overdue

    noon.shift(dt.timedelta(days=14))
    assert SupportTicket.objects.get().is_overdue
    assert SupportTicket.objects.get().due_at <= clock.now()


def test_of_somebody_who_is_forgotten_only_that_there_was_a_question_is_left() -> None:
    person = User.objects.create_user(new_phone(), PASSWORD, name="Asha")
    ticket = ask(person_client(person))
    path = f"{URL}/{ticket['id']}/files"
    person_client(person).post(path, {"file": SimpleUploadedFile("proof.pdf", pdf())}, format="multipart")

    erasure.erase(user_id=person.pk, password=PASSWORD)
    outbox.drain()

    row = SupportTicket.objects.get()
    assert (row.subject, row.category) == ("", "donation")
    assert set(SupportMessage.objects.values_list("file", flat=True)) == {None}
    assert {message.text for message in SupportMessage.objects.all()} == {""}


def test_lists_cost_the_same_for_one_and_for_many() -> None:
    client = person_client(make_user())

    def queries(path: str) -> int:
        with CaptureQueriesContext(connection) as found:
            assert client.get(path).status_code == 200
        return len(found)

    ticket = ask(client)
    few = queries(URL), queries(f"{URL}/{ticket['id']}/messages")
    for _ in range(4):
        ask(client)
        client.post(f"{URL}/{ticket['id']}/messages", {"text": "More."}, format="json")

    assert (queries(URL), queries(f"{URL}/{ticket['id']}/messages")) == few
