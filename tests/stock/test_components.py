"""What components are, how long they live, and which donation they need."""

import datetime as dt
from decimal import Decimal

import pytest

from common.blood import DonationType
from stock.components import (
    Component,
    ComponentUnknown,
    donation_type_for,
    expires_at,
    facts_of,
    load_components,
    parse_component,
)

COLLECTED = dt.datetime(2026, 1, 31, 10, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("component", "anticoagulant", "days"),
    [
        (Component.WHOLE_BLOOD, "cpda1", 35),
        (Component.WHOLE_BLOOD, "cpd", 21),
        (Component.WHOLE_BLOOD, "acd", 21),
        (Component.WHOLE_BLOOD, None, 21),
        (Component.RED_CELLS, "cpda1", 35),
        (Component.RED_CELLS_ADDITIVE, "additive", 42),
        (Component.PLATELETS_RANDOM, None, 5),
        (Component.PLATELETS_APHERESIS, "acd", 5),
        (Component.FRESH_FROZEN_PLASMA, None, 365),
        (Component.RED_CELLS_WASHED, None, 1),
    ],
)
def test_a_component_lives_as_long_as_its_anticoagulant_allows(
    component: Component, anticoagulant: str | None, days: int
) -> None:
    end = expires_at(component, started_at=COLLECTED, anticoagulant=anticoagulant)

    assert end - COLLECTED == dt.timedelta(days=days)


def test_treatment_never_prolongs_life() -> None:
    original = COLLECTED + dt.timedelta(days=35)
    early, late = COLLECTED + dt.timedelta(days=2), COLLECTED + dt.timedelta(days=20)

    component = Component.RED_CELLS_IRRADIATED
    assert expires_at(component, started_at=early, not_after=original) == early + dt.timedelta(days=28)
    assert expires_at(component, started_at=late, not_after=original) == original


@pytest.mark.parametrize(
    ("component", "donation"),
    [
        (Component.PLATELETS_APHERESIS, DonationType.PLATELET_APHERESIS),
        (Component.PLATELETS_RANDOM, DonationType.WHOLE_BLOOD),
        (Component.RED_CELLS, DonationType.WHOLE_BLOOD),
        (Component.WHOLE_BLOOD, DonationType.WHOLE_BLOOD),
        (Component.FRESH_FROZEN_PLASMA, DonationType.WHOLE_BLOOD),
        (Component.CRYOPRECIPITATE, DonationType.WHOLE_BLOOD),
    ],
)
def test_a_component_needs_its_donation(component: Component, donation: DonationType) -> None:
    assert donation_type_for(component) == donation


@pytest.mark.parametrize("text", ["PRBC", "prbc", " red_cells ", "RED_CELLS"])
def test_a_component_is_found_by_name_or_short_code(text: str) -> None:
    assert parse_component(text) is Component.RED_CELLS


@pytest.mark.parametrize("text", ["", "blood", "RBC "])
def test_another_word_is_refused(text: str) -> None:
    with pytest.raises(ComponentUnknown):
        parse_component(text)


def test_a_component_is_not_made_with_every_anticoagulant() -> None:
    with pytest.raises(ComponentUnknown):
        facts_of(Component.WHOLE_BLOOD, anticoagulant="additive")


def test_storage_bands_include_their_ends() -> None:
    red_cells, frozen = facts_of(Component.RED_CELLS).storage, facts_of(Component.FRESH_FROZEN_PLASMA).storage

    assert [red_cells.contains(Decimal(t)) for t in ("1.9", "2", "6", "6.1")] == [False, True, True, False]
    assert [frozen.contains(Decimal(t)) for t in ("-80", "-30", "-29.9")] == [True, True, False]


def test_every_component_has_a_code_of_its_own_a_source_and_a_status() -> None:
    rows = load_components()

    assert {row.component for row in rows} == set(Component)
    assert len({component.short_code for component in Component}) == len(Component)
    assert all(row.source and row.status in ("verified", "policy") for row in rows)
    assert len({(row.component, row.anticoagulant) for row in rows}) == len(rows)
