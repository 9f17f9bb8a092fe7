"""Who may receive whose blood, per component, and in which order donors are preferred."""

import datetime as dt

import pytest

from common.blood import BloodGroup, Sex
from stock.compatibility import (
    UNKNOWN,
    compatible_donors,
    explain,
    is_compatible,
    load_rows,
    ranked_rows,
)
from stock.components import CompatibilityClass, Component

ON = dt.date(2026, 11, 21)
EIGHT = [group for group in BloodGroup if group.abo != "Oh"]
BOMBAY = [BloodGroup.OH_NEG, BloodGroup.OH_POS]
PLASMA = [component for component in Component if component.value.endswith("plasma")] + [Component.CRYOPRECIPITATE]
PLATELETS = [Component.PLATELETS_RANDOM, Component.PLATELETS_APHERESIS]
RED_CELLS = [component for component in Component if component.value.startswith("red_cells")]


def groups(text: str) -> tuple[BloodGroup, ...]:
    return tuple(BloodGroup(word) for word in text.split())


@pytest.mark.parametrize("component", [*RED_CELLS, Component.GRANULOCYTES])
@pytest.mark.parametrize(
    ("recipient", "donors"),
    [
        ("O-", "O-"),
        ("O+", "O+ O-"),
        ("A-", "A- O-"),
        ("A+", "A+ A- O+ O-"),
        ("B-", "B- O-"),
        ("B+", "B+ B- O+ O-"),
        ("AB-", "AB- A- B- O-"),
        ("AB+", "AB+ AB- A+ B+ A- B- O+ O-"),
        ("Oh-", "Oh-"),
        ("Oh+", "Oh+ Oh-"),
    ],
)
def test_red_cells_come_identical_first_and_o_negative_last(recipient: str, donors: str, component: Component) -> None:
    assert compatible_donors(BloodGroup(recipient), component, on=ON) == groups(donors)


def test_27_of_the_64_pairs_of_red_cells_are_compatible() -> None:
    pairs = [(r, d) for r in EIGHT for d in EIGHT if is_compatible(r, d, Component.RED_CELLS, on=ON)]

    assert len(pairs) == 27


def test_no_red_cell_brings_an_antigen_that_the_recipient_lacks() -> None:
    antigens = {"O": set(), "A": {"A"}, "B": {"B"}, "AB": {"A", "B"}}
    for recipient in EIGHT:
        for donor in EIGHT:
            fits = antigens[donor.abo] <= antigens[recipient.abo] and (donor.rh == "-" or recipient.rh == "+")

            assert is_compatible(recipient, donor, Component.RED_CELLS, on=ON) is fits


@pytest.mark.parametrize(
    ("recipient", "donors"),
    [
        ("O-", "O-"),
        ("O+", "O+ O-"),
        ("A-", "A-"),
        ("A+", "A+ A-"),
        ("B+", "B+ B-"),
        ("AB-", "AB-"),
        ("AB+", "AB+ AB-"),
        ("Oh+", "Oh+ Oh-"),
    ],
)
def test_whole_blood_is_abo_identical(recipient: str, donors: str) -> None:
    assert compatible_donors(BloodGroup(recipient), Component.WHOLE_BLOOD, on=ON) == groups(donors)


def test_whole_blood_is_never_matched_for_an_unknown_group() -> None:
    assert compatible_donors(UNKNOWN, Component.WHOLE_BLOOD, sex=Sex.MALE, age=40, on=ON) == ()


@pytest.mark.parametrize("component", PLASMA)
@pytest.mark.parametrize(
    ("recipient", "donors"),
    [
        ("O+", "O+ O- A+ A- B+ B- AB+ AB-"),
        ("O-", "O- O+ A- A+ B- B+ AB- AB+"),
        ("A+", "A+ A- AB+ AB-"),
        ("B-", "B- B+ AB- AB+"),
        ("AB-", "AB- AB+"),
        ("AB+", "AB+ AB-"),
    ],
)
def test_plasma_goes_the_other_way_and_ignores_rhd(recipient: str, donors: str, component: Component) -> None:
    assert compatible_donors(BloodGroup(recipient), component, on=ON) == groups(donors)


def test_plasma_of_abo_is_the_inverse_of_red_cells() -> None:
    for one in EIGHT:
        for other in EIGHT:
            red_cells = is_compatible(
                BloodGroup(f"{one.abo}+"), BloodGroup(f"{other.abo}+"), Component.RED_CELLS, on=ON
            )

            assert is_compatible(other, one, Component.FRESH_FROZEN_PLASMA, on=ON) is red_cells


def test_low_titre_opens_the_pairs_that_depend_on_it() -> None:
    plasma, platelets = Component.FRESH_FROZEN_PLASMA, Component.PLATELETS_APHERESIS

    assert compatible_donors(BloodGroup.A_POS, plasma, low_titre=True, on=ON) == groups("A+ A- AB+ AB- B+ B-")
    assert compatible_donors(BloodGroup.B_POS, platelets, low_titre=True, on=ON) == groups("B+ B- O+ A+ O- A- AB+ AB-")


@pytest.mark.parametrize("component", PLATELETS)
@pytest.mark.parametrize(
    ("recipient", "donors"),
    [
        ("O+", "O+ O- A+ A- B+ B-"),
        ("A+", "A+ A- AB+ AB-"),
        ("B+", "B+ B- AB+ AB-"),
        ("AB+", "AB+ AB- A+ B+ A- B- O+ O-"),
        ("O-", "O- A- B-"),
        ("AB-", "AB- A- B- O-"),
    ],
)
def test_platelets_follow_the_order_of_preference(recipient: str, donors: str, component: Component) -> None:
    assert compatible_donors(BloodGroup(recipient), component, on=ON) == groups(donors)


@pytest.mark.parametrize(
    ("sex", "age", "positive"),
    [
        (Sex.MALE, 30, True),
        (Sex.FEMALE, 50, False),
        (Sex.FEMALE, 51, True),
        (Sex.OTHER, 50, False),
        (Sex.OTHER, 51, True),
        (None, 30, False),
        (Sex.FEMALE, None, False),
    ],
)
def test_rhd_positive_platelets_spare_who_may_bear_children(
    sex: Sex | None, age: int | None, *, positive: bool
) -> None:
    donors = compatible_donors(BloodGroup.A_NEG, Component.PLATELETS_APHERESIS, sex=sex, age=age, on=ON)

    assert (BloodGroup.A_POS in donors) is positive
    assert donors[0] == BloodGroup.A_NEG


@pytest.mark.parametrize(
    ("sex", "age", "donors"),
    [
        (Sex.MALE, 18, "O-"),
        (Sex.MALE, 19, "O+ O-"),
        (Sex.FEMALE, 50, "O-"),
        (Sex.FEMALE, 51, "O+ O-"),
        (Sex.OTHER, 50, "O-"),
        (Sex.OTHER, 51, "O+ O-"),
        (None, 50, "O-"),
        (None, 51, "O+ O-"),
        (Sex.MALE, None, "O-"),
        (None, None, "O-"),
    ],
)
def test_an_unknown_recipient_gets_group_o(sex: Sex | None, age: int | None, donors: str) -> None:
    assert compatible_donors(UNKNOWN, Component.RED_CELLS, sex=sex, age=age, on=ON) == groups(donors)


def test_an_unknown_recipient_gets_ab_plasma() -> None:
    assert compatible_donors(UNKNOWN, Component.FRESH_FROZEN_PLASMA, on=ON) == groups("AB- AB+")


@pytest.mark.parametrize("component", list(Component))
def test_bombay_gives_to_and_receives_from_bombay_only(component: Component) -> None:
    for bombay in BOMBAY:
        assert set(compatible_donors(bombay, component, low_titre=True, on=ON)) <= set(BOMBAY)
        assert bombay in compatible_donors(bombay, component, on=ON)
        others = (group for group in (*BloodGroup, UNKNOWN) if group not in BOMBAY)
        assert not any(is_compatible(other, bombay, component, on=ON) for other in others)
    assert not is_compatible(BloodGroup.OH_NEG, BloodGroup.OH_POS, component, on=ON)


@pytest.mark.parametrize("component", list(Component))
def test_the_recipients_own_group_is_always_the_first(component: Component) -> None:
    for group in BloodGroup:
        assert compatible_donors(group, component, on=ON)[0] == group


def test_ranks_are_the_tiers_of_allocation() -> None:
    ranks = {row.donor: row.rank for row in ranked_rows(BloodGroup.AB_POS, Component.RED_CELLS, on=ON)}

    assert ranks == dict(zip(groups("AB+ AB- A+ B+ A- B- O+ O-"), [1, 2, 3, 3, 3, 3, 4, 5], strict=True))


@pytest.mark.parametrize(
    ("recipient", "donor", "component", "code"),
    [
        ("A+", "A+", Component.RED_CELLS, "identical"),
        ("A+", "A-", Component.RED_CELLS, "same_abo"),
        ("A+", "O-", Component.RED_CELLS, "compatible_abo"),
        ("unknown", "O-", Component.RED_CELLS, "universal"),
        ("A+", "B+", Component.RED_CELLS, "abo_incompatible"),
        ("A-", "A+", Component.RED_CELLS, "rhd_incompatible"),
        ("A+", "O+", Component.WHOLE_BLOOD, "abo_incompatible"),
        ("A+", "O+", Component.FRESH_FROZEN_PLASMA, "abo_incompatible"),
        ("A+", "B+", Component.FRESH_FROZEN_PLASMA, "low_titre_needed"),
        ("A-", "A+", Component.PLATELETS_APHERESIS, "recipient_not_covered"),
        ("unknown", "O+", Component.RED_CELLS, "recipient_not_covered"),
        ("Oh+", "O-", Component.RED_CELLS, "bombay_only"),
        ("O+", "Oh-", Component.RED_CELLS, "bombay_only"),
        ("unknown", "Oh-", Component.RED_CELLS, "bombay_only"),
        ("Oh-", "Oh+", Component.RED_CELLS, "rhd_incompatible"),
    ],
)
def test_every_answer_is_explained(recipient: str, donor: str, component: Component, code: str) -> None:
    of = UNKNOWN if recipient == "unknown" else BloodGroup(recipient)

    explanation = explain(of, BloodGroup(donor), component, on=ON)

    assert explanation.code == code
    assert explanation.compatible is is_compatible(of, BloodGroup(donor), component, on=ON)
    assert explanation.message
    assert bool(explanation.source) is explanation.compatible


def test_every_row_names_its_source_and_status_and_stands_once() -> None:
    rows = load_rows()
    keys = {(row.component_class, row.recipient, row.donor, row.recipient_sex, row.effective_from) for row in rows}

    assert all(row.source and row.status in ("verified", "policy") for row in rows)
    assert {row.recipient_sex for row in rows} <= {"any", *Sex}
    assert {row.requires for row in rows} == {"", "low_titre"}
    assert {row.component_class for row in rows} == set(CompatibilityClass)
    assert len(keys) == len(rows)


def test_before_its_first_day_a_row_says_nothing() -> None:
    first = min(row.effective_from for row in load_rows())

    assert compatible_donors(BloodGroup.A_POS, Component.RED_CELLS, on=first) != ()
    assert compatible_donors(BloodGroup.A_POS, Component.RED_CELLS, on=first - dt.timedelta(days=1)) == ()


def test_without_a_day_todays_rows_count() -> None:
    assert compatible_donors(BloodGroup.A_POS, Component.RED_CELLS) == groups("A+ A- O+ O-")
