"""Only our own tokens, of the right realm and kind, unexpired."""

from __future__ import annotations

import base64
import json
import uuid

import jwt
import pytest

from common import clock
from common.tokens import LEEWAY, Claims, Kind, Realm, TokenInvalid, issue_pair, read_token

SUBJECT, SESSION, JTI = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()


def pair(realm=Realm.USER):
    return issue_pair(realm, subject=SUBJECT, session=SESSION, refresh_jti=JTI)


def forge(settings, *, key=None, algorithm="HS256", headers=None, **changes):
    now = int(clock.now().timestamp())
    payload = {
        "realm": "user",
        "aud": "user",
        "iss": settings.TOKEN_ISSUER,
        "token_type": "access",
        "sub": str(SUBJECT),
        "sid": str(SESSION),
        "jti": str(JTI),
        "iat": now,
        "exp": now + 600,
        **changes,
    }
    payload = {name: value for name, value in payload.items() if value is not None}
    return jwt.encode(payload, settings.TOKEN_KEY if key is None else key, algorithm, headers=headers)


def is_refused(token, realm=Realm.USER, kind=Kind.ACCESS) -> bool:
    with pytest.raises(TokenInvalid):
        read_token(realm, kind, token)
    return True


def test_a_pair_says_whose_it_is_and_of_which_session():
    made = pair()

    refresh = read_token(Realm.USER, Kind.REFRESH, made.refresh)
    assert refresh == Claims(SUBJECT, SESSION, JTI, expires_at=refresh.expires_at)
    access = read_token(Realm.USER, Kind.ACCESS, made.access)
    assert (access.subject, access.session) == (SUBJECT, SESSION)
    assert access.jti != JTI


def test_a_forged_token_that_changes_nothing_is_read(settings):
    assert read_token(Realm.USER, Kind.ACCESS, forge(settings)).subject == SUBJECT


@pytest.mark.parametrize("kind", Kind)
def test_a_token_of_the_other_realm_is_refused(kind):
    for realm, other in ((Realm.USER, Realm.PARTNER), (Realm.PARTNER, Realm.USER)):
        made = pair(realm)
        assert is_refused(made.access if kind is Kind.ACCESS else made.refresh, other, kind)


def test_refresh_is_no_access_and_access_no_refresh():
    made = pair()

    assert is_refused(made.refresh, kind=Kind.ACCESS)
    assert is_refused(made.access, kind=Kind.REFRESH)


@pytest.mark.parametrize("lifetime", ["ACCESS_LIFETIME", "REFRESH_LIFETIME"])
def test_a_token_dies_at_its_hour(noon, settings, lifetime):
    made = pair()
    kind, token = (Kind.ACCESS, made.access) if lifetime == "ACCESS_LIFETIME" else (Kind.REFRESH, made.refresh)

    noon.shift(getattr(settings, lifetime).total_seconds() - 1)
    assert read_token(Realm.USER, kind, token)
    noon.shift(LEEWAY.total_seconds() + 2)
    assert is_refused(token, kind=kind)


def test_a_server_whose_clock_is_a_little_behind_knows_a_fresh_token(noon):
    made = pair()

    noon.shift(-3)
    assert read_token(Realm.USER, Kind.ACCESS, made.access)
    noon.shift(-60)
    assert is_refused(made.access)


@pytest.mark.parametrize(
    "change",
    [
        {"realm": "partner"},
        {"realm": None},
        {"aud": "partner"},
        {"aud": None},
        {"iss": "somebody"},
        {"iss": None},
        {"token_type": "refresh"},
        {"token_type": None},
        {"sub": "not-a-uuid"},
        {"sub": None},
        {"sid": None},
        {"sid": "5"},
        {"jti": None},
        {"jti": "x"},
        {"exp": 1},
        {"exp": "soon"},
        {"exp": None},
        {"nbf": 4_000_000_000},
    ],
)
def test_a_claim_that_is_missing_or_other_is_refused(settings, change):
    assert is_refused(forge(settings, **change))


def test_another_key_is_refused(settings):
    assert is_refused(forge(settings, key="another key of sufficient length for the algorithm"))


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_algorithm_is_refused_even_with_our_key(settings, algorithm):
    assert is_refused(forge(settings, key=settings.TOKEN_KEY + "x" * 64, algorithm=algorithm))


def part(value) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", "RS256", None, 5])
def test_no_algorithm_or_one_we_do_not_use_is_refused(settings, algorithm):
    _, payload, signature = forge(settings).split(".")
    header = part({"alg": algorithm, "typ": "JWT"})

    assert is_refused(f"{header}.{payload}.")
    assert is_refused(f"{header}.{payload}.{signature}")


@pytest.mark.parametrize("extra", [{"kid": "../../dev/null"}, {"jku": "https://evil.example"}, {"crit": ["exp"]}])
def test_headers_that_name_keys_are_not_followed(settings, extra):
    token = forge(settings, key="the stranger's own key, long enough for it", headers=extra)

    assert is_refused(token)


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", "a.b.c", "e30.e30.e30", "\x00", "é", "\udc80", "x" * 100_000, "[" * 5000, part([]) + ".e30.x"],
)
def test_any_other_text_is_refused(text):
    assert is_refused(text)


def test_nesting_that_would_exhaust_the_reader_is_refused(settings):
    deep = base64.urlsafe_b64encode(b"[" * 100_000).rstrip(b"=").decode()
    _, payload, signature = forge(settings).split(".")

    assert is_refused(f"{deep}.{payload}.{signature}")
    assert is_refused(f"{part({'alg': 'HS256'})}.{deep}.{signature}")
