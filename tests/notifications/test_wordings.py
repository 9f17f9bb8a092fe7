"""What administrators write is checked, kept in versions, said by every channel, and never in a message's way."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from notifications import wordings
from notifications.errors import WordingInvalid
from notifications.kinds import Kind
from notifications.models import Delivery, Wording
from notifications.services.wording import go_back, write
from notifications.states import Channel, TextForm
from notifications.templates import Words, placeholders, texts
from tests.notifications.factories import make_person, recipient_of, tell
from users.models import User

pytestmark = pytest.mark.django_db
ADD = "/admin/notifications/wording/add/"


@pytest.fixture
def meera():
    return User.objects.create_superuser(phone="+919876543210", password="seven quiet tamarinds", name="Meera")


def say(body, meera, form=TextForm.SMS, kind=Kind.UNLOCKED, **values) -> Wording:
    given = {"kind": kind, "language": "en", "form": form, "title": "", "body": body, "by_id": meera.pk}
    return write(**{**given, **values})


def unlock(person, occasion="one") -> None:
    tell(kind=Kind.UNLOCKED, occasion=occasion, recipients=[recipient_of(person)])


def bodies() -> list[str]:
    return list(Delivery.objects.filter(channel="sms").order_by("pk").values_list("body", flat=True))


def test_every_placeholder_has_a_sample_and_every_packaged_text_passes_its_own_check():
    names = {name for kind in Kind for text in texts("en")[kind].values() for name in placeholders(text)}

    assert names <= set(wordings.SAMPLES)
    for kind in Kind:
        for form in wordings.forms_of(kind):
            assert wordings.faults(kind, "en", form, wordings.packaged_words(kind, "en", form)) == {}


def test_what_is_written_is_said_from_then_on_and_the_way_back_is_a_version_too(meera):
    person = make_person()
    say("Welcome back!", meera)
    unlock(person)
    go_back(kind=Kind.UNLOCKED, language="en", form=TextForm.SMS, by_id=meera.pk)
    unlock(person, "two")

    assert bodies() == ["Welcome back!", texts("en")["unlocked"]["sms"]]
    versions = Wording.objects.order_by("version").values_list("version", "body", "written_by")
    assert list(versions) == [(1, "Welcome back!", meera.pk), (2, "", meera.pk)]


def test_the_inbox_wording_is_what_whatsapp_e_mail_and_push_say_unless_they_have_their_own(meera):
    say("Back: {amount}.", meera, form=TextForm.INBOX, kind=Kind.REFUND_SENT, title="Money")
    say("Back with us: {amount}", meera, form=TextForm.WHATSAPP, kind=Kind.REFUND_SENT)
    wordings.forget()

    said = wordings.sample(Kind.REFUND_SENT, "en", wordings.current())

    assert (said.title, said.inbox) == ("Money", "Back: INR 1,250.00.")
    assert said.by_channel[Channel.WHATSAPP].startswith("*Money*\nBack with us: INR 1,250.00\n")
    assert said.by_channel[Channel.EMAIL].startswith("Money\n\nBack: INR 1,250.00.")
    assert (said.titles[Channel.PUSH], said.by_channel[Channel.PUSH]) == ("Money", "Back: INR 1,250.00.")


@pytest.mark.parametrize(
    ("kind", "form", "title", "body", "field"),
    [
        (Kind.CODE, TextForm.SMS, "", "Your code.", "body"),
        (Kind.CODE, TextForm.SMS, "", "{code} {minutes} {phone}", "body"),
        (Kind.CODE, TextForm.SMS, "Code", "{code} {minutes}", "title"),
        (Kind.CODE, TextForm.SMS, "", "{code} {minutes} " + "long " * 120, "body"),
        (Kind.CODE, TextForm.SMS, "", "{code {minutes}", "body"),
        (Kind.CODE, TextForm.SMS, "", "{code.real} {minutes}", "body"),
        (Kind.CODE, TextForm.SMS, "", "{code!r} {minutes}", "body"),
        (Kind.CODE, TextForm.SMS, "", "{code} {minutes}\x00", "body"),
        (Kind.CODE, TextForm.INBOX, "", "{code} {minutes}", "form"),
        (Kind.PRESCRIPTION_READY, TextForm.PUSH, "", "A prescription", "form"),
        (Kind.UNLOCKED, TextForm.INBOX, "{title.__class__}", "Hello", "title"),
        (Kind.UNLOCKED, TextForm.INBOX, "Hello", "  ", "body"),
    ],
)
def test_what_cannot_be_sent_is_refused_by_the_field_and_nothing_is_kept(meera, kind, form, title, body, field):
    with pytest.raises(WordingInvalid) as refusal:
        say(body, meera, kind=kind, form=form, title=title)

    assert refusal.value.facts["field"] == field
    assert not Wording.objects.exists()


@pytest.mark.parametrize("body", ["Your code.", "{code} {nothing} {minutes}", "{code"])
def test_a_wording_that_no_longer_fits_is_passed_over(body):
    Wording.objects.create(kind=Kind.CODE, language="en", form="sms", version=1, body=body)
    Wording.objects.create(kind="gone", language="en", form="sms", version=1, body="x")
    wordings.forget()

    said = wordings.sample(Kind.CODE, "en", wordings.current())

    assert said.by_channel[Channel.SMS].startswith("048219 is your JeevanSetu code")


def test_one_that_cannot_be_filled_gives_way_to_the_packaged_text():
    broken = {(Kind.CODE, "en", TextForm.SMS): Words("", "{nothing}")}

    assert wordings.sample(Kind.CODE, "en", broken).by_channel[Channel.SMS].startswith("048219 is your")


def test_a_process_looks_for_new_wordings_once_in_a_while_and_not_per_recipient(meera, noon):
    wordings.forget()
    with CaptureQueriesContext(connection) as queries:
        for _ in range(5):
            wordings.current()

    assert len([query for query in queries if "notifications_wording" in query["sql"]]) in (1, 2)
    Wording.objects.create(kind=Kind.UNLOCKED, language="en", form="sms", version=1, body="From elsewhere")
    noon.shift(wordings.FRESH_FOR)
    assert wordings.current()[(Kind.UNLOCKED, "en", "sms")].body == "From elsewhere"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a" * 160, ("GSM-7", 1)),
        ("a" * 161, ("GSM-7", 2)),
        ("a" * 154 + "€€€", ("GSM-7", 1)),
        ("a" * 155 + "€€€", ("GSM-7", 2)),
        ("অ" * 70, ("UCS-2", 1)),
        ("अ" * 71, ("UCS-2", 2)),
        ("😀" * 36, ("UCS-2", 2)),
    ],
)
def test_an_sms_is_counted_as_the_network_counts(text, expected):
    assert wordings.segments(text) == expected


def test_the_editor_shows_before_it_keeps_and_says_at_the_field_what_is_wrong(meera):
    client = Client()
    client.force_login(meera)
    draft = {"kind": "code", "language": "en", "form": "sms", "title": "", "body": "Code {code}, {minutes} min."}

    begun = client.get(f"{ADD}?kind=code&language=en&form=sms").content.decode()
    shown = client.post(ADD, {**draft, "_preview": "Preview"}).content.decode()
    refused = client.post(ADD, {**draft, "body": "No code"}).content.decode()
    kept_before = Wording.objects.count()
    client.post(ADD, draft)

    assert "{code} is your JeevanSetu code" in begun
    assert "Code 048219, 5 min." in shown
    assert "GSM-7, segments: 1" in shown
    assert "These are missing: {code}, {minutes}." in refused
    assert kept_before == 0
    row = Wording.objects.get()
    assert (row.body, row.version, row.written_by) == ("Code {code}, {minutes} min.", 1, meera)
    assert "Code 048219" in client.get(f"/admin/notifications/wording/{row.pk}/change/").content.decode()
    client.post("/admin/notifications/wording/", {"action": "go_back", "_selected_action": [row.pk]})
    assert Wording.objects.get(version=2).is_packaged
