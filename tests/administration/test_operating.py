"""What administrators change while the product runs holds everywhere, within its bounds, and is written down."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from appointments.services import registering as doctors
from common import operating
from common.errors import RegistrationClosed
from common.models import Setting, SettingChange
from common.operating import ReasonMissing, SettingInvalid, SettingMoved
from partners.services import registering as partners
from requests_app.operating import ASK_CAP
from requests_app.services.waves import quiet_until
from tests.factories import make_user
from users.services import accounts

pytestmark = pytest.mark.django_db
PAGE = "/admin/operating/"


def put(name: str, value: str, *, seen: str | None = None, reason: str = "Because") -> SettingChange:
    one = next(one for one in operating.registered() if one.name == name)
    return operating.change(
        name=name, given=value, seen=one.shown() if seen is None else seen, actor="admin 1", reason=reason
    )


def test_a_change_holds_at_once_and_says_who_and_why(site: Client) -> None:
    user = site.session["_auth_user_id"]

    reply = site.post(PAGE, {"name": "daily_ask_cap", "given": "5", "seen": "3", "reason": "A flood in Pune"})

    row = SettingChange.objects.get()
    assert reply.status_code == 302
    assert ASK_CAP.value() == 5
    assert (row.name, row.before, row.after, row.reason) == ("daily_ask_cap", "3", "5", "A flood in Pune")
    assert row.actor == f"admin {user}"
    assert "A flood in Pune" in site.get(PAGE).content.decode()


def test_who_may_only_look_changes_nothing(clerk) -> None:
    client = clerk("common.view_setting")

    shown = client.get(PAGE)
    reply = client.post(PAGE, {"name": "maintenance", "given": "on", "seen": "off", "reason": "Mischief"})

    assert shown.status_code == 200
    assert "<button>Change" not in shown.content.decode()
    assert reply.status_code == 403
    assert not Setting.objects.exists()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("daily_ask_cap", text) for text in ("0", "21", "-1", "", "3.5", "९", "99999999999")),
        *(("quiet_from", text) for text in ("24:00", "noon", "", "7")),
        *(("maintenance", text) for text in ("yes", "", "ON")),
        *(("notice", text) for text in ("x" * 301, "two\nlines")),
    ],
)
def test_what_is_out_of_bounds_is_refused(name: str, value: str) -> None:
    with pytest.raises(SettingInvalid):
        put(name, value)

    assert not SettingChange.objects.exists()


def test_a_reason_is_needed_and_the_value_that_was_seen() -> None:
    with pytest.raises(ReasonMissing):
        put("daily_ask_cap", "5", reason="  ")
    put("daily_ask_cap", "5")
    with pytest.raises(SettingMoved):
        put("daily_ask_cap", "7", seen="3")


def test_another_process_obeys_when_its_memory_is_older_than_the_bound(settings: Settings, monkeypatch) -> None:
    settings.OPERATING_FRESH = 1.0
    now = [100.0]
    monkeypatch.setattr(operating.time, "monotonic", lambda: now[0])
    operating.assume({})
    Setting.objects.create(name="daily_ask_cap", value=9, changed_at=dt.datetime.now(dt.UTC))

    before = ASK_CAP.value()
    now[0] += 1.1

    assert (before, ASK_CAP.value()) == (3, 9)


def test_asking_again_soon_costs_no_query(
    settings: Settings, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.OPERATING_FRESH = 60.0
    operating.assume(None)

    with django_assert_num_queries(1):
        values = {ASK_CAP.value() for _ in range(50)}

    assert values == {3}


class TestMaintenance:
    """While it is on the API answers 503, and what must go on goes on."""

    @pytest.fixture(autouse=True)
    def on(self) -> None:
        put("maintenance", "on")

    @pytest.mark.parametrize("path", ["/api/v1/partners", "/api/v1/auth/login", "/fhir/R4/metadata", "/api/v1/nowhere"])
    def test_the_api_says_so(self, client: Client, path: str) -> None:
        reply = client.get(path, headers={"Origin": "https://app.example"})

        body = json.loads(reply.content)
        assert reply.status_code == 503
        assert reply["Content-Type"] == "application/problem+json"
        assert (body["code"], body["status"]) == ("maintenance", 503)
        assert int(reply["Retry-After"]) > 0
        assert "Access-Control-Allow-Origin" in reply
        assert body["request_id"] == reply["X-Request-ID"]

    def test_links_of_messages_and_files_wait_too(self, client: Client) -> None:
        assert {client.get(path).status_code for path in ("/files/x", "/a/x", "/u/x")} == {503}

    @pytest.mark.parametrize(
        ("path", "status"),
        [("/healthz", 200), ("/readyz", 200), ("/admin/login/", 200), ("/api/v1/docs", 200), ("/favicon.ico", 302)],
    )
    def test_health_and_staff_go_on(self, client: Client, path: str, status: int) -> None:
        assert client.get(path).status_code == status

    def test_providers_are_heard(self, client: Client) -> None:
        reply = client.post("/api/v1/webhooks/stripe", b"{}", content_type="application/json")

        assert reply.status_code == 401

    def test_the_dashboard_says_so_and_ends_it(self, client: Client, site: Client) -> None:
        shown = site.get("/admin/").content.decode()

        site.post(PAGE, {"name": "maintenance", "given": "off", "seen": "on", "reason": "Mended"})

        assert "Maintenance is on" in shown
        assert client.get("/api/v1/partners").status_code == 200


def test_people_cannot_register_while_that_is_closed() -> None:
    put("register_people", "off")

    with pytest.raises(RegistrationClosed):
        accounts.register(
            challenge_id=make_user().pk,
            code="000000",
            name="A",
            password="x",
            language=None,
            device=None,  # type: ignore[arg-type]
        )


def test_nor_partners() -> None:
    put("register_partners", "off")

    with pytest.raises(RegistrationClosed):
        partners.register(organisation=None, owner=None)  # type: ignore[arg-type]


def test_nor_doctors() -> None:
    put("register_doctors", "off")

    with pytest.raises(RegistrationClosed):
        doctors.apply(user_id=make_user().pk, values={}, document_ids=[])


def test_quiet_hours_follow_the_setting() -> None:
    at = dt.datetime(2030, 5, 1, 14, 0, tzinfo=dt.UTC)  # 19:30 in India
    before = quiet_until(at, "Asia/Kolkata")

    put("quiet_from", "19:00")
    put("quiet_until", "06:15")

    until = quiet_until(at, "Asia/Kolkata")
    assert before is None
    assert until is not None
    assert f"{until:%H:%M}" == "06:15"


def test_the_notice_stands_above_the_dashboard(clerk) -> None:
    put("notice", "Deliveries are late in <Pune>.")

    assert "Deliveries are late in &lt;Pune&gt;." in clerk().get(reverse("admin:index")).content.decode()
