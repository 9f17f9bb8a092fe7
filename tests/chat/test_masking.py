"""A number is hidden however it is written; what blood is spoken of with stays readable."""

from __future__ import annotations

import pytest

from chat.masking import HIDDEN, mask

NUMBERS = [
    "9876543210",
    "98765 43210",
    "98765-43210",
    "987-654-3210",
    "987.654.3210",
    "9 8 7 6 5 4 3 2 1 0",
    "9-8-7-6-5-4-3-2-1-0",
    "9.8.7.6.5.4.3.2.1.0",
    "9,8,7,6,5,4,3,2,1,0",
    "98 76 54 32 10",
    "98765,43210",
    "98765/43210",
    "(98765) 43210",
    "98765 - - 43210",
    "98765\u200b43210",
    "98765\n43210",
    "+919876543210",
    "+91 98765 43210",
    "+91-98765-43210",
    "(+91) 98765 43210",
    "91 9876543210",
    "0091 98765 43210",
    "09876543210",
    "+91 (0) 98765 43210",
    "020 2550 0101",
    "020-25500101",
    "02025500101",
    "01712345678",
    "+880 1712-345678",
    "8801712345678",
    "+44 20 7946 0958",
    "+1 (415) 555-2671",
    "0044 20 7946 0958",
    "९८७६५४३२१०",
    "९८७६५ ४३२१०",
    "৯৮৭৬৫৪৩২১০",
    "০১৭১২-৩৪৫৬৭৮",
    "".join(chr(0xFF10 + int(digit)) for digit in "9876543210"),
    "①⑦ no, 98765 ४३২১0",
    "9️⃣8️⃣7️⃣6️⃣5️⃣4️⃣3️⃣2️⃣1️⃣0️⃣",
    "98765O3210",
    "nine eight seven six five four three two one zero",
    "Nine-Eight-Seven-Six-Five-Four-Three-Two-One-Zero",
    "98765 four three two one zero",
    "double nine 876 54 triple 3 2",
    "nau aath saat chhe paanch char teen do ek shunya",
    "नौ आठ सात छह पांच चार तीन दो एक शून्य",
    "নয় আট সাত ছয় পাঁচ চার তিন দুই এক শূন্য",
    "9876543210 9123456780",
    "ravi.k+blood@example.org",
    "ravi at gmail dot com",
    "ravi (at) yahoo (dot) co (dot) in",
    "ravi@okaxis",
    "https://wa.me/919876543210",
    "wa.me/message/ABC",
    "https://t.me/ravi_k",
    "telegram @ravi_k",
    "https://chat.whatsapp.com/Gx1",
    "tel:+912025500101",
    "mailto:ravi@example.org",
    "instagram.com/ravi",
]
READABLE = [
    "Two units of O-, 350 ml each, by 18:30.",
    "B+ and AB- are compatible, Oh+ is not",
    "350 450 350 ml",
    "Hb 13.5 g/dl, BP 120/80, pulse 72",
    "6.5 7.2 8.1 9.4 10.2",
    "6.5, 7.2, 8.1, 9.4, 10.2",
    "8:30 9:30 10:30 11:30",
    "Open 08:00-20:00, closed 13:00-14:00",
    "21-11-2026",
    "9-11-2026 6-12-2026",
    "2026-11-21 09:30:00",
    "21/11/2026 at 10.30",
    "9.11.26, 16.12.26 and 7.1.27",
    "Z000126000042",
    "Z0001 26 000042",
    "A9198 26 543210",
    "=Z00012600004200",
    "H1234-26-000123",
    "9876526000123",
    "98765 26 000123",
    "₹1,45,000 and ₹15,000",
    "₹98,76,54,321.00",
    "Rs. 987654321",
    "Rs 6,500 + Rs 7,500 + Rs 8,500",
    "INR 980000.50",
    "Ward 3B, bed 12, 411004 Pune",
    "Order 01990b1e-6c00-7a3b-9d1e-2f4a5b6c7da1",
    "Box BOX-4f81aa, MH12 AB 1234",
    "MH 12 AB 9876, five minutes",
    "one or two more units, then six are enough",
    "Come at gate 4, at 9 or 10",
    "2 bags @ 450 ml",
    "70 kg, 175 cm, 35 years",
    "-20 to -30 degrees, 2 to 6 in the box",
    "platelets 150000, then 98000",
    "https://jeevansetu.example/help",
    "I will telegram them, it is on facebook",
    "Aadhaar is never asked for here",
]


@pytest.mark.parametrize("written", NUMBERS)
def test_a_way_around_the_conversation_is_hidden_however_it_is_written(written):
    found = mask(f"Please call {written} soon")

    assert found.is_masked
    assert HIDDEN in found.text
    assert found.text.startswith("Please call ")
    assert found.text.endswith(" soon")
    assert not any(part in found.text for part in ("43210", "9876", "8765", "ravi", "gmail", "0958", "three two"))


@pytest.mark.parametrize("written", READABLE)
def test_what_blood_is_spoken_of_with_stays_readable(written):
    assert mask(written).text == written
    assert not mask(written).is_masked


def test_several_numbers_are_hidden_and_the_rest_stays():
    found = mask("Ravi 98765 43210, Meera +91 91234 56780: bed 12, 2 units")

    assert found.text == f"Ravi {HIDDEN}, Meera {HIDDEN}: bed 12, 2 units"


def test_a_number_beside_a_date_is_hidden_and_the_date_stays():
    assert mask("on 21-11-2026 9876543210").text == f"on 21-11-2026 {HIDDEN}"


def test_a_long_text_costs_little():
    text = ("98 76 12.5 one two 350 ml, " * 80)[:2000]

    assert len(mask(text).text) > 0
