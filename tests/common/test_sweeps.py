"""One row that fails, or that somebody holds, keeps no other waiting."""

from __future__ import annotations

import uuid

import pytest

from common.errors import Busy
from common.sweeps import act_on_each

ROWS = [uuid.UUID(int=number) for number in range(4)]


def test_each_is_acted_on_once_though_it_stays_due():
    seen: list[uuid.UUID] = []

    assert act_on_each(lambda: ROWS, seen.append) == 4
    assert seen == ROWS


def test_only_what_was_due_counts():
    assert act_on_each(lambda: ROWS, lambda pk: pk == ROWS[0]) == 1


def test_one_that_is_held_waits_and_the_others_do_not():
    seen: list[uuid.UUID] = []

    def act(pk: uuid.UUID) -> None:
        if pk == ROWS[1]:
            raise Busy
        seen.append(pk)

    assert act_on_each(lambda: ROWS, act) == 3
    assert ROWS[1] not in seen


def test_one_that_fails_is_raised_when_all_have_had_their_turn(caplog):
    seen: list[uuid.UUID] = []

    def act(pk: uuid.UUID) -> None:
        seen.append(pk)
        if pk == ROWS[0]:
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act_on_each(lambda: ROWS, act)
    assert seen == ROWS
    assert [record.message for record in caplog.records] == ["sweep failed on one row"]


def test_batch_after_batch_until_nothing_is_due():
    left = list(ROWS)

    assert act_on_each(lambda: left[:2], left.remove) == 4
    assert left == []
