"""Documents: every script in its font and shaped, the same bytes each time, and a QR code that is drawn whole."""

from __future__ import annotations

import re

import pytest
import segno

from common.pdf import Document, lines_of, width_of

TEXT = "Asha ₹ 500 आशा कुलकर्णी আশা মুখোপাধ্যায়"


def page(*words: str, **values) -> bytes:
    document = Document(title="A test", language="en", **values)
    for word in words:
        document.text(40, 700, word, size=12)
    return document.finish()


def test_the_same_input_gives_the_same_bytes_whatever_was_printed_before():
    first = page(TEXT)
    page("শ্রীকৃষ্ণ", "ज्ञानेश्वर")

    assert page(TEXT) == first
    assert first.startswith(b"%PDF-")


def test_each_script_is_set_in_its_own_font():
    fonts = set(re.findall(rb"\+(NotoSans\w*)-Regular", page(TEXT)))

    assert fonts == {b"NotoSans", b"NotoSansDevanagari", b"NotoSansBengali"}
    assert set(re.findall(rb"\+(NotoSans\w*)-Regular", page("Asha ₹"))) == {b"NotoSans"}


@pytest.mark.parametrize(("joined", "apart"), [("क्ष", "कष"), ("ক্ষ", "কষ"), ("र्क", "रक")])
def test_conjuncts_are_shaped_and_narrower_than_their_letters(joined, apart):
    assert 0 < width_of(joined, size=20) < width_of(apart, size=20)


def test_a_long_text_is_broken_between_words():
    lines = lines_of("one two three four five six seven", size=12, within=80)

    assert " ".join(lines) == "one two three four five six seven"
    assert len(lines) > 1
    assert all(width_of(line, size=12) <= 80 for line in lines)


def test_a_line_that_is_too_long_is_set_smaller():
    document = Document(title="A test", language="en", compressed=False)
    document.text(40, 700, "W" * 60, size=30, within=300)

    sizes = [float(size) for size in re.findall(rb"/F\d\+?\d* ([\d.]+) Tf", document.finish())]

    assert min(sizes) < 30


def test_a_qr_code_is_drawn_dark_module_by_dark_module():
    document = Document(title="A test", language="en", compressed=False)
    document.qr(100, 100, "https://example.org/c/1", size=100)
    dark = list(segno.make("https://example.org/c/1", micro=False, error="m").matrix)
    module = 100 / (len(dark) + 8)

    widths = [float(w) for w in re.findall(rb"[\d.]+ [\d.]+ ([\d.]+) [\d.]+ re f", document.finish())]

    assert sum(round(width / module) for width in widths) == sum(sum(row) for row in dark)


def test_a_sign_that_no_font_has_prints_as_a_box_and_breaks_nothing():
    assert page("中 😀 \x00").startswith(b"%PDF-")
