"""Short ids of people that can be read out on the phone: `JS-7K4M-Q2P9-D3TP`.

Alphabet: digits and capital letters without I L O U (Crockford's base 32) and without B S Z, which are
written like 8 5 2. That leaves 29 signs, and 29 is a prime, as 37 is: the pure system of ISO 7064 works over
these signs just as MOD 37-2 does over its own, and its check character is one of them, where MOD 37-2 would
also need «*». It finds every single wrong sign and every swap of two signs, adjacent or not: 2 is a primitive
root of 29, so the twelve weights all differ.

Size: 11 random signs are 29**11 = 1.2 * 10**16 ids. With 100 million people in the table, a new id is taken
already with a chance of 1 in 122 million (the UNIQUE constraint sees it), and a guess that passes the check
character finds somebody as rarely. A public id is a name, not a secret: it opens nothing by itself.
"""

from __future__ import annotations

import secrets
from typing import Final

from stdnum.exceptions import ValidationError
from stdnum.iso7064 import mod_37_2

ALPHABET: Final = "0123456789ACDEFGHJKMNPQRTVWXY"
PREFIX: Final = "JS"
_RANDOM_SIGNS: Final = 11
_SIGNS: Final = _RANDOM_SIGNS + 1
_GROUP: Final = 4
_SEPARATORS: Final = str.maketrans("", "", "-\u2010\u2011\u2012\u2013\u2014\u2212_. \t\u00a0")
_LOOKALIKES: Final = str.maketrans("OILBSZ", "011852")


class PublicIdInvalid(ValueError):
    """The text is no public id, or was misread: the check character does not fit."""

    def __init__(self) -> None:
        super().__init__("This is not a valid id. Please check each character.")


def new_public_id(prefix: str = PREFIX) -> str:
    """Return a new random id in its normal form; other things than people have a prefix of their own."""
    signs = "".join(secrets.choice(ALPHABET) for _ in range(_RANDOM_SIGNS))
    return _written(signs + mod_37_2.calc_check_digit(signs, alphabet=ALPHABET), prefix)


def normalise_public_id(text: str) -> str:
    """Return the normal form of an id as somebody typed it.

    Forgiven: small letters, missing or other separators, a missing `JS`, and O for 0, I or L for 1, B for 8,
    S for 5, Z for 2.

    Raises: PublicIdInvalid.
    """
    signs = text.strip().upper().translate(_SEPARATORS)
    if len(signs) == len(PREFIX) + _SIGNS:
        signs = signs.removeprefix(PREFIX)
    signs = signs.translate(_LOOKALIKES)
    if len(signs) != _SIGNS:
        raise PublicIdInvalid
    try:
        mod_37_2.validate(signs, alphabet=ALPHABET)
    except ValidationError:
        raise PublicIdInvalid from None
    return _written(signs)


def _written(signs: str, prefix: str = PREFIX) -> str:
    return "-".join([prefix, *(signs[at : at + _GROUP] for at in range(0, _SIGNS, _GROUP))])
