"""Owners, and nobody else, say where their systems are told; a secret is shown once and stands nowhere else."""

from __future__ import annotations

import base64
import json
import logging

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from common.webhooks import key_of
from notifications.models import WebhookDelivery, WebhookEndpoint
from notifications.webhooks.services.endpoints import MOST_ENDPOINTS
from partners.states import Role
from tests.notifications.webhooks.scenes import PUBLIC, aggregate, run_low, send_all, statuses
from tests.partners.factories import client_of, make_member, make_partner
from users.models import User

pytestmark = pytest.mark.django_db
LIST = "/api/v1/partner/webhook-endpoints"


@pytest.fixture
def owner():
    return make_member()


@pytest.fixture
def client(owner):
    return client_of(owner)


def create(client, **values):
    return client.post(LIST, {"url": PUBLIC, **values}, format="json")


def test_an_owner_opens_an_endpoint_and_sees_its_secret_this_once(client):
    reply = create(client, description="Ward", event_types=["order.*", "stock.low"])

    body = reply.json()
    one = f"{LIST}/{body['endpoint']['id']}"
    assert (reply.status_code, body["endpoint"]["status"]) == (201, "enabled")
    assert len(key_of(body["secret"])) == 32
    assert body["endpoint"]["event_types"] == ["order.*", "stock.low"]
    assert body["secret"] not in client.get(one).content.decode() + client.get(LIST).content.decode()


def test_a_secret_stands_sealed_in_the_database_and_in_no_log(client, owner, system, caplog, every_line):
    with caplog.at_level(logging.DEBUG):
        secret = create(client, url=system.url).json()["secret"]
        endpoint = WebhookEndpoint.objects.get()
        client.post(f"{LIST}/{endpoint.pk}/test")
        send_all()
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(e)::text FROM notifications_webhookendpoint e")
        [(stored,)] = cursor.fetchall()

    raw = base64.b64decode(secret.removeprefix("whsec_"))
    assert endpoint.secret == secret
    assert secret not in caplog.text + stored
    assert raw.hex() not in stored


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"url": "http://hooks.hospital.example/in"}, "webhook_url_refused"),
        ({"url": "https://169.254.169.254/latest"}, "webhook_url_refused"),
        ({"event_types": ["order.eaten"]}, "event_type_unknown"),
        ({"event_types": ["appointment.*"]}, "event_type_unknown"),
        ({"event_types": []}, "invalid_input"),
    ],
)
def test_what_cannot_be_sent_to_or_does_not_happen_is_refused(client, values, code):
    created = create(client)
    refused = create(client, **values)
    changed = client.patch(f"{LIST}/{created.json()['endpoint']['id']}", values, format="json")

    assert (refused.status_code, refused.json()["code"]) == (400, code)
    assert (changed.status_code, changed.json()["code"]) == (400, code)


def test_a_partner_has_so_many_endpoints_and_a_deleted_one_makes_room(client, unthrottled):
    made = [create(client) for _ in range(MOST_ENDPOINTS)]

    refused = create(client)
    gone = client.delete(f"{LIST}/{made[0].json()['endpoint']['id']}")
    again = create(client)

    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_webhook_endpoints")
    assert (gone.status_code, again.status_code) == (204, 201)
    assert WebhookEndpoint.objects.get(status="deleted").secret is None


@pytest.mark.parametrize("role", [Role.COORDINATOR, Role.INVENTORY])
def test_only_owners_may(owner, role):
    other = client_of(make_member(owner.partner, role=role))

    replies = [other.get(LIST), create(other)]

    assert [reply.status_code for reply in replies] == [403, 403]
    assert other.get("/api/v1/partner/webhook-event-types").status_code == 200


def test_another_partners_endpoint_and_messages_are_not_there(client, system):
    theirs = system.open(partner := make_partner())
    run_low(partner)
    message = WebhookDelivery.objects.get()
    one = f"{LIST}/{theirs.pk}"
    mine = create(client).json()["endpoint"]["id"]

    replies = [
        client.get(one),
        client.patch(one, {"description": "mine"}, format="json"),
        client.delete(one),
        *(client.post(f"{one}/{verb}") for verb in ("rotate-secret", "test", "enable", "disable")),
        client.get(f"{one}/deliveries"),
        client.get(f"{one}/deliveries/{message.pk}"),
        client.post(f"{one}/deliveries/{message.pk}/replay"),
        client.post(f"{one}/replay", {"since": "2026-01-01T00:00:00Z"}, format="json"),
        client.get(f"{LIST}/{mine}/deliveries/{message.pk}"),
        client.post(f"{LIST}/{mine}/deliveries/{message.pk}/replay"),
    ]

    assert {reply.status_code for reply in replies} == {404}
    assert client.get(LIST).json()["results"][0]["id"] == mine


def test_a_test_message_arrives_and_its_delivery_shows_the_exact_body_and_each_attempt(owner, client, system):
    endpoint = system.open(owner.partner, "order.*")
    made = client.post(f"{LIST}/{endpoint.pk}/test")
    system.settle(secrets=[])
    send_all()

    shown = client.get(f"{LIST}/{endpoint.pk}/deliveries/{made.json()['id']}").json()

    [got] = system.received()
    assert (made.status_code, shown["status"], shown["type"]) == (201, "succeeded", "webhook.test")
    assert shown["body"] == got["body"]
    assert json.loads(shown["body"])["data"] == {"endpoint_id": str(endpoint.pk)}
    assert [(one["number"], one["http_status"], one["error"]) for one in shown["attempts"]] == [(1, 204, "")]


def test_a_disabled_endpoint_is_sent_nothing_until_it_is_enabled(owner, client, system):
    endpoint = system.open(owner.partner)
    run_low(owner.partner)
    one = f"{LIST}/{endpoint.pk}"
    disabled = client.post(f"{one}/disable").json()
    run_low(owner.partner)
    refused = [client.post(f"{one}/test"), client.post(f"{one}/disable")]
    enabled = client.post(f"{one}/enable").json()
    run_low(owner.partner)

    send_all()

    assert (disabled["disabled_reason"], enabled["status"], enabled["disabled_reason"]) == ("owner", "enabled", "")
    assert [reply.json()["code"] for reply in refused] == ["webhook_endpoint_disabled", "illegal_transition"]
    assert statuses(endpoint) == ["failed", "succeeded"]


def test_a_message_is_replayed_under_its_own_id(owner, client, system):
    endpoint = system.open(owner.partner)
    run_low(owner.partner)
    send_all()
    path = f"{LIST}/{endpoint.pk}/deliveries/{WebhookDelivery.objects.get().pk}/replay"

    replies = [client.post(path), client.post(path)]
    send_all()

    assert [reply.status_code for reply in replies] == [200, 409]
    assert len(system.ids()) == 2
    assert len(set(system.ids())) == 1


def test_what_failed_since_then_goes_again_the_oldest_first_and_so_many_at_a_time(
    owner, client, system, noon, monkeypatch
):
    monkeypatch.setattr("notifications.webhooks.services.queueing.MOST_REPLAYED", 2)
    endpoint, mine = system.open(owner.partner), aggregate()
    run_low(owner.partner, key=mine, available=0)
    noon.shift(60)
    since = "2030-05-01T12:00:30+05:30"
    for available in range(1, 4):
        run_low(owner.partner, key=mine, available=available)
    client.post(f"{LIST}/{endpoint.pk}/disable")
    client.post(f"{LIST}/{endpoint.pk}/enable")

    replies = [client.post(f"{LIST}/{endpoint.pk}/replay", {"since": since}, format="json").json() for _ in range(2)]
    while send_all():
        pass

    assert replies == [{"queued": 2, "left": 1}, {"queued": 1, "left": 0}]
    assert [one["available"] for one in system.data()] == [1, 2, 3]


def test_the_log_is_filtered_and_costs_the_same_for_one_row_and_for_twenty(owner, client, system):
    endpoint = system.open(owner.partner)
    path = f"{LIST}/{endpoint.pk}/deliveries"
    run_low(owner.partner, key=aggregate())
    send_all()
    with CaptureQueriesContext(
        connection,
    ) as one:
        client.get(path)
    for _ in range(19):
        run_low(owner.partner, key=aggregate())
    with CaptureQueriesContext(connection) as twenty:
        everything = client.get(path).json()["results"]

    asked = ("status=succeeded", "status=failed", "type=stock.low", "type=order.paid", "since=2031-01-01T00:00:00Z")
    found = [len(client.get(f"{path}?{query}").json()["results"]) for query in asked]

    assert len(everything) == 20
    assert len(one) == len(twenty)
    assert found == [1, 0, 20, 0, 0]


def test_administrators_read_everything_but_secrets_and_may_replay(owner, system):
    endpoint = system.open(owner.partner)
    run_low(owner.partner)
    send_all()
    row = WebhookDelivery.objects.get()
    client = APIClient()
    client.force_login(User.objects.create_superuser(phone="+919876543210", password="seven quiet tamarinds"))

    page = client.get(f"/admin/notifications/webhookendpoint/{endpoint.pk}/change/").content.decode()
    client.post("/admin/notifications/webhookdelivery/", {"action": "send_again", "_selected_action": [str(row.pk)]})

    row.refresh_from_db()
    assert str(endpoint.secret) not in page
    assert endpoint.url in page
    assert row.status == "pending"
