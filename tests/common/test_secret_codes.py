import hashlib
import re

import pytest

from common import secret_codes
from common.crypto import KeysInvalid
from common.secret_codes import code_digest, code_matches, new_code, new_token, token_digest

OF_THIS_ROW = {"purpose": "login", "subject": "challenge-1"}


def test_a_code_is_six_digits():
    assert all(re.fullmatch(r"[0-9]{6}", new_code()) for _ in range(1_000))


@pytest.mark.parametrize(("drawn", "code"), [(0, "000000"), (42, "000042"), (999_999, "999999")])
def test_a_code_keeps_its_zeros_and_comes_from_the_systems_random_source(monkeypatch, drawn, code):
    asked = []
    monkeypatch.setattr(secret_codes.secrets, "randbelow", lambda below: asked.append(below) or drawn)

    assert new_code() == code
    assert asked == [1_000_000]


def test_the_right_code_matches():
    digest = code_digest("012345", **OF_THIS_ROW)

    assert code_matches("012345", digest, **OF_THIS_ROW)


@pytest.mark.parametrize(
    "typed",
    ["", "12345", "012346", "0123456", " 012345", "०१२३४५", "abcdef", "\ud800", "\x00", "0" * 100_000],
)
def test_any_other_text_does_not_match_and_does_not_crash(typed):
    digest = code_digest("012345", **OF_THIS_ROW)

    assert not code_matches(typed, digest, **OF_THIS_ROW)


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"purpose": "register", "subject": "challenge-1"},
        {"purpose": "login", "subject": "challenge-2"},
        {"purpose": "login", "subject": ""},
    ],
)
def test_a_code_opens_nothing_else(elsewhere):
    digest = code_digest("012345", **OF_THIS_ROW)

    assert not code_matches("012345", digest, **elsewhere)


def test_parts_cannot_run_over_into_each_other():
    digests = {
        code_digest("123456", purpose="ab", subject="c"),
        code_digest("123456", purpose="a", subject="bc"),
        code_digest("c123456", purpose="a", subject="b"),
        code_digest("123456", purpose="abc", subject=""),
    }

    assert len(digests) == 4


def test_a_digest_is_hex_and_shows_no_code():
    digest = code_digest("012345", **OF_THIS_ROW)

    assert re.fullmatch(r"[0-9a-f]{64}", digest)
    assert "012345" not in digest


def test_another_key_gives_another_digest(settings):
    settings.CODE_KEY = "one key that is long enough to be one"
    first = code_digest("012345", **OF_THIS_ROW)
    settings.CODE_KEY = "another key that is long enough as well"

    assert code_digest("012345", **OF_THIS_ROW) != first
    assert not code_matches("012345", first, **OF_THIS_ROW)


def test_without_a_key_there_is_no_digest(settings):
    settings.CODE_KEY = ""

    with pytest.raises(KeysInvalid):
        code_digest("012345", **OF_THIS_ROW)


def test_digests_are_compared_in_constant_time(monkeypatch):
    compared = []
    monkeypatch.setattr(secret_codes.hmac, "compare_digest", lambda a, b: compared.append((a, b)) or True)

    assert code_matches("012345", "0" * 64, **OF_THIS_ROW)
    assert compared == [(code_digest("012345", **OF_THIS_ROW), "0" * 64)]


def test_a_token_is_url_safe_and_holds_256_bits():
    made = {new_token() for _ in range(1_000)}

    assert len(made) == 1_000
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{43}", one) for one in made)


def test_a_token_can_have_another_size_but_not_fewer_than_128_bits():
    assert len(new_token(16)) == 22

    with pytest.raises(ValueError, match="at least 16 bytes"):
        new_token(15)


def test_a_token_is_found_by_its_sha256():
    token = new_token()

    assert token_digest(token) == hashlib.sha256(token.encode()).hexdigest()


def test_half_a_surrogate_pair_is_a_wrong_token_and_no_crash():
    assert re.fullmatch(r"[0-9a-f]{64}", token_digest("\ud800"))
