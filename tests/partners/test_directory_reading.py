"""The published directory is read as it is: every fault is told with its row, none stops the reading."""

from __future__ import annotations

import csv
import random
import tracemalloc
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.spreadsheets import FORMULA_SIGNS
from partners.directory import (
    DirectoryUnreadable,
    Fault,
    Listing,
    Note,
    Reason,
    Rejection,
    cells,
    count_reasons,
    license_key,
    read_directory,
    report_path,
    write_report,
)
from partners.directory.records import find_encoding

SAMPLE = Path(__file__).parent / "data" / "sample-directory.csv"
DEMO = Path(__file__).parents[2] / "partners" / "data" / "demo_directory.csv"
HEADER = "Sr No,Blood Bank Name,State,District,City,Address,Pincode,Contact No,License #,Latitude,Longitude,Fax"
TEXTS = st.text(st.characters(max_codepoint=0xFF) | st.characters(min_codepoint=0x900, max_codepoint=0x9FF))

# Line of the file → what was planted there.
PLANTED = {
    9: [Fault.MISSING_COORDINATES],
    10: [Fault.MISSING_LICENSE],
    11: [Fault.MISSING_LICENSE],
    12: [Fault.MISSING_LICENSE],
    13: [Fault.MISSING_LICENSE],
    14: [Fault.DUPLICATE_LICENSE],
    16: [Fault.BAD_COORDINATES],
    17: [Fault.BAD_COORDINATES],
    18: [Fault.MISSING_NAME],
    19: [Fault.MALFORMED_ROW],
    20: [Fault.DUPLICATE_PLACE],
    25: [Fault.SHARED_COORDINATES],
    26: [Fault.MISSING_LICENSE],
    28: [Fault.MISSING_LICENSE, Fault.MISSING_COORDINATES],
    34: [Fault.SHARED_COORDINATES],
    36: [Fault.DUPLICATE_LICENSE],
    37: [Fault.BAD_COORDINATES],
    38: [Fault.BAD_COORDINATES],
    44: [Fault.MISSING_LICENSE],
    45: [Fault.MISSING_COORDINATES],
    46: [Fault.MALFORMED_ROW],
}


def bank(number: int, **changed: str) -> str:
    """One well-formed line of the short layout in `HEADER`."""
    row = {
        "sr_no": str(number),
        "name": f"Bank {number}",
        "state": "Maharashtra",
        "district": "PUNE",
        "city": "Pune",
        "address": '"1, Test Road"',
        "pincode": "411001",
        "contact": "020 25550101",
        "license": f"PN/{number}",
        "lat": f"18.{500000 + number}",
        "lng": "73.850000",
        "fax": "",
    } | changed
    return ",".join(row.values())


def written(directory: Path, *lines: str, header: str = HEADER, encoding: str = "utf-8") -> Path:
    path = directory / "banks.csv"
    path.write_bytes("\n".join([header, *lines, ""]).encode(encoding))
    return path


def listed(path: Path) -> list[Listing]:
    return [entry for entry in read_directory(path) if isinstance(entry, Listing)]


def rejected(path: Path) -> list[Rejection]:
    return [entry for entry in read_directory(path) if isinstance(entry, Rejection)]


def faults(path: Path) -> dict[int, list[Fault]]:
    return {entry.row: list(entry.codes) for entry in rejected(path)}


def serials(path: Path) -> list[str]:
    return [listing.sr_no for listing in listed(path)]


def in_sample(sr_no: int) -> Listing:
    return next(listing for listing in listed(SAMPLE) if listing.sr_no == str(sr_no))


# --- the sample ---------------------------------------------------------------------------------------------


def test_every_planted_fault_is_told_with_its_row_and_nothing_else_is() -> None:
    assert faults(SAMPLE) == PLANTED


def test_every_row_of_the_sample_is_either_listed_or_rejected() -> None:
    assert [int(entry.sr_no) for entry in read_directory(SAMPLE)] == [*range(1, 38), 39, 40]


def test_reasons_are_counted_by_code() -> None:
    counts = count_reasons(rejected(SAMPLE))

    assert counts == Counter(code for codes in PLANTED.values() for code in codes)
    assert next(iter(counts)) == Fault.MISSING_LICENSE


def test_a_duplicate_names_the_row_that_came_first() -> None:
    details = {entry.sr_no: entry.reasons[0].detail for entry in rejected(SAMPLE)}

    assert details["9"] == "The licence is already that of row 6 (Sr No 2, Maharashtra)."
    assert details["15"] == "The same bank is already row 2 (Sr No 1, Maharashtra)."


def test_a_listing_is_clean() -> None:
    bank_2 = in_sample(2)

    assert (bank_2.row, bank_2.name, bank_2.city) == (6, "Lantern Street Blood Bank", "Pune")
    assert (bank_2.license_number, bank_2.license_key) == ("pn/test/ 02", "PN/TEST/02")
    assert (bank_2.address, bank_2.pincode) == ("Lantern Street, Kothrud", "411038")
    assert (bank_2.has_components, bank_2.has_apheresis, bank_2.service_hours) == (False, False, "24x7")
    assert (bank_2.lat, bank_2.lng) == (Decimal("18.507400"), Decimal("73.807700"))
    assert (bank_2.kind, bank_2.category, bank_2.website) == (
        "blood_bank",
        "private",
        "http://www.lantern.example.in",
    )


def test_entities_letters_with_accents_and_multi_line_addresses_are_read() -> None:
    assert in_sample(3).name == "Saint Ann's Demo Hospital Blood Bank"
    assert in_sample(31).address == "Café Road, Indiranagar"
    assert in_sample(23).address == "Block C, Patel Nagar"


def test_a_swapped_pair_is_put_right_and_noted() -> None:
    assert (in_sample(10).lat, in_sample(10).lng) == (Decimal("18.508900"), Decimal("73.927100"))
    assert in_sample(10).notes == (Note.SWAPPED_COORDINATES,)


def test_a_point_shared_by_two_districts_of_one_state_is_listed_and_noted() -> None:
    assert in_sample(32).notes == in_sample(34).notes == (Note.SHARED_COORDINATES,)


def test_a_missing_city_is_taken_from_the_district_and_noted() -> None:
    assert (in_sample(18).city, in_sample(18).notes) == ("Kolkata", (Note.CITY_FROM_DISTRICT,))


def test_a_row_that_ends_early_after_the_last_needed_column_is_listed() -> None:
    assert in_sample(39).phone == "+918212555139"


def test_the_demo_directory_has_no_fault() -> None:
    entries = list(read_directory(DEMO))

    assert len(entries) == 25
    assert all(isinstance(entry, Listing) and entry.phone and not entry.notes for entry in entries)


# --- cells --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "numbers"),
    [
        ("020 25550101", ["+912025550101"]),
        ("02025550101 (Extn. 12, 14)", ["+912025550101"]),
        ("020 25550101 ext 109/110, 020 25550102", ["+912025550101", "+912025550102"]),
        ("020 25550101/02/03", ["+912025550101"]),
        ("020 25550101-31", ["+912025550101"]),
        ("020 25550101 - 10", ["+912025550101"]),
        ("033 25550118 033 2555 0119", ["+913325550118", "+913325550119"]),
        ("020-25550101 or 9823000001", ["+912025550101", "+919823000001"]),
        ("Tel. 020 25550101", []),
        ("020 25550101.", ["+912025550101"]),
        ("+91 98230 00001", ["+919823000001"]),
        ("020 25550101, 02025550101", ["+912025550101"]),
        ("00373 2327717", []),
        ("+44 20 7946 0958", []),
        ("1,800,425,183,418,000,000,000", []),
        ("N/A", []),
        ("", []),
    ],
)
def test_phones_are_read_as_they_are_written(cell: str, numbers: list[str]) -> None:
    assert cells.phones(cell) == numbers


@pytest.mark.parametrize(
    ("cell", "address"),
    [
        ("http://www.a-bank.example.org/x?y=1", "http://www.a-bank.example.org/x?y=1"),
        ("HTTP://A.Example.Org", "http://a.example.org"),
        ("http:/www.a.example.org", "http://www.a.example.org"),
        ("htt://www.a.example.org", "http://www.a.example.org"),
        ("www.a.example.org", "http://www.a.example.org"),
        ("http://a.example.org/,http://b.example.org", "http://a.example.org/"),
        ("http://info@a.example.org", ""),
        ("http://www.bank@mail.example.org", ""),
        ("javascript:alert(1)", ""),
        ("ftp://a.example.org", ""),
        ("http://localhost/", ""),
        ("http://127.0.0.1/", ""),
        ("http://[::1", ""),
        ('http://a.example.org/"><script>', ""),
        ("http://" + "a" * 300 + ".org", ""),
        ("N/A", ""),
    ],
)
def test_a_website_is_http_with_a_public_looking_host_or_nothing(cell: str, address: str) -> None:
    assert cells.website(cell) == address


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("411001", "411001"),
        ("411 001", "411001"),
        ("ÿ411001", "411001"),
        ("362266,", "362266"),
        ("8441010", ""),
        ("16", ""),
        ("N/A", ""),
        ("011001", ""),
    ],
)
def test_a_pincode_has_six_digits_or_is_nothing(cell: str, code: str) -> None:
    assert cells.pincode(cell) == code


@pytest.mark.parametrize(
    ("cell", "hours"),
    [(text, "24x7") for text in ("24X7", "24 x 7", "24*7", "24/7", "24BY 7", "24 Hours", "24 hrs.", "24h")]
    + [("24 hours 365 days", "24x7"), ("9am to 5pm", "9am to 5pm"), ("12x7", "12x7"), ("N/A", "")],
)
def test_round_the_clock_has_one_spelling(cell: str, hours: str) -> None:
    assert cells.service_hours(cell) == hours


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        (" SOUTH  ANDAMAN ", "South Andaman"),
        ("Andaman And Nicobar Islands", "Andaman and Nicobar Islands"),
        ("ThiruvAnanthapuram", "Thiruvananthapuram"),
        ("R.K puram", "R.K Puram"),
        ("cox's bazar", "Cox's Bazar"),
        ("N/A", ""),
    ],
)
def test_places_are_written_as_on_a_map(cell: str, name: str) -> None:
    assert cells.place_name(cell) == name


@pytest.mark.parametrize(
    ("cell", "address"),
    [
        ("Plot 4\r\nNear Mill,\r\n\r\nCamp \r\n", "Plot 4, Near Mill, Camp"),
        ("N/A,\n-,\nCamp", "Camp"),
        ("-,,", ""),
    ],
)
def test_an_address_is_one_line(cell: str, address: str) -> None:
    assert cells.one_line_address(cell) == address


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("pn/test/ 02", "PN/TEST/02"),
        ("raj 2298", "RAJ2298"),
        ("1/Blood Bank/Biological /DHS-2015", "1/BLOODBANK/BIOLOGICAL/DHS-2015"),
        ("License No 1912", "1912"),
        ("LIC NO.71/KR/BB/R DT. 31-12-2017.", "71/KR/BB/R"),
        ("206/28C/2012 dated 7/6/2012", "206/28C/2012"),
        ("AB\N{EN DASH}7", "AB-7"),
        ("DL-41", "DL-41"),
        ("7/A\N{ACUTE ACCENT}", "7/\N{LATIN CAPITAL LETTER A WITH ACUTE}"),
    ],
)
def test_two_spellings_of_one_licence_have_one_key(text: str, key: str) -> None:
    assert license_key(text) == key


@pytest.mark.parametrize(
    "cell",
    [
        "",
        "-",
        "--",
        "N/A",
        "na",
        "Not Available",
        "A/F",
        "NON FUNCTIONAL",
        "NON  FUNCTIONAL BLOOD BANK",
        "Nil",
        "Applied for renewal 2016",
        "Reapplied for license",
        "Under Process",
        "License Cancelled- non functional",
        "PN/7 cancelled",
        "\t",
        "*",
    ],
)
def test_words_in_place_of_a_licence_are_no_licence(tmp_path: Path, cell: str) -> None:
    assert faults(written(tmp_path, bank(1, license=cell))) == {2: [Fault.MISSING_LICENSE]}


@pytest.mark.parametrize("cell", ["7", "C(0013)/14/BB", "A/F 12", "PN/7\tapplied for renewal"])
def test_a_short_or_strange_number_is_a_licence(tmp_path: Path, cell: str) -> None:
    assert faults(written(tmp_path, bank(1, license=cell))) == {}


@pytest.mark.parametrize(
    ("lat", "lng", "fault"),
    [
        ("#N/A", "#N/A", Fault.MISSING_COORDINATES),
        ("18.5", "", Fault.MISSING_COORDINATES),
        ("nan", "73.8", Fault.BAD_COORDINATES),
        ("Infinity", "73.8", Fault.BAD_COORDINATES),
        ("1.85e1", "73.8", Fault.BAD_COORDINATES),
        ("१८.५", "73.8", Fault.BAD_COORDINATES),
        ("18", "73.8", Fault.BAD_COORDINATES),
        ("0.0", "0.0", Fault.BAD_COORDINATES),
        ("-18.5", "73.8", Fault.BAD_COORDINATES),
        ("5.999999", "73.8", Fault.BAD_COORDINATES),
        ("38.000001", "73.8", Fault.BAD_COORDINATES),
        ("18.5", "98.000001", Fault.BAD_COORDINATES),
        ("18." + "9" * 10_000, "73.8", Fault.BAD_COORDINATES),
    ],
)
def test_coordinates_that_place_no_bank_are_told(tmp_path: Path, lat: str, lng: str, fault: Fault) -> None:
    assert faults(written(tmp_path, bank(1, lat=lat, lng=lng))) == {2: [fault]}


@pytest.mark.parametrize(
    ("lat", "lng"), [("18.5204", "73.8567"), (" 18.5204 ", "73.8567\t"), ("18.5204° N", "73.8567° E")]
)
def test_coordinates_have_six_decimals(tmp_path: Path, lat: str, lng: str) -> None:
    (listing,) = listed(written(tmp_path, bank(1, lat=lat, lng=lng)))

    assert (str(listing.lat), str(listing.lng)) == ("18.520400", "73.856700")


@pytest.mark.parametrize(
    "normalise",
    [
        cells.clean,
        cells.clean_or_blank,
        cells.place_name,
        cells.one_line_address,
        cells.pincode,
        cells.service_hours,
        cells.website,
        cells.email,
        license_key,
    ],
)
@settings(derandomize=True, database=None, max_examples=300)
@given(text=TEXTS)
def test_normalising_twice_is_normalising_once(normalise, text: str) -> None:
    once = normalise(text)

    assert normalise(once) == once


@settings(derandomize=True, database=None, max_examples=300)
@given(text=st.text())
def test_a_cleaned_text_is_one_line_without_control_characters(text: str) -> None:
    cleaned = cells.clean(text)

    assert cleaned == " ".join(cleaned.split())
    assert not any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in cleaned)


# --- the file -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"])
def test_the_encoding_is_seen_in_the_bytes(tmp_path: Path, encoding: str) -> None:
    path = written(tmp_path, bank(1, name="Café Blood Bank"), encoding=encoding)

    assert [listing.name for listing in listed(path)] == ["Café Blood Bank"]


def test_a_script_of_its_own_is_kept_in_utf_8(tmp_path: Path) -> None:
    path = written(tmp_path, bank(1, name="सह्याद्री रक्तपेढी", city="পুণে"))

    assert [(listing.name, listing.city) for listing in listed(path)] == [("सह्याद्री रक्तपेढी", "পুণে")]


def test_a_byte_without_meaning_in_windows_1252_makes_the_file_latin_1(tmp_path: Path) -> None:
    path = tmp_path / "banks.csv"
    path.write_bytes(b"caf\xe9 \x81")

    assert find_encoding(path) == "latin-1"


def test_utf_8_cut_within_its_last_character_is_still_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "banks.csv"
    path.write_bytes("Café, Café".encode()[:-1])

    assert find_encoding(path) == "utf-8"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_seen_in_the_header(tmp_path: Path, delimiter: str) -> None:
    rows = list(csv.reader([HEADER, bank(1), bank(2, address='"a, b; c"')]))
    path = tmp_path / "banks.csv"
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter=delimiter).writerows(rows)

    assert serials(path) == ["1", "2"]


def test_columns_are_found_by_name_in_any_order_case_and_spacing(tmp_path: Path) -> None:
    header = " LONGITUDE,latitude , licence no,Extra,CITY,State,  blood   bank NAME"
    path = written(tmp_path, "73.8567,18.5204,PN/1,x,Pune,Maharashtra,Bank", header=header)

    (listing,) = listed(path)

    assert (listing.name, listing.license_key, str(listing.lat)) == ("Bank", "PN/1", "18.520400")
    assert (listing.sr_no, listing.phones, listing.has_components) == ("", (), None)


def test_missing_columns_are_all_named_before_a_row_is_read(tmp_path: Path) -> None:
    path = written(tmp_path, "1,x", header="Sr No,Blood Bank Name,State,City")

    with pytest.raises(DirectoryUnreadable, match=r"^banks\.csv has no column License #, Latitude, Longitude\.$"):
        read_directory(path)


@pytest.mark.parametrize("content", [b"", b"\n\n \n", b"\xef\xbb\xbf", b"PK\x03\x04\x14\x00", bytes(5000)])
def test_a_file_that_is_no_directory_is_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "banks.csv"
    path.write_bytes(content)

    with pytest.raises(DirectoryUnreadable) as refused:
        read_directory(path)

    assert "\n" not in str(refused.value)


def test_a_missing_file_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(DirectoryUnreadable, match=r"^none\.csv cannot be read: No such file"):
        read_directory(tmp_path / "none.csv")


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_rows_are_numbered_by_the_line_they_begin_at(tmp_path: Path, line_end: str) -> None:
    path = tmp_path / "banks.csv"
    lines = ["", HEADER, bank(1, address='"a\nb\nc"'), "", ",,,", bank(2), bank(3, name="")]
    path.write_bytes("\n".join(lines).replace("\n", line_end).encode())

    assert [(entry.row, entry.sr_no) for entry in read_directory(path)] == [(3, "1"), (8, "2"), (9, "3")]


# --- damage -------------------------------------------------------------------------------------------------


def test_a_quote_that_is_never_closed_costs_its_own_row_only(tmp_path: Path) -> None:
    path = written(tmp_path, bank(1), bank(2, name='"Bank 2'), bank(3), bank(4, address='"a\n5, b\nc"'), bank(5))

    assert serials(path) == ["1", "3", "4", "5"]
    assert faults(path) == {3: [Fault.MALFORMED_ROW]}


def test_a_quote_closed_by_the_next_rows_quote_costs_its_own_row_only(tmp_path: Path) -> None:
    path = written(tmp_path, bank(1), bank(2, name='"Bank 2'), bank(3, address='"\nNear the mill"'), bank(4))

    assert [(entry.row, entry.sr_no) for entry in rejected(path)] == [(3, "2")]
    assert serials(path) == ["1", "3", "4"]


def test_an_unclosed_quote_in_every_row_is_told_row_by_row(tmp_path: Path) -> None:
    path = written(tmp_path, *(bank(number, name=f'"Bank {number}') for number in range(1, 301)))

    assert faults(path) == {row: [Fault.MALFORMED_ROW] for row in range(2, 302)}


def test_a_stray_quote_within_a_cell_costs_nothing(tmp_path: Path) -> None:
    path = written(tmp_path, bank(1, name='St. John"s'), bank(2, name='"Shanti" Bank'), bank(3))

    assert [listing.name for listing in listed(path)] == ['St. John"s', "Shanti Bank", "Bank 3"]


def test_a_broken_multi_line_row_is_told_once(tmp_path: Path) -> None:
    path = written(tmp_path, bank(1), '2,Bank 2,"Road\nno ""7""\nand so"on, far\nfrom\nhere', bank(3))

    assert faults(path) == {3: [Fault.MALFORMED_ROW]}
    assert serials(path) == ["1", "3"]


def test_a_last_line_that_is_cut_off_is_told(tmp_path: Path) -> None:
    path = tmp_path / "banks.csv"
    path.write_text("\n".join([HEADER, bank(1), bank(2)[:40]]), encoding="utf-8")

    assert serials(path) == ["1"]
    assert faults(path) == {3: [Fault.MALFORMED_ROW]}


def test_nul_bytes_are_dropped(tmp_path: Path) -> None:
    path = written(tmp_path, bank(1, name="Ba\0nk"), bank(2))

    assert [listing.name for listing in listed(path)] == ["Bank", "Bank 2"]


@pytest.mark.parametrize(
    "address",
    ["x" * 10_000_000, '"' + "x" * 10_000_000 + '"', '"' + ("some road" * 110 + "\n") * 10_000 + '"'],
    ids=["bare", "quoted", "10,000 lines"],
)
def test_a_cell_of_10_mb_costs_its_own_row_only_and_little_memory(tmp_path: Path, address: str) -> None:
    path = written(tmp_path, bank(1), bank(2, address=address), bank(3))

    tracemalloc.start()
    entries = [(entry.sr_no, type(entry)) for entry in read_directory(path)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert entries == [("1", Listing), ("2", Rejection), ("3", Listing)]
    assert peak < 4_000_000


def test_any_bytes_below_the_header_are_survived(tmp_path: Path) -> None:
    chance = random.Random(7)  # noqa: S311 - the same noise in every run
    alphabet = b',";\n\r\t\x000123456789abc\xe9\xff '
    for _ in range(200):
        noise = bytes(chance.choice(alphabet) for _ in range(chance.randrange(600)))
        path = tmp_path / "banks.csv"
        path.write_bytes(HEADER.encode() + b"\n" + noise)

        assert all(isinstance(entry, Rejection) for entry in read_directory(path))


def test_rows_are_read_as_they_are_asked_for(tmp_path: Path) -> None:
    entries = read_directory(written(tmp_path, *(bank(number) for number in range(1, 100))))

    assert next(entries).sr_no == "1"
    assert next(entries).sr_no == "2"


@pytest.mark.parametrize(("column", "length"), [("name", 201), ("license", 81), ("city", 81)])
def test_a_text_too_long_for_its_column_is_told(tmp_path: Path, column: str, length: int) -> None:
    path = written(tmp_path, bank(1, **{column: "7" * length}))

    assert faults(path) == {2: [Fault.MALFORMED_ROW]}


# --- duplicates ---------------------------------------------------------------------------------------------


def test_a_rejected_row_takes_no_licence_and_no_place(tmp_path: Path) -> None:
    path = written(tmp_path, bank(1, license="PN/7", lat="#N/A"), bank(2, license="PN/7"))

    assert serials(path) == ["2"]


def test_the_same_name_in_the_same_city_and_pincode_is_the_same_bank(tmp_path: Path) -> None:
    path = written(tmp_path, bank(1, name="Civil Blood Bank"), bank(2, name="CIVIL  blood-bank"))

    assert faults(path) == {3: [Fault.DUPLICATE_PLACE]}


@pytest.mark.parametrize("other", [{"pincode": "411002"}, {"city": "Nashik"}, {"pincode": ""}])
def test_the_same_name_elsewhere_is_another_bank(tmp_path: Path, other: dict[str, str]) -> None:
    path = written(tmp_path, bank(1, name="Civil Blood Bank"), bank(2, name="Civil Blood Bank", **other))

    assert serials(path) == ["1", "2"]


def test_a_point_given_in_two_states_places_neither_bank(tmp_path: Path) -> None:
    point = {"lat": "22.4444", "lng": "88.1111"}
    path = written(tmp_path, bank(1, **point), bank(2, state="Goa", **point), bank(3))

    assert faults(path) == {2: [Fault.SHARED_COORDINATES], 3: [Fault.SHARED_COORDINATES]}


# --- the report ---------------------------------------------------------------------------------------------


def sample_in(directory: Path) -> Path:
    copy = directory / "banks.csv"
    copy.write_bytes(SAMPLE.read_bytes())
    return copy


def test_the_report_lies_beside_the_file_with_row_and_reasons_in_front(tmp_path: Path) -> None:
    source = sample_in(tmp_path)

    report = write_report(rejected(source), source)

    assert report == tmp_path / "banks.rejected.csv" == report_path(source)
    with report.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    assert rows[0][:4] == ["row", "reasons", "Sr No", " Blood Bank Name"]
    assert [int(row[0]) for row in rows[1:]] == list(PLANTED)
    assert rows[1][1] == "missing_coordinates: Latitude or longitude is missing."


def test_no_cell_of_the_report_starts_as_a_formula(tmp_path: Path) -> None:
    names = ["=1+1", "+1", "-1", "@x", " =1+1", "＝1+1", '"\t=1"']  # noqa: RUF001
    header = HEADER + ",=HYPERLINK(1)"
    lines = [bank(number, name=name, license="") for number, name in enumerate(names, 1)]
    source = written(tmp_path, *lines, header=header)

    write_report(rejected(source), source)

    with report_path(source).open(encoding="utf-8-sig", newline="") as stream:
        texts = [cell for row in csv.reader(stream) for cell in row]
    assert not [text for text in texts if text.lstrip(" ").startswith(FORMULA_SIGNS)]
    assert "'=HYPERLINK(1)" in texts
    assert "'=1+1" in texts


def test_the_report_reads_as_the_rows_it_was_written_from(tmp_path: Path) -> None:
    source = sample_in(tmp_path)
    before = rejected(source)
    write_report(before, source)

    again = list(read_directory(report_path(source)))

    unmended = {"9", "15", "28"}  # nothing in this file has their licence or place any more
    assert [entry.sr_no for entry in again] == [entry.sr_no for entry in before]
    assert {entry.sr_no for entry in again if isinstance(entry, Listing)} == unmended
    kept = {entry.sr_no: (entry.codes, entry.cells) for entry in before if entry.sr_no not in unmended}
    assert {e.sr_no: (e.codes, e.cells[2:]) for e in again if isinstance(e, Rejection)} == kept


def test_a_mended_report_is_imported_and_its_own_report_has_no_column_twice(tmp_path: Path) -> None:
    source = written(tmp_path, bank(1, license="", name="-Bank"), bank(2, lat="#N/A"))
    report = report_path(source)
    write_report(rejected(source), source)
    report.write_text(report.read_text("utf-8-sig").replace("#N/A", "18.61"), encoding="utf-8")

    assert serials(report) == ["2"]
    write_report(rejected(report), report)
    header, row = report_path(report).read_text("utf-8-sig").splitlines()
    assert header.startswith("row,reasons,Sr No,")
    assert header.count("reasons") == 1
    assert row.startswith("2,missing_license: There is no licence number: «».,1,'-Bank,")


def test_the_same_file_gives_the_same_report(tmp_path: Path) -> None:
    source = sample_in(tmp_path)
    write_report(rejected(source), source)
    first = report_path(source).read_bytes()

    write_report(rejected(source), source)

    assert report_path(source).read_bytes() == first
    assert sorted(path.name for path in tmp_path.iterdir()) == ["banks.csv", "banks.rejected.csv"]


def test_without_rejections_there_is_no_report_and_no_old_one(tmp_path: Path) -> None:
    source = written(tmp_path, bank(1))
    report_path(source).write_text("old", encoding="utf-8")

    assert write_report(rejected(source), source) is None
    assert not report_path(source).exists()


def test_a_listing_can_still_be_refused_by_who_reads_it(tmp_path: Path) -> None:
    source = written(tmp_path, bank(1))
    (listing,) = listed(source)

    refused = listing.rejected(Reason(Fault.DUPLICATE_LICENSE, "The licence is that of another bank."))
    write_report([refused], source)

    assert (refused.row, refused.codes) == (2, (Fault.DUPLICATE_LICENSE,))
    assert "PN/1" in report_path(source).read_text("utf-8-sig")
