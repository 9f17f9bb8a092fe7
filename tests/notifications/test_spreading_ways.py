"""Where a batch of an announcement arrives: on devices, in mailboxes with the way out, on live streams."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from common import clock, live, outbox
from common.models import LiveChange
from common.sessions import SEEN_EVERY
from notifications.mail import Carriers, SmtpGateway
from notifications.models import Delivery, Mute, Notification, PushDevice
from notifications.owners import Owner
from notifications.services import announcing, batching
from notifications.services.choosing import choose
from notifications.states import Channel, Group, Platform
from partners.models import MemberSession
from sandbox.server import Sandbox
from tests.factories import make_donor, make_user
from tests.notifications.campaign_scenes import make_administrator, send_off, set_terms, write
from tests.notifications.factories import FakeGateway, add_device, sign_in, work
from tests.partners.factories import make_member, make_partner
from users.models import Session, User

pytestmark = pytest.mark.django_db
HINDI = {"title_hi": "दान दिवस", "body_hi": "रविवार को आएँ।"}


@pytest.fixture
def admin() -> User:
    return make_administrator()


@pytest.fixture
def asha() -> User:
    return make_donor(user=make_user(name="Asha")).user


class TestPush:
    """To each living device of people and members, where the product has an account at the provider."""

    def test_each_device_is_told_in_the_language_of_its_app(self, asha: User, admin: User) -> None:
        plain, hindi = add_device(asha), add_device(asha, "token-2", language="hi")
        strange = add_device(asha, "token-3", language="ta")

        row = send_off(admin, channels=["push"], **HINDI)

        said = {delivery.to: (delivery.subject, delivery.body) for delivery in Delivery.objects.all()}
        english = ("Donation day", "Come on Sunday.")
        assert said == {
            str(plain.pk): english,
            str(strange.pk): english,
            str(hindi.pk): (HINDI["title_hi"], HINDI["body_hi"]),
        }
        gateway = FakeGateway()
        work(gateway)
        assert {sent.to for sent in gateway.given} == {"token-1", "token-2", "token-3"}
        assert gateway.given[0].data == {
            "notification": str(Notification.objects.get().pk),
            "kind": "announcement",
            "subject_kind": "announcement",
            "subject_id": str(row.pk),
        }

    def test_the_estimate_counts_people_messages_and_the_price_of_each(self, asha: User, admin: User) -> None:
        add_device(asha)
        add_device(asha, "token-2")
        make_donor()
        quiet = make_donor().user
        add_device(quiet, "token-3")
        add_device(quiet, "token-4")
        choose(owner=Owner(user_id=quiet.pk), wanted={(Group.ANNOUNCEMENTS, Channel.PUSH): False})
        free = announcing.estimate(write(admin, channels=["push"])).by_channel["push"]
        set_terms(Channel.PUSH, 5, None, admin)
        priced = announcing.estimate(write(admin, channels=["push"])).by_channel["push"]

        assert (free.people, free.messages, free.opted_out, free.cost) == (1, 2, 1, None)
        assert priced.cost is not None
        assert priced.cost.minor == 10

    def test_a_device_on_which_nobody_is_signed_in_is_not_told(self, asha: User, admin: User) -> None:
        ended, over = add_device(asha), add_device(asha, "token-2")
        Session.objects.filter(pk=ended.session_id).update(ended_at=clock.now())
        Session.objects.filter(pk=over.session_id).update(expires_at=clock.now())
        add_device(make_user(is_active=False), "token-3")

        row = send_off(admin, channels=["push"])

        assert not Delivery.objects.exists()
        assert row.people_done == 1

    def test_members_are_told_on_theirs(self, admin: User) -> None:
        member = make_member(make_partner())
        now = clock.now()
        session = MemberSession.objects.create(
            account=member,
            refresh_jti=member.pk,
            created_at=now,
            last_used_at=now,
            expires_at=now + dt.timedelta(days=1),
        )
        device = PushDevice.objects.create(
            member=member, member_session=session, token="t", token_digest="d", platform=Platform.WEB
        )

        send_off(admin, audience="members", channels=["push"])

        row = Delivery.objects.get()
        assert (row.to, row.notification.member_id) == (str(device.pk), member.pk)

    def test_without_an_account_at_the_provider_there_is_none(
        self, asha: User, admin: User, settings: Settings
    ) -> None:
        settings.FCM_CREDENTIALS = ""
        add_device(asha)

        row = send_off(admin, channels=["push", "sms"])

        assert list(announcing.estimate(row).by_channel) == ["sms"]
        assert Delivery.objects.get().channel == "sms"

    def test_all_devices_follow_a_pause(self, asha: User, admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(batching, "BATCH", 1)
        for number in range(10):
            add_device(asha, f"token-{number}")
        row = send_off(admin, channels=["push", "sms"])

        announcing.pause(announcement_id=row.pk, admin_id=admin.pk)
        batching.run_due()

        held = Delivery.objects.filter(run_at=row.valid_until)
        assert held.count() == Delivery.objects.count() == 11


def test_a_mail_says_how_it_is_switched_off_and_one_click_does_it(
    asha: User, admin: User, sandbox: Sandbox, settings: Settings
) -> None:
    settings.SMTP_URL, settings.MAIL_FROM = sandbox.smtp_url, "post@jeevansetu.example"
    settings.PUBLIC_URL = "https://jeevansetu.example"
    User.objects.filter(pk=asha.pk).update(email="asha@example.org", email_verified_at=clock.now())
    send_off(admin, channels=["email"])
    work(Carriers(text=FakeGateway(), mail=SmtpGateway(), push=FakeGateway()))

    (mail,) = sandbox.messages("asha@example.org")
    link = mail["unsubscribe"].strip("<> ")
    answer = Client().post(link.removeprefix(settings.PUBLIC_URL), {"List-Unsubscribe": "One-Click"})
    send_off(admin, channels=["email"])

    assert mail["unsubscribe_post"] == "List-Unsubscribe=One-Click"
    assert link in mail["body"]
    assert f'href="{link}"' in mail["html"]
    assert answer.status_code == 200
    assert Mute.objects.values_list("user", "group", "channel").get() == (asha.pk, "announcements", "email")
    assert Delivery.objects.order_by("pk").values_list("status", "error_code")[1] == ("skipped", "switched_off")


class TestLive:
    """Whoever may be looking sees it arrive; for the rest of many nothing is written."""

    def test_those_whose_app_was_in_touch_are_told_once_each(
        self, asha: User, admin: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(batching, "BATCH", 2)
        sign_in(asha)
        sign_in(asha)
        twice = make_donor().user
        sign_in(twice)
        make_donor()
        make_member(make_partner())

        row = send_off(admin, audience="everybody", channels=[])
        outbox.drain()

        changes = {change.topic: (change.name, change.data) for change in LiveChange.objects.all()}
        assert LiveChange.objects.count() == 2
        assert set(changes) == {asha.pk, twice.pk}
        mine = Notification.objects.get(user=asha)
        updated_at = live.written(mine.created_at)
        data = {"id": str(mine.pk), "kind": "announcement", "updated_at": updated_at}
        assert changes[asha.pk] == ("notification.created", data)
        assert row.people_done == 4 + User.objects.filter(is_staff=True).count()

    @pytest.mark.parametrize(("more", "count"), [(dt.timedelta(seconds=-1), 1), (dt.timedelta(seconds=1), 0)])
    def test_as_long_as_a_stream_of_theirs_could_be_taken_up_again(
        self, asha: User, admin: User, settings: Settings, more: dt.timedelta, count: int
    ) -> None:
        session = sign_in(asha)
        away = live.KEEP + settings.ACCESS_LIFETIME + SEEN_EVERY + more
        Session.objects.filter(pk=session.pk).update(last_used_at=clock.now() - away, ended_at=clock.now())

        send_off(admin, channels=[])
        outbox.drain()

        assert LiveChange.objects.count() == count

    def test_a_batch_that_is_undone_tells_nobody(
        self, asha: User, admin: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sign_in(asha)
        monkeypatch.setattr(batching.doorbell, "ring", lambda: None)
        monkeypatch.setattr(batching, "tell_listeners", die_after(batching.tell_listeners))

        with pytest.raises(KeyboardInterrupt):
            send_off(admin)
        outbox.drain()

        assert not LiveChange.objects.exists()


def die_after(act: Any) -> Any:
    def die(*args: Any) -> None:
        act(*args)
        raise KeyboardInterrupt

    return die
