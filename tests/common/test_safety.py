"""Production starts only with settings that are safe, and says which are not without saying what they are."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys

import pytest
from django.conf import settings as ours
from django.core.exceptions import ImproperlyConfigured

from config.safety import PROVIDER_SECRETS, SECRETS, SENDERS, faults_of, refuse_unsafe
from sandbox.service_account import credentials
from sandbox.world import SANDBOX_LOGISTICS_WEBHOOK_SECRET

pytestmark = pytest.mark.real_time

STRONG = {name: f"{name}-qX7!vB2#nM9$kL4%jH6^gF1&dS8*aP3-tR5@wE0+yU" for name in SECRETS}
KEY = bytes(range(32))
FCM = json.dumps(
    {
        **json.loads(credentials("")),
        "project_id": "jeevansetu-live",
        "client_email": "push@jeevansetu-live.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.googleapis.com/token",
    }
)
SAFE = {
    **STRONG,
    "DEBUG": False,
    "ALLOWED_HOSTS": ["api.jeevansetu.example"],
    "ADMIN_TOTP_REQUIRED": True,
    "METRICS_TOKEN": "",
    "FIELD_KEYS": {"k1": KEY},
    "AUDIT_KEY": base64.b64encode(bytes(range(100, 132))).decode(),
    "TWILIO_ACCOUNT_SID": "AC5ef872f6da5a21de157d80997a64bd33",
    "TWILIO_AUTH_TOKEN": "9d1e2f4a5b6c7d8e01990b1e6c007a3b",
    "TWILIO_SMS_FROM": "+912250329999",
    "TWILIO_WHATSAPP_FROM": "+912250329998",
    "TWILIO_VOICE_FROM": "+912250329997",
    "TWILIO_API_BASE": "https://api.twilio.com",
    "STRIPE_SECRET_KEY": "sk_live_51QexampleZ9xV7bN3mK1",
    "STRIPE_WEBHOOK_SECRET": "whsec_9d1e2f4a5b6c7d8e01990b1e6c007a3b",
    "STRIPE_API_BASE": "https://api.stripe.com",
    "RAZORPAY_KEY_ID": "rzp_live_ILgsfZCZoFIKMb",
    "RAZORPAY_KEY_SECRET": "9d1e2f4a5b6c7d8e01990b1e",
    "RAZORPAY_WEBHOOK_SECRET": "6c007a3b9d1e2f4a5b6c7d8e",
    "RAZORPAY_API_BASE": "https://api.razorpay.com",
    "BKASH_USERNAME": "01770618575",
    "BKASH_PASSWORD": "D7xa3l9wqPz",
    "BKASH_APP_KEY": "4f6o0cjiki2rfm34kfdadl1eqq",
    "BKASH_APP_SECRET": "2is7hdktrekvrbljjh44ll3d9l1dtjo4pasmjvs5vl5qr3fug4b",
    "BKASH_API_BASE": "https://tokenized.pay.bka.sh",
    "BKASH_SNS_TOPIC": "arn:aws:sns:ap-southeast-1:123456789012:ipn",
    "BKASH_SNS_ORIGIN": "",
    "PHONEPE_CLIENT_ID": "SU2510011234567890",
    "PHONEPE_CLIENT_SECRET": "9d1e2f4a-5b6c-7d8e-0199-0b1e6c007a3b",
    "PHONEPE_WEBHOOK_USERNAME": "bridge_hook",
    "PHONEPE_WEBHOOK_PASSWORD": "9d1e2f4a5b6c7d8e",
    "PHONEPE_MERCHANT_ID": "M22BRIDGEONLINE",
    "PHONEPE_API_BASE": "https://api.phonepe.com/apis/pg",
    "PHONEPE_AUTH_BASE": "https://api.phonepe.com/apis/identity-manager",
    "ZOOM_ACCOUNT_ID": "x8uQ9bTzRr2lmdGjEpJqVA",
    "ZOOM_CLIENT_ID": "m3vK1nQzT7uWbHs0",
    "ZOOM_CLIENT_SECRET": "9d1e2f4a5b6c7d8e01990b1e6c007a3b",
    "ZOOM_WEBHOOK_SECRET": "3kVbJ2sYpQzX7wLm9Rt4Aa",
    "ZOOM_USERS": ["me"],
    "ZOOM_API_BASE": "https://api.zoom.us/v2",
    "ZOOM_OAUTH_BASE": "https://zoom.us",
    "JITSI_URL": "https://meet.jeevansetu.example",
    "SMTP_URL": "smtp://visits:3kVbJ2sY@mail.jeevansetu.example:587",
    "MAIL_FROM": "visits@jeevansetu.example",
    "FCM_CREDENTIALS": FCM,
    "FCM_API_BASE": "https://fcm.googleapis.com",
    "SANDBOX_URL": "",
    "WEBHOOK_SANDBOX_ORIGIN": "",
    "PUBLIC_URL": "https://api.jeevansetu.example",
    "CORS_ALLOW_ALL_ORIGINS": False,
    "IDENTITY_PROVIDER_URL": "https://kua.agency.example/api",
    "IDENTITY_PROVIDER_NAME": "agency",
    "IDENTITY_PROVIDER_CLIENT_ID": "jeevansetu-7",
    "IDENTITY_PROVIDER_SECRET": "9d1e2f4a5b6c7d8e01990b1e6c007a3b9d1e2f4a",
    "LOGISTICS_URL": "https://api.couriers.example",
    "LOGISTICS_KEY": "9d1e2f4a5b6c7d8e01990b1e6c007a3b",
    "LOGISTICS_WEBHOOK_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "CLOUDINARY_URL": "cloudinary://419728335121874:3kVbJ2sYpQzX7w@jeevansetu",
    "CLOUDINARY_API_BASE": "https://api.cloudinary.com",
    "PRIVATE_FILES_DIR": "",
    "STATIC_ROOT": "/srv/jeevansetu/staticfiles",
    "CLAMD_ADDRESS": "unix:///run/clamav/clamd.ctl",
    "FILE_SCANNER": "common.files.clamd.is_clean",
    "VISION_URL": "http://10.2.0.7:8000/v1",
    "VISION_MODEL": "llava-1.6",
    "VISION_KEY": "",
    "VISION_RUN_BY": "JeevanSetu",
    "VISION_TIMEOUT": 90.0,
}
UNSAFE = [
    *[(name, "") for name in (*SECRETS, *PROVIDER_SECRETS, *SENDERS, "FIELD_KEYS", "ALLOWED_HOSTS", "PUBLIC_URL")],
    *[(name, "short-but-random-Zx9") for name in SECRETS],
    *[(name, "ab" * 40) for name in SECRETS],
    *[(name, "local-only-secret-key-that-production-refuses-to-start-with") for name in SECRETS],
    ("ZOOM_CLIENT_SECRET", "sandbox-zoom-secret"),
    ("ZOOM_WEBHOOK_SECRET", ""),
    ("ZOOM_API_BASE", "http://127.0.0.1:8090/zoom/v2"),
    ("ZOOM_OAUTH_BASE", "https://zoom.us.example"),
    ("JITSI_URL", "http://meet.jeevansetu.example"),
    ("SMTP_URL", "smtp://127.0.0.1:8091"),
    ("SMTP_URL", "https://mail.jeevansetu.example"),
    ("MAIL_FROM", ""),
    ("MAIL_FROM", "appointments@jeevansetu.test"),
    ("FCM_API_BASE", "http://127.0.0.1:8090/fcm"),
    ("FCM_CREDENTIALS", "no JSON"),
    ("FCM_CREDENTIALS", json.dumps({**json.loads(FCM), "project_id": ""})),
    ("FCM_CREDENTIALS", json.dumps({**json.loads(FCM), "private_key": "none"})),
    ("FCM_CREDENTIALS", credentials("http://127.0.0.1:8090")),
    ("FIELD_KEYS", {"k1": b"a" * 32}),
    ("AUDIT_KEY", ""),
    ("AUDIT_KEY", "c2hvcnQ="),
    ("AUDIT_KEY", "bG9jYWwtb25seS1hdWRpdC1rZXktLS0tLS0tLS0tLS0="),
    ("CLAMD_ADDRESS", ""),
    ("CLAMD_ADDRESS", "http://scanner"),
    *[("VISION_URL", f"http://{host}/v1") for host in ("models.example", "8.8.8.8", "localhost.evil.example")],
    ("VISION_URL", "ftp://10.2.0.7/v1"),
    ("VISION_URL", ""),
    ("VISION_MODEL", ""),
    ("VISION_MODEL", "sandbox-vision"),
    ("VISION_RUN_BY", ""),
    ("VISION_TIMEOUT", 600.0),
    ("FIELD_KEYS", {"k1": KEY, "old": b"local-only--------------------!!"}),
    ("TWILIO_ACCOUNT_SID", "AC" + "0" * 32),
    ("TWILIO_AUTH_TOKEN", "sandbox-auth-token"),
    ("TWILIO_API_BASE", "http://127.0.0.1:8090"),
    ("TWILIO_API_BASE", "http://api.twilio.com"),
    ("TWILIO_API_BASE", "https://api.twilio.com.evil.example"),
    ("STRIPE_SECRET_KEY", ""),
    ("STRIPE_SECRET_KEY", "sk_test_51QexampleZ9xV7bN3mK1"),
    ("STRIPE_SECRET_KEY", "sk_live_sandbox"),
    ("STRIPE_WEBHOOK_SECRET", ""),
    ("STRIPE_WEBHOOK_SECRET", "whsec_sandbox"),
    ("STRIPE_API_BASE", "http://127.0.0.1:8090"),
    ("STRIPE_API_BASE", "http://api.stripe.com"),
    ("STRIPE_API_BASE", "https://api.stripe.com.evil.example"),
    ("RAZORPAY_KEY_ID", "rzp_test_ILgsfZCZoFIKMb"),
    ("RAZORPAY_KEY_ID", "rzp_live_sandbox"),
    ("RAZORPAY_KEY_ID", ""),
    ("RAZORPAY_KEY_SECRET", "sandbox-razorpay-secret"),
    ("RAZORPAY_WEBHOOK_SECRET", ""),
    ("RAZORPAY_WEBHOOK_SECRET", "short"),
    ("BKASH_USERNAME", "sandboxTokenizedUser"),
    ("BKASH_PASSWORD", ""),
    ("BKASH_PASSWORD", "sandbox-bkash-password"),
    ("BKASH_APP_KEY", "short"),
    ("BKASH_APP_SECRET", "sandbox-bkash-secret"),
    ("BKASH_API_BASE", "http://127.0.0.1:8090/bkash"),
    ("BKASH_API_BASE", "https://tokenized.sandbox.bka.sh"),
    ("BKASH_SNS_TOPIC", "arn:aws:sns:sandbox:000000000000:bkash"),
    ("BKASH_SNS_ORIGIN", "http://127.0.0.1:8090"),
    ("BKASH_SNS_ORIGIN", "https://sns.ap-southeast-1.amazonaws.com.evil.example"),
    ("PHONEPE_CLIENT_ID", "SANDBOX-CLIENT"),
    ("PHONEPE_CLIENT_SECRET", ""),
    ("PHONEPE_WEBHOOK_USERNAME", "sandbox_hook"),
    ("PHONEPE_WEBHOOK_PASSWORD", "sandbox12345"),
    ("PHONEPE_WEBHOOK_PASSWORD", "short"),
    ("PHONEPE_API_BASE", "http://127.0.0.1:8090/phonepe"),
    ("PHONEPE_API_BASE", "https://api-preprod.phonepe.com/apis/pg-sandbox"),
    ("PHONEPE_AUTH_BASE", "https://api-preprod.phonepe.com/apis/pg-sandbox"),
    ("RAZORPAY_API_BASE", "http://127.0.0.1:8090/razorpay"),
    ("RAZORPAY_API_BASE", "https://api.razorpay.com.evil.example"),
    ("SANDBOX_URL", "http://127.0.0.1:8090"),
    ("WEBHOOK_SANDBOX_ORIGIN", "http://127.0.0.1:8090"),
    ("PUBLIC_URL", "http://api.jeevansetu.example"),
    ("PUBLIC_URL", "https://"),
    ("IDENTITY_PROVIDER_URL", "http://127.0.0.1:8090/identity"),
    ("IDENTITY_PROVIDER_URL", "https://127.0.0.1:8090/identity"),
    ("IDENTITY_PROVIDER_URL", "https://localhost/identity"),
    ("IDENTITY_PROVIDER_URL", "http://kua.agency.example/api"),
    ("IDENTITY_PROVIDER_URL", "https://sandbox.agency.example/api"),
    *[(f"IDENTITY_PROVIDER_{part}", "") for part in ("URL", "NAME", "CLIENT_ID", "SECRET")],
    ("IDENTITY_PROVIDER_NAME", "sandbox"),
    ("IDENTITY_PROVIDER_CLIENT_ID", "sandbox-client"),
    ("IDENTITY_PROVIDER_SECRET", "sandbox-identity-secret-that-production-refuses"),
    ("IDENTITY_PROVIDER_SECRET", "short-but-random-Zx9"),
    *[(f"LOGISTICS_{part}", "") for part in ("URL", "KEY", "WEBHOOK_SECRET")],
    ("LOGISTICS_URL", "http://127.0.0.1:8090/logistics"),
    ("LOGISTICS_URL", "http://api.couriers.example"),
    ("LOGISTICS_URL", "https://localhost"),
    ("LOGISTICS_URL", "https://sandbox.couriers.example"),
    ("LOGISTICS_KEY", "sandbox-logistics-key"),
    ("LOGISTICS_KEY", "short"),
    ("LOGISTICS_WEBHOOK_SECRET", SANDBOX_LOGISTICS_WEBHOOK_SECRET),
    ("LOGISTICS_WEBHOOK_SECRET", "whsec_c2hvcnQ="),
    ("LOGISTICS_WEBHOOK_SECRET", "whsec_no base64"),
    ("ADMIN_TOTP_REQUIRED", False),
    ("METRICS_TOKEN", "short"),
    ("METRICS_TOKEN", "local-only-metrics-token-of-enough-signs"),
    ("DEBUG", True),
    ("ALLOWED_HOSTS", ["*"]),
    ("ALLOWED_HOSTS", ["api.example", "*"]),
    ("CORS_ALLOW_ALL_ORIGINS", True),
    ("CLOUDINARY_URL", ""),
    ("CLOUDINARY_URL", "https://419728335121874:3kVbJ2sYpQzX7w@jeevansetu"),
    ("CLOUDINARY_API_BASE", "http://127.0.0.1:8090"),
    ("PRIVATE_FILES_DIR", "/srv/jeevansetu/staticfiles/files"),
]


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://app@db.example/jeevansetu")
    monkeypatch.delenv("DEBUG", raising=False)


def faults(**changes) -> list[str]:
    return list(faults_of({**SAFE, **changes}))


def test_safe_settings_have_no_fault():
    assert faults() == []
    refuse_unsafe(SAFE)


@pytest.mark.parametrize(("name", "value"), UNSAFE, ids=[f"{name}-{n}" for n, (name, _) in enumerate(UNSAFE)])
def test_an_unsafe_setting_is_refused_by_its_name_and_not_by_its_value(name, value):
    empty = {"FIELD_KEYS": {}, "ALLOWED_HOSTS": []}.get(name, "") if value == "" else value

    with pytest.raises(ImproperlyConfigured) as refusal:
        refuse_unsafe({**SAFE, name: empty})

    text = str(refusal.value)
    assert name in text
    assert not any(part in text for part in re.findall(r"[\w./:+-]{8,}", str(empty)) if part != "api.twilio.com")


def test_without_a_provider_of_identities_nothing_is_missing():
    assert faults(**dict.fromkeys((name for name in SAFE if name.startswith("IDENTITY_PROVIDER")), "")) == []


def test_a_secret_used_twice_is_refused():
    assert any("differ" in fault for fault in faults(TOKEN_KEY=STRONG["SECRET_KEY"]))


def test_debug_in_the_environment_is_refused(monkeypatch):
    monkeypatch.setenv("DEBUG", "True")
    assert any("DEBUG" in fault for fault in faults())


def test_a_missing_database_is_refused(monkeypatch):
    monkeypatch.delenv("DATABASE_URL")
    assert any("DATABASE_URL" in fault for fault in faults())


def test_every_fault_is_named_at_once():
    nothing = dict.fromkeys(SAFE, "") | {"FIELD_KEYS": {}, "DEBUG": True, "ALLOWED_HOSTS": []}

    text = "\n".join(faults_of(nothing))

    assert all(name in text for name in (*SECRETS, *PROVIDER_SECRETS, *SENDERS, "FIELD_KEYS", "DEBUG", "PUBLIC_URL"))


def production(command: list[str], **changes: str) -> subprocess.CompletedProcess[str]:
    """Run a management command with production's settings and none of ours."""
    own = {name: value for name, value in SAFE.items() if isinstance(value, str)}
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "DATABASE_URL": "postgresql://app@127.0.0.1:1/jeevansetu",
        "ALLOWED_HOSTS": "api.jeevansetu.example",
        "FIELD_KEYS": "k1:" + base64.b64encode(KEY).decode(),
        **own,
        **changes,
    }
    return subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:config", "manage.py", *command],
        cwd=ours.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_production_starts_and_the_deployment_check_is_clean():
    found = production(["check", "--deploy", "--fail-level", "DEBUG"])

    assert found.returncode == 0, found.stderr
    assert "no issues" in found.stdout


def test_production_refuses_to_start_and_names_what_is_wrong_once():
    found = production(["check"], TOKEN_KEY="", TWILIO_AUTH_TOKEN="sandbox-auth-token", SECRET_KEY="tiny-secret-value")

    assert found.returncode != 0
    assert all(name in found.stderr for name in ("TOKEN_KEY is empty", "TWILIO_AUTH_TOKEN", "SECRET_KEY is weak"))
    assert "tiny-secret-value" not in found.stderr + found.stdout
    assert "sandbox-auth-token" not in found.stderr + found.stdout


@pytest.mark.parametrize("keys", ["not-a-key", "k1:dG9vIHNob3J0", "k1:" + base64.b64encode(KEY).decode() * 2])
def test_field_keys_that_cannot_be_read_are_refused_by_name(keys):
    found = production(["check"], FIELD_KEYS=keys)

    assert found.returncode != 0
    assert "FIELD_KEYS" in found.stderr
    assert keys not in found.stderr + found.stdout


def test_nothing_of_the_sandbox_is_loaded_in_production():
    found = production(
        [
            "shell",
            "--no-imports",
            "-c",
            "import sys; print([name for name in sys.modules if name.startswith('sandbox')])",
        ]
    )

    assert found.stdout.strip().endswith("[]"), found.stdout + found.stderr
