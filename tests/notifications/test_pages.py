"""Links in messages: GET shows and changes nothing, POST acts, and nobody else's link opens anything."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client

from common import clock, outbox
from notifications.models import Delivery, Mute, OptOut
from notifications.optouts import token_of
from notifications.owners import Owner
from notifications.preferences import choices_of
from notifications.states import Channel, Group
from tests.factories import make_user, person_client
from tests.notifications.factories import FakeGateway, make_person, work
from tests.partners.factories import make_member, make_partner

pytestmark = pytest.mark.django_db
EMAIL = "asha@example.org"


@pytest.fixture(autouse=True)
def public(settings):
    settings.PUBLIC_URL, settings.SMTP_URL = "https://jeevansetu.example", "smtp://mail.example"


def browser() -> Client:
    return Client(enforce_csrf_checks=True)


def token_for(person, channel=Channel.EMAIL, group=Group.MONEY) -> str:
    address = person.email if channel is Channel.EMAIL else person.phone
    return token_of(Owner(user_id=person.pk), channel=channel, group=group, address=address)


def muted() -> set[tuple[str, str]]:
    return set(Mute.objects.values_list("group", "channel"))


def test_the_page_shows_the_choice_for_its_channel_and_a_get_changes_nothing():
    person = make_person(email=EMAIL)
    Mute.objects.create(user=person, group=Group.CAMPS, channel=Channel.EMAIL)

    page = browser().get(f"/u/{token_for(person)}")

    text = page.content.decode()
    assert page.status_code == 200
    assert "a***@example.org" in text
    assert EMAIL not in text
    assert 'value="money" checked' in text
    assert 'value="camps">' in text
    assert page["Content-Security-Policy"].startswith("default-src 'none'")
    assert page["Referrer-Policy"] == "no-referrer"
    assert muted() == {("camps", "email")}


def test_one_click_of_a_mail_program_ends_the_group_that_the_mail_was_of():
    person = make_person(email=EMAIL)

    answer = browser().post(f"/u/{token_for(person)}", {"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    assert muted() == {("money", "email")}


def test_a_choice_is_kept_and_can_be_undone_from_the_answer():
    person = make_person(email=EMAIL)
    Mute.objects.create(user=person, group=Group.CAMPS, channel=Channel.EMAIL)
    path = f"/u/{token_for(person)}"

    done = browser().post(path, {"action": "none"}).content.decode()
    after = muted()
    before = [line.split('"')[5] for line in done.splitlines() if 'type="hidden" name="wanted"' in line]
    browser().post(path, {"action": "save", "wanted": before})

    assert {group for group, _ in after} == set(Group) - {Group.CRITICAL}
    assert muted() == {("camps", "email")}


def test_the_number_of_a_person_and_a_member_each_have_their_own_link():
    person, member = make_person(), make_member(make_partner())
    theirs = token_of(Owner(member_id=member.pk), channel=Channel.SMS, group=Group.ORDERS, address=member.phone)
    OptOut.objects.create(phone=person.phone, channel=Channel.SMS)

    shown = browser().get(f"/u/{token_for(person, Channel.SMS)}").content.decode()
    browser().post(f"/u/{theirs}", {"List-Unsubscribe": "One-Click"})

    assert "Write START" in shown
    assert not choices_of(Owner(member_id=member.pk)).wants(Group.ORDERS, Channel.SMS)
    assert Mute.objects.get().user is None


def test_a_link_for_another_address_another_account_or_of_nobody_opens_nothing():
    person, other = make_person(email=EMAIL), make_person(email=EMAIL)
    token = token_for(person)
    person.email = "asha@new.example"
    person.save()
    forged = token[:-2] + ("AA" if token[-2:] != "AA" else "BB")
    gone = token_for(other)
    other.is_active = False
    other.save()

    answers = [browser().post(f"/u/{one}", {"action": "none"}) for one in (token, forged, gone, "x", "%F0%9F%98%80")]

    assert [answer.status_code for answer in answers] == [404] * 5
    assert not Mute.objects.exists()


def test_a_page_is_in_the_readers_language():
    person = make_person(email=EMAIL, language="hi")

    assert "आप कौन-से संदेश चाहते हैं?" in browser().get(f"/u/{token_for(person)}").content.decode()
    assert "এই লিঙ্ক" in browser().get("/u/x", headers={"accept-language": "bn-BD,bn;q=0.9"}).content.decode()


def sent_link(gateway: FakeGateway) -> str:
    (letter,) = [sent for sent in gateway.given if sent.channel is Channel.EMAIL]
    return next(line for line in letter.body.splitlines() if "/v/" in line).partition("jeevansetu.example")[2]


def test_an_address_is_verified_by_whoever_opens_the_link_and_confirms():
    user = make_user(email=EMAIL)
    client, gateway = person_client(user), FakeGateway()
    asked = client.post("/api/v1/me/email/verify")
    outbox.drain()
    work(gateway)
    path = sent_link(gateway)

    seen = browser().get(path)
    still = client.get("/api/v1/me").json()["email_status"]
    done = browser().post(path)

    assert (asked.status_code, asked.json()["email_status"]) == (202, "unverified")
    assert (seen.status_code, still) == (200, "unverified")
    assert done.status_code == 200
    assert client.get("/api/v1/me").json()["email_status"] == "verified"
    assert Delivery.objects.get().body is None  # the link is a secret
    assert client.get("/api/v1/me/notifications").json()["results"] == []
    assert client.post("/api/v1/me/email/verify").json()["code"] == "email_already_verified"


def test_a_changed_address_is_unverified_and_its_old_link_is_worth_nothing(noon):
    user = make_user(email=EMAIL)
    client, gateway = person_client(user), FakeGateway()
    client.post("/api/v1/me/email/verify")
    outbox.drain()
    work(gateway)
    path = sent_link(gateway)
    type(user).objects.update(email_verified_at=clock.now())

    same = client.patch("/api/v1/me", {"email": EMAIL.upper()}, format="json").json()["email_status"]
    other = client.patch("/api/v1/me", {"email": "asha@new.example"}, format="json").json()["email_status"]

    assert (same, other) == ("verified", "unverified")
    assert browser().post(path).status_code == 404
    client.patch("/api/v1/me", {"email": EMAIL}, format="json")
    noon.shift(dt.timedelta(hours=24, seconds=5))
    assert browser().post(path).status_code == 404


def test_without_an_address_there_is_nothing_to_verify():
    answer = person_client(make_user()).post("/api/v1/me/email/verify")

    assert (answer.status_code, answer.json()["code"]) == (409, "email_missing")
