"""Names of files that are safe to show, to store and to put in a header."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LONGEST: Final = 100  # characters, with the ending
ENDINGS: Final = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "application/pdf": ".pdf"}
UNWANTED: Final = re.compile(r"""["'<>:|?*;%\\/`$]""")  # what some system or header gives a meaning
OLD_ENDING: Final = re.compile(r"\.[A-Za-z0-9]{1,8}\Z")
JOINERS: Final = frozenset("\u200c\u200d")  # Hindi and Bengali are written with them; other format marks deceive


def clean_name(name: str, content_type: str) -> str:
    """Return the name without folders, marks that deceive and characters that mean something, ending as its type."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    shown = "".join(" " if mark.isspace() else mark for mark in last if _is_shown(mark))
    stem = OLD_ENDING.sub("", UNWANTED.sub("", shown).strip(". "))
    stem = " ".join(stem.split()).strip(". ")
    ending = ENDINGS[content_type]
    return (stem[: LONGEST - len(ending)].strip(". ") or "document") + ending


def _is_shown(mark: str) -> bool:
    return mark.isspace() or mark in JOINERS or unicodedata.category(mark)[0] != "C"
