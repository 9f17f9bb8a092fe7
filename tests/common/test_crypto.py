import base64
import re

import pytest

from common import crypto
from common.crypto import (
    CannotDecrypt,
    KeysInvalid,
    UnknownKey,
    blind_index,
    decrypt,
    decrypt_text,
    encrypt,
    keyed_digest,
    parse_key,
    parse_keys,
    rotate,
)

NAME = "users.person.name"
OLD, NEW = bytes(range(32)), bytes(range(32, 64))


def written(key):
    return base64.b64encode(key).decode()


@pytest.fixture
def keys(settings):
    """Set the keys in force; by default one."""

    def use(**keys):
        settings.FIELD_KEYS = keys

    use(k1=OLD)
    return use


@pytest.mark.parametrize("plaintext", ["", "a", "Asha Devi", "आशा", "\x00", "x" * 100_000, "\ud800"])
def test_text_comes_back_as_it_was(keys, plaintext):
    assert decrypt_text(encrypt(plaintext, context=NAME), context=NAME) == plaintext


def test_bytes_come_back_as_they_were(keys):
    assert decrypt(encrypt(b"\xff\x00\xfe", context=NAME), context=NAME) == b"\xff\x00\xfe"


def test_a_context_may_be_text_or_the_same_in_bytes(keys):
    assert decrypt(encrypt("x", context=NAME), context=NAME.encode()) == b"x"


def test_the_sealed_value_is_laid_out_as_promised_and_shows_no_text(keys):
    blob = encrypt("Asha Devi", context=NAME)

    assert blob[:4] == b"\x01\x02k1"
    assert len(blob) == 4 + 12 + len("Asha Devi") + 16
    assert b"Asha" not in blob


@pytest.mark.parametrize("other", ["users.person.nam", "users.person.name2", "", "Users.person.name"])
def test_a_value_does_not_open_in_another_context(keys, other):
    blob = encrypt("Asha", context=NAME)

    with pytest.raises(CannotDecrypt):
        decrypt(blob, context=other)


def test_no_changed_bit_goes_unnoticed(keys):
    blob = encrypt("Asha", context=NAME)

    for bit in range(len(blob) * 8):
        changed = bytearray(blob)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(CannotDecrypt):
            decrypt(bytes(changed), context=NAME)


def test_no_missing_or_added_byte_goes_unnoticed(keys):
    blob = encrypt("Asha", context=NAME)

    for wrong in [*(blob[:end] for end in range(len(blob))), blob + b"\x00"]:
        with pytest.raises(CannotDecrypt):
            decrypt(wrong, context=NAME)


def test_what_an_old_key_sealed_stays_readable(keys):
    blob = encrypt("Asha", context=NAME)
    keys(k2=NEW, k1=OLD)

    assert decrypt_text(blob, context=NAME) == "Asha"
    assert encrypt("Asha", context=NAME)[2:4] == b"k2"


def test_an_unknown_key_is_named_and_nothing_else(keys):
    blob = encrypt("Asha", context=NAME)
    keys(k2=NEW)

    with pytest.raises(UnknownKey, match=r"^The key k1 is not in FIELD_KEYS\.$"):
        decrypt(blob, context=NAME)


def test_another_key_under_the_same_id_does_not_open(keys):
    blob = encrypt("Asha", context=NAME)
    keys(k1=NEW)

    with pytest.raises(CannotDecrypt):
        decrypt(blob, context=NAME)


def test_a_value_renamed_to_another_key_id_does_not_open(keys):
    keys(k1=OLD, k2=OLD)
    blob = encrypt("Asha", context=NAME)

    with pytest.raises(CannotDecrypt):
        decrypt(blob.replace(b"k1", b"k2", 1), context=NAME)


def test_rotating_seals_with_the_current_key(keys):
    blob = encrypt("Asha", context=NAME)
    keys(k2=NEW, k1=OLD)
    turned = rotate(blob, context=NAME)
    keys(k2=NEW)

    assert decrypt_text(turned, context=NAME) == "Asha"


def test_rotating_twice_changes_nothing_more(keys):
    blob = encrypt("Asha", context=NAME)

    assert rotate(blob, context=NAME) is blob


def test_rotating_in_a_wrong_context_is_refused(keys):
    blob = encrypt("Asha", context=NAME)
    keys(k2=NEW, k1=OLD)

    with pytest.raises(CannotDecrypt):
        rotate(blob, context="users.person.phone")


def test_a_nonce_never_comes_twice_in_ten_thousand(keys):
    blobs = [encrypt("same", context=NAME) for _ in range(10_000)]

    assert len({blob[4:16] for blob in blobs}) == 10_000
    assert len(set(blobs)) == 10_000


def test_without_keys_nothing_is_sealed(keys):
    keys()

    with pytest.raises(KeysInvalid, match="FIELD_KEYS is empty"):
        encrypt("Asha", context=NAME)


def test_keys_are_read_in_their_order():
    keys = parse_keys(f"k2:{written(NEW)}, k1:{written(OLD)}")

    assert list(keys.items()) == [("k2", NEW), ("k1", OLD)]


@pytest.mark.parametrize("blank", ["", "  "])
def test_blank_text_holds_no_keys(blank):
    assert parse_keys(blank) == {}


def test_keys_may_be_in_url_safe_base64():
    key = b"\xfb\xff" * 16

    assert "_" in base64.urlsafe_b64encode(key).decode()
    assert parse_key(base64.urlsafe_b64encode(key).decode()) == parse_key(written(key)) == key


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("k1", "written as id:base64"),
        (":" + written(OLD), "written as id:base64"),
        ("k 1:" + written(OLD), "written as id:base64"),
        ("k" * 33 + ":" + written(OLD), "written as id:base64"),
        (f"k1:{written(OLD)},", "written as id:base64"),
        ("k1:", "k1: A key has 0 bytes instead of 32"),
        ("k1:" + written(OLD[:16]), "k1: A key has 16 bytes instead of 32"),
        ("k1:" + written(OLD + b"x"), "k1: A key has 33 bytes instead of 32"),
        ("k1:not base64!", "k1: A key is not base64"),
        ("k1:é", "k1: A key is not base64"),
        (f"k1:{written(OLD)},k1:{written(NEW)}", "key id k1 is given twice"),
        (f"k1:{written(OLD)},k2:{written(OLD)}", "key k2 is the same as another one"),
    ],
)
def test_wrong_keys_are_refused_with_the_reason_and_without_the_key(text, reason):
    with pytest.raises(KeysInvalid, match=re.escape(reason)) as refusal:
        parse_keys(text)

    assert written(OLD) not in str(refusal.value)


def test_an_index_is_the_same_for_the_same_value_only():
    one = blind_index("+919876543210", context="users.person.phone")

    assert one == blind_index("+919876543210", context="users.person.phone")
    assert one != blind_index("+919876543211", context="users.person.phone")
    assert one != blind_index("+919876543210", context="users.person.name")
    assert re.fullmatch(r"[0-9a-f]{64}", one)


def test_an_index_depends_on_its_key(settings):
    before = blind_index("x", context=NAME)
    settings.BLIND_INDEX_KEY = "another key that is long enough to be one"

    assert blind_index("x", context=NAME) != before


def test_without_its_key_there_is_no_index(settings):
    settings.BLIND_INDEX_KEY = ""

    with pytest.raises(KeysInvalid):
        blind_index("x", context=NAME)


def test_digested_parts_cannot_run_over_into_each_other():
    digests = {
        keyed_digest(b"key", "ab", "c"),
        keyed_digest(b"key", "a", "bc"),
        keyed_digest(b"key", "abc"),
        keyed_digest(b"key", "abc", ""),
        keyed_digest(b"key", "", "abc"),
    }

    assert len(digests) == 5


def test_a_digest_is_the_plain_hmac_of_the_length_prefixed_parts():
    expected = crypto.hmac.new(b"key", (2).to_bytes(8, "big") + b"ab" + bytes(8), "sha256").hexdigest()

    assert keyed_digest("key", "ab", "") == keyed_digest(b"key", b"ab", b"") == expected
