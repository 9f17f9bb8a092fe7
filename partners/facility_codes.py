"""Placeholders for facility codes, until an administrator enters the registered one.

ISBT 128 gives each facility five characters, the first from A-N, P-Z, 1-9, which begin the numbers of all its
bags. Codes are registered with ICCBBA and must not be invented, but a bag needs a number from the first day
on. So a new partner gets a placeholder: «9» and four letters. The codes in published examples end in digits
(G1234, W1234); a placeholder never does. That is the best that can be done, no promise that such a code will
never be registered.
"""

from __future__ import annotations

import secrets
from typing import Final

PATTERN: Final = r"^[A-NP-Z1-9][A-NP-Z0-9]{4}$"
_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"  # without I and O, which are read as digits


def new_placeholder() -> str:
    """Return a random placeholder, one of 331,776."""
    return "9" + "".join(secrets.choice(_LETTERS) for _ in range(4))
