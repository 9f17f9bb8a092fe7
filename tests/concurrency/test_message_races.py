"""One link under two thumbs, one budget under many workers, one announcement under two of them."""

from __future__ import annotations

import datetime as dt

import pytest

from common import clock
from common.db import unit_of_work
from notifications.models import ChannelSpend, Delivery, Notification, TapLink
from notifications.services import announcing, batching, delivering, tapping
from notifications.states import Channel, DeliveryStatus, TapMatter
from requests_app.models import Assignment, BloodRequest
from requests_app.services import promises
from tests.concurrency.scenes import race_test, unlock
from tests.factories import make_donor, make_request
from tests.notifications.campaign_scenes import make_administrator, set_terms, write
from tests.notifications.factories import make_delivery
from tests.races import meeting, names, race
from users.models import Donor

pytestmark = race_test


def issue(donor: Donor, request: BloodRequest) -> str:
    with unit_of_work():
        links = tapping.issue(
            matter=TapMatter.ASK, user_ids=[donor.pk], subject_id=request.pk, expires_at=request.expires_at
        )
    return links[donor.pk].rpartition("/")[2]


def tap(token: str):
    return lambda: tapping.answer(token=token, act="come").is_repeated


def test_the_same_link_tapped_many_times_at_once_promises_once():
    donor, request = make_donor(), make_request(units=5)
    token = issue(donor, request)

    outcomes = race(*[tap(token) for _ in range(6)])

    assert sorted(map(str, outcomes)) == ["False", *["True"] * 5]
    assert Assignment.objects.count() == 1


def test_without_the_link_s_lock_the_second_tap_is_refused_by_the_promise_instead(monkeypatch):
    donor, request = make_donor(), make_request(units=5)
    token = issue(donor, request)
    with meeting(2) as wait:
        unlock(monkeypatch, "notifications.services.tapping.lock", after=TapLink, wait=wait)

        outcomes = race(tap(token), tap(token))

    assert names(outcomes) != ["bool", "bool"]  # «you have promised already», to somebody who tapped once too often
    assert Assignment.objects.count() == 1


def test_the_link_and_the_app_at_once_promise_once():
    donor, request = make_donor(), make_request(units=5)
    token = issue(donor, request)

    outcomes = race(tap(token), lambda: promises.accept(request_id=request.pk, donor_id=donor.pk))

    assert "AlreadyPromised" in names(outcomes)
    assert Assignment.objects.count() == 1
    assert (TapLink.objects.get().used_at is None) == (names(outcomes[:1]) == ["AlreadyPromised"])


def fill_queue(count: int) -> None:
    for _ in range(count):
        make_delivery(valid_until=clock.now() + dt.timedelta(days=2))


def leasing(worker: str):
    return lambda: [delivering.claim(limit=3, worker=worker) for _ in range(3)]


def test_many_workers_never_spend_more_than_the_day_allows():
    set_terms(Channel.SMS, 10, 70)
    fill_queue(20)

    race(*[leasing(f"w{number}") for number in range(4)])

    assert Delivery.objects.filter(status=DeliveryStatus.SENDING).count() == 7
    assert ChannelSpend.objects.get().spent_minor == 70


def test_without_turns_workers_spend_more_than_the_day_allows(monkeypatch):
    set_terms(Channel.SMS, 10, 30)
    fill_queue(12)
    with meeting(4) as wait:
        monkeypatch.setattr(delivering, "take_turn", lambda _name: wait())
        claim_all = delivering.Delivery.objects.raw

        def held(*args, **values):
            rows = list(claim_all(*args, **values))
            wait()  # nobody commits before everybody has looked
            return rows

        monkeypatch.setattr(delivering.Delivery.objects, "raw", held)
        race(*[lambda number=number: delivering.claim(limit=3, worker=f"w{number}") for number in range(4)])

    assert Delivery.objects.filter(status=DeliveryStatus.SENDING).count() > 3


@pytest.mark.parametrize("workers", [2])
def test_two_workers_tell_everybody_of_an_announcement_once(workers, monkeypatch):
    monkeypatch.setattr(batching, "BATCH", 2)
    admin = make_administrator()
    for _ in range(7):
        make_donor()
    row = write(admin)
    announcing.schedule(announcement_id=row.pk, admin_id=admin.pk)

    def work():
        while batching.due():
            batching.run_due()

    race(*[work for _ in range(workers)])

    row.refresh_from_db()
    assert (row.people_done, Notification.objects.filter(kind="announcement").count()) == (7, 7)
    assert Delivery.objects.count() == 7
