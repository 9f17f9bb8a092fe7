"""People's names, where only part of one may be shown."""

from __future__ import annotations

import unicodedata

_JOINING = 9  # the canonical combining class of a virama: what follows belongs to the same syllable


def initials(name: str) -> str:
    """Return the first sign of each word, with its vowel signs: `A. K.` of «Asha Kulkarni», `आ. कु.` of «आशा कुलकर्णी»."""
    return " ".join(f"{_first_sign(word)}." for word in name.split())


def _first_sign(word: str) -> str:
    taken, joined = word[0], False
    for sign in word[1:]:
        if unicodedata.category(sign).startswith("M"):
            joined = unicodedata.combining(sign) == _JOINING
        elif not joined:
            break
        else:
            joined = False
        taken += sign
    return taken.upper()
