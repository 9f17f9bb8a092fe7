"""Donation identification numbers: the printed examples of ISBT 128, and what must be refused."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from stock.din import Din, DinInvalid, check_character, flag_60, format_din, parse_din

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*"
PUBLISHED = [
    ("G123498654321", "H", "77"),
    ("ABCDE27000069", "C", "72"),
    ("A999914123458", "J", "79"),
    ("W123409123456", "O", "84"),
]
FACILITIES = st.from_regex(r"\A[A-NP-Z1-9][A-NP-Z0-9]{4}\Z")
DINS = st.builds(format_din, FACILITIES, st.integers(0, 99), st.integers(0, 999_999))
FEW = settings(max_examples=200, deadline=None, derandomize=True, database=None)


@pytest.mark.parametrize(("din", "check", "flag"), PUBLISHED)
def test_the_published_examples_have_their_check_character_and_flag(din: str, check: str, flag: str) -> None:
    assert check_character(din) == check
    assert flag_60(din) == flag


def test_the_check_is_not_the_complement_that_is_off_by_one() -> None:
    weighted = sum(ALPHABET.index(sign) * 2 ** (13 - at) for at, sign in enumerate("G123498654321"))

    assert ALPHABET[(37 - weighted) % 37] == "G"
    assert ALPHABET[(38 - weighted) % 37] == check_character("G123498654321") == "H"


@FEW
@given(DINS)
def test_the_check_is_that_of_the_standards_formula(din: str) -> None:
    weighted = sum(ALPHABET.index(sign) * 2 ** (13 - at) for at, sign in enumerate(din))

    assert check_character(din) == ALPHABET[(38 - weighted) % 37]


@pytest.mark.parametrize(("din", "check", "flag"), PUBLISHED)
def test_a_number_is_read_as_stored_printed_and_scanned(din: str, check: str, flag: str) -> None:
    grouped = f"{din[:5]} {din[5:7]} {din[7:]} {check}"

    assert parse_din(din) == Din(din)
    assert parse_din(din + check) == parse_din(grouped) == parse_din(grouped.lower()) == Din(din)
    assert parse_din(f"={din}00") == Din(din, "00")
    assert parse_din(f"={din}{flag}\r\n") == Din(din, flag)
    assert Din(din).eye_readable == grouped


def test_the_parts_of_a_number_are_named() -> None:
    din = parse_din("=G12349865432107")

    assert (din.facility_code, din.year, din.sequence, din.flag) == ("G1234", "98", 654321, "07")


@FEW
@given(DINS, st.integers(0, 12), st.sampled_from(ALPHABET[:36]))
def test_one_wrong_sign_is_found_by_the_check(din: str, at: int, sign: str) -> None:
    assume(sign != din[at])

    with pytest.raises(DinInvalid):
        parse_din(din[:at] + sign + din[at + 1 :] + check_character(din))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "=",
        "G12349865432",  # too short
        "G123498654321G",  # the check character that is off by one
        "G123498654321HH",
        "O123498654321",  # no facility starts with O
        "0123498654321",  # nor with 0
        "GO23498654321",  # nor holds an O
        "G1234A8654321",  # the year is of digits
        "G12349865432X",
        "G123498654321*",
        "=G123498654321",  # scanned without flags
        "=G1234986543217",
        "=G12349865432176",  # a check that does not fit
        "=G12349865432197",  # no meaning is known
        "=G123498654321H0",
        "=G1234 98 65432100",
        "G123498654321\u0967",
        "G12349865432\u0967",  # a digit of another script
        "\uff27123498654321",
    ],
)
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(DinInvalid):
        parse_din(text)


@pytest.mark.parametrize("wrong", ["", "g123498654321", "G123498654321H", "G1234 98 654321"])
def test_only_the_stored_form_has_a_check(wrong: str) -> None:
    with pytest.raises(DinInvalid):
        check_character(wrong)


def test_a_number_is_made_of_facility_year_and_sequence() -> None:
    assert format_din("X0001", 2026, 42) == "X000126000042"
    assert format_din("X0001", 7, 999_999) == "X000107999999"


@pytest.mark.parametrize(
    ("facility", "year", "sequence"),
    [
        ("X001", 26, 1),
        ("O0001", 26, 1),
        ("x0001", 26, 1),
        ("X0001", -1, 1),
        ("X0001", 26, 1_000_000),
        ("X0001", 26, -1),
    ],
)
def test_a_number_that_does_not_fit_is_refused(facility: str, year: int, sequence: int) -> None:
    with pytest.raises(DinInvalid):
        format_din(facility, year, sequence)


@FEW
@given(DINS)
def test_what_is_printed_or_scanned_is_read_back(din: str) -> None:
    assert parse_din(Din(din).eye_readable).value == din
    assert parse_din(f"={din}{flag_60(din)}").value == din
