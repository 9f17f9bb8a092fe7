"""What holds in every place the product runs; `.env.example` explains each variable."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import environ
from corsheaders.defaults import default_headers
from django.core.exceptions import ImproperlyConfigured

from common.clock import parse_window
from common.crypto import KeysInvalid, parse_keys
from common.logs import logging_config
from config.appearance import UNFOLD  # noqa: F401
from config.enums import ENUM_NAMES

BASE_DIR = Path(__file__).resolve().parent.parent.parent
env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

DEBUG = False
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=[])
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
AUTH_USER_MODEL = "users.User"

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",  # before Django's admin, whose pages it dresses
    "config.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "corsheaders",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_apscheduler",
    "common",
    "users",
    "partners",
    "payments",
    "stock",
    "requests_app",
    "donations",
    "orders",
    "appointments",
    "chat",
    "notifications",
    "config.apps.ConfigConfig",
]

MIDDLEWARE = [
    "common.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "common.metrics.MetricsMiddleware",
    "common.maintenance.MaintenanceMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "common.audit.administration.AuditMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "config" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# The database. Persistent connections are what makes psycopg2 under threads fast; a pooler in
# transaction mode needs DISABLE_SERVER_SIDE_CURSORS.
DATABASES = {
    "default": {
        **env.db("DATABASE_URL", default="postgresql:///jeevansetu"),
        "ENGINE": "common.postgresql",
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "ATOMIC_REQUESTS": False,
        "DISABLE_SERVER_SIDE_CURSORS": env.bool("DATABASE_POOLED", default=False),
    }
}
DATABASE_REPLICA_URL: str = env.str("DATABASE_REPLICA_URL", default="")  # a streaming copy, asked by searches only
if DATABASE_REPLICA_URL:
    DATABASES["replica"] = {
        **DATABASES["default"],
        **env.db_url_config(DATABASE_REPLICA_URL),
        "ENGINE": "common.postgresql",
        "OPTIONS": {"options": "-c default_transaction_read_only=on", "connect_timeout": 3},
        "TEST": {"MIRROR": "default"},
    }
DATABASE_ROUTERS = ["common.replica.Router"]

SESSION_ENGINE = "common.admin_sessions"  # of administrators; everybody else has tokens
GRIEVANCE_OFFICER: str = env.str("GRIEVANCE_OFFICER", default="")  # an e-mail address, published with the API

# Secrets. Each has its own purpose, so that one can be replaced without the others.
SECRET_KEY: str = env.str("SECRET_KEY", default="")
TOKEN_KEY: str = env.str("TOKEN_KEY", default="")  # signs access and refresh tokens
CODE_KEY: str = env.str("CODE_KEY", default="")  # keys the digests of one-time codes
AUDIT_KEY: str = env.str("AUDIT_KEY", default="")  # signs the audit log's anchors: base64 of 32 bytes, for Ed25519
AUDIT_OLD_KEYS: list[str] = env.list("AUDIT_OLD_KEYS", default=[])  # public keys, in hex, of those that signed before
BLIND_INDEX_KEY: str = env.str("BLIND_INDEX_KEY", default="")  # keys the searchable digests of encrypted fields
try:
    FIELD_KEYS: dict[str, bytes] = parse_keys(env.str("FIELD_KEYS", default=""))  # the first encrypts
except KeysInvalid as exc:
    raise ImproperlyConfigured(f"FIELD_KEYS cannot be read. {exc}") from None

PASSWORD_HASHERS = ["django.contrib.auth.hashers.BCryptSHA256PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("hi", "Hindi"), ("bn", "Bengali")]
TIME_ZONE = "UTC"
DEFAULT_ZONE = "Asia/Kolkata"  # where no person or partner says otherwise
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = ["config.formats"]  # how the administration writes days and hours

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576  # bytes; every body of the API is far smaller

LOGGING_CONFIG = "logging.config.dictConfig"
LOGGING = logging_config(json=env.bool("LOG_JSON", default=True), level=env.str("LOG_LEVEL", default="INFO"))

# The API.
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["common.api.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "common.api.negotiation.ContentNegotiation",
    "DEFAULT_PARSER_CLASSES": ["common.api.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "common.api.schema.AutoSchema",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "EXCEPTION_HANDLER": "common.api.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "UNAUTHENTICATED_TOKEN": None,
    "DEFAULT_METADATA_CLASS": None,  # OPTIONS belongs to CORS; the schema describes the rest
    "DATETIME_FORMAT": "iso-8601",
    "COERCE_DECIMAL_TO_STRING": False,
}
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "JeevanSetu API",
    "DESCRIPTION": (BASE_DIR / "docs" / "api-introduction.md").read_text(encoding="utf-8"),
    "VERSION": "1.0.0",
    **({"CONTACT": {"name": "Grievance officer", "email": GRIEVANCE_OFFICER}} if GRIEVANCE_OFFICER else {}),
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"persistAuthorization": True, "filter": True, "docExpansion": "list"},
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "SORT_OPERATIONS": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": ENUM_NAMES,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "common.api.sets.share_sets",
        "common.api.schema.document_shared",
        "donations.api.freeze.document_freeze",
        "config.scopes.document_scopes",
        "notifications.webhooks.api.schema.document_webhooks",
    ],
}
CORS_ALLOWED_ORIGINS: list[str] = env.list("CORS_ALLOWED_ORIGINS", default=[])
CORS_URLS_REGEX = r"^/(api|fhir)/.*$"
CORS_ALLOW_HEADERS = [*default_headers, "idempotency-key", "x-request-id", "last-event-id"]
CORS_EXPOSE_HEADERS = ["X-Request-ID", "Retry-After", "Idempotency-Replayed"]
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)  # how many proxies of ours stand in front

# Tokens.
ACCESS_LIFETIME = dt.timedelta(hours=1)
REFRESH_LIFETIME = dt.timedelta(days=7)
TOKEN_ISSUER = "jeevansetu"  # noqa: S105  (a name, no secret)
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": ACCESS_LIFETIME,
    "REFRESH_TOKEN_LIFETIME": REFRESH_LIFETIME,
    "ALGORITHM": "HS256",
    "SIGNING_KEY": TOKEN_KEY,
    "ISSUER": TOKEN_ISSUER,
}

# How often a thing may be done: «count/period», by the name of the throttle (common/throttle.py).
THROTTLES = {
    "anonymous": "300/m",  # public reads, per address
    "write": "240/m",  # signed-in writes, per account
    "sign_in": "60/h",  # password and code attempts, per address
    "sign_in_network": "10/h",  # password attempts, per number and address
    "sign_in_phone": "30/h",  # password attempts, per number, from addresses that it has never signed in from
    "password": "10/h",  # attempts to change the password, per account
    "second_factor": "10/h",  # codes of an administrator's telephone, and recovery codes, per account
    "family_request": "20/h",  # requests for patients, per account
    "identity": "10/h",  # proofs of identity, per account
    "attestation": "5/d",  # codes that a licensed provider sends and charges, per account
    "attestation_resend": "1/30s",
    "export": "10/h",  # copies of all one's data, per account
    "complaint": "20/d",  # per account
    "support": "20/d",  # questions to the administrators, per account
    "support_reply": "60/h",
    "support_visitor": "10/d",  # by who is not signed in, per address
    "support_phone": "3/d",  # and per number
    "tap": "600/h",  # answers by a link in a message, per address: many share one
    "upload": "60/h",  # files, per account
    "chat_message": "60/m",  # messages and files in conversations, per account
    "chat_typing": "60/m",  # per account; a client says so every few seconds while somebody types
    "chat_report": "20/d",  # per account
    "doctor_application": "10/d",  # registrations as a doctor, per account
    "break_glass": "5/d",  # emergencies in which records are opened, per doctor
    "analysis": "20/h",  # readings of reports, per account
    "subscribe": "30/h",  # beginnings of a subscription, with or without a coupon, per account
    "host_link": "60/h",  # links that a doctor hosts by, asked of the provider, per account
    "zoom_writes": "100/d",  # meetings made or moved, per user of Zoom: its own limit
    "referral": "20/h",  # tries of a friend's code, per account
    "otp_address": "30/h",  # codes asked for, per address
    "otp_phone": "10/h",  # codes asked for, per number
    "otp_phone_day": "20/d",  # nobody's telephone rings all night
    "email_verify": "5/h",  # links that verify an e-mail address, per account
    "email_address": "5/h",  # and per address, whoever asks
    "otp_resend": "1/30s",  # and how soon again for one purpose
    "stream": "60/m",  # live streams opened, per account
    "test_reset": "20/d",  # beginnings of test data, per account
    "webhook": "6000/m",
}
# Whether every administrator signs in with a code of his telephone, too. Who has set one up is always asked for it.
ADMIN_TOTP_REQUIRED: bool = env.bool("ADMIN_TOTP_REQUIRED", default=True)

SMS_PREFIXES: list[str] = env.list("SMS_PREFIXES", default=["+91", "+880"])

# Messages.
TWILIO_ACCOUNT_SID: str = env.str("TWILIO_ACCOUNT_SID", default="")
TWILIO_AUTH_TOKEN: str = env.str("TWILIO_AUTH_TOKEN", default="")
TWILIO_API_BASE: str = env.str("TWILIO_API_BASE", default="https://api.twilio.com")
TWILIO_SMS_FROM: str = env.str("TWILIO_SMS_FROM", default="")
TWILIO_WHATSAPP_FROM: str = env.str("TWILIO_WHATSAPP_FROM", default="")
TWILIO_VOICE_FROM: str = env.str("TWILIO_VOICE_FROM", default="")
# An approved WhatsApp template with one variable, for messages outside the 24 hours after a person's reply.
TWILIO_WHATSAPP_CONTENT_SID: str = env.str("TWILIO_WHATSAPP_CONTENT_SID", default="")
PUBLIC_URL: str = env.str("PUBLIC_URL", default="").rstrip("/")  # how providers and people reach this server
# Live streams: where clients reach them, behind one proxy the same as PUBLIC_URL; and how many one process holds.
STREAM_URL: str = env.str("STREAM_URL", default=PUBLIC_URL).rstrip("/")
STREAM_PORT = env.int("STREAM_PORT", default=8001)
STREAMS_PER_ACCOUNT = env.int("STREAMS_PER_ACCOUNT", default=8)
STREAMS_PER_ADDRESS = env.int("STREAMS_PER_ADDRESS", default=250)  # a whole ward, or a mobile network, behind one
STREAMS_PER_PROCESS = env.int("STREAMS_PER_PROCESS", default=5000)
SANDBOX_URL: str = env.str("SANDBOX_URL", default="")  # never set in production
DISPATCH_THREADS = env.int("DISPATCH_THREADS", default=32)
DISPATCH_LEASE = dt.timedelta(seconds=env.int("DISPATCH_LEASE", default=60))  # twice what a send may take, or more
# How long a box may be out of its band before its bags are quarantined: policy, to be confirmed by the medical officer.
COLD_CHAIN_GRACE = dt.timedelta(seconds=env.int("COLD_CHAIN_GRACE", default=600))
DISPATCH_GRACE = dt.timedelta(
    seconds=env.int("DISPATCH_GRACE", default=20)
)  # before the provider is asked about a send
DAILY_ASK_CAP = env.int("DAILY_ASK_CAP", default=3)  # how often one donor may be asked in 24 hours
QUIET_HOURS = (dt.time(21, 30), dt.time(7, 0))  # in the partner's zone; only critical requests may wake people
# The same for messages that can wait, in the person's zone; one's own window counts instead. «21:30-07:00», or nothing.
MESSAGE_QUIET_HOURS = parse_window(env.str("MESSAGE_QUIET_HOURS", default="21:30-07:00"))
MESSAGE_DAILY_CAP: int = env.int("MESSAGE_DAILY_CAP", default=20)  # to one person by one channel in 24 hours; 0: none

# Announcements to more people than this are sent off only by whoever types their number.
ANNOUNCEMENT_CONFIRM_ABOVE = env.int("ANNOUNCEMENT_CONFIRM_ABOVE", default=1000)

# Prometheus asks for /metrics with this token. None: /metrics is not there.
METRICS_TOKEN: str = env.str("METRICS_TOKEN", default="")

# Seconds for which a process trusts what it knows of the settings that administrators change (common/operating.py).
OPERATING_FRESH: float | None = 1.0

# Partners' webhooks.
WEBHOOK_THREADS = env.int("WEBHOOK_THREADS", default=8)  # messages that one worker sends at once
WEBHOOK_PORTS: list[int] = env.list("WEBHOOK_PORTS", cast=int, default=[443])  # 443 in any case
WEBHOOK_SANDBOX_ORIGIN: str = env.str("WEBHOOK_SANDBOX_ORIGIN", default="")  # never set in production

# Identities. The certificates with which UIDAI signs offline e-KYC files: paths of PEM or DER files. None: not offered.
UIDAI_CERTIFICATES: list[str] = env.list("UIDAI_CERTIFICATES", default=[])
UIDAI_ALLOW_RSA_SHA1: bool = env.bool("UIDAI_ALLOW_RSA_SHA1", default=False)  # the signature only, never the digest
# The licensed provider behind level 2. No address: not offered.
IDENTITY_PROVIDER_URL: str = env.str("IDENTITY_PROVIDER_URL", default="")
IDENTITY_PROVIDER_NAME: str = env.str("IDENTITY_PROVIDER_NAME", default="")  # as the issuer of what it signs
IDENTITY_PROVIDER_CLIENT_ID: str = env.str("IDENTITY_PROVIDER_CLIENT_ID", default="")
IDENTITY_PROVIDER_SECRET: str = env.str("IDENTITY_PROVIDER_SECRET", default="")  # signs us in, and what it says

# Meetings. Zoom by server-to-server OAuth; without it, and when it does not answer, rooms of Jitsi.
ZOOM_ACCOUNT_ID: str = env.str("ZOOM_ACCOUNT_ID", default="")
ZOOM_CLIENT_ID: str = env.str("ZOOM_CLIENT_ID", default="")
ZOOM_CLIENT_SECRET: str = env.str("ZOOM_CLIENT_SECRET", default="")
ZOOM_WEBHOOK_SECRET: str = env.str("ZOOM_WEBHOOK_SECRET", default="")  # the «secret token» of the app's webhooks
ZOOM_USERS: list[str] = env.list("ZOOM_USERS", default=["me"])  # who host: each holds one meeting at a time
ZOOM_API_BASE: str = env.str("ZOOM_API_BASE", default="https://api.zoom.us/v2")
ZOOM_OAUTH_BASE: str = env.str("ZOOM_OAUTH_BASE", default="https://zoom.us")
JITSI_URL: str = env.str("JITSI_URL", default="https://meet.jit.si")

# E-mail. No address of a server: none is sent.
SMTP_URL: str = env.str("SMTP_URL", default="")  # smtp://user:password@host:587 (with STARTTLS) or smtps://…:465
MAIL_FROM: str = env.str("MAIL_FROM", default="")

# Push messages, by Firebase Cloud Messaging. Without a service account none is sent.
FCM_CREDENTIALS: str = env.str("FCM_CREDENTIALS", default="")  # the service account's JSON file, as one line
FCM_API_BASE: str = env.str("FCM_API_BASE", default="https://fcm.googleapis.com")

# Couriers of a logistics provider. Without its secrets it is not offered.
LOGISTICS_URL: str = env.str("LOGISTICS_URL", default="")
LOGISTICS_NAME: str = env.str("LOGISTICS_NAME", default="Courier service")  # as banks and receivers read it
LOGISTICS_KEY: str = env.str("LOGISTICS_KEY", default="")
LOGISTICS_WEBHOOK_SECRET: str = env.str("LOGISTICS_WEBHOOK_SECRET", default="")  # whsec_ and base64

# Private files go to Cloudinary where it is configured, else to a folder that nothing public leads to.
CLOUDINARY_URL: str = env.str("CLOUDINARY_URL", default="")  # cloudinary://api_key:api_secret@cloud_name
CLOUDINARY_API_BASE: str = env.str("CLOUDINARY_API_BASE", default="https://api.cloudinary.com")
PRIVATE_FILES_DIR: str = env.str("PRIVATE_FILES_DIR", default="")  # a relative path starts at the project
PRIVATE_FILES_DIR = PRIVATE_FILES_DIR and str(BASE_DIR / PRIVATE_FILES_DIR)
CLAMD_ADDRESS: str = env.str("CLAMD_ADDRESS", default="")  # tcp://host:port or unix:///path of a clamd
# Path of a callable: bytes -> whether they are clean.
FILE_SCANNER: str = env.str("FILE_SCANNER", default="common.files.clamd.is_clean" if CLAMD_ADDRESS else "")

# A vision-language model behind an OpenAI-compatible endpoint; without both it is not offered.
VISION_URL: str = env.str("VISION_URL", default="")  # up to and with /v1
VISION_MODEL: str = env.str("VISION_MODEL", default="")
VISION_KEY: str = env.str("VISION_KEY", default="")
VISION_RUN_BY: str = env.str("VISION_RUN_BY", default="")  # whom the person who agrees to it is told of
VISION_TIMEOUT: float = env.float("VISION_TIMEOUT", default=90.0)  # seconds to wait for an answer

# Payments. A provider without its secret is not offered.
STRIPE_SECRET_KEY: str = env.str("STRIPE_SECRET_KEY", default="")
STRIPE_WEBHOOK_SECRET: str = env.str("STRIPE_WEBHOOK_SECRET", default="")
STRIPE_CONNECT: bool = env.bool("STRIPE_CONNECT", default=False)  # our account may pay out to connected ones
STRIPE_API_BASE: str = env.str("STRIPE_API_BASE", default="https://api.stripe.com")
RAZORPAY_KEY_ID: str = env.str("RAZORPAY_KEY_ID", default="")
RAZORPAY_KEY_SECRET: str = env.str("RAZORPAY_KEY_SECRET", default="")
RAZORPAY_WEBHOOK_SECRET: str = env.str("RAZORPAY_WEBHOOK_SECRET", default="")
RAZORPAY_API_BASE: str = env.str("RAZORPAY_API_BASE", default="https://api.razorpay.com")
PHONEPE_MERCHANT_ID: str = env.str("PHONEPE_MERCHANT_ID", default="")
PHONEPE_CLIENT_ID: str = env.str("PHONEPE_CLIENT_ID", default="")
PHONEPE_CLIENT_SECRET: str = env.str("PHONEPE_CLIENT_SECRET", default="")
PHONEPE_CLIENT_VERSION: str = env.str("PHONEPE_CLIENT_VERSION", default="1")
PHONEPE_WEBHOOK_USERNAME: str = env.str("PHONEPE_WEBHOOK_USERNAME", default="")
PHONEPE_WEBHOOK_PASSWORD: str = env.str("PHONEPE_WEBHOOK_PASSWORD", default="")
PHONEPE_SALT_KEY: str = env.str(
    "PHONEPE_SALT_KEY", default=""
)  # of the older API: its callbacks are understood with it
PHONEPE_SALT_INDEX: str = env.str("PHONEPE_SALT_INDEX", default="1")
PHONEPE_API_BASE: str = env.str("PHONEPE_API_BASE", default="https://api.phonepe.com/apis/pg")
PHONEPE_AUTH_BASE: str = env.str("PHONEPE_AUTH_BASE", default="https://api.phonepe.com/apis/identity-manager")
BKASH_USERNAME: str = env.str("BKASH_USERNAME", default="")
BKASH_PASSWORD: str = env.str("BKASH_PASSWORD", default="")
BKASH_APP_KEY: str = env.str("BKASH_APP_KEY", default="")
BKASH_APP_SECRET: str = env.str("BKASH_APP_SECRET", default="")
BKASH_API_BASE: str = env.str("BKASH_API_BASE", default="https://tokenized.pay.bka.sh")
BKASH_SNS_TOPIC: str = env.str("BKASH_SNS_TOPIC", default="")  # the ARN whose notifications are believed to be bKash's
BKASH_SNS_ORIGIN: str = env.str("BKASH_SNS_ORIGIN", default="")  # of its certificates; empty: by the topic's region

# What the platform keeps of a consultation's fee, in basis points.
APPOINTMENT_FEE_POINTS = env.int("APPOINTMENT_FEE_POINTS", default=1000)

APSCHEDULER_DATETIME_FORMAT = "Y-m-d H:i:s"
APSCHEDULER_RUN_NOW_TIMEOUT = 25
