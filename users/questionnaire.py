"""The questions before a visit: one for each reason to defer that the rules know, in the words of the packaged data.

`users/data/questionnaire/version_*.json` holds the words of each code, whom it is asked (`sex`) and whether a day
belongs to it. Which are asked follows the rules in force. What the rules call private is asked in private: the centre
reads the answer, and nothing else here looks at it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from common.blood import DonationType, Sex
from users.eligibility.engine import DeferralFact
from users.eligibility.rules import Rule
from users.fitness import recordable

TEXTS: Final = Path(__file__).parent / "data" / "questionnaire" / "version_1.json"
FALLBACK: Final = "en"
DIGEST: Final = 12  # hex digits


@dataclass(frozen=True)
class Question:
    """One question in the reader's language.

    `asks_date`: with a yes comes a day; where `is_over` that of recovery, which may be left open.
    """

    code: str
    text: str
    asks_date: bool
    is_over: bool
    private: bool


@dataclass(frozen=True)
class Questionnaire:
    """The questions for one donor and kind of donation; `version` changes with every word and question of it."""

    version: str
    language: str
    questions: tuple[Question, ...]


@dataclass(frozen=True)
class Answer:
    code: str
    yes: bool
    on: dt.date | None = None


def questionnaire_for(
    *, sex: Sex, donation_type: DonationType, on: dt.date, language: str, jurisdiction: str
) -> Questionnaire:
    """Return what is asked; other sexes are asked everything, as the rules meet them with everything."""
    rules = recordable(on, jurisdiction)
    asked = [
        (rules[code], words)
        for code, words in packaged_words().items()
        if code in rules and donation_type in rules[code].applies_to and _is_for(sex, words)
    ]
    # A rule that is newer than the words is asked about in its own.
    asked += [
        (rule, {FALLBACK: rule.message})
        for code, rule in rules.items()
        if rule.declarable and code not in packaged_words() and donation_type in rule.applies_to
    ]
    told = [[rule.code, rule.until_resolved, rule.private, sorted(words.items())] for rule, words in asked]
    digest = hashlib.sha256(json.dumps(told, default=str).encode()).hexdigest()[:DIGEST]
    spoken = language if any(language in words for _, words in asked) else FALLBACK
    return Questionnaire(digest, spoken, tuple(_question(rule, words, spoken) for rule, words in asked))


def words_of(code: str, language: str) -> str | None:
    """Return how a code is asked about in the language; None where that has no words."""
    found = packaged_words().get(code, {}).get(language)
    return None if found is None else str(found)


def stated_by(answers: Iterable[Answer], *, on: dt.date, jurisdiction: str) -> list[DeferralFact]:
    """Return what the yes answers would mean as deferrals; of private ones nothing."""
    rules = recordable(on, jurisdiction)
    return [
        _fact(rules[answer.code], answer, on)
        for answer in answers
        if answer.yes and answer.code in rules and rules[answer.code].declarable
    ]


def misdated(questions: Sequence[Question], answers: Sequence[Answer], *, on: dt.date) -> list[int]:
    """Return the places of answers whose day is missing, in the future, or not asked for."""
    by_code = {question.code: question for question in questions}
    return [place for place, answer in enumerate(answers) if not _is_dated_well(by_code[answer.code], answer, on)]


@cache
def packaged_words() -> Mapping[str, Mapping[str, Any]]:
    """Return the packaged rows by code, in the order in which they are asked."""
    return {row["code"]: row for row in json.loads(TEXTS.read_text(encoding="utf-8"))}


def _is_for(sex: Sex, words: Mapping[str, Any]) -> bool:
    return "sex" not in words or sex in (Sex.OTHER, words["sex"])


def _question(rule: Rule, words: Mapping[str, Any], language: str) -> Question:
    return Question(
        code=rule.code,
        text=words.get(language) or words[FALLBACK],
        asks_date=bool(words.get("asks_date", "code" not in words and bool(rule.defer_days))),
        is_over=rule.until_resolved,
        private=rule.private,
    )


def _fact(rule: Rule, answer: Answer, today: dt.date) -> DeferralFact:
    if rule.until_resolved:
        return DeferralFact(rule.code, answer.on or today, answer.on)
    return DeferralFact(rule.code, answer.on or today)


def _is_dated_well(question: Question, answer: Answer, today: dt.date) -> bool:
    if answer.on is None:
        return not (answer.yes and question.asks_date and not question.is_over)
    return answer.yes and question.asks_date and answer.on <= today
