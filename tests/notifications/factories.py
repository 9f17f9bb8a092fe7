"""Notifications and deliveries for tests, and a dispatcher that works until nothing is due."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

from common import clock
from common.db import unit_of_work
from notifications.dispatch import Dispatcher
from notifications.gateways import Accepted, Found, Outgoing, TextGateway, TwilioGateway
from notifications.models import Delivery, Notification, PushDevice
from notifications.owners import Owner
from notifications.services import Recipient, devices, notify
from notifications.states import Channel, DeliveryStatus, Platform
from tests.partners.factories import new_phone
from users.models import Session, User

NOBODY_WAITS = dt.timedelta(0)


def make_person(**values: Any) -> User:
    return User.objects.create(**{"phone": new_phone(), "name": "Asha", **values})


def make_notification(**values: Any) -> Notification:
    defaults = {"kind": "ask", "title": "Blood is needed near you", "body": "City Hospital needs O- blood."}
    number = new_phone()
    return Notification.objects.create(**{"dedupe_key": f"test:{number}", **defaults, **values})


def make_delivery(notification: Notification | None = None, **values: Any) -> Delivery:
    now = clock.now()
    phone = new_phone()
    defaults = {
        "channel": Channel.SMS,
        "to": phone,
        "body": f"Blood is needed near you ({phone})",
        "run_at": now,
        "valid_until": now + dt.timedelta(hours=2),
    }
    return Delivery.objects.create(notification=notification or make_notification(), **{**defaults, **values})


def make_sent(**values: Any) -> Delivery:
    return make_delivery(**{"status": DeliveryStatus.SENT, "provider_id": f"SM{new_phone()}", "attempts": 1, **values})


def recipient_of(user: User, **facts: Any) -> Recipient:
    return Recipient(phone=user.phone, language=user.language, zone=user.zone, user_id=user.pk, facts=facts)


def tell(**values: Any) -> int:
    with unit_of_work():
        return notify(**values)


def work(gateway: TextGateway | None = None, *, threads: int = 4) -> Dispatcher:
    """Send everything that is due now, look-ups included; return the dispatcher, which has stopped."""
    dispatcher = Dispatcher(gateway or TwilioGateway(connections=threads), threads=threads)
    dispatcher.start()
    try:
        while dispatcher.turn():
            pass
    finally:
        dispatcher.stop(within=5)
    return dispatcher


def sign_in(person: User) -> Session:
    now = clock.now()
    return Session.objects.create(
        account=person,
        refresh_jti=uuid.uuid4(),
        expires_at=now + dt.timedelta(days=1),
        created_at=now,
        last_used_at=now,
    )


FIRST = "token-1"


def add_device(person: User, token: str = FIRST, **values: Any) -> PushDevice:
    session = values.pop("session", None) or sign_in(person)
    defaults = {"platform": Platform.ANDROID, "app_version": "1.0", "language": ""}
    registered = devices.register(
        owner=Owner(user_id=person.pk), session_id=session.pk, token=token, **{**defaults, **values}
    )
    return registered.device


class FakeGateway:
    """Answers as it is told, and remembers what it was given."""

    def __init__(
        self,
        send: Callable[[Outgoing], Accepted] | None = None,
        found: Callable[[str], list[Found]] | None = None,
    ) -> None:
        self.given: list[Outgoing] = []
        self.asked: list[str] = []
        self._send = send
        self._found = found

    def send(self, message: Outgoing) -> Accepted:
        self.given.append(message)
        return self._send(message) if self._send else Accepted(f"SM{message.delivery_id.hex}")

    def find(self, *, channel: Channel, to: str, body: str, since: dt.datetime) -> list[Found]:
        self.asked.append(to)
        return self._found(to) if self._found else []


def raising(exc: Exception) -> Callable[[Any], Any]:
    def refuse(_: Any) -> Any:
        raise exc

    return refuse
