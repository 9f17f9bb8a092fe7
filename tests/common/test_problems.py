"""Every refusal leaves as problem+json, and nothing a stranger sends makes the server fail."""

from __future__ import annotations

import json

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import connections
from django.http import Http404, UnreadablePostError
from rest_framework import exceptions, serializers
from rest_framework.test import APIClient

from common import errors
from common.api.problems import DATABASE_BACK_IN, MEDIA_TYPE, STATUS, exception_handler, problem, status_of
from tests.factories import make_donor, make_user, person_client
from tests.partners.factories import client_of, make_member
from tests.races import race

ME, LOGIN, DONOR = "/api/v1/me", "/api/v1/auth/login", "/api/v1/me/donor"
MEMBERS = {"type", "title", "status", "code", "detail", "errors", "request_id"}


def send(path, raw, method="post", client=None, content_type="application/json", **headers):
    call = getattr(client or APIClient(raise_request_exception=False), method)
    return call(path, data=raw, content_type=content_type, headers=headers)


def is_problem(answer, status, code, pointer=None):
    body = answer.json()
    assert answer["Content-Type"] == MEDIA_TYPE, answer["Content-Type"]
    assert set(body) >= MEMBERS
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code), body
    assert pointer is None or pointer in {error["pointer"] for error in body["errors"]}, body["errors"]
    return body


# The handler


class Full(errors.Conflict):
    code, message = "full_in_a_test", "There is no place left."


class Wrong(errors.Invalid):
    code, message, pointer = "wrong_in_a_test", "This is wrong.", "/field"


@pytest.mark.parametrize(
    ("exc", "status", "code"),
    [
        (errors.Unauthenticated(), 401, "not_authenticated"),
        (errors.NotAllowed(), 403, "not_allowed"),
        (errors.NotFound(), 404, "not_found"),
        (Full(), 409, "full_in_a_test"),
        (errors.Busy(), 409, "busy"),
        (errors.Mismatch(), 422, "mismatch"),
        (errors.Locked(), 423, "locked"),
        (errors.TooMany(retry_after=7), 429, "too_many_requests"),
        (errors.Invalid(), 400, "invalid"),
        (Wrong(), 400, "wrong_in_a_test"),
        (Http404(), 404, "not_found"),
        (PermissionDenied(), 403, "not_allowed"),
        (SuspiciousOperation(), 400, "bad_request"),
        (UnreadablePostError(), 400, "bad_request"),
        (exceptions.MethodNotAllowed("PUT"), 405, "method_not_allowed"),
        (exceptions.UnsupportedMediaType("text/plain"), 415, "unsupported_media_type"),
        (exceptions.ParseError(), 400, "malformed_json"),
        (exceptions.Throttled(), 429, "too_many_requests"),
    ],
)
def test_each_kind_has_its_status_and_code(exc, status, code):
    answer = exception_handler(exc, {})

    assert (answer.status_code, answer.data["status"], answer.data["code"]) == (status, status, code)
    assert set(answer.data) >= MEMBERS


def test_while_the_database_is_away_a_caller_is_told_when_to_come_back(db, monkeypatch):
    client = person_client(make_user())
    nowhere = connections.settings["default"] | {"HOST": "127.0.0.1", "PORT": "1"}
    monkeypatch.setitem(connections.settings, "default", nowhere)

    [answer] = race(lambda: client.get(ME))  # on a thread of its own, which has no connection yet

    is_problem(answer, 503, "unavailable")
    assert answer["Retry-After"] == str(DATABASE_BACK_IN)


def test_a_bug_is_left_to_the_server():
    assert exception_handler(ValueError("secret"), {}) is None


def test_the_facts_of_a_refusal_are_members_of_the_body():
    answer = exception_handler(Full(units_left=0), {})

    assert answer.data["units_left"] == 0


@pytest.mark.parametrize("name", ["status", "code", "detail", "title", "type", "errors", "request_id"])
def test_a_fact_never_hides_a_member_of_the_standard(name):
    answer = exception_handler(Full(**{name: "mine"}), {})

    assert answer.data[name] != "mine"


def test_a_refused_field_is_pointed_at():
    answer = exception_handler(Wrong(), {})

    assert answer.data["errors"] == [{"pointer": "/field", "code": "wrong_in_a_test", "detail": "This is wrong."}]


def test_the_place_of_a_refusal_may_name_another_field():
    answer = exception_handler(Wrong(pointer="/owner/field"), {})

    assert answer.data["errors"][0]["pointer"] == "/owner/field"
    assert "pointer" not in answer.data


@pytest.mark.parametrize(
    ("exc", "header", "value"),
    [
        (errors.TooMany(retry_after=7), "Retry-After", "7"),
        (errors.Busy(), "Retry-After", "1"),
        (errors.Unauthenticated(), "WWW-Authenticate", "Bearer"),
    ],
)
def test_refusals_that_clients_act_on_say_how(exc, header, value):
    assert exception_handler(exc, {}).headers[header] == value


def test_every_refusal_has_one_status():
    ours = [kind for kind in errors.every_refusal() if not issubclass(kind, errors.Unavailable)]

    assert all(400 <= status_of(kind) < 500 for kind in ours)
    assert status_of(errors.Unavailable) == 503
    assert len({status for _, status in STATUS}) == len(STATUS)


class Inner(serializers.Serializer):
    code = serializers.IntegerField()
    message = serializers.IntegerField()


class Outer(serializers.Serializer):
    one = Inner()
    many = Inner(many=True)
    numbers = serializers.ListField(child=serializers.IntegerField())

    def to_internal_value(self, data):
        return super().to_internal_value(data)


def test_errors_deep_inside_are_pointed_at():
    body = Outer(
        data={"one": {}, "many": [{"code": 1, "message": 2}, {"code": "x", "message": 1}], "numbers": [1, "x"]}
    )
    assert not body.is_valid()

    found = exception_handler(exceptions.ValidationError(body.errors), {}).data["errors"]

    pointers = {error["pointer"]: error["code"] for error in found}
    assert pointers == {
        "/one/code": "required",
        "/one/message": "required",
        "/many/1/code": "invalid",
        "/numbers/1": "invalid",
    }


def test_names_in_pointers_are_escaped():
    found = exception_handler(exceptions.ValidationError({"a/b~c": ["no"]}), {}).data["errors"]

    assert found[0]["pointer"] == "/a~1b~0c"


def test_an_error_of_the_whole_body_points_at_the_body():
    found = exception_handler(exceptions.ValidationError({"non_field_errors": ["no"]}), {}).data["errors"]

    assert found[0]["pointer"] == ""


def test_a_problem_has_a_title_for_every_status():
    assert all(problem(status, "x", "y")["title"] != "Refused" for _, status in STATUS)


# What strangers send


@pytest.mark.django_db
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"nul",
        b"{'a': 1}",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b"\xff\xfe",
        b'"',
        b'{"phone": "\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 5000,
    ],
)
def test_what_is_no_json_is_400(raw):
    answer = send(LOGIN, raw)

    assert answer.status_code == 400
    is_problem(answer, 400, "malformed_json" if raw else "invalid_input")


@pytest.mark.django_db
@pytest.mark.parametrize("raw", [b"[]", b"null", b"5", b'"x"', b"true", b'[{"phone": "+919812345678"}]'])
def test_a_body_that_is_no_object_is_400_and_pointed_at(raw):
    is_problem(send(LOGIN, raw), 400, "invalid_input", pointer="")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "media",
    [
        "text/plain",
        "application/xml",
        "multipart/form-data; boundary=x",
        "application/x-www-form-urlencoded",
        "nonsense",
    ],
)
def test_another_media_type_is_415(media):
    is_problem(send(LOGIN, b"phone=1", content_type=media), 415, "unsupported_media_type")


@pytest.mark.django_db
@pytest.mark.parametrize("headers", [{}, {"Idempotency-Key": "k"}])
def test_a_body_over_the_limit_is_413_and_not_read(settings, headers):
    body = json.dumps({"phone": "+919812345678", "password": "x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE})

    is_problem(send(LOGIN, body, **headers), 413, "body_too_large")


@pytest.mark.django_db
def test_another_method_is_405_and_says_which_are_known():
    answer = APIClient().delete(LOGIN)

    is_problem(answer, 405, "method_not_allowed")
    assert "POST" in answer["Allow"]


@pytest.mark.django_db
def test_an_answer_in_another_form_is_406():
    is_problem(APIClient().get("/api/v1/deferral-codes", headers={"Accept": "text/html"}), 406, "not_acceptable")


@pytest.mark.django_db
@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize(
    "path", ["/api/v1/nowhere", "/api/v1/me/", "/api/v1/partners/not-a-uuid", "/api/v1/", "/api/v1/%00"]
)
def test_an_unknown_address_is_404_whether_or_not_debugging(settings, debug, path):
    settings.DEBUG = debug

    for method in ("get", "post", "delete"):
        is_problem(getattr(APIClient(), method)(path), 404, "not_found")


@pytest.mark.django_db
def test_outside_the_api_too_nothing_is_html():
    is_problem(APIClient().get("/nowhere"), 404, "not_found")


@pytest.mark.django_db
def test_too_many_query_parameters_are_400():
    is_problem(APIClient().get("/api/v1/partners?" + "&".join(f"a{n}=1" for n in range(1001))), 400, "bad_request")


@pytest.mark.django_db
def test_a_bug_answers_500_and_says_nothing_but_the_requests_id(monkeypatch):
    def fail(*_args, **_kwargs):
        raise ValueError("a secret detail")

    monkeypatch.setattr("users.services.accounts.update_profile", fail)
    client = person_client(make_user())
    client.raise_request_exception = False

    answer = client.patch(ME, {"city": "Pune"}, format="json")

    body = is_problem(answer, 500, "server_error")
    assert "secret" not in answer.content.decode()
    assert answer["X-Request-ID"] == body["request_id"]


JUNK = [
    None,
    True,
    5,
    -1,
    1.5,
    10**400,
    -(10**30),
    1e308,
    "",
    " ",
    "x",
    "\x00",
    "a\x00b",
    "9" * 5000,
    "NaN",
    "Infinity",
    "-inf",
    "0x10",
    "'; --",
    "é" * 3000,
    "\u202e",
    [],
    ["x"],
    {},
    {"a": 1},
    [[[]]],
    "2030-13-01",
    "0001-01-01",
    "9999-12-31",
    "[object Object]",
]
TARGETS = [
    ("post", "/api/v1/auth/otp", {"phone": "+919812345678", "purpose": "login", "language": "en"}, None),
    (
        "post",
        "/api/v1/auth/register",
        {"challenge_id": "x", "code": "1", "name": "A", "password": "p", "language": "en"},
        None,
    ),
    ("post", LOGIN, {"phone": "+919812345678", "password": "p"}, None),
    ("post", "/api/v1/auth/login/otp", {"challenge_id": "x", "code": "123456"}, None),
    ("post", "/api/v1/auth/refresh", {"refresh": "x"}, None),
    ("post", "/api/v1/auth/logout", {"refresh": "x"}, None),
    ("post", "/api/v1/auth/password/reset", {"challenge_id": "x", "code": "123456", "password": "p"}, None),
    ("post", "/api/v1/auth/password/change", {"current_password": "x", "password": "y"}, "person"),
    (
        "patch",
        ME,
        {"name": "A", "email": "a@b.example", "language": "en", "zone": "Asia/Kolkata", "city": "x"},
        "person",
    ),
    ("put", "/api/v1/me/location", {"lat": 1, "lng": 1}, "person"),
    (
        "put",
        DONOR,
        {
            "blood_group": "O-",
            "sex": "male",
            "date_of_birth": "1990-01-01",
            "weight_kg": 60,
            "available": True,
            "on_leaderboard": False,
            "last_donated_on": "2020-01-01",
        },
        "person",
    ),
    (
        "post",
        "/api/v1/me/donor/deferrals",
        {"code": "tattoo", "occurred_on": "2030-01-01", "resolved_on": None},
        "person",
    ),
    ("post", "/api/v1/partner/auth/otp", {"phone": "+919812345678"}, None),
    ("post", "/api/v1/partner/auth/password/reset", {"challenge_id": "x", "code": "123456", "password": "p"}, None),
    ("post", "/api/v1/partner/auth/login", {"phone": "+919812345678", "password": "p"}, None),
    ("patch", "/api/v1/partner", {"name": "x", "lat": 1, "lng": 2, "has_components": True, "zone": "UTC"}, "member"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("method", "path", "body", "who"), TARGETS, ids=[target[1] for target in TARGETS])
def test_junk_in_any_field_is_never_the_servers_fault(unthrottled, method, path, body, who):
    donor = make_donor()
    client = {None: APIClient, "person": lambda: person_client(donor.user), "member": lambda: client_of(make_member())}[
        who
    ]()
    client.raise_request_exception = False

    for field in body:
        for junk in JUNK:
            try:
                raw = json.dumps({**body, field: junk}, allow_nan=False)
            except ValueError:
                raw = json.dumps({**body, field: str(junk)})
            answer = send(path, raw, method, client)
            assert answer.status_code < 500, (field, junk, answer.content)
            if answer.status_code == 400:
                pointers = {error["pointer"] for error in answer.json()["errors"]}
                assert answer.json()["code"] == "malformed_json" or pointers, (field, junk, answer.content)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name", ["cursor", "limit", "donation_type", "city", "q", "kind", "lat", "radius_km", "unread", "format"]
)
@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/me/donor/deferrals",
        "/api/v1/me/donor/eligibility",
        "/api/v1/me/donor/score",
        "/api/v1/me/notifications",
        "/api/v1/partners",
        "/api/v1/partners/nearby",
        "/api/v1/auth/sessions",
        "/api/v1/requests/nearby",
        "/api/v1/leaderboard",
    ],
)
def test_junk_in_the_query_is_never_the_servers_fault(unthrottled, path, name):
    client = person_client(make_donor().user)
    client.raise_request_exception = False

    for junk in (
        "",
        "x",
        "\x00",
        "-1",
        "0",
        "1e999",
        "NaN",
        "é",
        "9" * 400,
        "'",
        "%",
        "cD0xMjM=",
        "cD0=",
        "bz05OTk5",
        "bnwx",
        "\udcff",
    ):
        answer = client.get(path, {name: junk.encode("utf-8", "surrogatepass")})
        assert answer.status_code < 500, (junk, answer.content)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name",
    ["User-Agent", "X-Forwarded-For", "X-Request-ID", "Authorization", "Idempotency-Key", "Accept-Language", "Accept"],
)
def test_junk_in_a_header_is_never_the_servers_fault(unthrottled, name):
    user = make_user()
    user.set_password("seven quiet tamarinds")
    user.save()

    for junk in (
        "",
        "\x00",
        "é",
        "x" * 5000,
        "' OR 1=1",
        "Bearer",
        "Bearer \x00",
        "Basic x",
        "::::",
        "1.2.3.4, 5",
        "\xff",
    ):
        answer = send(LOGIN, json.dumps({"phone": user.phone, "password": "seven quiet tamarinds"}), **{name: junk})
        assert answer.status_code < 500, (junk, answer.content)
        own = send(ME, b"", "get", person_client(user), **{name: junk})
        assert own.status_code < 500, (junk, own.content)
