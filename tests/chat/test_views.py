"""Conversations over HTTP, by people and by members."""

from __future__ import annotations

import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from chat.services import reporting
from chat.services.following import Effect
from chat.states import ChatStep
from partners.states import Role
from tests.chat.scenes import report, say, take, talk_of_donor, talk_of_partners, talk_of_patient
from tests.donations.camp_scenes import finish, make_camp
from tests.factories import make_hospital, make_user, member_client, person_client
from tests.files import picture
from tests.partners.factories import make_member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unthrottled")]
CHATS = "/api/v1/conversations"
OURS = "/api/v1/partner/conversations"


def message(text: str = "I am at the gate.") -> dict[str, str]:
    return {"client_id": str(uuid.uuid4()), "text": text}


def queries_of(client, path: str) -> tuple[int, list]:
    with CaptureQueriesContext(connection) as queries:
        reply = client.get(path)
    return len(queries), reply.json()["results"]


def test_two_sides_talk_and_each_sees_its_own_view():
    talk = talk_of_donor(make_user(language="hi"))
    donor, desk = person_client(talk.first), member_client(talk.second)

    written = donor.post(f"{CHATS}/{talk.pk}/messages", message("मेरा नंबर ९८७६५ ४३२१०"), format="json")
    answered = desk.post(
        f"{OURS}/{talk.pk}/messages", {"client_id": str(uuid.uuid4()), "quick_reply": "we_are_waiting"}, format="json"
    )

    assert (written.status_code, written.json()["text"]) == (201, "मेरा नंबर ••••••")
    assert answered.json()["text"] == "We are waiting for you."
    row = donor.get(CHATS).json()["results"][0]
    assert (row["unread"], row["role"], row["other"]["role"]) == (1, "donor", "centre")
    assert row["last_message"]["text"] == "हम आपका इंतज़ार कर रहे हैं।"
    assert row["last_message"]["client_id"] is None
    theirs = desk.get(f"{OURS}/{talk.pk}").json()
    assert (theirs["unread"], theirs["other"]["name"], theirs["masks"]) == (1, "", True)


def test_a_repeated_post_answers_200_with_the_same_message():
    talk, body = talk_of_donor(), message()
    client = person_client(talk.first)

    replies = [client.post(f"{CHATS}/{talk.pk}/messages", body, format="json") for _ in range(2)]

    assert [reply.status_code for reply in replies] == [201, 200]
    assert replies[0].json() == replies[1].json()


def test_whoever_asks_for_what_follows_a_number_misses_nothing():
    talk = talk_of_donor()
    for _ in range(5):
        say(talk, talk.one)
    client = person_client(talk.first)

    newest = client.get(f"{CHATS}/{talk.pk}/messages?limit=2").json()
    first = client.get(f"{CHATS}/{talk.pk}/messages?after=2&limit=3").json()
    rest = client.get(first["next"]).json()

    assert [row["number"] for row in newest["results"]] == [6, 5]
    assert [row["number"] for row in client.get(newest["next"]).json()["results"]] == [4, 3]
    assert [row["number"] for page in (first, rest) for row in page["results"]] == [3, 4, 5, 6]
    assert rest["next"] is None


def test_a_file_is_shown_by_a_link_to_the_two_and_to_nobody_else():
    talk = talk_of_donor()
    file = SimpleUploadedFile("me.png", picture("PNG"), content_type="image/png")
    donor = person_client(talk.first)
    sent = donor.post(f"{CHATS}/{talk.pk}/files", {"client_id": str(uuid.uuid4()), "file": file}, format="multipart")
    address = f"{talk.pk}/messages/{sent.json()['id']}/file"

    assert (sent.status_code, sent.json()["file"]["content_type"]) == (201, "image/png")
    url = member_client(talk.second).get(f"{OURS}/{address}").json()["url"]
    assert donor.get(url).content == picture("PNG")
    assert person_client(make_user()).get(f"{CHATS}/{address}").status_code == 404
    donor.delete(f"{CHATS}/{talk.pk}/messages/{sent.json()['id']}")
    assert member_client(talk.second).get(f"{OURS}/{address}").json()["code"] == "message_has_no_file"


def test_what_is_no_picture_and_no_pdf_is_refused():
    talk = talk_of_donor()
    file = SimpleUploadedFile("me.png", b"<script>", content_type="image/png")
    body = {"client_id": str(uuid.uuid4()), "file": file}

    reply = person_client(talk.first).post(f"{CHATS}/{talk.pk}/files", body, format="multipart")

    assert (reply.status_code, reply.json()["code"]) == (400, "file_type_unknown")


@pytest.mark.parametrize("body", [{}, {"client_id": "x"}, {"client_id": str(uuid.uuid4()), "text": "a" * 2001}])
def test_a_wrong_shape_is_told(body):
    talk = talk_of_donor()

    assert person_client(talk.first).post(f"{CHATS}/{talk.pk}/messages", body, format="json").status_code == 400


def test_members_see_the_conversations_of_their_role():
    talk, order = talk_of_donor(), talk_of_partners()
    owner = talk.second
    keeper = make_member(owner.partner, name="Meera", role=Role.INVENTORY)
    sender = make_member(order.second.partner, name="Tara", role=Role.COORDINATOR)

    seen = [len(member_client(who).get(OURS).json()["results"]) for who in (owner, keeper, order.second, sender)]

    assert seen == [1, 0, 1, 0]
    assert member_client(keeper).get(f"{OURS}/{talk.pk}").status_code == 404


def test_strangers_find_nothing_behind_any_address():
    talk = talk_of_donor()
    said = say(talk, talk.two)
    stranger, other = person_client(make_user()), member_client(make_hospital())
    one = f"messages/{said.pk}"

    for client, base in ((stranger, CHATS), (other, OURS)):
        replies = [
            client.get(f"{base}/{talk.pk}{rest}") for rest in ("", "/messages", "/quick-replies", f"/{one}/file")
        ]
        replies += [
            client.post(f"{base}/{talk.pk}/messages", message(), format="json"),
            client.post(f"{base}/{talk.pk}/read", {"number": 1}, format="json"),
            client.post(f"{base}/{talk.pk}/typing"),
            client.post(f"{base}/{talk.pk}/{one}/report", {"reason": "spam"}, format="json"),
            client.delete(f"{base}/{talk.pk}/{one}"),
        ]
        assert {reply.status_code for reply in replies} == {404}


def test_reading_typing_and_counting():
    talk = talk_of_donor()
    say(talk, talk.two)
    donor = person_client(talk.first)
    assert donor.get(f"{CHATS}/unread").json() == {"conversations": 1, "messages": 1}

    read = donor.post(f"{CHATS}/{talk.pk}/read", {"number": 2}, format="json")

    assert (read.json()["unread"], read.json()["read_up_to"]) == (0, 2)
    assert donor.get(f"{CHATS}/unread").json() == {"conversations": 0, "messages": 0}
    assert donor.post(f"{CHATS}/{talk.pk}/typing").status_code == 204
    codes = [row["code"] for row in donor.get(f"{CHATS}/{talk.pk}/quick-replies").json()]
    assert codes[:3] == ["on_my_way", "reached", "delayed"]


def test_a_report_is_taken_once():
    talk = talk_of_donor()
    said = say(talk, talk.two)
    address, donor = f"{CHATS}/{talk.pk}/messages/{said.pk}/report", person_client(talk.first)

    replies = [donor.post(address, {"reason": "money", "words": "2 000 rupees"}, format="json") for _ in range(2)]

    assert [reply.status_code for reply in replies] == [201, 409]
    assert replies[0].json()["status"] == "open"


def test_a_closed_conversation_is_read_and_no_more_written():
    talk = talk_of_donor()
    say(talk, talk.one)
    take(talk, ChatStep.RELEASED, Effect.ENDS)
    talk.conversation.closes_at = talk.conversation.opened_at
    talk.conversation.save()
    donor = person_client(talk.first)

    refused = donor.post(f"{CHATS}/{talk.pk}/messages", message(), format="json")

    assert (refused.status_code, refused.json()["code"]) == (409, "conversation_closed")
    assert len(donor.get(f"{CHATS}/{talk.pk}/messages").json()["results"]) == 3
    assert len(donor.get(f"{CHATS}?status=closed").json()["results"]) == 1
    assert donor.get(f"{CHATS}?status=open").json()["results"] == []
    found = donor.get(f"{CHATS}?subject_kind=assignment&subject={talk.conversation.subject_id}").json()
    assert [row["id"] for row in found["results"]] == [str(talk.pk)]


def test_the_desk_still_talks_while_a_camp_s_report_is_due(noon):
    talk = talk_of_donor()
    camp = make_camp(talk.second)
    finish(camp, noon)

    reply = member_client(talk.second).post(f"{OURS}/{talk.pk}/messages", message(), format="json")

    assert reply.status_code == 201


def test_a_list_costs_the_same_for_one_conversation_and_for_twenty():
    user, owner = make_user(), make_hospital()
    say(first := talk_of_donor(user, owner), first.two)
    say(visit := talk_of_patient(), visit.one)
    doctor = visit.second
    clients = [(person_client(user), CHATS), (member_client(owner), OURS)]
    few = [queries_of(client, base)[0] for client, base in clients]
    for _ in range(19):
        say(talk := talk_of_donor(user, owner), talk.one)

    found = [queries_of(client, base) for client, base in clients]

    assert [len(rows) for _, rows in found] == [20, 20]
    assert [count for count, _ in found] == few
    named = person_client(doctor).get(CHATS).json()["results"][0]["other"]["name"]
    assert named == visit.first.name
    assert person_client(visit.first).get(CHATS).json()["results"][0]["other"]["name"].startswith("Dr")


def test_messages_cost_the_same_for_one_and_for_twenty():
    talk = talk_of_donor()
    client = person_client(talk.first)
    few, _ = queries_of(client, f"{CHATS}/{talk.pk}/messages")
    for _ in range(19):
        say(talk, talk.two)

    many, rows = queries_of(client, f"{CHATS}/{talk.pk}/messages")

    assert (len(rows), many) == (20, few)


def test_messages_are_throttled_by_account_and_reading_is_not(settings):
    settings.THROTTLES = {**settings.THROTTLES, "chat_message": "2/h"}
    talk = talk_of_donor()
    donor = person_client(talk.first)

    written = [donor.post(f"{CHATS}/{talk.pk}/messages", message(), format="json").status_code for _ in range(3)]

    assert written == [201, 201, 429]
    assert donor.get(f"{CHATS}/{talk.pk}/messages").status_code == 200


def test_a_blocked_sender_is_told_so():
    talk = talk_of_donor()
    row = report(talk, talk.two, say(talk, talk.one))
    reporting.decide(report_id=row.pk, admin_id=make_user().pk, verb="block")

    reply = person_client(talk.first).post(f"{CHATS}/{talk.pk}/messages", message(), format="json")

    assert (reply.status_code, reply.json()["code"]) == (403, "chat_blocked")
