"""What messages cost, and how a day's budget stops the flood and never the critical."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.db.models import Sum
from django.test import Client
from pytest_django import Settings

from common import clock, outbox
from notifications.models import ChannelSpend, ChannelTerms, Delivery, Notification
from notifications.services import budgeting, delivering
from notifications.states import Channel, DeliveryStatus
from tests.notifications.campaign_scenes import make_administrator, set_terms
from tests.notifications.factories import make_delivery, make_notification

pytestmark = pytest.mark.django_db
MORNING = dt.datetime(2030, 5, 2, 1, 30, tzinfo=dt.UTC)  # 07:00 of the next day in Asia/Kolkata


def claim(limit: int = 50) -> list[Delivery]:
    return delivering.claim(limit=limit, worker="w")


def lasting(**values: Any) -> Delivery:
    return make_delivery(valid_until=clock.now() + dt.timedelta(days=2), **values)


@pytest.mark.parametrize(
    ("body", "segments"),
    [
        *(("x" * 160, 1), ("x" * 161, 2), ("x" * 306, 2), ("x" * 307, 3)),
        *(("क" * 70, 1), ("क" * 71, 2), ("क" * 134, 2), ("क" * 135, 3)),
    ],
)
def test_an_sms_is_billed_by_its_segments_and_all_else_by_the_piece(body: str, segments: int) -> None:
    assert budgeting.segments_of(Channel.SMS, body) == segments
    assert budgeting.segments_of(Channel.WHATSAPP, body) == 1


def test_what_is_leased_is_counted_once_by_its_segments() -> None:
    set_terms(Channel.SMS, 20, None)
    make_delivery(segments=2)
    make_delivery(channel=Channel.WHATSAPP)

    for row in claim():
        delivering.complete([outcome(row, "fail")], worker="w")
    again = claim()

    spent = dict(ChannelSpend.objects.values_list("channel", "spent_minor"))
    assert spent == {"sms": 40, "whatsapp": 0}
    assert len(again) == 2
    assert set(ChannelSpend.objects.values_list("messages", flat=True)) == {1}


def outcome(row: Delivery, verb: str) -> delivering.Outcome:
    return delivering.Outcome(
        delivery_id=row.pk,
        notification_id=row.notification_id,
        channel=row.channel,
        to=row.to,
        attempt=row.attempts,
        verb=verb,
        run_at=clock.now(),
    )


def test_above_the_days_budget_messages_wait_for_the_next_morning(
    noon: time_machine.Coordinates, settings: Settings
) -> None:
    settings.MESSAGE_QUIET_HOURS = (dt.time(21, 30), dt.time(7, 0))
    set_terms(Channel.SMS, 20, 60)
    for _ in range(5):
        lasting()

    assert len(claim()) == 3
    assert claim() == []
    waiting = Delivery.objects.filter(status=DeliveryStatus.QUEUED)
    assert set(waiting.values_list("run_at", "error_code")) == {(MORNING, "over_budget")}

    noon.move_to(MORNING)
    assert len(claim()) == 2
    assert ChannelSpend.objects.get(day="2030-05-02").spent_minor == 40


@pytest.mark.parametrize(
    ("window", "morning"),
    [
        (None, "00:00"),
        ((dt.time(21, 30), dt.time(7, 0)), "07:00"),
        ((dt.time(0, 0), dt.time(6, 15)), "06:15"),
        ((dt.time(1, 0), dt.time(5, 0)), "00:00"),
        ((dt.time(13, 0), dt.time(14, 0)), "00:00"),
    ],
)
def test_another_day_s_budget_is_spent_as_the_day_begins_but_not_in_quiet_hours(
    settings: Settings, window: tuple[dt.time, dt.time] | None, morning: str
) -> None:
    settings.MESSAGE_QUIET_HOURS = window

    begins = budgeting.next_morning(dt.datetime(2030, 5, 1, 12, 0, tzinfo=dt.UTC)).astimezone(ZoneInfo("Asia/Kolkata"))

    assert f"{begins:%Y-%m-%d %H:%M}" == f"2030-05-02 {morning}"


def test_what_would_be_too_late_by_then_is_skipped() -> None:
    set_terms(Channel.SMS, 20, 0)
    make_delivery()

    assert claim() == []
    assert Delivery.objects.values_list("status", "error_code").get() == ("skipped", "over_budget")


def test_the_critical_codes_and_what_goes_first_are_counted_and_never_stopped() -> None:
    set_terms(Channel.SMS, 20, 0)
    critical = lasting(notification=make_notification(is_critical=True))
    code = lasting(is_secret=True)
    first = lasting(priority=0)
    lasting()

    assert {row.pk for row in claim()} == {critical.pk, code.pk, first.pk}
    assert ChannelSpend.objects.get().spent_minor == 60


def test_one_channel_s_budget_stops_no_other() -> None:
    set_terms(Channel.SMS, 20, 0)
    lasting()
    whatsapp = lasting(channel=Channel.WHATSAPP)

    assert [row.pk for row in claim()] == [whatsapp.pk]


def test_a_flood_that_has_to_wait_keeps_no_other_message_waiting() -> None:
    set_terms(Channel.SMS, 20, 0)
    for _ in range(8):
        lasting(priority=1)
    whatsapp = lasting(channel=Channel.WHATSAPP, priority=8)

    assert [row.pk for row in claim(limit=2)] == [whatsapp.pk]


def test_administrators_hear_once_per_day_and_channel() -> None:
    admin = make_administrator()
    set_terms(Channel.SMS, 20, 0, admin)
    for _ in range(3):
        lasting()
        claim()
    outbox.drain()

    told = Notification.objects.filter(kind="budget_used_up")
    assert [row.user_id for row in told] == [admin.pk]
    assert "sms" in told[0].body
    assert [row.notification_id for row in claim()] == [told[0].pk]  # and the budget does not stop it


def test_the_newest_terms_hold_and_the_others_are_history() -> None:
    admin = make_administrator()
    set_terms(Channel.SMS, 20, 0, admin)
    client = Client()
    client.force_login(admin)

    form = {"channel": "sms", "price_minor": 30, "daily_limit_minor": "", "currency": "INR", "reason": "A dear day"}
    client.post("/admin/notifications/channelterms/add/", form)

    assert ChannelTerms.objects.count() == 2
    assert budgeting.terms_now()["sms"].daily_limit_minor is None
    lasting()
    assert len(claim()) == 1
    assert Delivery.objects.aggregate(sum=Sum("cost_minor")) == {"sum": 30}
