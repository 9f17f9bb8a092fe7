import json
import logging
import logging.config
import os
import subprocess
import sys
import threading
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum

import pytest
import structlog
from django.conf import settings as django_settings

from common.logs import LineHandler, logging_config, redact, redact_event, redact_text, request_id

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI0MiJ9.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg"
PHONE = "+919876543210"
AADHAAR = "234123412346"
NOT_AADHAAR = "234123412347"
PASSWORD = "correct horse battery"
CODE = "482913"
SECRETS = (JWT, PHONE, "9876543210", AADHAAR, "2341 2341 2346", PASSWORD, CODE)


@pytest.fixture(params=[True, False], ids=["json", "console"])
def lines(request, monkeypatch):
    """The product's own handler on a logger of this test; returns what it wrote so far."""
    written = []
    config = logging.config.DictConfigurator(logging_config(json=request.param, level="DEBUG"))
    formatter = config.configure_formatter(config.config["formatters"]["line"])

    class Stream:
        def write(self, text):
            written.append(text)

        def flush(self):
            pass

    handler = LineHandler()
    handler.setFormatter(formatter)
    handler.setStream(Stream())
    logger = logging.getLogger("planted")
    monkeypatch.setattr(logger, "handlers", [handler])
    monkeypatch.setattr(logger, "propagate", False)
    monkeypatch.setattr(logger, "level", logging.DEBUG)
    return lambda: "".join(written)


@pytest.fixture
def plain():
    return logging.getLogger("planted")


@pytest.fixture
def structured():
    return structlog.get_logger("planted")


def leaks(text):
    return [secret for secret in SECRETS if secret in text]


def write(logger, message, value):
    """Give a line that not every handler survives to the product's handler alone."""
    record = logger.makeRecord(logger.name, logging.INFO, __file__, 1, message, (value,), None)
    logger.handlers[0].handle(record)


# What is taken out of a text


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (f"token was {JWT} today", "token was [redacted] today"),
        (f"{JWT}.x.y", "[redacted]"),
        ("sent Bearer abc.def-123~/+= to", "sent Bearer [redacted] to"),
        ("Authorization: Bearer abc", "Authorization: [redacted]"),
        ("Authorization: Api-Key abc def", "Authorization: [redacted]"),
        ("{'Authorization': 'Basic QUM6c2VjcmV0'}", "{'Authorization': '[redacted]'}"),
        ("Cookie: sessionid=abc; csrftoken=def\nHost: x", "Cookie: [redacted]\nHost: x"),
        ("got Basic QUMwMDAwOnNlY3JldA== there", "got Basic [redacted] there"),
        ("postgresql://app:hunter2@db:5432/app", "postgresql://app:[redacted]@db:5432/app"),
        ("password=hunter2", "password=[redacted]"),
        ("new_password = 'my long secret'", "new_password = [redacted]"),
        ('{"password": "a\\"b c", "x": 1}', '{"password": [redacted], "x": 1}'),
        ('"{\\"password\\": \\"my secret\\", \\"x\\": 1}"', '"{\\"password\\": [redacted], \\"x\\": 1}"'),
        ("password=b'raw bytes'", "password=[redacted]"),
        ("password='never closed", "password=[redacted]"),
        ("/x?token=abc&page=2", "/x?token=[redacted]&page=2"),
        ("Key (token_digest)=(abc) exists", "Key (token_digest)=[redacted]) exists"),
        ("{'access': 'aaa', 'refresh': 'bbb'}", "{'access': [redacted], 'refresh': [redacted]}"),
        ("api_key=abc x-api-key: def", "api_key=[redacted] x-api-key: [redacted]"),
        ("aadhaar_number: 1234", "aadhaar_number: [redacted]"),
        ("Body='come to the bank', To=x", "Body=[redacted], To=x"),
        ("code=482913", "code=[redacted]"),
        ("arrival_code: '482913'", "arrival_code: '[redacted]'"),
        ('{"code": "482 913"}', '{"code": "[redacted]"}'),
        ("Your code is 482913.", "Your code is [redacted]."),
        ("Your OTP 482-913", "Your OTP [redacted]"),
        ("482913 is your JeevanSetu code", "[redacted] is your JeevanSetu code"),
        (f"call {PHONE} now", "call +91******3210 now"),
        ("call +91 98765 43210 now", "call +91******3210 now"),
        ("whatsapp:+8801712345678", "whatsapp:+880******5678"),
        ("/messages?to=%2B919876543210", "/messages?to=%2B********3210"),
        ("9876543210, 09876543210 and 919876543210", "******3210, *******3210 and ********3210"),
        (f"aadhaar {AADHAAR}, 2341 2341 2346, 2341-2341-2346", "aadhaar [redacted], [redacted], [redacted]"),
    ],
)
def test_a_secret_is_taken_out_of_a_text(text, clean):
    assert redact_text(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "",
        "request accepted in 12 ms",
        "482913 rows",
        "Kolkata 700001",
        "pincode: 700001",
        "status_code=500 error code: 21211",
        "code=request_full",
        "token expired, password too short",
        "2026-11-21T10:15:30.123456+05:30",
        "2026-11-21 10:15:30",
        NOT_AADHAAR,
        "1763700000",
        "1763700000000",
        "at 22.572645,88.363892 within 10.5 km",
        "0.9876543210",
        "JS-7K4M-Q2P9-D3TP",
        "0193e5b2-7c1d-7abc-8def-234123412346",
        "0193e5b27c1d7abc8def9876543210ab",
        "/api/v1/requests/0193e5b2-7c1d-7abc-8def-9876543210ab/accept",
        'File "/srv/common/secret_codes.py", line 30, in new_code',
        "https://api.example.org/2010-04-01/Accounts",
    ],
)
def test_ordinary_text_stays_as_it_is(text):
    assert redact_text(text) == text


def test_cleaning_twice_changes_nothing_more():
    once = redact_text(f"password={PASSWORD!r} Authorization: Bearer {JWT} call {PHONE} aadhaar {AADHAAR} code {CODE}")

    assert redact_text(once) == once
    assert leaks(once) == []


@pytest.mark.parametrize(
    "text", ["eyJ-" * 2_000, "token=" * 5_000, 'password="\\' * 3_000, "9" * 50_000, "://a:" * 9_000]
)
def test_hostile_text_is_cleaned_in_time(text):
    done = threading.Event()
    threading.Thread(target=lambda: (redact_text(text), done.set()), daemon=True).start()

    assert done.wait(timeout=20)


# What is taken out of values


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "new_password",
        "newPassword",
        "PASSWORD",
        "code",
        "arrival_code",
        "handover_code",
        "otp",
        "token",
        "access_token",
        "refreshToken",
        "refresh",
        "access",
        "authorization",
        "HTTP_AUTHORIZATION",
        "Proxy-Authorization",
        "cookie",
        "Set-Cookie",
        "secret",
        "client_secret",
        "api_key",
        "X-Api-Key",
        "api-key",
        "aadhaar",
        "aadhaar_number",
        "body",
        "X-Twilio-Signature",
    ],
)
@pytest.mark.parametrize("value", ["tiny", 7, b"raw", ["a", "b"], {"deep": "x"}, False])
def test_the_value_of_a_secret_key_is_taken_out(key, value):
    assert redact({"outer": [{key: value}]}) == {"outer": [{key: "[redacted]"}]}


@pytest.mark.parametrize(
    "key",
    [
        "status_code",
        "error_code",
        "country_code",
        "pincode",
        "accepted",
        "company",
        "request_id",
        "codes_sent",
        "encoding",
    ],
)
def test_a_harmless_key_keeps_its_value(key):
    assert redact({key: 200}) == {key: 200}


def test_it_stays_visible_that_a_secret_was_absent():
    assert redact({"token": None}) == {"token": None}


@pytest.mark.parametrize("written", ["+919876543210", "98765 43210", "98765-43210", 9876543210])
def test_a_phone_under_its_key_is_masked_however_it_is_written(written):
    assert redact({"owner_phone": written})["owner_phone"].endswith("******3210")


def test_nested_values_of_every_kind_are_cleaned():
    class Colour(StrEnum):
        RED = "red"

    class Thing:
        def __repr__(self):
            return f"<Thing password={PASSWORD!r} {PHONE}>"

    own_id = uuid.UUID("0193e5b2-7c1d-7abc-8def-234123412346")
    value = {
        "list": [PHONE, (AADHAAR, {JWT})],
        "thing": Thing(),
        "error": ValueError(f"no {PHONE}"),
        "raw": f"token={JWT}".encode(),
        PHONE: 1,
        "number": int(AADHAAR),
        "id": own_id,
        "when": datetime(2026, 11, 21, 10, 15, tzinfo=UTC),
        "amount": Decimal("12.50"),
        "count": 12,
        "ratio": 0.5,
        "yes": True,
        "none": None,
        "colour": Colour.RED,
    }

    clean = redact(value)

    assert clean.pop("id") == str(own_id)
    assert leaks(json.dumps(clean)) == []
    assert clean["when"] == "2026-11-21 10:15:00+00:00"
    assert (clean["amount"], clean["count"], clean["ratio"], clean["yes"]) == ("12.50", 12, 0.5, True)
    assert clean["none"] is None
    assert clean["colour"] == "red"
    assert clean["error"] == "no +91******3210"
    assert "+91******3210" in clean


def test_a_value_that_contains_itself_is_cut():
    endless = {"password": PASSWORD}
    endless["again"] = endless

    clean = json.dumps(redact(endless))

    assert "[too deep]" in clean
    assert leaks(clean) == []


def test_the_given_value_is_not_changed():
    value = {"password": PASSWORD, "list": [PHONE]}

    redact(value)
    redact_event(None, "info", value)

    assert value == {"password": PASSWORD, "list": [PHONE]}


# What is in the lines


def test_no_planted_secret_reaches_a_line_of_the_standard_library(lines, plain):
    plain.info("signing in %s with %s", PHONE, {"password": PASSWORD, "nested": [{"otp": CODE}]})
    plain.warning("message", extra={"body": f"Your code is {CODE}", "caller": PHONE, "given": {"aadhaar": AADHAAR}})
    plain.error("%(token)s and %(password)s", {"token": JWT, "password": "password=" + repr(PASSWORD)})

    assert lines().count("planted") == 3
    assert leaks(lines()) == []


def test_no_planted_secret_reaches_a_line_of_structlog(lines, structured):
    structured.info("signing in", phone=PHONE, password=PASSWORD, nested={"list": [{"code": CODE}, f"Bearer {JWT}"]})
    structured.warning("%s has %s", PHONE, AADHAAR)
    structured.bind(token=JWT).error("kept", people={PHONE: [AADHAAR]})

    assert lines().count("planted") == 3
    assert leaks(lines()) == []


def fail():
    try:
        raise KeyError(f"authorization: Bearer {JWT}")
    except KeyError as cause:
        raise ValueError(f"password={PASSWORD!r} code={CODE} for {PHONE}, {AADHAAR}") from cause


@pytest.mark.parametrize("kind", ["plain", "structured"])
def test_no_planted_secret_reaches_a_line_by_an_exception(lines, kind, request):
    logger = request.getfixturevalue(kind)

    try:
        fail()
    except ValueError as error:
        error.add_note(f"tried by {PHONE}")
        logger.exception("it failed")

    assert "Traceback" in lines()
    assert "in fail" in lines()
    assert "+91******3210" in lines()
    assert leaks(lines()) == []


def test_a_stack_is_cleaned_too(lines, plain):
    plain.info("here", stack_info=True)

    assert "test_a_stack_is_cleaned_too" in lines()


def test_the_same_lines_without_cleaning_hold_the_secrets(lines, plain, monkeypatch):
    """Control: the planted secrets are such that an uncleaned line shows them."""
    monkeypatch.setattr(plain.handlers[0], "formatter", logging.Formatter("%(message)s"))

    plain.info("%s %s %s", PHONE, AADHAAR, {"password": PASSWORD, "otp": CODE, "token": JWT})

    assert set(leaks(lines())) == {JWT, PHONE, "9876543210", AADHAAR, PASSWORD, CODE}


def test_a_line_that_cannot_be_written_shows_no_values(lines, plain, capsys):
    write(plain, "%d", PHONE)

    shown = capsys.readouterr().err
    assert "A log line of planted" in shown
    assert "test_logs.py" in shown
    assert "TypeError" in shown
    assert leaks(shown + lines()) == []


@pytest.mark.parametrize("lines", [True], indirect=True)
def test_a_json_line_holds_what_one_searches_for(lines, plain, structured):
    token = request_id.set("0123456789abcdef")
    try:
        plain.info("one", extra={"status": 200, "path": "/healthz"})
        structured.info("two", units=3, partner_id=uuid.UUID(int=1))
    finally:
        request_id.reset(token)
    plain.info("three")

    one, two, three = [json.loads(line) for line in lines().splitlines()]
    assert datetime.fromisoformat(one.pop("timestamp")).tzinfo is not None
    assert one == {
        "event": "one",
        "logger": "planted",
        "level": "info",
        "request_id": "0123456789abcdef",
        "status": 200,
        "path": "/healthz",
    }
    assert (two["units"], two["partner_id"]) == (3, "00000000-0000-0000-0000-000000000001")
    assert two["request_id"] == "0123456789abcdef"
    assert "request_id" not in three


@pytest.mark.parametrize("lines", [True], indirect=True)
def test_one_event_is_one_json_line_whatever_is_in_it(lines, plain):
    write(plain, "two\nlines \ud800 and हिन्दी %s", {"a\nb": "\r\n"})

    (line,) = lines().splitlines()
    assert json.loads(line)["event"].startswith("two\nlines ")


def test_bound_context_is_in_the_lines_and_cleaned(lines, structured):
    with structlog.contextvars.bound_contextvars(job="sweep", otp=CODE):
        structured.info("ran")

    assert "sweep" in lines()
    assert leaks(lines()) == []


def test_a_request_id_does_not_cross_into_another_thread():
    seen = []
    token = request_id.set("0123456789abcdef")
    try:
        thread = threading.Thread(target=lambda: seen.append(request_id.get()))
        thread.start()
        thread.join()
    finally:
        request_id.reset(token)

    assert seen == [""]


PROCESS = """
import logging, logging.config, sys
for name in ("django", "django.server", "gunicorn.error", "gunicorn.access", "uvicorn", "uvicorn.error"):
    other = logging.getLogger(name)
    other.addHandler(logging.StreamHandler())
    other.propagate = False
from django.utils.log import configure_logging
from common.logs import logging_config
configure_logging("logging.config.dictConfig", logging_config(json=True, level="INFO"))
import structlog
for name in sys.argv[2:]:
    logging.getLogger(name).warning("from %s to %s", name, sys.argv[1])
logging.getLogger("urllib3.connectionpool").info("quiet")
logging.getLogger("twilio.http_client").info("quiet")
logging.getLogger("django.request").warning("quiet")
logging.getLogger("common").debug("quiet")
structlog.get_logger("common").debug("quiet")
structlog.get_logger("common").info("last")
"""


def test_every_logger_of_a_process_ends_in_clean_json_lines():
    names = [
        "django",
        "django.server",
        "gunicorn.error",
        "gunicorn.access",
        "uvicorn",
        "uvicorn.error",
        "users.services",
    ]

    ran = subprocess.run(
        [sys.executable, "-c", PROCESS, PHONE, *names],
        cwd=django_settings.BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "django.conf.global_settings"},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )

    written = [json.loads(line) for line in ran.stderr.splitlines()]
    assert [line["event"] for line in written] == [
        *(f"from {name} to +91******3210" for name in names),
        "last",
    ]
    assert [line["logger"] for line in written] == [*names, "common"]
    assert ran.stdout == ""


def test_at_no_level_is_it_written_what_a_page_knows(every_line):
    assert logging.getLogger("common").isEnabledFor(logging.DEBUG)
    assert not logging.getLogger("django.template").isEnabledFor(logging.DEBUG)
