"""Webhooks under many hands: each is sent by one, an endpoint is disabled once, and a limit is a limit."""

from __future__ import annotations

import datetime as dt

from common import clock
from common.models import OutboxEvent
from notifications.models import WebhookDelivery, WebhookEndpoint
from notifications.webhooks.carrying import Outcome
from notifications.webhooks.services import endpoints, trying
from notifications.webhooks.states import Failure
from tests.concurrency.scenes import race_test, waiting
from tests.partners.factories import make_partner
from tests.races import meeting, names, race, without_locks

pytestmark = race_test
GONE = Outcome(410, Failure.STATUS, "", dt.timedelta(0))


def new_endpoint(partner):
    return endpoints.create(
        partner_id=partner.pk, url="https://hooks.hospital.example", description="", event_types=["*"]
    ).endpoint


def waiting_messages(count, *, aggregate=""):
    endpoint, now = new_endpoint(make_partner()), clock.now()
    for number in range(count):
        WebhookDelivery.objects.create(
            endpoint=endpoint,
            message_id=f"evt_{number}",
            type="stock.low",
            aggregate=aggregate or f"order:{number}",
            number=number,
            body="{}",
            next_at=now,
        )
    return endpoint


def test_of_one_aggregate_workers_take_one_message_the_oldest():
    waiting_messages(3, aggregate="order:1")

    taken = race(*[lambda: trying.claim(limit=5, failing=False)] * 4)

    assert [one.message_id for claimed in taken for one in claimed] == ["evt_0"]


def test_without_the_rule_of_the_oldest_they_overtake_each_other(monkeypatch):
    waiting_messages(3, aggregate="order:1")
    start = trying._CLAIM.index("AND NOT EXISTS")
    end = trying._CLAIM.index("ORDER BY one.next_at, one.id\n        LIMIT")
    monkeypatch.setattr(trying, "_CLAIM", trying._CLAIM[:start] + trying._CLAIM[end:])

    taken = race(*[lambda: trying.claim(limit=5, failing=False)] * 4)

    assert len([one for claimed in taken for one in claimed]) > 1


def gone_twice():
    """Two messages of one endpoint on their way, both of which it answers with 410."""
    waiting_messages(2)
    return [
        lambda one=one: trying.record(claimed=one, started_at=clock.now(), outcome=GONE)
        for one in trying.claim(limit=5, failing=False)
    ]


def disabled_events():
    return OutboxEvent.objects.filter(name="webhook.disabled").count()


def test_an_endpoint_that_is_gone_is_disabled_and_told_of_once():
    race(*gone_twice())

    assert WebhookEndpoint.objects.get().status == "disabled"
    assert disabled_events() == 1
    assert set(WebhookDelivery.objects.values_list("status", flat=True)) == {"failed"}


def test_without_the_lock_it_is_told_of_twice(monkeypatch):
    acts = gone_twice()
    with meeting(2) as wait:

        def look(model, pk):
            [row] = without_locks(model, [pk])
            return row

        monkeypatch.setattr(trying, "lock_one", waiting(look, wait))

        race(*acts)

    assert disabled_events() == 2


def test_a_partner_gets_no_endpoint_above_the_limit_by_asking_twice_at_once(monkeypatch):
    monkeypatch.setattr(endpoints, "MOST_ENDPOINTS", 1)
    partner = make_partner()

    outcomes = race(*[lambda: new_endpoint(partner)] * 4)

    assert names(outcomes) == ["TooManyEndpoints"] * 3 + ["WebhookEndpoint"]


def test_without_its_turn_it_does(monkeypatch):
    monkeypatch.setattr(endpoints, "MOST_ENDPOINTS", 1)
    partner = make_partner()
    with meeting(2) as wait:
        monkeypatch.setattr(endpoints, "take_turn", lambda _: None)
        monkeypatch.setattr(endpoints, "new_secret", waiting(endpoints.new_secret, wait))

        race(*[lambda: new_endpoint(partner)] * 2)

    assert WebhookEndpoint.objects.count() == 2
