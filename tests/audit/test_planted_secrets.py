"""Known secrets are planted, the product is played with them, and they are looked for wherever they must not be."""

from __future__ import annotations

import io
import json
import logging
import uuid
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from rest_framework.test import APIClient

from common import outbox
from common.audit import chain
from common.db import unit_of_work
from common.models import OutboxEvent
from notifications.models import Delivery
from partners.models import Member
from sandbox.server import running
from tests.audit import secret_flows as flows
from tests.audit.secret_flows import Story
from tests.factories import make_donor, make_promise, member_client, person_client
from tests.files import picture
from tests.notifications.factories import work
from tests.orders.scenes import dispatched, make_bank
from tests.partners.factories import new_phone
from tests.payments.scenes import webhook
from tests.users.dump import dump
from tests.users.people import ask, code_of, post
from tests.users.test_documents import send
from users.models import User
from users.services import accounts

PASSWORD, OTHER_PASSWORD = "planted-tamarind-7731", "planted-jackfruit-8842"
AADHAAR, CARD = "234123412346", "4000056655665556"
PROVIDERS = {
    "TWILIO_AUTH_TOKEN": "planted-twilio-token-1f",
    "STRIPE_SECRET_KEY": "sk_test_plantedStripeKey2e",
    "RAZORPAY_KEY_SECRET": "planted-razorpay-secret-3d",
    "BKASH_APP_SECRET": "planted-bkash-secret-4c",
    "PHONEPE_CLIENT_SECRET": "planted-phonepe-secret-5b",
    "ZOOM_CLIENT_SECRET": "planted-zoom-secret-6a",
    "LOGISTICS_KEY": "planted-logistics-key-79",
    "IDENTITY_PROVIDER_SECRET": "planted-identity-provider-secret-88",
}
KEYS = ("SECRET_KEY", "TOKEN_KEY", "CODE_KEY", "BLIND_INDEX_KEY", "AUDIT_KEY", "STRIPE_WEBHOOK_SECRET")
pytestmark = pytest.mark.django_db


def sign_up(story: Story) -> tuple[User, str]:
    challenge = ask(new_phone(), "register")
    story.hidden["the code of the sign-up"] = code = code_of(challenge)
    wish = {"challenge_id": str(challenge), "code": code, "name": "Asha Kulkarni", "password": PASSWORD}
    signed = story.hear(post("register", wish, **{"Idempotency-Key": "planted-key"})).json()
    story.hear(post("register", wish, **{"Idempotency-Key": "planted-key"}))
    story.shown |= {"an access token": signed["access"], "a refresh token": signed["refresh"]}
    user = User.objects.get(pk=signed["user"]["id"])
    story.hear(post("login", {"phone": user.phone, "password": OTHER_PASSWORD}))
    story.hear(post("login", {"phone": user.phone, "password": [PASSWORD]}))
    renewed = story.hear(post("refresh", {"refresh": signed["refresh"]})).json()
    story.shown["the renewed refresh token"] = renewed["refresh"]
    story.hear(post("refresh", {"refresh": signed["refresh"]}))
    return user, signed["access"]


def prove(story: Story, user: User) -> None:
    client = person_client(user)
    for number in (AADHAAR, "234123412347", AADHAAR + "0"):
        story.hear(client.post("/api/v1/me/identity/aadhaar", {"number": number, "consent": True}, format="json"))
    story.hear(
        client.post(f"/api/v1/me/identity/aadhaar?number={AADHAAR}", b"{not json", content_type="application/json")
    )
    document = story.hear(send(client, picture())).json()
    link = story.hear(client.get(f"/api/v1/me/documents/{document['id']}/content")).json()["url"]
    story.shown["a link to a file"] = link.rpartition("/")[2]
    story.hear(APIClient().get(link))


def give(story: Story) -> None:
    promise = make_promise(donor=make_donor())
    story.shown["an arrival code"] = promise.code
    desk = member_client(Member.objects.get(partner=promise.assignment.request.partner_id))
    page = f"/api/v1/partner/assignments/{promise.assignment.pk}"
    story.hear(
        desk.post(f"{page}/arrival", {"code": "000000" if promise.code != "000000" else "111111"}, format="json")
    )
    story.hear(desk.post(f"{page}/arrival", {"code": promise.code}, format="json"))
    story.hear(desk.get(page))
    story.hear(
        desk.post(
            "/api/v1/partner/members",
            {"name": "Ravi", "phone": new_phone(), "password": OTHER_PASSWORD, "role": "inventory"},
            format="json",
        )
    )
    story.hear(desk.get("/api/v1/partner/audit-log"))


def pay(story: Story) -> None:
    body = {"id": f"evt_{uuid.uuid4().hex}", "type": "charge.failed", "data": {"object": {"card": {"number": CARD}}}}
    story.hear(webhook(json.dumps(body).encode(), secret=story.hidden["STRIPE_WEBHOOK_SECRET"]))
    story.hear(webhook(json.dumps(body).encode(), secret="whsec_of_somebody_else"))


def break_things(story: Story, user: User, access: str, monkeypatch: Any) -> None:
    """The 500 page, and a handler that fails with everything in its words."""
    refresh = story.shown["a refresh token"]
    words = f"Authorization: Bearer {access}; password={PASSWORD}, 'aadhaar': '{AADHAAR}', token={refresh}"

    def fails(*_: Any, **__: Any) -> None:
        raise RuntimeError(words)

    client = person_client(user)
    client.raise_request_exception = False
    with monkeypatch.context() as patched:
        patched.setattr(accounts, "update_profile", fails)
        story.hear(client.patch("/api/v1/me", {"name": "Asha"}, format="json"))
    with monkeypatch.context() as patched:
        patched.setitem(outbox._handlers, "planted.failure", [fails])
        with unit_of_work():
            outbox.emit("planted.failure", key="planted")
        outbox.drain()


def administrate(story: Story) -> None:
    phone = new_phone()
    meera = User.objects.create_superuser(phone=phone, password=OTHER_PASSWORD, name="Meera")
    client = Client()
    story.hear(client.post("/admin/login/", {"username": phone, "password": PASSWORD}))
    client.post("/admin/login/", {"username": phone, "password": OTHER_PASSWORD})
    flows.use_a_second_factor(story, client, meera)
    story.hidden["the administrator's cookie"] = client.cookies["sessionid"].value
    for model in admin.site._registry:
        page = f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        story.hear(client.get(page))
        row = model._default_manager.first()
        if row is not None:
            story.hear(client.get(f"{page}{row.pk}/change/"))
    story.hear(client.get("/admin/common/auditentry/export.csv"))


@pytest.fixture
def log(every_line: None) -> io.StringIO:
    """What is logged, as production writes it."""
    lines = io.StringIO()
    root: Any = logging.getLogger()
    root.handlers = [root.handlers[0]]
    root.handlers[0].setStream(lines)
    return lines


def test_no_secret_is_anywhere_but_with_whom_it_belongs(settings, monkeypatch, log, unthrottled, tmp_path):
    settings.PRIVATE_FILES_DIR, settings.ADMIN_TOTP_REQUIRED = str(tmp_path / "private"), True
    story = Story(hidden={name: getattr(settings, name) for name in (*KEYS, *flows.ACCEPTED)})
    story.hidden |= {"a password": PASSWORD, "another password": OTHER_PASSWORD, "an Aadhaar number": AADHAAR}

    with running(public_url="") as sandbox:
        flows.pay_by_every_provider(story, settings, sandbox)
        for name, value in PROVIDERS.items():
            story.hidden[f"{name}, which is wrong"] = value
            setattr(settings, name, value)
        flows.be_refused_by_every_provider(story)
        flows.integrate(story, settings, sandbox)
        flows.be_told(story, settings, sandbox)
        flows.talk(story)
        user, access = sign_up(story)
        prove(story, user)
        give(story)
        pay(story)
        dispatched(make_bank(bags=3))
        break_things(story, user, access, monkeypatch)
        outbox.drain()
        work()
    administrate(story)
    chain.run_due()

    kept, logged = dump(), log.getvalue()
    places = {"the logs": logged, "the database": kept, "an answer": "\n".join(story.answers)}
    found = [
        f"{name} is in {place}"
        for place, text in places.items()
        for name, secret in (story.hidden if place == "an answer" else {**story.hidden, **story.shown}).items()
        if secret in text
    ]
    assert found == []
    assert f"{CARD[:4]} {CARD[4:8]}" not in kept
    assert CARD not in kept + logged
    assert logged.count('"event": "request"') > 20
    assert any("RuntimeError" in event.last_error for event in OutboxEvent.objects.all())
    assert (
        not Delivery.objects.filter(is_secret=True, status__in=["sent", "delivered", "read", "dead"])
        .filter(body__isnull=False)
        .exists()
    )
