"""What partners' systems are told: as documented, to those whom it concerns, and nothing of a person."""

from __future__ import annotations

import json

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common import outbox
from common.ids import uuid7
from common.models import OutboxEvent, Told
from config.events import EVENTS
from notifications.models import WebhookDelivery
from notifications.webhooks.catalogue import BY_EVENT, BY_NAME, TYPES, is_wanted
from notifications.webhooks.services import endpoints
from notifications.webhooks.services.queueing import LARGEST
from partners.models import Partner
from tests.factories import make_arrived, make_donor, make_hospital, make_promise, make_request
from tests.notifications.webhooks.scenes import PUBLIC, happen, run_low
from tests.partners.factories import make_partner

PERSONAL = ("name", "phone", "email", "donor", "patient", "user", "age", "sex", "address", "note", "result")


def open_at(partner, *event_types):
    opened = endpoints.create(partner_id=partner.pk, url=PUBLIC, description="", event_types=event_types or ["*"])
    return opened.endpoint


def test_every_type_tells_of_an_event_of_its_own_that_happens():
    assert len(BY_EVENT) == len(BY_NAME) == len(TYPES)
    assert set(BY_EVENT) <= set(EVENTS)


def test_the_page_for_partners_names_every_type():
    page = (settings.BASE_DIR / "docs" / "webhooks.md").read_text(encoding="utf-8")

    assert [one.name for one in TYPES if f"| `{one.name}` | {one.meaning} |" not in page] == []


@pytest.mark.parametrize("one", TYPES, ids=lambda one: one.name)
def test_no_example_holds_anything_of_a_person(one):
    assert [word for word in PERSONAL for name in one.example if word in name.split("_")] == []


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [(["*"], True), (["order.*"], True), (["order.paid"], True), (["order.placed"], False), (["stock.*"], False)],
)
def test_filters_name_types_families_or_everything(filters, wanted):
    assert is_wanted("order.paid", filters) is wanted


@pytest.mark.django_db
def test_each_endpoint_of_the_partners_concerned_that_wants_it_is_sent_one_message():
    partner, stranger = make_partner(), make_partner()
    wanting = [open_at(partner), open_at(partner, "stock.*")]
    open_at(partner, "order.*")
    open_at(stranger)

    event = run_low(partner)

    rows = WebhookDelivery.objects.order_by("endpoint")
    assert [row.endpoint_id for row in rows] == [endpoint.pk for endpoint in wanting]
    assert len({row.message_id for row in rows}) == 1
    assert json.loads(rows[0].body)["timestamp"] == event.created_at.isoformat().replace("+00:00", "Z")


@pytest.mark.django_db
def test_an_event_that_is_told_again_makes_the_same_message_and_no_second_one():
    open_at(partner := make_partner())
    event = run_low(partner)
    before = WebhookDelivery.objects.get().message_id
    Told.objects.all().delete()
    OutboxEvent.objects.update(done_at=None, available_at=event.created_at)

    outbox.drain()

    assert WebhookDelivery.objects.get().message_id == before


@pytest.mark.django_db
def test_a_suspended_partner_is_told_of_itself_only():
    open_at(partner := make_partner())
    Partner.objects.update(status="suspended")

    run_low(partner)
    happen("partner.suspended", f"partner:{partner.pk}", partner=str(partner.pk))

    assert WebhookDelivery.objects.get().type == "partner.suspended"


@pytest.mark.django_db
def test_queueing_costs_the_same_for_one_endpoint_and_for_ten():
    open_at(partner := make_partner())
    run_low(partner)
    with CaptureQueriesContext(connection) as one:
        run_low(partner)
    for _ in range(9):
        open_at(partner)
    with CaptureQueriesContext(connection) as ten:
        run_low(partner)

    assert WebhookDelivery.objects.count() == 12
    assert len(one) == len(ten)


@pytest.mark.django_db
def test_a_donors_visit_is_told_to_the_partner_in_ids_and_numbers():
    open_at((hospital := make_hospital()).partner)
    make_arrived(make_promise(make_request(hospital, note="Asha is waiting"), donor := make_donor()))
    outbox.drain()

    bodies = [json.loads(body) for body in WebhookDelivery.objects.order_by("number").values_list("body", flat=True)]

    names = [body["type"] for body in bodies]
    assert {"request.opened", "assignment.accepted", "assignment.arrived"} <= set(names)
    assert all(set(body["data"]) == set(BY_NAME[body["type"]].example) for body in bodies)
    said = json.dumps(bodies)
    assert [secret for secret in (str(donor.pk), "Asha", donor.user.phone) if secret in said] == []
    assert len(said) < LARGEST


@pytest.mark.django_db
def test_of_many_bags_a_message_names_a_hundred_and_how_many_there_are():
    open_at(partner := make_partner())

    happen("unit.recalled", f"partner:{partner.pk}", partner=str(partner.pk), units=[str(uuid7()) for _ in range(500)])

    data = json.loads(WebhookDelivery.objects.get().body)["data"]
    assert (len(data["unit_ids"]), data["units_total"]) == (100, 500)


@pytest.mark.django_db
def test_what_is_gone_meanwhile_holds_up_nothing():
    open_at(make_partner())
    gone = "01990b1e-6c00-7a3b-9d1e-2f4a5b6c7d02"

    happen("request.opened", f"request:{gone}", request=gone)

    assert not WebhookDelivery.objects.exists()
