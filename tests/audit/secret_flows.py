"""Flows in which secrets pass through the product: of providers, of partners' systems, of links, of administrators."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from typing import Any

import pyotp
from django.test import Client
from pytest_django import Settings

from chat.states import ReportReason
from common import clock, outbox
from common.money import Currency, Money
from notifications.models import Delivery
from notifications.optouts import token_of
from notifications.owners import Owner
from notifications.states import Channel, Group
from notifications.webhooks import sending
from payments.models import ProviderToken
from sandbox.server import Sandbox
from sandbox.service_account import credentials
from tests.chat.scenes import talk_of_donor
from tests.factories import make_donor, make_hospital, make_request, member_client, person_client
from tests.notifications.webhooks.scenes import run_low
from tests.partners.factories import client_with
from tests.payments import test_bkash, test_phonepe, test_razorpay
from tests.payments.scenes import ask, begin, make_purchase, post, run_all
from tests.payments.sides import SIDES
from users.models import SecondFactor, User

PUSH_TOKEN, WORDS = "planted-push-token-fMEP0vJqS0", "planted words: my neighbour must not know of this"
STEP = "/admin/second-factor/"
# What the stand-ins of providers accept, by the setting's name.
ACCEPTED = (
    *("RAZORPAY_KEY_SECRET", "RAZORPAY_WEBHOOK_SECRET"),
    *("PHONEPE_CLIENT_SECRET", "PHONEPE_WEBHOOK_PASSWORD"),
    *("BKASH_PASSWORD", "BKASH_APP_KEY", "BKASH_APP_SECRET"),
)


@dataclass
class Story:
    """What was planted and what came back. `shown` may stand in an answer to whom it belongs, and nowhere else."""

    hidden: dict[str, str] = field(default_factory=dict)
    shown: dict[str, str] = field(default_factory=dict)
    answers: list[str] = field(default_factory=list)

    def hear(self, answer: Any) -> Any:
        content = b"".join(answer) if answer.streaming else answer.content
        self.answers.append(content.decode(errors="replace"))
        return answer


def pay_by_every_provider(story: Story, settings: Settings, sandbox: Sandbox) -> None:
    """What Razorpay, PhonePe and bKash accept, then what they refuse; webhooks of theirs and of somebody else's."""
    settings.RAZORPAY_API_BASE = f"{sandbox.url}/razorpay"
    settings.PHONEPE_API_BASE = settings.PHONEPE_AUTH_BASE = f"{sandbox.url}/phonepe"
    settings.BKASH_API_BASE, settings.BKASH_SNS_ORIGIN = f"{sandbox.url}/bkash", sandbox.url
    razorpay, phonepe, bkash = (SIDES[name](sandbox) for name in ("razorpay", "phonepe", "bkash"))
    purchase, client = make_purchase()
    ordered = begin(purchase, client, "razorpay")
    for secret in (settings.RAZORPAY_WEBHOOK_SECRET, "of-somebody-else"):
        story.hear(test_razorpay.webhook(test_razorpay.event(ordered), secret=secret))
    razorpay.press(ordered.provider_ref, "pay")
    _, sent = test_phonepe.paid(phonepe)
    story.hear(test_phonepe.webhook(test_phonepe.event(sent)))
    story.hear(test_phonepe.webhook(test_phonepe.event(sent), Authorization="of-somebody-else"))
    _, taken = test_bkash.paid(bkash)
    story.hear(test_bkash.webhook(test_bkash.notification(bkash, taken)))
    ask(ordered)
    run_all()
    for row in ProviderToken.objects.all():
        story.hidden[f"the access token of {row.name}"] = str(row.token)


def be_refused_by_every_provider(story: Story) -> None:
    for provider, currency in (("razorpay", Currency.INR), ("phonepe", Currency.INR), ("bkash", Currency.BDT)):
        purchase, client = make_purchase(amount=Money(120_000, currency))
        story.hear(post(client, purchase, provider))
    run_all()


def integrate(story: Story, settings: Settings, sandbox: Sandbox) -> None:
    """A partner's system: its key and the next one, and webhooks to where somebody answers and where nobody does."""
    settings.WEBHOOK_SANDBOX_ORIGIN = sandbox.url
    owner = make_hospital()
    desk, keys, hooks = member_client(owner), "/api/v1/partner/api-keys", "/api/v1/partner/webhook-endpoints"
    made = story.hear(desk.post(keys, {"name": "Laboratory", "scopes": ["stock:read"]}, format="json")).json()
    rotated = story.hear(desk.post(f"{keys}/{made['key']['id']}/rotate", {"overlap_hours": 1}, format="json")).json()
    story.shown |= {"an API key": made["token"], "its successor": rotated["token"]}
    for token in (made["token"], f"{made['token']}0"):
        story.hear(client_with(token).get("/api/v1/partner/stock"))
        story.hear(client_with(token).get(f"/api/v1/partner/members?key={token}"))
    wish = {"url": f"{sandbox.url}/receiver/ward", "event_types": ["*"]}
    opened = story.hear(desk.post(hooks, wish, format="json")).json()
    changed = story.hear(desk.post(f"{hooks}/{opened['endpoint']['id']}/rotate-secret", {}, format="json")).json()
    story.shown |= {"a signing secret": opened["secret"], "its follower": changed["secret"]}
    run_low(owner.partner)
    sending.run_due()
    settings.WEBHOOK_SANDBOX_ORIGIN = ""
    run_low(owner.partner)
    sending.run_due()
    for path in (keys, hooks, f"{hooks}/{opened['endpoint']['id']}/deliveries"):
        story.hear(desk.get(path))


def be_told(story: Story, settings: Settings, sandbox: Sandbox) -> User:
    """Whoever has the app, and follows links of messages; returns who it is."""
    settings.FCM_CREDENTIALS, settings.FCM_API_BASE = credentials(sandbox.url), f"{sandbox.url}/fcm"
    donor = make_donor(lat="18.530000", lng="73.856700")
    client = person_client(donor.user)
    app = {"token": PUSH_TOKEN, "platform": "android", "app_version": "1.0", "language": "en"}
    story.hidden["a push token"] = PUSH_TOKEN
    for wish in (app, app, {**app, "platform": "pager"}):
        story.hear(client.post("/api/v1/me/push-devices", wish, format="json"))
    story.hear(client.get("/api/v1/me/push-devices"))
    make_request()
    outbox.drain()
    sms = Delivery.objects.get(notification__kind="ask", channel="sms", notification__user=donor.user)
    tap = re.findall(r"/a/(\S+)", str(sms.body))[0]
    owner = Owner(user_id=donor.pk)
    leave = token_of(owner, channel=Channel.SMS, group=Group.CAMPS, address=donor.user.phone)
    story.shown |= {"a link to answer with": tap, "a link to stop messages with": leave}
    for path in (f"/a/{tap}", f"/a/{tap}x", f"/u/{leave}", f"/u/{leave}x"):
        story.hear(Client().get(path))
        story.hear(Client().post(path, {"answer": "come"}))
    return donor.user


def talk(story: Story) -> None:
    """What is said in words, also to where it may not be said, and reported."""
    story.shown["words of a conversation"] = WORDS
    said = talk_of_donor()
    donor, desk = person_client(said.first), member_client(said.second)
    path = f"conversations/{said.pk}/messages"
    wish = {"client_id": str(uuid.uuid4()), "text": WORDS}
    message = story.hear(donor.post(f"/api/v1/{path}", wish, format="json")).json()
    story.hear(donor.post(f"/api/v1/{path}", {**wish, "client_id": WORDS}, format="json"))
    story.hear(donor.post(f"/api/v1/conversations/{uuid.uuid4()}/messages", wish, format="json"))
    story.hear(desk.get(f"/api/v1/partner/{path}"))
    report = {"reason": str(ReportReason.ABUSE), "words": WORDS}
    story.hear(desk.post(f"/api/v1/partner/{path}/{message['id']}/report", report, format="json"))
    outbox.drain()


def use_a_second_factor(story: Story, client: Client, user: User) -> None:
    """Set a telephone up, as the signed-in administrator; wrong codes before and afterwards."""
    client.post(STEP, {"verb": "begin"})
    secret = SecondFactor.objects.get(user=user).secret
    story.shown["the secret of a telephone"] = secret
    client.get(f"{STEP}?verb=begin")
    client.post(STEP, {"verb": "confirm", "code": "000000"})
    page = client.post(STEP, {"verb": "confirm", "code": pyotp.TOTP(secret).at(clock.now())}).content.decode()
    codes = re.findall(r"<code>([a-z2-9-]{23})</code>", page)
    story.shown |= {f"recovery code {number}": code for number, code in enumerate(codes)}
    other = Client()
    other.force_login(user)
    other.post(STEP, {"verb": "pass", "code": codes[0]})
