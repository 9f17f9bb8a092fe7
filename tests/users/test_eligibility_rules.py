"""The rules as data: complete, sourced, dated, readable from files and rows alike."""

import datetime as dt
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from common.blood import Sex
from tests.users.eligibility_facts import BANGLADESH, INDIA, ON, WHOLE_BLOOD, codes, donor, gave
from users.eligibility.engine import Visit, assess
from users.eligibility.rules import (
    COLUMNS,
    Kind,
    Rule,
    RuleInvalid,
    Status,
    as_text,
    load_rows,
    normalise_code,
    packaged_rules,
    rules_from_rows,
)
from users.eligibility.ruleset import RuleSet, RulesUnusable, packaged_ruleset

TATTOO = next(rule for rule in INDIA.rules if rule.code == "tattoo")
GATE = next(rule for rule in INDIA.rules if rule.code == "haemoglobin_min")
CHANGE = dt.date(2027, 2, 1)


def changed(rule: Rule, **columns: Any) -> dict[str, Any]:
    return {**as_text(rule), **columns}


def test_every_rule_names_its_source_status_and_message() -> None:
    for rule in packaged_rules():
        assert rule.source
        assert rule.message
        assert rule.status in Status
        assert rule.code == normalise_code(rule.code)


def test_what_was_not_found_in_a_source_is_called_policy() -> None:
    verified = [rule for rule in packaged_rules() if rule.status is Status.VERIFIED]

    assert [rule.code for rule in verified if rule.source.startswith("Policy")] == []
    assert [rule.code for rule in verified if "not confirmed" in rule.source] == []


def test_a_rule_stands_once() -> None:
    identities = [
        (
            rule.jurisdiction,
            rule.kind,
            rule.code,
            rule.applies_to,
            rule.sex,
            rule.previous,
            rule.red_cells_lost,
        )
        for rule in packaged_rules()
    ]

    assert len(set(identities)) == len(identities)


def test_rules_survive_the_way_through_text_and_rows() -> None:
    rules = list(packaged_rules())
    as_objects = [SimpleNamespace(**{name: getattr(rule, name) for name in COLUMNS}) for rule in rules]

    assert rules_from_rows(as_text(rule) for rule in rules) == rules
    assert rules_from_rows(as_objects) == rules


def test_a_rule_of_the_law_is_not_a_constant_of_the_code() -> None:
    """A new haemoglobin limit is a new row, and holds from its day."""
    ending = changed(GATE, effective_to=CHANGE)
    following = changed(GATE, value=Decimal("12.0"), effective_from=CHANGE)
    others = [rule for rule in INDIA.rules if rule is not GATE]
    rules = RuleSet([*others, *rules_from_rows([ending, following])], jurisdiction="IN")
    facts = donor(visit=Visit(haemoglobin_g_dl=Decimal("12.2")))
    day_before = CHANGE - dt.timedelta(days=1)

    assert codes(assess(facts, donation_type=WHOLE_BLOOD, on=day_before, rules=rules)) == ["haemoglobin_min"]
    assert assess(facts, donation_type=WHOLE_BLOOD, on=CHANGE, rules=rules).eligible
    assert rules.next_change_after(ON) == CHANGE
    assert rules.next_change_after(CHANGE) is None


def test_a_jurisdiction_does_not_see_the_rules_of_another() -> None:
    facts = donor(donations=(gave(100),))

    assert assess(facts, donation_type=WHOLE_BLOOD, on=ON, rules=INDIA).eligible
    assert not assess(facts, donation_type=WHOLE_BLOOD, on=ON, rules=BANGLADESH).eligible
    assert {rule.jurisdiction for rule in BANGLADESH.rules} == {"BD"}


@pytest.mark.parametrize("missing", ["age_min", "age_max", "weight_min", "interval"])
def test_rules_with_a_gap_let_nobody_through(missing: str) -> None:
    rules = RuleSet([rule for rule in INDIA.rules if rule.code != missing], jurisdiction="IN")

    with pytest.raises(RulesUnusable):
        assess(donor(), donation_type=WHOLE_BLOOD, on=ON, rules=rules)


def test_an_interval_for_one_sex_only_is_a_gap() -> None:
    rules = RuleSet(
        [rule for rule in INDIA.rules if not (rule.code == "interval" and rule.sex is Sex.FEMALE)],
        jurisdiction="IN",
    )

    with pytest.raises(RulesUnusable):
        rules.in_force(ON)


def test_two_periods_for_one_reason_are_refused() -> None:
    rules = RuleSet([*INDIA.rules, TATTOO], jurisdiction="IN")

    with pytest.raises(RulesUnusable):
        rules.in_force(ON)


def test_an_unknown_jurisdiction_has_no_rules() -> None:
    with pytest.raises(RulesUnusable):
        packaged_ruleset("XX").in_force(ON)


@pytest.mark.parametrize("rules", [INDIA, BANGLADESH], ids=["IN", "BD"])
def test_a_person_declares_no_private_reason_and_nobody_is_sorted_into_a_risk_group(rules: RuleSet) -> None:
    declarable = {rule.code for rule in rules.declarable(ON)}
    recordable = {rule.code for rule in rules.recordable(ON)}

    assert {"tattoo", "antibiotics", "pregnant", "vacc_live", "malaria"} <= declarable < recordable
    assert recordable - declarable == {"hiv_risk", "sti", "centre_temporary", "centre_permanent", "low_haemoglobin"}
    assert "risk_category" not in recordable
    assert [rule.code for rule in rules.rules if not rule.enabled] == ["risk_category"]


def test_each_deferral_says_which_day_it_counts_from() -> None:
    timed = [rule for rule in INDIA.recordable(ON) if not rule.permanent]

    assert {rule.counts_from for rule in timed} == {
        "event",
        "recovery",
        "last_dose",
        "last_contact",
        "end_of_pregnancy",
        "arrival",
    }
    assert all(rule.kind is Kind.DEFERRAL for rule in timed)


@pytest.mark.parametrize(
    "columns",
    [
        {"kind": "guess"},
        {"status": ""},
        {"effective_from": ""},
        {"effective_from": "21.11.2026"},
        {"effective_to": "2020-03-11"},
        {"defer_days": "-1"},
        {"defer_days": "many"},
        {"defer_days": ""},
        {"permanent": "yes"},
        {"permanent": "maybe"},
        {"permanent": "yes", "defer_days": "", "until_resolved": "yes"},
        {"private": "yes"},
        {"applies_to": ""},
        {"applies_to": "plasma"},
        {"sex": "m"},
        {"kind": "gate"},
        {"kind": "gate", "field": "height", "op": "ge", "value": "1"},
        {"kind": "gate", "field": "age_years", "op": "gt", "value": "18"},
        {"kind": "gate", "field": "age_years", "op": "ge", "value": "17.5"},
        {"kind": "gate", "field": "pulse", "op": "ge", "value": "sixty"},
        {"kind": "interval"},
        {"kind": "limit", "previous": "plasma_apheresis", "value": "0"},
    ],
)
def test_a_row_that_makes_no_sense_is_refused_by_name(columns: dict[str, str]) -> None:
    with pytest.raises(RuleInvalid, match="tattoo"):
        rules_from_rows([changed(TATTOO, **columns)])


def test_a_file_of_ones_own_can_be_read(tmp_path) -> None:
    file = tmp_path / "rules.csv"
    file.write_text(
        "kind,code,jurisdiction,applies_to,defer_days,message,source,status,effective_from\n"
        "deferral,blood_test,IN,whole_blood,1,A test.,Ours,policy,2026-01-01\n",
        encoding="utf-8",
    )

    (rule,) = load_rows(file)

    assert (rule.code, rule.defer_days, rule.enabled, rule.declarable) == ("blood_test", 1, True, False)
    assert not rule.is_in_force(dt.date(2025, 12, 31))


def test_codes_are_written_small() -> None:
    assert normalise_code(" TATTOO ") == "tattoo"
