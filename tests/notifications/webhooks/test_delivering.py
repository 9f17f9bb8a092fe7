"""A message arrives signed, in order and once more after each failure, until it is taken or given up."""

from __future__ import annotations

import datetime as dt
import itertools

import pytest

from common import clock, outbox
from notifications.kinds import Kind
from notifications.models import Notification, WebhookAttempt, WebhookDelivery
from notifications.webhooks import sending
from notifications.webhooks.services import endpoints, queueing, trying
from notifications.webhooks.services.trying import JITTER, SCHEDULE
from notifications.webhooks.states import WebhookStatus
from tests.notifications.webhooks.scenes import aggregate, delivery, run_low, send_all, statuses
from tests.partners.factories import make_member, make_partner

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture
def partner():
    return make_partner()


def fail_until_given_up(noon, endpoint):
    """Try until nothing is due any more; return when each attempt was due, from the first on."""
    waits = []
    while statuses(endpoint) == ["pending"]:
        due = delivery().next_at
        waits.append(due)
        noon.move_to(due)
        send_all()
    return [later - earlier for earlier, later in itertools.pairwise(waits)]


def test_a_message_arrives_and_the_makers_own_library_verifies_it(system, partner):
    system.open(partner)
    run_low(partner)

    send_all()

    [got] = system.received()
    assert got["verified"]
    assert system.data() == [{"component": "red_cells", "blood_group": "O-", "minimum": 10, "available": 4}]
    assert (delivery().status, delivery().last_status, delivery().attempts_made) == ("succeeded", 204, 1)


def test_a_message_that_was_not_taken_goes_again_under_its_own_id_with_a_fresh_signature(system, partner, noon):
    system.open(partner)
    system.sandbox.faults(lost_reply={"times": 1, "channel": "webhook"})
    run_low(partner)
    send_all()
    noon.move_to(delivery().next_at)

    send_all()

    first, second = system.received()
    assert first["headers"]["webhook-id"] == second["headers"]["webhook-id"]
    assert first["headers"]["webhook-timestamp"] != second["headers"]["webhook-timestamp"]
    assert first["body"] == second["body"]
    assert (first["verified"], second["verified"]) == (True, True)


def test_retries_come_when_the_standard_says(system, partner, noon):
    endpoint = system.open(partner)
    system.settle(answer=500)
    run_low(partner)

    waits = fail_until_given_up(noon, endpoint)

    assert len(waits) == len(SCHEDULE) - 1
    assert all(want <= got <= want * (1 + JITTER) + DAY / 1440 for want, got in zip(SCHEDULE[1:], waits, strict=True))
    assert statuses(endpoint) == ["failed"]
    assert delivery().attempts.count() == len(SCHEDULE)


@pytest.mark.parametrize(
    ("status", "header", "longest"),
    [(429, "3600", 3600), (503, "Wed, 01 May 2030 08:30:00 GMT", 7200), (503, "9999999", 86_400), (500, "3600", 6)],
)
def test_who_asks_for_a_pause_gets_it(system, partner, status, header, longest):
    system.open(partner)
    system.settle(answer=status, headers={"Retry-After": header})
    run_low(partner)

    send_all()

    wait = (delivery().next_at - clock.now()).total_seconds()
    assert longest - 5 < wait <= longest


def test_of_one_aggregate_the_next_waits_for_the_first_and_another_does_not(system, partner, noon):
    endpoint = system.open(partner)
    system.sandbox.faults(error_5xx={"times": 1, "channel": "webhook"})
    mine = aggregate()
    run_low(partner, key=mine, available=1)
    send_all()
    run_low(partner, key=mine, available=2)
    run_low(partner, key=aggregate(), available=3)
    while send_all():
        pass
    meanwhile = [one["available"] for one in system.data()]

    noon.move_to(WebhookDelivery.objects.get(attempts_made=1, status="pending").next_at)
    while send_all():
        pass

    assert meanwhile == [3]
    assert [one["available"] for one in system.data()] == [3, 1, 2]
    assert statuses(endpoint) == ["succeeded"] * 3


def test_a_message_that_was_given_up_lets_the_next_go(system, partner):
    system.open(partner)
    mine = aggregate()
    run_low(partner, key=mine, available=1)
    WebhookDelivery.objects.update(status="failed", next_at=None, ended_at=clock.now())
    run_low(partner, key=mine, available=2)

    send_all()

    assert [one["available"] for one in system.data()] == [2]


def test_an_endpoint_has_few_messages_on_their_way_and_a_failing_one_its_own_lane(system, partner):
    healthy, failing = system.open(partner), system.another("dead").open(partner)
    for available in range(4):
        run_low(partner, key=aggregate(), available=available)
    failing.failing_since = clock.now()
    failing.save()

    claimed = {lane: trying.claim(limit=9, failing=lane) for lane in (False, True)}

    urls = {lane: [one.url for one in taken] for lane, taken in claimed.items()}
    assert urls == {False: [healthy.url] * trying.AT_ONCE, True: [failing.url] * trying.AT_ONCE}
    assert trying.claim(limit=9, failing=False) == []


def test_an_endpoint_that_is_gone_is_disabled_at_once_and_its_owners_are_told(system, partner):
    owner = make_member(partner)
    endpoint = system.open(partner)
    system.settle(answer=410)
    run_low(partner, key=aggregate())
    run_low(partner, key=aggregate())

    sending.deliver(trying.claim(limit=1, failing=False)[0])

    endpoint.refresh_from_db()
    assert (endpoint.status, endpoint.disabled_reason) == ("disabled", "gone")
    assert statuses(endpoint) == ["failed", "failed"]
    assert told(owner, Kind.WEBHOOK_DISABLED) == 1


def told(member, kind):
    outbox.drain()
    return Notification.objects.filter(member=member, kind=kind).count()


def test_owners_are_warned_once_and_the_endpoint_is_disabled_when_every_try_has_failed(system, partner, noon):
    owner = make_member(partner)
    endpoint = system.open(partner)
    system.settle(answer=500)
    run_low(partner)

    fail_until_given_up(noon, endpoint)

    endpoint.refresh_from_db()
    assert (endpoint.status, endpoint.disabled_reason) == ("disabled", "failing")
    assert (told(owner, Kind.WEBHOOK_FAILING), told(owner, Kind.WEBHOOK_DISABLED)) == (1, 1)


def test_one_message_that_is_never_taken_disables_nothing_while_others_are(system, partner, noon):
    endpoint = system.open(partner)
    system.settle(answer=500)
    run_low(partner)
    for tries in range(len(SCHEDULE)):
        row = WebhookDelivery.objects.get(number__gt=0)
        noon.move_to(row.next_at)
        send_all()
        system.settle(answer=204)
        endpoints.send_test(partner_id=partner.pk, endpoint_id=endpoint.pk)
        assert send_all() == 1, tries
        system.settle(answer=500)

    endpoint.refresh_from_db()
    assert WebhookDelivery.objects.get(number__gt=0).status == "failed"
    assert (endpoint.status, endpoint.failing_since) == ("enabled", None)


def test_for_a_day_both_secrets_sign_and_then_the_old_one_dies_by_the_clock(system, partner, noon):
    endpoint = system.open(partner)
    opened = endpoints.rotate_secret(partner_id=partner.pk, endpoint_id=endpoint.pk)
    endpoints.send_test(partner_id=partner.pk, endpoint_id=endpoint.pk)
    send_all()
    noon.shift(endpoints.OVERLAP)
    endpoints.send_test(partner_id=partner.pk, endpoint_id=endpoint.pk)
    send_all()
    system.settle(secrets=[opened.secret])
    endpoints.send_test(partner_id=partner.pk, endpoint_id=endpoint.pk)

    send_all()

    by_old, after, by_new = system.received()
    assert [one["verified"] for one in (by_old, after, by_new)] == [True, False, True]
    assert [len(one["headers"]["webhook-signature"].split()) for one in (by_old, after)] == [2, 1]


def test_the_sweep_wipes_an_old_secret_and_gives_up_what_waits_for_nobody(system, partner, noon):
    endpoint = system.open(partner)
    endpoints.rotate_secret(partner_id=partner.pk, endpoint_id=endpoint.pk)
    endpoints.disable(partner_id=partner.pk, endpoint_id=endpoint.pk)
    WebhookDelivery.objects.create(
        endpoint=endpoint, message_id="late", type="stock.low", aggregate="a:b", body="{}", next_at=clock.now()
    )
    noon.shift(endpoints.OVERLAP)

    touched = queueing.tidy(), queueing.tidy()

    endpoint.refresh_from_db()
    assert touched == (2, 0)
    assert (endpoint.old_secret, statuses(endpoint)) == (None, ["failed"])


def test_a_month_later_what_is_over_is_forgotten_and_what_waits_is_not(system, partner, noon):
    system.open(partner)
    run_low(partner)
    send_all()
    run_low(partner)
    noon.shift(queueing.KEEP + DAY)

    gone = queueing.prune()

    assert gone > 0
    assert list(WebhookDelivery.objects.values_list("status", flat=True)) == [WebhookStatus.PENDING]


def test_what_a_worker_died_over_goes_again_after_its_lease_under_the_same_id(system, partner, noon):
    system.open(partner)
    run_low(partner)
    [lost] = trying.claim(limit=9, failing=False)
    early = trying.claim(limit=9, failing=False)
    noon.shift(trying.LEASE)

    send_all()

    assert early == []
    assert system.ids() == [lost.message_id]
    assert list(WebhookAttempt.objects.order_by("number").values_list("error", flat=True)) == ["worker_lost", ""]


def test_a_late_answer_of_a_lost_worker_is_noted_and_only_a_success_counts(system, partner, noon):
    system.open(partner)
    run_low(partner)
    [lost] = trying.claim(limit=9, failing=False)
    noon.shift(trying.LEASE)
    trying.claim(limit=9, failing=False)
    system.settle(answer=500)
    sending.deliver(lost)
    after_failure = delivery().status, delivery().tries
    system.settle(answer=204)

    sending.deliver(lost)

    assert after_failure == ("sending", 0)
    assert delivery().status == "succeeded"
