"""What every stand-in shares: settings, switched-on faults, the inbox, the courier. All of it in memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Self

from sandbox.courier import Courier
from sandbox.faults import Faults
from sandbox.inbox import Inbox

SANDBOX_ACCOUNT_SID = "AC" + "0" * 32
SANDBOX_STRIPE_KEY = "sk_test_sandbox"
SANDBOX_STRIPE_WEBHOOK_SECRET = "whsec_sandbox"  # noqa: S105 - as below
SANDBOX_RAZORPAY_KEY_ID = "rzp_test_sandbox"
SANDBOX_RAZORPAY_KEY_SECRET = "sandbox-razorpay-secret"  # noqa: S105 - as below
SANDBOX_RAZORPAY_WEBHOOK_SECRET = "sandbox-razorpay-webhook-secret"  # noqa: S105 - as below
SANDBOX_PHONEPE_CLIENT_ID = "SANDBOX-CLIENT"
SANDBOX_PHONEPE_CLIENT_SECRET = "sandbox-phonepe-secret"  # noqa: S105 - as below
SANDBOX_PHONEPE_WEBHOOK_USERNAME = "sandbox_hook"
SANDBOX_PHONEPE_WEBHOOK_PASSWORD = "sandbox12345"  # noqa: S105 - as below
SANDBOX_BKASH_USERNAME = "sandboxTokenizedUser"
SANDBOX_BKASH_PASSWORD = "sandbox-bkash-password"  # noqa: S105 - as below
SANDBOX_BKASH_APP_KEY = "sandbox-bkash-key"
SANDBOX_BKASH_APP_SECRET = "sandbox-bkash-secret"  # noqa: S105 - as below
SANDBOX_BKASH_SNS_TOPIC = "arn:aws:sns:sandbox:000000000000:bkash"
SANDBOX_LOGISTICS_KEY = "sandbox-logistics-key"
SANDBOX_LOGISTICS_WEBHOOK_SECRET = "whsec_c2FuZGJveC1sb2dpc3RpY3Mtc2VjcmV0LXRoYXQtaXMtbm9uZQ=="  # noqa: S105 - as below
SANDBOX_AUTH_TOKEN = "sandbox-auth-token"  # noqa: S105 - not a secret: production refuses to start with it
SANDBOX_CLOUDINARY_URL = "cloudinary://100000000000001:sandbox-secret@sandbox"
SANDBOX_IDENTITY, SANDBOX_IDENTITY_CLIENT = "sandbox", "sandbox-client"
SANDBOX_ZOOM_ACCOUNT, SANDBOX_ZOOM_CLIENT = "sandbox-account", "sandbox-client"
SANDBOX_ZOOM_SECRET = "sandbox-zoom-secret"  # noqa: S105 - as above
SANDBOX_ZOOM_WEBHOOK_SECRET = "sandbox-zoom-webhook-secret"  # noqa: S105 - as above
SANDBOX_IDENTITY_SECRET = "sandbox-identity-secret-that-production-refuses"  # noqa: S105 - no secret, as it says


@dataclass(frozen=True, kw_only=True)
class Settings:
    """How this sandbox behaves; times are in milliseconds."""

    account_sid: str = SANDBOX_ACCOUNT_SID
    auth_token: str = SANDBOX_AUTH_TOKEN
    cloudinary_url: str = SANDBOX_CLOUDINARY_URL
    stripe_key: str = SANDBOX_STRIPE_KEY
    stripe_webhook_secret: str = SANDBOX_STRIPE_WEBHOOK_SECRET
    razorpay_key_id: str = SANDBOX_RAZORPAY_KEY_ID
    razorpay_key_secret: str = SANDBOX_RAZORPAY_KEY_SECRET
    razorpay_webhook_secret: str = SANDBOX_RAZORPAY_WEBHOOK_SECRET
    phonepe_client_id: str = SANDBOX_PHONEPE_CLIENT_ID
    phonepe_client_secret: str = SANDBOX_PHONEPE_CLIENT_SECRET
    phonepe_webhook_username: str = SANDBOX_PHONEPE_WEBHOOK_USERNAME
    phonepe_webhook_password: str = SANDBOX_PHONEPE_WEBHOOK_PASSWORD
    bkash_username: str = SANDBOX_BKASH_USERNAME
    bkash_password: str = SANDBOX_BKASH_PASSWORD
    bkash_app_key: str = SANDBOX_BKASH_APP_KEY
    bkash_app_secret: str = SANDBOX_BKASH_APP_SECRET
    bkash_sns_topic: str = SANDBOX_BKASH_SNS_TOPIC
    logistics_key: str = SANDBOX_LOGISTICS_KEY
    logistics_webhook_secret: str = SANDBOX_LOGISTICS_WEBHOOK_SECRET
    public_url: str = "http://127.0.0.1:8000"  # where people's replies are posted to
    sms_from: str = "+15005550006"
    whatsapp_from: str = "+15005550007"
    identity_name: str = SANDBOX_IDENTITY
    identity_client: str = SANDBOX_IDENTITY_CLIENT
    identity_secret: str = SANDBOX_IDENTITY_SECRET
    zoom_account: str = SANDBOX_ZOOM_ACCOUNT
    zoom_client: str = SANDBOX_ZOOM_CLIENT
    zoom_secret: str = SANDBOX_ZOOM_SECRET
    zoom_webhook_secret: str = SANDBOX_ZOOM_WEBHOOK_SECRET
    latency_ms: float = 0  # every answer of a provider's API takes at least this long
    step_ms: float = 150  # between two statuses of one message
    keep: int = 100_000  # messages; the oldest are forgotten first

    @classmethod
    def from_env(cls, env: Mapping[str, str] = os.environ) -> Self:
        """Read the settings the product itself uses, so that both sides agree. Raises ValueError."""
        return cls(
            account_sid=env.get("TWILIO_ACCOUNT_SID") or SANDBOX_ACCOUNT_SID,
            auth_token=env.get("TWILIO_AUTH_TOKEN") or SANDBOX_AUTH_TOKEN,
            cloudinary_url=env.get("CLOUDINARY_URL") or SANDBOX_CLOUDINARY_URL,
            stripe_key=env.get("STRIPE_SECRET_KEY") or SANDBOX_STRIPE_KEY,
            stripe_webhook_secret=env.get("STRIPE_WEBHOOK_SECRET") or SANDBOX_STRIPE_WEBHOOK_SECRET,
            razorpay_key_id=env.get("RAZORPAY_KEY_ID") or SANDBOX_RAZORPAY_KEY_ID,
            razorpay_key_secret=env.get("RAZORPAY_KEY_SECRET") or SANDBOX_RAZORPAY_KEY_SECRET,
            razorpay_webhook_secret=env.get("RAZORPAY_WEBHOOK_SECRET") or SANDBOX_RAZORPAY_WEBHOOK_SECRET,
            phonepe_client_id=env.get("PHONEPE_CLIENT_ID") or SANDBOX_PHONEPE_CLIENT_ID,
            phonepe_client_secret=env.get("PHONEPE_CLIENT_SECRET") or SANDBOX_PHONEPE_CLIENT_SECRET,
            phonepe_webhook_username=env.get("PHONEPE_WEBHOOK_USERNAME") or SANDBOX_PHONEPE_WEBHOOK_USERNAME,
            phonepe_webhook_password=env.get("PHONEPE_WEBHOOK_PASSWORD") or SANDBOX_PHONEPE_WEBHOOK_PASSWORD,
            bkash_username=env.get("BKASH_USERNAME") or SANDBOX_BKASH_USERNAME,
            bkash_password=env.get("BKASH_PASSWORD") or SANDBOX_BKASH_PASSWORD,
            bkash_app_key=env.get("BKASH_APP_KEY") or SANDBOX_BKASH_APP_KEY,
            bkash_app_secret=env.get("BKASH_APP_SECRET") or SANDBOX_BKASH_APP_SECRET,
            bkash_sns_topic=env.get("BKASH_SNS_TOPIC") or SANDBOX_BKASH_SNS_TOPIC,
            logistics_key=env.get("LOGISTICS_KEY") or SANDBOX_LOGISTICS_KEY,
            logistics_webhook_secret=env.get("LOGISTICS_WEBHOOK_SECRET") or SANDBOX_LOGISTICS_WEBHOOK_SECRET,
            public_url=(env.get("PUBLIC_URL") or f"http://127.0.0.1:{env.get('PORT') or 8000}").rstrip("/"),
            sms_from=env.get("TWILIO_SMS_FROM") or cls.sms_from,
            whatsapp_from=env.get("TWILIO_WHATSAPP_FROM") or cls.whatsapp_from,
            identity_name=env.get("IDENTITY_PROVIDER_NAME") or SANDBOX_IDENTITY,
            identity_client=env.get("IDENTITY_PROVIDER_CLIENT_ID") or SANDBOX_IDENTITY_CLIENT,
            identity_secret=env.get("IDENTITY_PROVIDER_SECRET") or SANDBOX_IDENTITY_SECRET,
            zoom_account=env.get("ZOOM_ACCOUNT_ID") or SANDBOX_ZOOM_ACCOUNT,
            zoom_client=env.get("ZOOM_CLIENT_ID") or SANDBOX_ZOOM_CLIENT,
            zoom_secret=env.get("ZOOM_CLIENT_SECRET") or SANDBOX_ZOOM_SECRET,
            zoom_webhook_secret=env.get("ZOOM_WEBHOOK_SECRET") or SANDBOX_ZOOM_WEBHOOK_SECRET,
            latency_ms=_milliseconds(env, "SANDBOX_LATENCY_MS", cls.latency_ms),
            step_ms=_milliseconds(env, "SANDBOX_STEP_MS", cls.step_ms),
        )


class World:
    """One sandbox's state. Everything but the courier is touched by the event loop's thread only."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.faults = Faults()
        self.inbox = Inbox(keep=settings.keep)
        self.courier = Courier()
        self.forgetting: list[Callable[[], None]] = []  # what else a reset makes a stand-in forget
        self.assets: dict[tuple[str, str, str], bytes] = {}  # private files, by resource type, type and public id


def _milliseconds(env: Mapping[str, str], name: str, default: float) -> float:
    text = env.get(name)
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 <= value < float("inf"):
        raise ValueError(f"{name} must be a number of milliseconds, not {text!r}")
    return value
