"""E-mails go out by the same queue as everything else, and bring an invitation that calendars understand."""

from __future__ import annotations

import smtplib
import uuid
from dataclasses import replace

import pytest

from common import clock, outbox
from notifications.gateways import Outgoing, Refused, TryLater, Unknown
from notifications.kinds import Kind
from notifications.mail import Carriers, SmtpGateway, compose
from notifications.models import Delivery
from notifications.optouts import read_link
from notifications.owners import Owner
from notifications.states import Channel, DeliveryStatus
from tests.notifications.factories import FakeGateway, make_person, recipient_of, tell, work
from users.selectors import contacts

pytestmark = pytest.mark.django_db
INVITATION = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n"


def letter(**values) -> Outgoing:
    defaults = {
        "delivery_id": uuid.uuid4(),
        "channel": Channel.EMAIL,
        "to": "asha@example.org",
        "body": "Ihr Termin",
        "language": "en",
        "attempt": 1,
        "subject": "आपका अपॉइंटमेंट",
    }
    return Outgoing(**{**defaults, **values})


@pytest.fixture
def post(sandbox, settings):
    settings.SMTP_URL, settings.MAIL_FROM = sandbox.smtp_url, "visits@jeevansetu.example"
    return sandbox


def carriers() -> Carriers:
    return Carriers(text=FakeGateway(), mail=SmtpGateway(), push=FakeGateway())


def invite(person, **values) -> None:
    recipient = replace(recipient_of(person), email=person.email, **values)
    facts = {"doctor": "Dr Asha Rao", "at": clock.now()}
    tell(kind=Kind.VISIT_REMINDER, occasion="one", recipients=[recipient], facts=facts)


def test_a_mail_arrives_with_its_text_its_invitation_and_the_file(post):
    SmtpGateway().send(letter(invitation=INVITATION, body="Line one\n.\nLine three"))

    (mail,) = post.messages("asha@example.org")
    assert (mail["channel"], mail["from"], mail["subject"]) == ("email", "visits@jeevansetu.example", "आपका अपॉइंटमेंट")
    assert mail["body"].splitlines() == ["Line one", ".", "Line three"]
    assert (mail["method"], mail["files"]) == ("REQUEST", ["invite.ics"])
    assert mail["calendar"].splitlines() == INVITATION.splitlines()


def test_whoever_has_an_address_is_told_by_mail_besides(post):
    invite(make_person(email="asha@example.org"), invitation=INVITATION)

    work(carriers())

    states = dict(Delivery.objects.values_list("channel", "status"))
    assert states == dict.fromkeys(["sms", "whatsapp", "email"], "sent")
    assert post.messages("asha@example.org")[0]["method"] == "REQUEST"


@pytest.mark.parametrize(("email", "server"), [("", "smtp://127.0.0.1:1"), ("asha@example.org", "")])
def test_without_an_address_or_a_server_there_is_no_mail(settings, email, server):
    settings.SMTP_URL = server

    invite(make_person(email=email))

    assert set(Delivery.objects.values_list("channel", flat=True)) == {"sms", "whatsapp"}


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("rate_limit", TryLater),
        ("error_5xx", TryLater),
        ("undelivered", Refused),
        ("lost_request", Unknown),
        ("lost_reply", Unknown),
    ],
)
def test_each_way_to_fail_is_told_apart(post, fault, kind):
    post.faults(**{fault: 1}, channel="email")

    with pytest.raises(kind):
        SmtpGateway().send(letter())


def test_a_server_that_is_not_there_is_tried_again_later(settings):
    settings.SMTP_URL = "smtp://127.0.0.1:1"

    with pytest.raises(TryLater):
        SmtpGateway().send(letter())


def test_no_password_goes_to_a_server_without_tls(post, settings):
    settings.SMTP_URL = post.smtp_url.replace("smtp://", "smtp://name:secret@")

    with pytest.raises(TryLater, match="no_tls"):
        SmtpGateway().send(letter())


def test_a_mail_whose_reply_was_lost_goes_once_more_under_the_same_id(post, settings):
    settings.DISPATCH_GRACE = settings.DISPATCH_GRACE * 0
    post.faults(lost_reply={"times": 1}, channel="email")
    invite(make_person(email="asha@example.org"))

    work(carriers())
    Delivery.objects.filter(status=DeliveryStatus.IN_DOUBT).update(run_at=clock.now())
    work(carriers())

    mails = post.messages("asha@example.org")
    assert len({mail["message_id"] for mail in mails}) == 1
    assert Delivery.objects.get(channel=Channel.EMAIL).state is DeliveryStatus.SENT


def test_a_mailbox_that_refuses_ends_the_delivery_and_not_the_others(post):
    post.faults(undelivered=1, channel="email")
    invite(make_person(email="asha@example.org"))

    work(carriers())

    states = dict(Delivery.objects.values_list("channel", "status"))
    assert states == {"sms": "sent", "whatsapp": "sent", "email": "dead"}


def test_a_mailbox_that_is_none_gets_no_more_mails_until_it_is_verified_anew(post):
    post.faults(undelivered=1, channel="email")
    person = make_person(email="asha@example.org", email_verified_at=clock.now())
    invite(person)
    work(carriers())

    outbox.drain()

    person.refresh_from_db()
    assert (person.email_status, contacts([person.pk])[person.pk].email) == ("refused", "")
    assert Delivery.objects.get(channel="email").error_code == "mailbox_550"


def test_a_server_that_refuses_for_a_policy_says_nothing_of_the_mailbox(post, monkeypatch):
    monkeypatch.setattr(smtplib.SMTP, "rcpt", lambda *_: (550, b"5.7.1 no mails from there"))

    with pytest.raises(Refused, match="^550$"):
        SmtpGateway().send(letter())


def test_a_mail_is_text_and_html_in_which_every_fact_is_escaped(post):
    SmtpGateway().send(letter(subject="A <b>visit</b>", body="A <b>visit</b>\n\n<script>alert(1)</script> & more"))

    (mail,) = post.messages("asha@example.org")
    assert mail["body"].startswith("A <b>visit</b>")
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in mail["html"]
    assert [mark for mark in ("<script", "<img", "src=", "A <b>") if mark in mail["html"]] == []
    assert mail["unsubscribe"] is None


def test_what_can_be_switched_off_says_how_in_its_headers_and_below(post):
    link = "https://jeevansetu.example/u/abc"

    SmtpGateway().send(letter(unsubscribe=link))

    (mail,) = post.messages("asha@example.org")
    assert (mail["unsubscribe"], mail["unsubscribe_post"]) == (f"<{link}>", "List-Unsubscribe=One-Click")
    assert link in mail["body"]
    assert f'href="{link}"' in mail["html"]


def test_the_link_of_a_mail_is_the_recipients_own_and_what_is_always_sent_has_none(post, settings):
    settings.PUBLIC_URL = "https://jeevansetu.example"
    person = make_person(email="asha@example.org", email_verified_at=clock.now())
    invite(person)
    changed = replace(recipient_of(person), email=person.email)
    tell(kind=Kind.PASSWORD_CHANGED, occasion="two", recipients=[changed], facts={"at": clock.now()})

    work(carriers())

    links = {mail["subject"]: mail["unsubscribe"] for mail in post.messages("asha@example.org")}
    assert links["Your password was changed"] is None
    token = links["Your appointment is near"].strip("<>").rpartition("/u/")[2]
    assert read_link(token).owner == Owner(user_id=person.pk)
    assert read_link(token).is_signed_for("asha@example.org")


@pytest.mark.parametrize("to", ["a@b.example\r\nBcc: all@b.example", "a\n@b"])
def test_an_address_that_is_none_is_refused_and_adds_no_header(to):
    with pytest.raises(Refused):
        compose(letter(to=to))


def test_the_text_of_an_invitation_is_sealed_in_the_database(post):
    invite(make_person(email="asha@example.org"), invitation=INVITATION)

    raw = (
        Delivery.objects.filter(channel="email").extra(select={"raw": "invitation::text"}).values_list("raw", flat=True)
    )

    assert b"VCALENDAR" not in bytes.fromhex(raw.get().removeprefix("\\x"))
