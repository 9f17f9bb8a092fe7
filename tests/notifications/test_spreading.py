"""A batch of an announcement obeys what every other message obeys: wishes, quiet hours, the daily cap."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from pytest_django import Settings

from common import clock, operating
from common.db import unit_of_work
from notifications.kinds import Kind
from notifications.models import Delivery, MessageSettings, Notification, OptOut
from notifications.owners import Owner
from notifications.preferences import choices_of
from notifications.services import Recipient, announcing, notify, spreading
from notifications.services.choosing import choose
from notifications.states import Channel, Group, QuietMode
from notifications.templates import Prose
from tests.factories import make_donor, make_user, person_client
from tests.notifications.campaign_scenes import make_administrator, send_off, work_off
from tests.notifications.factories import add_device
from tests.partners.factories import make_member, make_partner
from users.models import User

pytestmark = pytest.mark.django_db
NIGHT = dt.datetime(2030, 5, 1, 18, 0, tzinfo=dt.UTC)  # 23:30 in India
MORNING = dt.datetime(2030, 5, 2, 1, 30, tzinfo=dt.UTC)  # 07:00
EVERYBODYS = (dt.time(21, 30), dt.time(7, 0))
OWN = (dt.time(23, 0), dt.time(8, 15))
OWN_ENDS = dt.datetime(2030, 5, 2, 2, 45, tzinfo=dt.UTC)  # 08:15 in India
ALL = ["sms", "whatsapp", "push"]
HINDI = {"title_hi": "दान दिवस", "body_hi": "रविवार को आएँ।"}
Fate = tuple[Any, ...]


@pytest.fixture
def admin() -> User:
    return make_administrator()


@pytest.fixture
def asha() -> User:
    return make_donor(user=make_user(name="Asha")).user


@pytest.fixture
def still(noon: time_machine.Coordinates, settings: Settings) -> Iterator[time_machine.Coordinates]:
    """The clock stands at noon; everybody's quiet hours are set."""
    settings.MESSAGE_QUIET_HOURS = EVERYBODYS
    with time_machine.travel(clock.now(), tick=False) as stopped:
        yield stopped


@pytest.fixture
def night(still: time_machine.Coordinates) -> None:
    still.move_to(NIGHT)


def own_window(person: User, window: tuple[dt.time, dt.time] = OWN) -> None:
    choose(owner=Owner(user_id=person.pk), wanted={}, mode=QuietMode.OWN, window=window)


def no_window(person: User) -> None:
    choose(owner=Owner(user_id=person.pk), wanted={}, mode=QuietMode.OFF)


def switch_off(person: User, channel: Channel = Channel.PUSH) -> None:
    choose(owner=Owner(user_id=person.pk), wanted={(Group.ANNOUNCEMENTS, channel): False})


def stop(person: User) -> None:
    OptOut.objects.create(phone=person.phone, channel=Channel.SMS)


def nothing(person: User) -> None:
    pass


def fates(notification: Notification) -> set[Fate]:
    columns = ("channel", "to", "language", "subject", "body", "segments", "priority", "is_secret", "status")
    when = ("error_code", "run_at", "valid_until", "ended_at", "created_at", "attempts", "invitation")
    return set(notification.deliveries.values_list(*columns, *when))


def told_alone(recipient: Recipient, words: str = "Come on Sunday.", *, until: dt.datetime) -> Notification:
    """Tell one the same as an announcement does, as everything else is told."""
    facts = {"heading": Prose("Donation day"), "words": Prose(words)}
    with unit_of_work():
        notify(kind=Kind.ANNOUNCEMENT, occasion="alone", recipients=[recipient], facts=facts, valid_until=until)
    return Notification.objects.get(dedupe_key__startswith="alone:")


@pytest.mark.parametrize("hours", [48, 4])  # 4: over before the quiet hours are
@pytest.mark.parametrize(
    "choice", [nothing, own_window, no_window, switch_off, stop], ids=lambda choice: choice.__name__
)
def test_in_a_batch_everybody_is_told_as_if_told_alone(
    asha: User, admin: User, night: None, choice: Any, hours: int
) -> None:
    add_device(asha)
    add_device(asha, "token-2")
    choice(asha)
    until = clock.now() + dt.timedelta(hours=hours)

    send_off(admin, channels=ALL, valid_until=until)
    alone = told_alone(Recipient(phone=asha.phone, language="en", zone=asha.zone, user_id=asha.pk), until=until)

    batched = Notification.objects.get(dedupe_key__startswith="announcement:")
    assert len(fates(batched)) == 4
    assert fates(batched) == fates(alone)
    assert (batched.title, batched.body) == (alone.title, alone.body)


@pytest.mark.parametrize(("mode", "rings_at"), [(None, NIGHT), (QuietMode.OWN, OWN_ENDS)])
def test_members_have_only_windows_of_their_own(
    admin: User, night: None, mode: QuietMode | None, rings_at: dt.datetime
) -> None:
    member = make_member(make_partner())
    choose(owner=Owner(member_id=member.pk), wanted={}, mode=mode, window=OWN if mode else None)

    send_off(admin, audience="members", channels=["sms"])

    assert Delivery.objects.get().run_at == rings_at


def test_what_does_not_ring_does_not_wait(asha: User, admin: User, night: None, settings: Settings) -> None:
    settings.SMTP_URL = "smtp://mail.example"
    User.objects.filter(pk=asha.pk).update(email="asha@example.org", email_verified_at=NIGHT)
    own_window(asha)

    send_off(admin, channels=["email", "sms"])

    assert dict(Delivery.objects.values_list("channel", "run_at")) == {"email": NIGHT, "sms": OWN_ENDS}


def test_hours_chosen_while_the_batch_is_written_lose_nobody_and_wake_nobody(
    asha: User, admin: User, night: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_donor(user=make_user(name="Bilal")).user
    look = spreading.next_batch

    def choose_meanwhile(*args: Any, **values: Any) -> spreading.Batch:
        found = look(*args, **values)
        MessageSettings.objects.get_or_create(user=asha, quiet_from=OWN[0], quiet_until=OWN[1])
        return found

    monkeypatch.setattr(spreading, "next_batch", choose_meanwhile)
    send_off(admin)

    rings = dict(Delivery.objects.values_list("notification__user", "run_at"))
    assert rings == {asha.pk: MORNING, other.pk: MORNING}


@pytest.mark.parametrize(
    ("choice", "fate"),
    [
        (nothing, ("queued", "", MORNING)),
        (own_window, ("queued", "", OWN_ENDS)),
        (no_window, ("queued", "", NIGHT)),
    ],
    ids=["everybody's", "own", "none"],
)
def test_what_was_held_is_let_go_in_nobody_s_quiet_hours(
    asha: User, admin: User, still: time_machine.Coordinates, settings: Settings, choice: Any, fate: Fate
) -> None:
    settings.SMTP_URL = "smtp://mail.example"
    User.objects.filter(pk=asha.pk).update(email="asha@example.org", email_verified_at=clock.now())
    add_device(asha)
    choice(asha)
    row = send_off(admin, channels=[*ALL, "email"])
    announcing.pause(announcement_id=row.pk, admin_id=admin.pk)
    work_off()

    still.move_to(NIGHT)
    announcing.resume(announcement_id=row.pk, admin_id=admin.pk)
    work_off()

    loud = Delivery.objects.exclude(channel="email")
    assert set(loud.values_list("status", "error_code", "run_at")) == {fate}
    assert Delivery.objects.get(channel="email").run_at == NIGHT


def test_what_was_held_too_long_for_the_quiet_hours_is_skipped(
    asha: User, admin: User, still: time_machine.Coordinates
) -> None:
    own_window(asha)
    row = send_off(admin, valid_until=OWN_ENDS)
    announcing.pause(announcement_id=row.pk, admin_id=admin.pk)
    work_off()

    still.move_to(NIGHT)
    announcing.resume(announcement_id=row.pk, admin_id=admin.pk)
    work_off()

    assert Delivery.objects.values_list("status", "error_code").get() == ("skipped", "quiet_hours")


def test_above_the_daily_cap_only_the_inbox_has_it_channel_by_channel(
    asha: User, admin: User, settings: Settings, still: time_machine.Coordinates
) -> None:
    settings.MESSAGE_DAILY_CAP = 2
    other = make_donor(user=make_user(name="Bilal")).user
    told_alone(Recipient(phone=asha.phone, language="en", zone=asha.zone, user_id=asha.pk), until=NIGHT)
    send_off(admin, audience="donors", channels=["sms"])

    full = send_off(admin, channels=["sms", "whatsapp"])
    still.shift(dt.timedelta(hours=24))
    later = send_off(admin, channels=["sms"])

    columns = ("notification__user", "channel", "error_code")
    assert set(Delivery.objects.filter(notification__subject_id=full.pk).values_list(*columns)) == {
        *((asha.pk, "sms", "daily_cap"), (asha.pk, "whatsapp", "")),
        *((other.pk, "sms", ""), (other.pk, "whatsapp", "")),
    }
    fresh = Delivery.objects.filter(notification__subject_id=later.pk)
    assert set(fresh.values_list(*columns)) == {(asha.pk, "sms", ""), (other.pk, "sms", "")}
    assert Notification.objects.filter(user=asha).count() == 4


class TestOperating:
    """Quiet hours and the cap are what an administrator has set, at once and for every kind."""

    @pytest.fixture(autouse=True)
    def packaged(self, still: time_machine.Coordinates, settings: Settings) -> None:
        settings.MESSAGE_DAILY_CAP = 20

    def test_quiet_hours_follow_them(self, asha: User, admin: User, still: time_machine.Coordinates) -> None:
        still.move_to(NIGHT)
        put("message_quiet_until", "09:00")

        send_off(admin)

        assert Delivery.objects.get().run_at == MORNING + dt.timedelta(hours=2)
        assert choices_of(Owner(user_id=asha.pk)).window == (EVERYBODYS[0], dt.time(9, 0))

    def test_a_window_that_ends_where_it_begins_holds_nothing(
        self, asha: User, admin: User, still: time_machine.Coordinates
    ) -> None:
        still.move_to(NIGHT)
        put("message_quiet_until", "21:30")

        send_off(admin)

        assert Delivery.objects.get().run_at == NIGHT

    def test_so_does_the_cap(self, asha: User, admin: User) -> None:
        put("message_daily_cap", "1")

        send_off(admin)
        send_off(admin)
        told_alone(make_recipient(asha), until=clock.now() + dt.timedelta(days=1))

        codes = Delivery.objects.filter(channel="sms").order_by("pk").values_list("error_code", flat=True)
        assert list(codes) == ["", "daily_cap", "daily_cap"]
        assert person_client(asha).get("/api/v1/me/notification-preferences").json()["daily_cap"] == 1

    def test_without_a_window_in_the_environment_none_holds_until_one_is_set(
        self, asha: User, admin: User, settings: Settings, still: time_machine.Coordinates
    ) -> None:
        settings.MESSAGE_QUIET_HOURS = None
        still.move_to(NIGHT)
        send_off(admin)

        put("message_quiet_from", "23:00")  # until midnight, as that is when «none» ends
        send_off(admin)

        midnight = dt.datetime(2030, 5, 1, 18, 30, tzinfo=dt.UTC)
        assert list(Delivery.objects.order_by("pk").values_list("run_at", flat=True)) == [NIGHT, midnight]


def put(name: str, value: str) -> None:
    one = next(one for one in operating.registered() if one.name == name)
    operating.change(name=name, given=value, seen=one.shown(), actor="admin 1", reason="A test")


def make_recipient(person: User) -> Recipient:
    return Recipient(phone=person.phone, language=person.language, zone=person.zone, user_id=person.pk)
