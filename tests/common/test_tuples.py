"""Lists that are read as tuples say what the models would have said, in as many queries whatever their length."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common import clock
from common.api.renderers import JSONRenderer
from common.api.rows import as_tuples, show_rows
from notifications import selectors as inbox
from notifications.api.serializers import NotificationOut
from notifications.models import Notification
from requests_app import selectors as requests
from requests_app.api.serializers import RequestOut
from requests_app.models import Wave
from stock import selectors as stock
from stock.api.serializers import MovementOut, UnitOut
from stock.models import Unit
from tests.factories import make_hospital, make_request, make_user
from tests.stock.scenes import make_unit, reserve

pytestmark = pytest.mark.django_db


def some_notifications():
    person, now = make_user(), clock.now()
    for number, subject in enumerate((None, person.pk)):
        Notification.objects.create(
            dedupe_key=f"t:{number}", kind="ask", user=person, title="T", subject_kind="request", subject_id=subject
        )
    Notification.objects.filter(subject_id=None).update(read_at=now)
    return NotificationOut, inbox.inbox_of(person.pk)


def some_requests():
    owner = make_hospital()
    first, _second = make_request(owner, note="Ward 3"), make_request(owner)
    for number in (2, 1):
        Wave.objects.create(request=first, number=number + 7, radius_km="2.50", started_at=clock.now())
    return RequestOut, requests.requests_of(owner.partner_id)


def some_movements():
    partner = make_hospital().partner
    make_unit(partner)
    reserve(partner)
    return MovementOut, stock.movements_of(partner.pk)


def as_json(shown):
    return json.loads(JSONRenderer().render(shown))


@pytest.mark.parametrize("some", [some_notifications, some_requests, some_movements])
def test_tuples_show_what_models_show(some):
    kind, rows = some()
    tuples = as_tuples(kind, rows)

    page = list(tuples.reading().order_by("-pk"))

    assert as_json(tuples.show(page)) == as_json(show_rows(kind, rows.order_by("-pk")))
    assert page


def test_a_kind_that_asks_models_is_shown_by_models():
    assert as_tuples(UnitOut, Unit.objects.all()) is None


def test_lists_in_rows_cost_one_query_however_many_rows():
    owner = make_hospital()

    def cost():
        tuples = as_tuples(RequestOut, requests.requests_of(owner.partner_id))
        with CaptureQueriesContext(connection) as queries:
            tuples.show(list(tuples.reading()))
        return len(queries)

    make_request(owner)
    alone = cost()
    for _ in range(5):
        make_request(owner)

    assert cost() == alone == 2


def test_moments_are_written_in_utc_as_before():
    moment = dt.datetime(2030, 5, 1, 6, 30, 0, 120, tzinfo=dt.UTC)

    assert as_json({"at": moment}) == {"at": "2030-05-01T06:30:00.000120Z"}
