from __future__ import annotations

import itertools

import pytest
from django.db import IntegrityError, transaction

from common.errors import IllegalTransition
from common.transitions import advance
from notifications.models import Delivery
from notifications.states import DELIVERY_TRANSITIONS, FATE_KNOWN, OVER, REACHED, DeliveryStatus, sources
from tests.notifications.factories import make_delivery

VERBS = sorted({verb for _, verb in DELIVERY_TRANSITIONS})


@pytest.mark.parametrize(("state", "verb"), list(itertools.product(DeliveryStatus, VERBS)))
def test_every_step_that_is_not_in_the_table_is_refused(state: DeliveryStatus, verb: str) -> None:
    wanted = DELIVERY_TRANSITIONS.get((state, verb))

    try:
        reached = advance(DELIVERY_TRANSITIONS, state, verb)
    except IllegalTransition:
        reached = None

    assert reached == wanted


def test_a_verb_leads_to_one_state_from_wherever_it_is_said() -> None:
    targets = {verb: {state for (_, name), state in DELIVERY_TRANSITIONS.items() if name == verb} for verb in VERBS}

    assert all(len(states) == 1 for states in targets.values())


def test_what_was_reached_is_never_sent_again() -> None:
    leaving = {(state, verb) for state, verb in DELIVERY_TRANSITIONS if state in REACHED}

    assert leaving == {(DeliveryStatus.DELIVERED, "read")}


def test_only_the_queue_and_failures_are_sent() -> None:
    assert sources("send") == [DeliveryStatus.QUEUED, DeliveryStatus.FAILED]


def test_a_fate_is_unknown_only_before_the_provider_has_answered() -> None:
    assert set(DeliveryStatus) - FATE_KNOWN == {
        DeliveryStatus.QUEUED,
        DeliveryStatus.SENDING,
        DeliveryStatus.IN_DOUBT,
        DeliveryStatus.FAILED,
    }
    assert OVER < FATE_KNOWN


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["status", "channel"])
def test_the_database_refuses_unknown_words(field: str) -> None:
    row = make_delivery()

    with pytest.raises(IntegrityError, match="is_known"), transaction.atomic():
        Delivery.objects.filter(pk=row.pk).update(**{field: "lost"})


@pytest.mark.django_db
def test_the_database_keeps_one_delivery_per_channel_and_one_per_message_of_the_provider() -> None:
    row = make_delivery(provider_id="SM1")

    with pytest.raises(IntegrityError, match="one_delivery_per_channel"), transaction.atomic():
        make_delivery(row.notification)
    with pytest.raises(IntegrityError, match="delivery_provider_id_once"), transaction.atomic():
        make_delivery(provider_id="SM1")
