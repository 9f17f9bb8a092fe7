"""The words of the pages behind links in messages: `<language>.toml`, in English where a language has none."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

WORDS: Final = Path(__file__).parent
FALLBACK: Final = "en"


@cache
def words(language: str) -> Mapping[str, Any]:
    """Return the words of a language, with the `language` that they are in."""
    path = WORDS / f"{language if language.isalpha() else FALLBACK}.toml"
    if not path.exists():
        return words(FALLBACK)
    return {**tomllib.loads(path.read_text(encoding="utf-8")), "language": language}
