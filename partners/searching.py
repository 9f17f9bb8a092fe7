"""The words by which the public finds a partner: they begin words of its name, city or licence, in any case.

PostgreSQL's own text search, no extension: one GIN index answers, whatever the order of the words.
"""

from __future__ import annotations

import string
from typing import Final

from django.contrib.postgres.search import SearchQuery, SearchVectorField
from django.db.models import Func

SHORTEST: Final = 2  # letters and digits; one letter begins the name of half the country's banks
# What PostgreSQL's parser takes for parts of hosts («G.B.Pant»), paths («28/HD»), tags or signed numbers.
_GLUE: Final = "!#$&()*+,-./:;<=>?@[]^_`{|}~"
_PUNCTUATION: Final = str.maketrans(dict.fromkeys(string.punctuation, " "))


class SearchDocument(Func):
    """The words of the given columns, none of which may be NULL; the same expression in query and index."""

    output_field = SearchVectorField()
    arg_joiner = " || ' ' || "
    template = f"to_tsvector('simple'::regconfig, translate(%(expressions)s, '{_GLUE}', repeat(' ', {len(_GLUE)})))"


def words_of(text: str) -> list[str]:
    """Return the words to look for; empty when there are too few letters and digits to look for anything."""
    words = text.translate(_PUNCTUATION).split()
    return words if sum(map(len, words)) >= SHORTEST else []


def beginnings_of(words: list[str]) -> SearchQuery:
    """Return the query that every one of the words begins a word of the document."""
    return SearchQuery(" & ".join(f"'{word}':*" for word in words), config="simple", search_type="raw")
