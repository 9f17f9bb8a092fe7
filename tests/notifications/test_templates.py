from __future__ import annotations

import datetime as dt
import tomllib
from decimal import Decimal

import pytest

from common.blood import DonationType
from notifications import templates
from notifications.kinds import RULES, Kind
from notifications.states import Channel
from notifications.templates import compose, is_gsm7, languages, placeholders, spoken_text, texts

MOMENT = dt.datetime(2030, 9, 21, 20, 45, tzinfo=dt.UTC)
# The longest values that occur.
FACTS = {
    "partner": "Shri Vasantrao Naik Government Medical College and Hospital Blood Centre, Yavatmal",
    "group": "AB+",
    "gift": DonationType.WHOLE_BLOOD,
    "distance": Decimal("123.4"),
    "needed_by": MOMENT,
    "expires_at": MOMENT,
    "at": MOMENT,
    "next_eligible_on": dt.date(2030, 12, 20),
    "donated_on": dt.date(2030, 12, 20),
    "points": 10,
    "days": 30,
    "units": 12,
    "units_left": 11,
    "code": "048219",
    "minutes": 5,
    "component": "PRBC_AS",
    "available": 1234,
    "minimum": 1235,
    "bags": 12,
    "numbers": ", ".join(["B123430000123"] * 4),
    "place": "Shri Shivaji Vidya Mandir, Community Hall behind the Old Bus Stand, Yavatmal",
    "starts_at": MOMENT,
    "wanted": 50,
    "given": 49,
    "missing": 49,
    "until": MOMENT,
    "answer_by": MOMENT,
    "confirm_by": MOMENT,
    "box": "BOX-0042",
    "sent": 12,
    "pay_by": MOMENT,
    "amount": "INR 99,999,999,999.99",
    "ending": "k3Qz",
    "plan": "Enterprise",
    "doctor": "Prof. Dr. Venkatanarasimharajuvaripeta Subrahmanyam",
    "was": MOMENT,
    "host": "webhooks.blood-centre.shri-vasantrao-naik-medical-college.example:8443",
    "other": "Prof. Dr. Venkatanarasimharajuvaripeta Subrahmanyam",
    "hours": 24,
    "heading": templates.Prose("Blood donation day"),
    "words": templates.Prose("Come on Sunday."),
    "answer": templates.Prose("We have looked into it."),
    "channel": Channel.WHATSAPP,
    "day": dt.date(2030, 12, 20),
    "key": "Ward system of the old building",
    "link": templates.Link(f"https://api.jeevansetu.example/a/{'A' * 22}"),
}
WITH_LINK = {Kind.ASK, Kind.CAMP_REMINDER}  # the address takes a segment of its own where letters are wide
WIDE_THREE_SEGMENTS = 201
FORMS = [(kind, form) for kind in Kind for form in texts("en")[kind]]
BY_SMS = [kind for kind in Kind if Channel.SMS in RULES[kind].channels]


def test_every_kind_has_a_rule_and_every_language_its_texts() -> None:
    assert set(RULES) == set(Kind)
    assert languages() == {"en", "hi", "bn"}
    for language in languages():
        words, frames = texts(language)["words"], texts(language)["frames"]
        assert len(words["months"]) == 12
        assert set(words) - {"months"} == {*DonationType, *templates.Word}
        assert set(frames) == {"whatsapp", "voice", "email"}


@pytest.mark.parametrize("language", ["bn", "hi"])
def test_every_language_has_the_placeholders_of_the_english_text(language: str) -> None:
    found = {(kind, form): placeholders(texts(language)[kind][form]) for kind, form in FORMS}

    assert found == {(kind, form): placeholders(texts("en")[kind][form]) for kind, form in FORMS}


@pytest.mark.parametrize("frame", ["whatsapp", "voice", "email"])
@pytest.mark.parametrize("language", ["bn", "en", "hi"])
def test_every_frame_holds_title_and_body(language: str, frame: str) -> None:
    assert placeholders(texts(language)["frames"][frame]) == {"title", "body"}


def test_a_text_asks_only_for_facts_that_the_product_has() -> None:
    asked = {(kind, fact) for kind, form in FORMS for fact in placeholders(texts("en")[kind][form])}

    assert [(kind, fact) for kind, fact in sorted(asked) if fact not in FACTS] == []


def test_an_english_sms_is_gsm_7_and_takes_two_segments_at_most() -> None:
    for kind in BY_SMS:
        body = compose(kind, language="en", zone="Asia/Kolkata", facts=FACTS).by_channel[Channel.SMS]

        assert is_gsm7(body), kind
        assert len(body) <= templates.GSM7_TWO_SEGMENTS, kind


@pytest.mark.parametrize("language", ["hi", "bn"])
def test_a_wide_sms_takes_two_segments_at_most_or_three_with_a_link(language: str) -> None:
    facts = {**FACTS, "gift": DonationType.DOUBLE_RED_CELL}

    for kind in BY_SMS:
        body = compose(kind, language=language, zone="Asia/Kolkata", facts=facts).by_channel[Channel.SMS]

        longest = WIDE_THREE_SEGMENTS if kind in WITH_LINK else templates.WIDE_TWO_SEGMENTS
        assert len(body.encode("utf-16-le")) // 2 <= longest, kind


def test_times_are_the_readers() -> None:
    facts = {**FACTS, "needed_by": MOMENT}

    india = compose(Kind.ASK, language="en", zone="Asia/Kolkata", facts=facts)
    dhaka = compose(Kind.ASK, language="bn", zone="Asia/Dhaka", facts=facts)

    assert "22 Sep 02:15" in india.inbox
    assert "22 সেপ 02:45" in dhaka.inbox


def test_an_unknown_language_is_english_and_an_unknown_zone_the_products() -> None:
    known = compose(Kind.ASK, language="en", zone="Asia/Kolkata", facts=FACTS)

    assert compose(Kind.ASK, language="tlh", zone="Mars/Olympus", facts=FACTS) == known


def test_a_name_cannot_break_the_line_or_speak_in_braces() -> None:
    facts = {**FACTS, "partner": "St. John\u2019s\r\n\u2028{code} Hospital"}

    message = compose(Kind.PARTNER_APPROVED, language="en", zone="Asia/Kolkata", facts=facts)

    assert message.inbox.startswith("St. John's {code} Hospital is approved")


def test_a_missing_fact_fails_instead_of_being_left_out() -> None:
    with pytest.raises(KeyError):
        compose(Kind.ASK, language="en", zone="Asia/Kolkata", facts={})


def test_a_broken_text_file_is_refused(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    english = tomllib.loads((templates.TEXTS / "en.toml").read_text(encoding="utf-8"))
    del english["ask"]["sms"]
    monkeypatch.setattr(templates.tomllib, "loads", lambda _: english)

    with pytest.raises(templates.TextsInvalid, match="ask"):
        texts.__wrapped__("en")


@pytest.mark.parametrize("text", ["{a.b}", "{a!r}", "{a:>9}", "{0}", "{}"])
def test_only_plain_placeholders_are_allowed(text: str) -> None:
    with pytest.raises(templates.TextsInvalid):
        placeholders(text)


def test_a_call_says_title_and_body_in_the_readers_language() -> None:
    assert spoken_text(language="hi", title="T", body="B") == "यह जीवनसेतु का संदेश है। T। B"


def test_only_the_code_is_secret_and_what_goes_to_a_number_is_in_no_inbox() -> None:
    assert {kind for kind in Kind if RULES[kind].is_secret} == {Kind.CODE, Kind.HANDOVER_CODE, Kind.EMAIL_VERIFY}
    to_numbers = {Kind.CODE, Kind.HANDOVER_CODE, Kind.ACCOUNT_EXISTS, Kind.NO_ACCOUNT}
    to_numbers |= {Kind.EMAIL_VERIFY, Kind.SUPPORT_VISITOR}
    assert {kind for kind in Kind if not RULES[kind].in_inbox} == to_numbers
    assert RULES[Kind.CODE].channels == (Channel.SMS,)
    assert RULES[Kind.CODE].priority == 0
