"""Initials in the scripts that people write their names in."""

import pytest

from common.names import initials


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Asha Kulkarni", "A. K."),
        ("asha", "A."),
        ("  Asha   van Dijk ", "A. V. D."),
        ("आशा कुलकर्णी", "आ. कु."),
        ("क्षमा श्रीवास्तव", "क्ष. श्री."),
        ("প্রিয়াঙ্কা মুখোপাধ্যায়", "প্রি. মু."),
        ("", ""),
    ],
)
def test_of_each_word_the_first_sign_is_shown(name, shown):
    assert initials(name) == shown
