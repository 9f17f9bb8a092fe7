"""Entries never make deeds wait for each other, and the chain that is made of them has no gap."""

from __future__ import annotations

import threading
from typing import Any

import psycopg2
import pytest
from django.db import DatabaseError, connection

from common import db
from common.audit import chain, context
from common.audit.context import Acting, Actor
from common.audit.recording import record
from common.audit.states import ActorKind, AuditRealm, Deed
from common.audit.verifying import verify
from common.db import command, unit_of_work
from common.models import AuditEntry, AuditPending, LiveTopic
from tests.concurrency.scenes import race_test
from tests.races import race

TOPIC = "019a9c3e-7f7e-7c31-9d2c-8f0d5b0c7a11"


def acting() -> Acting:
    return Acting(Actor(ActorKind.MEMBER, "somebody"), AuditRealm.PARTNER, "POST test", "", writes=True)


def write() -> None:
    record(deed=Deed.WRITE, act="test.act")


@race_test
def test_a_deed_that_takes_long_holds_up_neither_others_nor_the_chain():
    entered, let_go = threading.Event(), threading.Event()

    def slow() -> None:
        with unit_of_work():
            write()
            entered.set()
            let_go.wait(10)

    def others() -> int:
        entered.wait(10)
        with unit_of_work():
            write()
            write()
        linked = chain.link_pending()
        let_go.set()
        return linked

    outcomes = race(slow, others)
    late = chain.link_pending()

    assert (outcomes[1], late) == (2, 1)
    assert verify()[0].number == 3
    assert verify()[1] is None


@race_test
def test_of_many_who_link_at_once_the_chain_has_no_gap_and_no_entry_twice():
    for _ in range(40):
        write()

    def link() -> int:
        return sum(chain.link_pending(limit=3) for _ in range(20))

    outcomes = race(link, link, link)
    while chain.link_pending():
        pass

    assert all(isinstance(outcome, int) for outcome in outcomes)
    assert verify()[0].links == 40
    assert verify()[1] is None


@race_test
def test_without_the_turn_two_who_link_collide(monkeypatch):
    """The control: what the turn is for."""
    for _ in range(20):
        write()
    meeting = threading.Barrier(2)
    head = chain.head

    def met() -> Any:
        found = head()
        meeting.wait(10)
        return found

    monkeypatch.setattr(chain, "head", met)
    monkeypatch.setattr("common.audit.chain.connection", Unlocked())

    outcomes = race(chain.link_pending, chain.link_pending)

    assert sorted(isinstance(outcome, Exception) for outcome in outcomes) == [False, True]


class Unlocked:
    """The connection, on which everybody gets the turn."""

    def cursor(self) -> Any:
        cursor = connection.cursor()
        execute = cursor.execute
        cursor.execute = lambda sql, params=None: (
            execute("SELECT true") if "pg_try_advisory" in sql else execute(sql, params)
        )
        return cursor


@command
def put_topic() -> None:
    LiveTopic.objects.create(id=TOPIC, last=1)


@race_test
@pytest.mark.parametrize("moment", ["before the entry", "after the entry"])
def test_a_deed_that_is_killed_leaves_neither_itself_nor_its_entry(moment: str, monkeypatch):
    def kill(*_: Any) -> None:
        own = connection.connection.info.backend_pid
        killer = psycopg2.connect(connection.connection.dsn, password=connection.settings_dict["PASSWORD"])
        with killer, killer.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [own])
        killer.close()

    told = list(db._witnesses)
    monkeypatch.setattr(db, "_witnesses", [kill, *told] if moment == "before the entry" else [*told, kill])
    with context.watching():
        context.begin(acting())
        with pytest.raises(DatabaseError):
            put_topic()
    connection.close()

    assert not LiveTopic.objects.exists()
    assert not AuditEntry.objects.exists()
    assert not AuditPending.objects.exists()
