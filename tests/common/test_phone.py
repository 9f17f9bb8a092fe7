import re

import pytest

from common.phone import E164_PATTERN, PhoneInvalid, mask_phone, parse_phone, sms_allowed


@pytest.mark.parametrize(
    "written",
    [
        "+919876543210",
        "+91 98765-43210",
        "+91 (98765) 43210",
        "098765 43210",
        "98765 43210",
        "9876543210",
        "919876543210",
        "00919876543210",
        "  98765.43210\t",
        "९८७६५४३२१०",
        "+৯১ ৯৮৭৬৫ ৪৩২১০",
        "\uff0b919876543210",
    ],
)
def test_every_usual_way_of_writing_gives_one_e164(written):
    assert parse_phone(written) == "+919876543210"


def test_a_national_number_is_read_in_the_given_region():
    assert parse_phone("01712-345678", region="BD") == "+8801712345678"


def test_a_plus_overrules_the_region():
    assert parse_phone("+8801712345678", region="IN") == "+8801712345678"


def test_a_landline_is_a_phone_number():
    assert parse_phone("033 2223 4567") == "+913322234567"


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "+",
        "12345",
        "+91",
        "+910000000000",
        "+91987654321",
        "+9198765432100",
        "+0919876543210",
        "1-800-FLOWERS",
        "call 9876543210",
        "9876543210 ext 5",
        "9876543210;ext=5",
        "tel:+919876543210",
        "98765\x0043210",
        "9876543210, 9876543211",
        "+999123456789",
        "\ud8009876543210",
        "9" * 100_000,
    ],
)
def test_what_is_no_phone_number_is_refused_without_repeating_it(written):
    with pytest.raises(PhoneInvalid) as refusal:
        parse_phone(written)

    assert str(refusal.value) == "This is not a valid phone number."
    assert refusal.value.__cause__ is None


def test_a_refusal_is_a_value_error():
    assert issubclass(PhoneInvalid, ValueError)


@pytest.mark.parametrize(
    ("phone", "allowed"),
    [
        ("+919876543210", True),
        ("+8801712345678", True),
        ("+14155552671", False),
        ("+8613912345678", False),
        ("+88313000001", False),
        ("919876543210", False),
    ],
)
def test_sms_go_to_india_and_bangladesh_only(phone, allowed):
    assert sms_allowed(phone) is allowed


def test_the_countries_for_sms_can_be_set():
    assert sms_allowed("+14155552671", ["+1"])
    assert not sms_allowed("+919876543210", ["+1"])
    assert not sms_allowed("+919876543210", [])


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("+919876543210", "+91******3210"),
        ("+8801712345678", "+880******5678"),
        ("+14155552671", "+1******2671"),
        ("9876543210", "******3210"),
        ("98765 43210", "******3210"),
        ("+916831", "+91**31"),
        ("+91", "+91"),
        ("12345", "***45"),
        ("1", "*"),
        ("", ""),
        ("nobody", ""),
        ("+99912345678", "*******5678"),
    ],
)
def test_a_masked_number_shows_the_country_and_at_most_four_digits(phone, masked):
    assert mask_phone(phone) == masked
    assert masked.isascii()


@pytest.mark.parametrize("good", ["+919876543210", "+8801712345678", "+14155552671", "+123456789012345"])
def test_the_pattern_takes_e164(good):
    assert re.search(E164_PATTERN, good)


@pytest.mark.parametrize(
    "bad",
    [
        "919876543210",
        "+0123456789",
        "+91 9876543210",
        "+919876543210\n",
        "+1234567890123456",
        "+91\u096f\u096e\u096d\u096c\u096b\u096a\u0969\u0968\u0967\u0966",
        "",
    ],
)
def test_the_pattern_refuses_what_is_not_e164(bad):
    assert not re.search(E164_PATTERN, bad)
