from itertools import product

import pytest

from common.errors import IllegalTransition
from common.transitions import advance
from partners.states import TRANSITIONS, PartnerStatus

VERBS = sorted({verb for _, verb in TRANSITIONS})
LEGAL = {
    ("listed", "claim"): "pending",
    ("pending", "approve"): "live",
    ("pending", "reject"): "rejected",
    ("pending", "relist"): "listed",
    ("rejected", "claim"): "pending",
    ("live", "suspend"): "suspended",
    ("suspended", "reinstate"): "live",
}
ILLEGAL = [pair for pair in product(PartnerStatus, VERBS) if pair not in LEGAL]


@pytest.mark.parametrize(("pair", "leads_to"), LEGAL.items())
def test_a_legal_step_leads_where_the_table_says(pair, leads_to):
    assert advance(TRANSITIONS, PartnerStatus(pair[0]), pair[1]) == leads_to


@pytest.mark.parametrize(("state", "verb"), ILLEGAL)
def test_every_other_step_is_refused(state, verb):
    with pytest.raises(IllegalTransition):
        advance(TRANSITIONS, state, verb)
