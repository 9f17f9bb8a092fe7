"""What is not in the table cannot happen."""

from enum import StrEnum

import pytest

from common.errors import IllegalTransition
from common.transitions import advance


class Light(StrEnum):
    RED = "red"
    GREEN = "green"
    BROKEN = "broken"


TABLE = {(Light.RED, "go"): Light.GREEN, (Light.GREEN, "stop"): Light.RED, (Light.GREEN, "fail"): Light.BROKEN}


def test_a_step_leads_where_the_table_says():
    assert advance(TABLE, Light.RED, "go") is Light.GREEN


@pytest.mark.parametrize(
    ("state", "verb", "open_verbs"),
    [
        (Light.RED, "stop", ["go"]),
        (Light.GREEN, "go", ["fail", "stop"]),
        (Light.BROKEN, "go", []),
        (Light.RED, "fly", ["go"]),
    ],
)
def test_any_other_step_is_refused_with_the_steps_that_are_open(state, verb, open_verbs):
    with pytest.raises(IllegalTransition) as refusal:
        advance(TABLE, state, verb)

    assert refusal.value.facts == {"state": str(state), "verb": verb, "open": open_verbs}
