"""Changes are numbered in the order in which they commit, and none is skipped."""

from __future__ import annotations

import threading
import uuid

import pytest

from common import live
from common.db import unit_of_work
from common.live import Change
from common.models import LiveChange
from tests.races import race

TOPIC = uuid.UUID("019a9c3e-7f7e-7c31-9d2c-8f0d5b0c7a11")


@pytest.mark.django_db(transaction=True)
def test_changes_of_one_transaction_keep_their_order() -> None:
    with unit_of_work():
        live.publish([Change(TOPIC, "first"), Change(uuid.uuid4(), "other"), Change(TOPIC, "second")])
    with unit_of_work():
        live.publish([Change(TOPIC, "third")])

    seen = live.after(TOPIC, 1, limit=10)

    assert [(change.number, change.name) for change in seen] == [(2, "second"), (3, "third")]


@pytest.mark.django_db(transaction=True)
def test_a_number_is_never_seen_before_a_smaller_one() -> None:
    entered, let_go = threading.Event(), threading.Event()

    def slow() -> None:
        with unit_of_work():
            live.publish([Change(TOPIC, "slow")])
            entered.set()
            let_go.wait(5)

    def quick() -> list[int]:
        entered.wait(5)
        threading.Timer(0.2, let_go.set).start()
        with unit_of_work():
            live.publish([Change(TOPIC, "quick")])
        return [change.number for change in live.after(TOPIC, 0, limit=10)]

    _, seen = race(slow, quick)

    assert seen == [1, 2]
    assert list(LiveChange.objects.order_by("number").values_list("name", flat=True)) == ["slow", "quick"]
