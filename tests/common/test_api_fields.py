from __future__ import annotations

import pytest
from rest_framework.exceptions import ValidationError

from common.api.fields import LineField


@pytest.mark.parametrize("text", ["Asha", "मीरा क्‍ष", "O'Brien", "শ্রীময়ী 🩸", "=1+1"])
def test_names_of_all_scripts_are_lines(text):
    assert LineField(max_length=20).run_validation(text) == text


@pytest.mark.parametrize("mark", ["\n", "\r", "\t", "\x1b", "\x85", "\u2028", "\u202e", "\u2066"])
def test_what_would_break_or_turn_a_line_is_refused(mark):
    with pytest.raises(ValidationError) as caught:
        LineField(max_length=20).run_validation(f"Asha{mark}Kulkarni")

    assert caught.value.get_codes() == ["one_line"]
