"""How messages went: numbers for the partner that asked, everything for administrators, in as many queries for many."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from common import clock, outbox
from notifications.models import Delivery
from requests_app.models import BloodRequest
from requests_app.services import promises
from tests.factories import make_donor, make_hospital, make_request, member_client
from tests.notifications.campaign_scenes import make_administrator
from tests.partners.factories import make_member

pytestmark = pytest.mark.django_db


def path_of(request: BloodRequest) -> str:
    return f"/api/v1/partner/requests/{request.pk}/deliveries"


def test_a_partner_reads_how_many_were_reached_and_answered_and_no_names() -> None:
    owner = make_hospital()
    donors = [make_donor() for _ in range(3)]
    request = make_request(owner, units=2)
    outbox.drain()
    sent_at = clock.now() + dt.timedelta(seconds=4)
    Delivery.objects.filter(channel="sms").update(status="delivered", sent_at=sent_at, created_at=clock.now())
    Delivery.objects.filter(channel="whatsapp").update(status="dead")
    promises.accept(request_id=request.pk, donor_id=donors[0].pk)
    promises.decline(request_id=request.pk, donor_id=donors[1].pk)

    answer = member_client(owner).get(path_of(request))

    report = answer.json()
    assert {name: report[name] for name in ("asked", "told", "reached", "accepted", "declined")} == {
        "asked": 3,
        "told": 3,
        "reached": 3,
        "accepted": 1,
        "declined": 1,
    }
    channels = {row["channel"]: row for row in report["channels"]}
    assert (channels["sms"]["messages"], channels["sms"]["delivered"], channels["whatsapp"]["failed"]) == (3, 3, 3)
    assert 3 <= channels["sms"]["median_seconds_to_send"] <= 5
    assert not any(donor.user.name in answer.content.decode() for donor in donors)
    assert member_client(make_member()).get(path_of(request)).status_code == 404


def test_the_report_costs_the_same_for_one_donor_and_for_many() -> None:
    def queries(count: int) -> int:
        owner = make_hospital()
        for _ in range(count):
            make_donor()
        request = make_request(owner)
        outbox.drain()
        client = member_client(owner)
        with CaptureQueriesContext(connection) as found:
            assert client.get(path_of(request)).status_code == 200
        return len(found)

    assert queries(1) == queries(4)


def test_an_administrator_reads_by_kind_channel_and_state_what_became_of_everything() -> None:
    make_donor()
    request = make_request()
    outbox.drain()
    client = Client()
    client.force_login(make_administrator())

    page = client.get(f"/admin/notifications/notification/report/{request.pk}/").content.decode()
    rows = client.get("/admin/notifications/delivery/", {"q": str(request.pk)})

    assert "<td>ask</td><td>sms</td><td>queued</td>" in page
    assert rows.status_code == 200
    assert Client().get(f"/admin/notifications/notification/report/{request.pk}/").status_code == 302
