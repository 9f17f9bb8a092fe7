"""Test data of partners is counted, addressed, ranked and found by nobody who looks for what is real."""

from __future__ import annotations

import datetime as dt
import uuid
from types import SimpleNamespace
from typing import Any

import pytest

from common import clock
from common.blood import DonationType
from common.figures import Scope, all_figures
from common.geo import Point
from common.ids import uuid7
from notifications import figures as notifications
from notifications.audience import parts_of
from notifications.models import Announcement, Delivery, WebhookDelivery, WebhookEndpoint
from notifications.states import AudienceKind
from orders.models import Order
from partners import selectors as partners
from requests_app import figures as requests
from requests_app.models import Assignment
from requests_app.services import promises
from stock import figures as stock
from stock.models import Unit
from tests.factories import make_donor
from tests.notifications.test_handlers import drain
from tests.partners.factories import client_with
from tests.partners.test_test_mode import World
from users import matching
from users.models import Donor
from users.selectors import leaderboard

pytestmark = pytest.mark.django_db
OPERATION = "django_apscheduler", "common"  # how the product itself runs, whomever it serves


@pytest.fixture
def planted() -> Any:
    """A test world with a request, a promise, bags, an order and a webhook; beside it one real donor and hospital."""
    world = World()
    real = make_donor(km_north=1, on_leaderboard=True, verified_donations=2)
    posted = world.client().post("/api/v1/partner/requests", world.need(), format="json").json()["id"]
    drain()
    donors = Donor.objects.filter(test_world=world.twin.test_world)
    promises.accept(request_id=uuid.UUID(posted), donor_id=donors.filter(blood_group="O-").earliest("pk").pk)
    donors.update(on_leaderboard=True, verified_donations=9)
    Order.objects.create(
        bank=world.twin,
        buyer_user=donors.earliest("pk").user,
        terms="prepaid",
        needed_by=clock.now() + dt.timedelta(hours=5),
        total_minor=1000,
        currency="INR",
        holding=uuid.uuid4(),
        is_pickup=True,
    )
    endpoint = WebhookEndpoint.objects.create(
        partner=world.twin, url="https://ward.example/", event_types=["*"], secret="x", failing_since=clock.now()
    )
    WebhookDelivery.objects.create(endpoint=endpoint, message_id="evt_1", type="x", body="{}", next_at=clock.now())
    drain()
    return SimpleNamespace(world=world, real=real)


@pytest.mark.parametrize("city", ["", "Pune"])
def test_no_figure_and_no_map_counts_test_data(planted: Any, city: str) -> None:
    scope = Scope.of_days(2, zone="Asia/Kolkata", city=city)

    counted = {
        (model, part): one.count(scope)[part] for model, part, one in all_figures() if not model.startswith(OPERATION)
    }

    assert all(model.objects.exists() for model in (Assignment, Unit, Order, Delivery, WebhookDelivery))
    assert {name: count for name, count in counted.items() if count} == {}
    assert stock.by_group_and_life(scope) == requests.places(scope, most=9) == notifications.by_channel(scope) == []
    assert stock.available_by_partner(scope) == {}
    assert requests.times_to_fill(scope).requests == requests.asking(scope).asked == 0


def test_no_announcement_ranking_directory_or_search_finds_test_data(planted: Any) -> None:
    world, real = planted.world, planted.real
    here = Point(float(world.twin.lat), float(world.twin.lng))
    near = {"radius_km": 50, "groups": ["O-"], "donation_type": DonationType.WHOLE_BLOOD, "zone": "Asia/Kolkata"}

    told = {row[0] for kind in AudienceKind for part in parts_of(Announcement(audience=kind)) for row in part.rows}
    found = matching.nearest_donors(origin=here, limit=99, world=None, **near)
    listed = client_with().get("/api/v1/partners").json()["results"]

    assert told == {real.pk, world.owner.pk}
    assert [row.user_id for row in leaderboard(city=None)] == [real.pk]
    assert [row.donor_id for row in found] == [real.pk]
    assert [row["id"] for row in listed] == [str(world.owner.partner_id)]
    assert partners.cities() == ["Pune"]
    assert matching.nearest_donors(origin=here, limit=99, world=uuid7(), **near) == []
