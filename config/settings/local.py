"""One workstation: DEBUG, the sandbox for providers, and secrets that production refuses."""

import os

from sandbox.envfile import load_env_file
from sandbox.service_account import credentials

load_env_file()  # first: what it says goes before the defaults below
os.environ.setdefault("SECRET_KEY", "local-only-secret-key-that-production-refuses-to-start-with")
os.environ.setdefault("TOKEN_KEY", "local-only-token-key-that-production-refuses-to-start-with")
os.environ.setdefault("CODE_KEY", "local-only-code-key-that-production-refuses-to-start-with")
os.environ.setdefault("BLIND_INDEX_KEY", "local-only-blind-index-key-that-production-refuses")
os.environ.setdefault("FIELD_KEYS", "local:bG9jYWwtb25seS0tLS0tLS0tLS0tLS0tLS0tLS0tLS0=")
os.environ.setdefault("AUDIT_KEY", "bG9jYWwtb25seS1hdWRpdC1rZXktLS0tLS0tLS0tLS0=")
os.environ.setdefault("TWILIO_ACCOUNT_SID", "AC" + "0" * 32)
os.environ.setdefault("TWILIO_AUTH_TOKEN", "sandbox-auth-token")
os.environ.setdefault("TWILIO_SMS_FROM", "+15005550006")
os.environ.setdefault("TWILIO_WHATSAPP_FROM", "+15005550007")
os.environ.setdefault("TWILIO_VOICE_FROM", "+15005550008")
os.environ.setdefault("SANDBOX_URL", f"http://127.0.0.1:{os.environ.get('SANDBOX_PORT', '8090')}")
os.environ.setdefault("PUBLIC_URL", f"http://127.0.0.1:{os.environ.get('PORT', '8000')}")
os.environ.setdefault("STREAM_PORT", str(int(os.environ.get("PORT") or "8000") + 1))
os.environ.setdefault("STREAM_URL", f"http://127.0.0.1:{os.environ['STREAM_PORT']}")
os.environ.setdefault("WEBHOOK_SANDBOX_ORIGIN", os.environ["SANDBOX_URL"])
os.environ.setdefault("TWILIO_API_BASE", os.environ["SANDBOX_URL"])
os.environ.setdefault("IDENTITY_PROVIDER_URL", f"{os.environ['SANDBOX_URL']}/identity")
os.environ.setdefault("IDENTITY_PROVIDER_NAME", "sandbox")
os.environ.setdefault("IDENTITY_PROVIDER_CLIENT_ID", "sandbox-client")
os.environ.setdefault("IDENTITY_PROVIDER_SECRET", "sandbox-identity-secret-that-production-refuses")
os.environ.setdefault("VISION_URL", f"{os.environ['SANDBOX_URL']}/vision/v1")
os.environ.setdefault("VISION_MODEL", "sandbox-vision")
os.environ.setdefault("VISION_RUN_BY", "the sandbox on this machine")
os.environ.setdefault("STRIPE_SECRET_KEY", "sk_test_sandbox")
os.environ.setdefault("STRIPE_WEBHOOK_SECRET", "whsec_sandbox")
os.environ.setdefault("STRIPE_CONNECT", "true")
os.environ.setdefault("STRIPE_API_BASE", os.environ["SANDBOX_URL"])
os.environ.setdefault("RAZORPAY_KEY_ID", "rzp_test_sandbox")
os.environ.setdefault("RAZORPAY_KEY_SECRET", "sandbox-razorpay-secret")
os.environ.setdefault("RAZORPAY_WEBHOOK_SECRET", "sandbox-razorpay-webhook-secret")
os.environ.setdefault("RAZORPAY_API_BASE", f"{os.environ['SANDBOX_URL']}/razorpay")
os.environ.setdefault("BKASH_USERNAME", "sandboxTokenizedUser")
os.environ.setdefault("BKASH_PASSWORD", "sandbox-bkash-password")
os.environ.setdefault("BKASH_APP_KEY", "sandbox-bkash-key")
os.environ.setdefault("BKASH_APP_SECRET", "sandbox-bkash-secret")
os.environ.setdefault("BKASH_API_BASE", f"{os.environ['SANDBOX_URL']}/bkash")
os.environ.setdefault("BKASH_SNS_TOPIC", "arn:aws:sns:sandbox:000000000000:bkash")
os.environ.setdefault("BKASH_SNS_ORIGIN", os.environ["SANDBOX_URL"])
os.environ.setdefault("PHONEPE_MERCHANT_ID", "SANDBOXMERCHANT")
os.environ.setdefault("PHONEPE_CLIENT_ID", "SANDBOX-CLIENT")
os.environ.setdefault("PHONEPE_CLIENT_SECRET", "sandbox-phonepe-secret")
os.environ.setdefault("PHONEPE_WEBHOOK_USERNAME", "sandbox_hook")
os.environ.setdefault("PHONEPE_WEBHOOK_PASSWORD", "sandbox12345")
os.environ.setdefault("PHONEPE_API_BASE", f"{os.environ['SANDBOX_URL']}/phonepe")
os.environ.setdefault("PHONEPE_AUTH_BASE", f"{os.environ['SANDBOX_URL']}/phonepe")
os.environ.setdefault("ZOOM_ACCOUNT_ID", "sandbox-account")
os.environ.setdefault("ZOOM_CLIENT_ID", "sandbox-client")
os.environ.setdefault("ZOOM_CLIENT_SECRET", "sandbox-zoom-secret")
os.environ.setdefault("ZOOM_WEBHOOK_SECRET", "sandbox-zoom-webhook-secret")
os.environ.setdefault("ZOOM_USERS", ",".join(f"host{number}@jeevansetu.test" for number in range(1, 31)))
os.environ.setdefault("ZOOM_API_BASE", f"{os.environ['SANDBOX_URL']}/zoom/v2")
os.environ.setdefault("ZOOM_OAUTH_BASE", f"{os.environ['SANDBOX_URL']}/zoom")
SMTP_PORT = os.environ.get("SANDBOX_SMTP_PORT") or str(int(os.environ.get("SANDBOX_PORT", "8090")) + 1)
os.environ.setdefault("SMTP_URL", f"smtp://127.0.0.1:{SMTP_PORT}")
os.environ.setdefault("MAIL_FROM", "appointments@jeevansetu.test")
os.environ.setdefault("FCM_CREDENTIALS", credentials(os.environ["SANDBOX_URL"]))
os.environ.setdefault("FCM_API_BASE", f"{os.environ['SANDBOX_URL']}/fcm")
os.environ.setdefault("MESSAGE_QUIET_HOURS", "")  # the demo is played at any hour
os.environ.setdefault("MESSAGE_DAILY_CAP", "200")  # and its people have long days
os.environ.setdefault("LOGISTICS_URL", f"{os.environ['SANDBOX_URL']}/logistics")
os.environ.setdefault("LOGISTICS_KEY", "sandbox-logistics-key")
os.environ.setdefault("LOGISTICS_WEBHOOK_SECRET", "whsec_c2FuZGJveC1sb2dpc3RpY3Mtc2VjcmV0LXRoYXQtaXMtbm9uZQ==")
os.environ.setdefault("COLD_CHAIN_GRACE", "60")  # the demo does not wait for ten minutes
os.environ.setdefault("DISPATCH_GRACE", "3")  # the sandbox settles a message within a second
os.environ.setdefault("PRIVATE_FILES_DIR", ".run/files")
os.environ.setdefault("METRICS_TOKEN", "local-only-metrics-token")
os.environ.setdefault("ADMIN_TOTP_REQUIRED", "false")  # the password of the demo opens the administration
os.environ.setdefault("LOG_JSON", "false")

if not os.environ.get("DATABASE_URL"):
    from sandbox.postgres import default_cluster

    os.environ["DATABASE_URL"] = default_cluster().url("jeevansetu")

from config.settings.base import *  # noqa: E402, F403
from config.settings.base import INSTALLED_APPS, THROTTLES  # noqa: E402

DEBUG = True
INSTALLED_APPS += ["sandbox"]
ALLOWED_HOSTS = ["*"]
CORS_ALLOW_ALL_ORIGINS = True
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
# On a workstation everybody comes from one address; limits per number and per account stay as they are.
THROTTLES |= {"anonymous": "100000/m", "sign_in": "100000/m", "otp_address": "100000/m", "webhook": "1000000/m"}
