"""Wishes, quiet hours and the daily cap: what they hold back, what passes, and what is never held back."""

from __future__ import annotations

import datetime as dt

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common import clock
from common.db import unit_of_work
from notifications.kinds import Kind
from notifications.models import Delivery, MessageSettings, Mute, Notification, OptOut
from notifications.owners import Owner
from notifications.preferences import choices_of, quiet_until, wanting
from notifications.services import Recipient
from notifications.services.choosing import choose, unsubscribe
from notifications.services.inbox import forget_person
from notifications.states import Channel, Group, QuietMode
from tests.factories import make_user, member_client, person_client
from tests.notifications.factories import make_person, recipient_of, tell
from tests.partners.factories import make_member, make_partner
from users.models import User

pytestmark = pytest.mark.django_db
NIGHT = dt.datetime(2030, 5, 1, 18, 0, tzinfo=dt.UTC)  # 23:30 in India
MORNING = dt.datetime(2030, 5, 2, 1, 30, tzinfo=dt.UTC)  # 07:00
WINDOW = (dt.time(21, 30), dt.time(7, 0))
PATH, TEAM = "/api/v1/me/notification-preferences", "/api/v1/partner/me/notification-preferences"
HARMLESS, URGENT = Kind.UNLOCKED, Kind.PLACE_OFFERED
ALWAYS = Kind.PASSWORD_CHANGED


def say(person, kind=HARMLESS, occasion="one", **values) -> None:
    now = clock.now()
    facts = {"partner": "City Hospital", "group": "O-", "gift": "blood", "needed_by": now, "at": now}
    recipient = person if isinstance(person, Recipient) else recipient_of(person)
    tell(**{"kind": kind, "occasion": occasion, "recipients": [recipient], "facts": facts, **values})


def fates() -> dict[str, tuple[str, str]]:
    rows = Delivery.objects.order_by("pk").values_list("channel", "status", "error_code")
    return {channel: (status, code) for channel, status, code in rows}


def off(person, group, channel=Channel.SMS):
    return choose(owner=Owner(user_id=person.pk), wanted={(group, channel): False})


def test_what_is_switched_off_is_skipped_with_its_reason_and_is_in_the_inbox_all_the_same():
    person = make_person()
    off(person, Group.REQUESTS)

    say(person, URGENT)

    assert fates() == {"sms": ("skipped", "switched_off"), "whatsapp": ("queued", "")}
    assert Notification.objects.get().user == person


def test_another_group_another_channel_and_another_person_are_not_touched():
    person, other = make_person(), make_person()
    off(person, Group.REQUESTS, Channel.WHATSAPP)
    off(other, Group.REQUESTS)

    say(person, URGENT)
    say(person, occasion="two")

    assert set(Delivery.objects.filter(channel="sms").values_list("status", flat=True)) == {"queued"}


@pytest.mark.parametrize(("kind", "is_critical"), [(ALWAYS, False), (URGENT, True)])
def test_what_is_critical_passes_wishes_hours_and_cap(settings, kind, is_critical):
    settings.MESSAGE_QUIET_HOURS, settings.MESSAGE_DAILY_CAP = WINDOW, 1
    person = make_person()
    off(person, Group.REQUESTS)
    say(person, occasion="before")

    with time_machine.travel(NIGHT, tick=False):
        choose(owner=Owner(user_id=person.pk), wanted={}, mode=QuietMode.OWN, window=WINDOW)
        say(person, kind, is_critical=is_critical)

    row = Delivery.objects.filter(notification__kind=kind, channel="sms").get()
    assert (row.status, row.run_at) == ("queued", NIGHT)


def test_stop_holds_back_even_what_is_critical():
    person = make_person()
    OptOut.objects.create(phone=person.phone, channel=Channel.SMS)

    say(person, ALWAYS)

    assert fates()["sms"] == ("skipped", "opted_out")


@pytest.mark.parametrize(
    ("kind", "mode", "run_at"),
    [
        (HARMLESS, None, MORNING),  # everybody's hours hold what can wait
        (URGENT, None, NIGHT),
        (URGENT, QuietMode.OWN, MORNING),  # one's own hold whatever is not critical
        (HARMLESS, QuietMode.OFF, NIGHT),
    ],
)
def test_quiet_hours_hold_back_until_they_end(settings, kind, mode, run_at):
    settings.MESSAGE_QUIET_HOURS = WINDOW
    person = make_person()
    choose(owner=Owner(user_id=person.pk), wanted={}, mode=mode, window=WINDOW if mode is QuietMode.OWN else None)

    with time_machine.travel(NIGHT, tick=False):
        say(person, kind)

    assert set(Delivery.objects.values_list("status", "run_at")) == {("queued", run_at)}


def test_what_is_not_worth_it_after_the_quiet_hours_is_skipped(settings):
    settings.MESSAGE_QUIET_HOURS = WINDOW

    with time_machine.travel(NIGHT, tick=False):
        say(make_person(), valid_until=MORNING)

    assert fates()["sms"] == ("skipped", "quiet_hours")


def test_a_member_has_quiet_hours_only_where_they_are_the_members_own(settings):
    settings.MESSAGE_QUIET_HOURS = WINDOW
    member = make_member(make_partner())
    to_member = Recipient(phone=member.phone, language="en", zone="Asia/Kolkata", member_id=member.pk)

    with time_machine.travel(NIGHT, tick=False):
        say(to_member)
        choose(owner=Owner(member_id=member.pk), wanted={}, mode=QuietMode.OWN, window=WINDOW)
        say(to_member, occasion="two")

    assert list(Delivery.objects.order_by("pk").values_list("run_at", flat=True)) == [NIGHT, MORNING]


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("21:29:59", None),
        ("21:30:00", "07:00"),
        ("06:59:59", "07:00"),
        ("07:00:00", None),
    ],
)
def test_the_window_begins_with_its_first_moment_and_ends_before_its_last(at, until):
    zone = dt.timezone(dt.timedelta(hours=5, minutes=30))
    moment = dt.datetime.combine(dt.date(2030, 5, 1), dt.time.fromisoformat(at), tzinfo=zone)

    found = quiet_until(moment, WINDOW, "Asia/Kolkata").astimezone(zone)

    assert f"{found:%H:%M}" == (until or at[:5])
    assert dt.timedelta(0) <= found - moment < dt.timedelta(hours=10)


def test_above_the_daily_cap_messages_are_skipped_channel_by_channel_and_the_inbox_has_them(settings):
    settings.MESSAGE_DAILY_CAP = 2
    person = make_person()

    for number in range(3):
        say(person, occasion=f"{number}")
    say(person, URGENT, occasion="by WhatsApp too")

    found = Delivery.objects.order_by("pk").values_list("channel", "status", "error_code")
    assert list(found) == [
        ("sms", "queued", ""),
        ("sms", "queued", ""),
        ("sms", "skipped", "daily_cap"),
        ("sms", "skipped", "daily_cap"),
        ("whatsapp", "queued", ""),
    ]
    assert Notification.objects.filter(user=person).count() == 4


def test_a_day_later_there_is_room_again_and_what_passes_does_not_count(settings, noon):
    settings.MESSAGE_DAILY_CAP = 1
    person = make_person()
    say(person, ALWAYS, occasion="always")
    say(person, occasion="first")
    noon.shift(dt.timedelta(hours=24, seconds=1))

    say(person, occasion="second")

    assert set(Delivery.objects.values_list("status", flat=True)) == {"queued"}


def test_what_is_queued_and_not_wanted_any_more_is_not_sent():
    person = make_person()
    say(person, URGENT)
    say(person, ALWAYS, occasion="always")

    unsubscribe(owner=Owner(user_id=person.pk), channel=Channel.SMS, group=Group.REQUESTS)

    found = set(Delivery.objects.filter(channel="sms").values_list("notification__kind", "status", "error_code"))
    assert found == {(URGENT, "skipped", "switched_off"), (ALWAYS, "queued", "")}


@pytest.mark.parametrize("count", [2, 40])
def test_the_wishes_of_many_take_as_many_queries_as_those_of_few(count):
    people = [make_person() for _ in range(count)]
    off(people[0], Group.ANNOUNCEMENTS)
    off(people[1], Group.REQUESTS)
    OptOut.objects.create(phone=people[1].phone, channel=Channel.SMS)

    with CaptureQueriesContext(connection) as queries:
        left = set(wanting(User.objects.all(), URGENT, Channel.SMS).values_list("pk", flat=True))

    assert len(queries) == 1
    assert left == {person.pk for person in people} - {people[1].pk}


def test_nobody_silences_what_is_always_sent():
    person = make_person()
    off(person, Group.REQUESTS)

    assert wanting(User.objects.all(), ALWAYS, Channel.SMS).get() == person


def test_a_person_reads_and_changes_what_is_wanted(settings):
    settings.MESSAGE_QUIET_HOURS = WINDOW
    client = person_client(make_user())
    before = client.get(PATH).json()

    wish = {"preferences": {"camps": {"sms": False}}, "quiet_hours": {"mode": "own", "start": "22:00", "end": "06:30"}}
    after = client.put(PATH, wish, format="json").json()
    back = client.put(PATH, {"quiet_hours": {"mode": "default"}}, format="json").json()

    assert before["quiet_hours"] == {"mode": "default", "start": "21:30:00", "end": "07:00:00"}
    assert all(all(channels.values()) for channels in before["preferences"].values())
    assert after["preferences"]["camps"] == {"sms": False, "whatsapp": True, "email": True, "push": True}
    assert after["quiet_hours"] == {"mode": "own", "start": "22:00:00", "end": "06:30:00"}
    assert (back["quiet_hours"], back["preferences"]) == (before["quiet_hours"], after["preferences"])
    assert client.get(PATH).json() == back


def test_a_member_chooses_apart_from_the_person_with_the_same_number():
    member = make_member(make_partner())
    client = member_client(member)

    body = client.put(TEAM, {"preferences": {"orders": {"push": False}}}, format="json").json()

    assert body["preferences"]["orders"]["push"] is False
    assert (body["daily_cap"], body["quiet_hours"]["mode"]) == (None, "default")
    assert Mute.objects.get().member == member


@pytest.mark.parametrize(
    ("wish", "pointer", "code"),
    [
        ({"preferences": {"critical": {"sms": False}}}, "/preferences/critical/sms", "always_sent"),
        ({"preferences": {"camps": {"sms": "perhaps"}}}, "/preferences/camps/sms", "invalid"),
        ({"quiet_hours": {"mode": "own", "start": "22:00"}}, "/quiet_hours/start", "required"),
        ({"quiet_hours": {"mode": "own", "start": "22:00", "end": "22:00"}}, "/quiet_hours/end", "window_empty"),
        ({"quiet_hours": {"mode": "loud"}}, "/quiet_hours/mode", "invalid_choice"),
    ],
)
def test_what_cannot_be_chosen_is_refused_at_its_place(wish, pointer, code):
    client = person_client(make_user())

    answer = client.put(PATH, wish, format="json")

    assert answer.status_code == 400
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [(pointer, code)]
    assert not Mute.objects.exists()


def test_a_forgotten_person_leaves_no_wishes():
    person = make_person()
    off(person, Group.CAMPS)
    choose(owner=Owner(user_id=person.pk), wanted={}, mode=QuietMode.OFF)

    with unit_of_work():
        forget_person(user_id=person.pk)

    assert not Mute.objects.exists()
    assert not MessageSettings.objects.exists()
    assert choices_of(Owner(user_id=person.pk)).mode is QuietMode.DEFAULT
