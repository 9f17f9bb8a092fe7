"""One token registered by two accounts at once, and two choices of one account at the same moment."""

from __future__ import annotations

import uuid
from datetime import timedelta

from common import clock
from notifications.models import Mute, PushDevice
from notifications.owners import Owner
from notifications.services import choosing, devices
from notifications.states import Channel, Group, Platform
from tests.concurrency.scenes import race_test
from tests.factories import make_user
from tests.races import meeting, names, race
from users.models import Session

pytestmark = race_test
ONE, OTHER = (Group.CAMPS, Channel.SMS), (Group.ORDERS, Channel.SMS)


def register(user):
    now = clock.now()
    session = Session.objects.create(
        account=user, refresh_jti=uuid.uuid4(), created_at=now, last_used_at=now, expires_at=now + timedelta(days=1)
    )
    return devices.register(
        owner=Owner(user_id=user.pk),
        session_id=session.pk,
        token="the one token",
        platform=Platform.IOS,
        app_version="",
        language="",
    )


def choose(user, wanted):
    return choosing.choose(owner=Owner(user_id=user.pk), wanted=wanted)


def test_a_token_belongs_to_the_last_of_those_who_register_it():
    people = [make_user() for _ in range(4)]

    outcomes = race(*[lambda user=user: register(user) for user in people])

    assert names(outcomes) == ["Registered"] * 4
    assert PushDevice.objects.count() == 1


def test_without_the_turn_only_the_constraint_would_keep_it_apart(monkeypatch):
    people, save = [make_user() for _ in range(2)], PushDevice.save

    with meeting(2) as wait:
        monkeypatch.setattr(devices, "take_turn", lambda _: None)
        monkeypatch.setattr(PushDevice, "save", lambda row: (wait(), save(row))[1])
        outcomes = race(*[lambda user=user: register(user) for user in people])

    assert names(outcomes) == ["DeviceTaken", "Registered"]


def test_of_two_choices_one_holds_as_a_whole():
    user = make_user()

    outcomes = race(
        lambda: choose(user, {ONE: True, OTHER: False}),
        lambda: choose(user, {ONE: False, OTHER: True}),
    )

    assert names(outcomes) == ["Choices", "Choices"]
    assert Mute.objects.count() == 1


def test_without_the_turn_both_would_be_mixed(monkeypatch):
    user, create = make_user(), Mute.objects.bulk_create

    with meeting(2) as wait:
        monkeypatch.setattr(choosing, "take_turn", lambda _: None)
        monkeypatch.setattr(Mute.objects, "bulk_create", lambda *rows, **how: (wait(), create(*rows, **how))[1])
        race(lambda: choose(user, {ONE: True, OTHER: False}), lambda: choose(user, {ONE: False, OTHER: True}))

    assert Mute.objects.count() == 2
