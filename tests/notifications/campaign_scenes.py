"""Announcements, prices and questions for tests."""

from __future__ import annotations

import datetime as dt
from typing import Any

from common import clock
from common.db import unit_of_work
from common.money import Currency
from notifications.models import Announcement
from notifications.services import announcing, batching, budgeting
from notifications.states import Channel
from tests.factories import PASSWORD
from tests.partners.factories import new_phone
from users.models import User


def make_administrator() -> User:
    return User.objects.create_superuser(new_phone(), PASSWORD, name="Meera")


def write(admin: User, **values: Any) -> Announcement:
    defaults = {
        "title_en": "Donation day",
        "body_en": "Come on Sunday.",
        "audience": "donors",
        "channels": ["sms"],
        "valid_until": clock.now() + dt.timedelta(days=2),
    }
    with unit_of_work():
        return announcing.write(announcement_id=None, admin_id=admin.pk, values={**defaults, **values})


def send_off(admin: User, **values: Any) -> Announcement:
    """Write, schedule and let the worker take every step that is due."""
    row = write(admin, **values)
    announcing.schedule(announcement_id=row.pk, admin_id=admin.pk)
    work_off()
    row.refresh_from_db()
    return row


def work_off() -> None:
    while batching.run_due():
        pass


def set_terms(channel: Channel, price: int, limit: int | None, admin: User | None = None) -> None:
    with unit_of_work():
        budgeting.set_terms(
            channel=channel,
            price_minor=price,
            daily_limit_minor=limit,
            currency=Currency.INR,
            reason="A test",
            admin_id=(admin or make_administrator()).pk,
        )
