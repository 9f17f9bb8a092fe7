"""What docs/administration.md shows opens in a browser, with three weeks of a platform behind it; and is drawn."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from common import clock
from notifications.announcement_admin import desk_of
from notifications.models import Announcement
from tests.administration.browser import Visit, look
from tests.administration.people import session_of, superuser
from tests.administration.scenes import a_month
from tests.factories import make_user
from users.models import SecondFactor, User

pytestmark = pytest.mark.django_db(transaction=True)
PICTURES = Path(__file__).parents[2] / "docs" / "admin"
PREVIEWED = "/admin/notifications/wording/add/?kind=ask&language=en&form=sms"
STEP = "/admin/second-factor/"


def shown(sending: str, half_way: User) -> dict[str, Visit]:
    """Return what docs/administration.md shows: the pages, how many pixels of each, and from where on."""
    filled = "/admin/requests_app/bloodrequest/?figure=filled&from=2030-04-25&to=2030-05-01"
    return {
        "dashboard": Visit("/admin/", high=1330),
        "dashboard-more": Visit("/admin/?from=2030-04-11&to=2030-05-01", high=1450, top=1240),
        "map-requests": Visit("/admin/map/requests/", high=900),
        "map-stock": Visit("/admin/map/stock/?city=Pune", high=900),
        "approvals": Visit("/admin/waiting/approvals/", high=1000),
        "complaints": Visit("/admin/waiting/complaints/", high=700),
        "emergencies": Visit("/admin/waiting/emergencies/", high=700),
        "money": Visit("/admin/waiting/money/", high=900),
        "mismatches": Visit("/admin/waiting/mismatches/", high=700),
        "messages": Visit("/admin/waiting/messages/", high=700),
        "events": Visit("/admin/waiting/events/", high=700),
        "requests": Visit(filled, high=800),
        "ledger": Visit("/admin/payments/entry/report/", high=700),
        "report": Visit("/admin/reports/stock/", high=900),
        "settings": Visit("/admin/operating/", high=900),
        "settings-history": Visit("/admin/common/settingchange/", high=500),
        "audit": Visit("/admin/common/auditentry/?actor_kind__exact=member", high=700),
        "wording": Visit(PREVIEWED, high=1000, presses=("button[name=_preview]",)),
        "announcement": Visit(sending, high=800),
        "second-factor": Visit(STEP, high=620, cookies=session_of(half_way)),
    }


def test_the_pages_of_the_documentation_open_in_a_browser(live_server: Any) -> None:
    a_month()
    user, half_way = superuser(), make_user(is_staff=True, is_superuser=True)
    SecondFactor.objects.create(user=half_way, secret="A" * 32, confirmed_at=clock.now(), last_step=1)
    visits = shown(desk_of(Announcement.objects.get()), half_way)
    if os.environ.get("SCREENSHOTS"):
        visits = {name: replace(one, picture=PICTURES / f"{name}.png") for name, one in visits.items()}

    wrong = look(live_server.url, list(visits.values()), cookies=session_of(user))

    assert wrong == {}
