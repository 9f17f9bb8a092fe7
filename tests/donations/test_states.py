"""What the database refuses of donations and bags, and every step of a bag."""

from __future__ import annotations

import itertools

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F

from common.errors import IllegalTransition
from common.transitions import advance
from donations.models import Donation
from donations.states import INVITATION_TRANSITIONS, InvitationStatus
from stock.models import DinCounter, Unit
from stock.states import TERMINAL, UNIT_TRANSITIONS, UnitStatus
from tests.donations.scenes import verify

ANY_BUT_TERMINAL = ["quarantined", "available", "reserved", "issued", "in_transit"]
STEPS = {
    "release": {"quarantined": "available"},
    "reserve": {"available": "reserved"},
    "unreserve": {"reserved": "available"},
    "issue": {"reserved": "issued"},
    "transfuse": {"issued": "transfused"},
    "ship": {"available": "in_transit", "reserved": "in_transit"},
    "receive": {"in_transit": "available"},
    "quarantine": dict.fromkeys(["available", "reserved", "issued", "in_transit"], "quarantined"),
    "restock": {"issued": "available"},
    "discard": dict.fromkeys(ANY_BUT_TERMINAL, "discarded"),
    "expire": dict.fromkeys(ANY_BUT_TERMINAL, "expired"),
}


@pytest.mark.parametrize(("state", "verb"), list(itertools.product(InvitationStatus, ("send", "drop"))))
def test_each_step_of_an_invitation(state, verb):
    try:
        outcome = str(advance(INVITATION_TRANSITIONS, state, verb))
    except IllegalTransition:
        outcome = None

    assert outcome == {("waiting", "send"): "sent", ("waiting", "drop"): "dropped"}.get((state, verb))


@pytest.mark.parametrize(("state", "verb"), list(itertools.product(UnitStatus, STEPS)))
def test_each_step_of_a_bag(state, verb):
    try:
        outcome = str(advance(UNIT_TRANSITIONS, state, verb))
    except IllegalTransition:
        outcome = None

    assert outcome == STEPS[verb].get(state)


def test_no_verb_is_unknown_to_these_tests_and_what_is_over_stays_so():
    assert {verb for _, verb in UNIT_TRANSITIONS} == set(STEPS)
    assert {state for state, _ in UNIT_TRANSITIONS} == set(UnitStatus) - TERMINAL


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("model", "values", "constraint"),
    [
        (Donation, {"donation_type": "tears"}, "donation_type_is_known"),
        (Donation, {"blood_group": "X"}, "donation_group_is_known"),
        (Donation, {"volume_ml": 0}, "donation_has_volume"),
        (Unit, {"status": "lost"}, "unit_status_is_known"),
        (Unit, {"component": "milk"}, "unit_component_is_known"),
        (Unit, {"blood_group": "X"}, "unit_group_is_known"),
        (Unit, {"volume_ml": 0}, "unit_has_volume"),
        (Unit, {"expires_at": F("collected_at")}, "unit_expires_after_collection"),
        (DinCounter, {"last": 1_000_000}, "din_counter_has_six_digits"),
    ],
)
def test_the_database_refuses_what_cannot_be(model, values, constraint):
    verify()

    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        model.objects.update(**values)

    assert caught.value.__cause__.diag.constraint_name == constraint


@pytest.mark.django_db
@pytest.mark.parametrize("status", UnitStatus)
def test_the_database_knows_every_state_of_a_bag(status):
    verify()

    assert Unit.objects.update(status=status) == 1


@pytest.mark.django_db
def test_a_donation_belongs_to_one_promise_and_one_bag():
    first, second = verify(), verify()

    for field in ("assignment_id", "unit_id"):
        with pytest.raises(IntegrityError), transaction.atomic():
            Donation.objects.filter(pk=second.pk).update(**{field: getattr(first, field)})
