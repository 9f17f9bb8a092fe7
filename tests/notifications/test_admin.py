from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from notifications.models import Delivery, OptOut
from notifications.states import Channel, DeliveryStatus
from tests.notifications.factories import make_delivery, make_person, make_sent
from users.models import User

pytestmark = pytest.mark.django_db
SECRET = "048219 is your JeevanSetu code."
DELIVERIES = "admin:notifications_delivery_changelist"


def staff(**values: bool) -> Client:
    client = Client()
    client.force_login(make_person(is_staff=True, **values))
    return client


@pytest.fixture
def admin() -> Client:
    return staff(is_superuser=True)


def test_an_administrator_sees_the_deliveries_but_no_text_of_them(admin: Client) -> None:
    row = make_delivery(body=SECRET, is_secret=True)
    OptOut.objects.create(phone=row.to, channel=Channel.SMS)
    pages = [
        reverse(DELIVERIES),
        reverse("admin:notifications_delivery_change", args=[row.pk]),
        reverse("admin:notifications_notification_changelist"),
        reverse("admin:notifications_notification_change", args=[row.notification_id]),
        reverse("admin:notifications_optout_changelist"),
    ]

    answers = [admin.get(page) for page in pages]

    assert [answer.status_code for answer in answers] == [200] * len(pages)
    assert row.to in answers[0].content.decode()
    assert all("048219" not in answer.content.decode() for answer in answers)


def send_again(client: Client, *rows: Delivery) -> str:
    chosen = {"action": "send_again", "_selected_action": [str(row.pk) for row in rows]}
    return client.post(reverse(DELIVERIES), chosen, follow=True).content.decode()


def test_a_dead_delivery_can_be_sent_again_by_hand_and_no_other(admin: Client) -> None:
    dead, sent = make_sent(status=DeliveryStatus.DEAD), make_sent()

    page = send_again(admin, dead, sent)

    assert "goes once more" in page
    assert "not possible" in page
    assert [Delivery.objects.get(pk=row.pk).state for row in (dead, sent)] == [
        DeliveryStatus.QUEUED,
        DeliveryStatus.SENT,
    ]


def test_what_waits_is_left_unsent_by_hand_and_what_went_stays_as_it_is(admin: Client) -> None:
    waits, went = make_delivery(body=SECRET, is_secret=True), make_sent()
    chosen = {"action": "leave_unsent", "_selected_action": [str(waits.pk), str(went.pk)]}

    page = admin.post(reverse(DELIVERIES), chosen, follow=True).content.decode()

    waits.refresh_from_db()
    assert (waits.state, waits.error_code, waits.body) == (DeliveryStatus.SKIPPED, "by_hand", None)
    assert "not possible" in page
    assert Delivery.objects.get(pk=went.pk).state is DeliveryStatus.SENT


def test_who_may_only_look_sends_nothing() -> None:
    client = staff()
    viewer = User.objects.get(is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_delivery"))
    dead = make_sent(status=DeliveryStatus.DEAD)

    send_again(client, dead)

    assert Delivery.objects.get(pk=dead.pk).state is DeliveryStatus.DEAD
