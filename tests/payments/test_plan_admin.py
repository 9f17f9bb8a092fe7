"""Administrators set prices as versions, make coupons, give credits, and read the rest."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from common.outbox import drain
from payments.models import Coupon, Plan, PlanVersion, Wallet
from tests.payments.plan_scenes import balance, coupon, give_credits, somebody, subscriber, take
from users.models import User

pytestmark = pytest.mark.django_db
PAGES = ("plan", "planversion", "coupon", "subscription", "wallet", "referral", "quotacounter", "settlement")


@pytest.fixture
def desk() -> Client:
    admin = User.objects.create_superuser("+919000000001", "seven quiet tamarinds", name="Admin")
    client = Client()
    client.force_login(admin)
    return client


@pytest.mark.parametrize("page", PAGES)
def test_every_list_opens(desk, page):
    coupon()
    who = subscriber(coupon="MONSOON")
    give_credits(who, 100)
    take(who)

    assert desk.get(reverse(f"admin:payments_{page}_changelist")).status_code == 200


def test_another_price_is_another_version(desk):
    plan = Plan.objects.get(code="basic")
    body = {"plan": plan.pk, "price_minor": 29_900, "months": 1, "appointments": 12}
    more = {"storage_bytes": 2**30, "tax_points": 1800, "sac": "998439"}

    reply = desk.post(reverse("admin:payments_planversion_add"), {**body, **more})

    rows = PlanVersion.objects.filter(plan=plan).order_by("number")
    assert reply.status_code == 302
    assert [(row.number, row.price_minor) for row in rows] == [(1, 19_900), (2, 29_900)]
    assert rows[1].actor.startswith("admin ")


def test_a_plan_without_a_price_is_not_offered(desk):
    forms = {f"versions-{name}": 0 for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    body = {"code": "gold", "name": "Gold", "rank": 40, "is_offered": "on", **forms}

    reply = desk.post(reverse("admin:payments_plan_add"), body)
    offered = [row["plan"] for row in desk.get("/api/v1/plans").json()["plans"]]

    assert (reply.status_code, Plan.objects.filter(code="gold").count()) == (302, 1)
    assert offered == ["free", "basic", "premium", "enterprise"]


def test_a_version_is_read_and_not_changed(desk):
    row = PlanVersion.objects.first()
    url = reverse("admin:payments_planversion_change", args=[row.pk])

    assert desk.get(url).status_code == 200
    assert desk.post(url, {"price_minor": 1}).status_code == 403


def test_a_plan_is_taken_off_sale_and_keeps_its_subscribers(desk):
    who = subscriber()
    plan = Plan.objects.get(code="basic")
    url = reverse("admin:payments_plan_change", args=[plan.pk])
    forms = {f"versions-{name}": 0 for name in ("TOTAL_FORMS", "INITIAL_FORMS")}

    reply = desk.post(url, {"name": "Basic", "description": "", **forms})
    refused = somebody().post(plan="basic")

    assert reply.status_code == 302
    assert (refused.status_code, refused.json()["code"]) == (400, "plan_unknown")
    assert who.now()["plan"] == "basic"


@pytest.mark.parametrize(("percent", "made"), [("10", 1), ("200", 0), ("", 0)])
def test_a_coupon_is_made_by_its_rules(desk, percent, made):
    today = timezone.localtime()
    body = {
        "code": "MONSOON",
        "kind": "percent",
        "percent": percent,
        "currency": "INR",
        "kinds": "subscription",
        "plans": "",
        "max_per_person": 1,
        "valid_from_0": f"{today:%Y-%m-%d}",
        "valid_from_1": "00:00:00",
        "is_active": "on",
        "uses-TOTAL_FORMS": 0,
        "uses-INITIAL_FORMS": 0,
    }

    desk.post(reverse("admin:payments_coupon_add"), body)

    assert Coupon.objects.count() == made


@pytest.mark.parametrize(("minor", "words", "given"), [("500", "For patience", 600), ("", "x", 100), ("500", "", 100)])
def test_credits_are_given_with_a_reason(desk, minor, words, given):
    who = somebody()
    give_credits(who, 100)
    wallet = Wallet.objects.get(user=who.user)
    body = {"action": "grant", "_selected_action": [str(wallet.pk)], "minor": minor, "words": words}

    for _ in range(2):
        desk.post(reverse("admin:payments_wallet_changelist"), body)
    drain()

    assert balance(who) == given
