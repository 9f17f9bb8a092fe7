"""Searches are asked of the copy while it is well, and of the database when it is not; nothing else ever is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import DEFAULT_DB_ALIAS, connections, router
from pytest_django import DjangoDbBlocker

from common import replica
from common.replica import REPLICA, from_replica
from partners.models import Partner

NOBODY = {"HOST": "127.0.0.1", "PORT": "9"}  # the port of «discard», where no database is


@pytest.fixture
def copy_away(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A copy is configured, and nobody answers there. Nothing is written, so that no transaction needs to be undone."""
    connections.databases[REPLICA] = {**connections.databases[DEFAULT_DB_ALIAS], **NOBODY}
    replica._seen = (0.0, False)
    with django_db_blocker.unblock():
        yield
    for alias in (DEFAULT_DB_ALIAS, REPLICA):
        connections[alias].close()
    del connections[REPLICA], connections.databases[REPLICA]
    replica._seen = (0.0, False)


@pytest.fixture
def copy_lost(copy_away: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The copy was well when one looked, and is gone by the time that it is asked."""
    monkeypatch.setattr(replica, "_looks_well", lambda: True)


@from_replica
def where() -> tuple[str | None, str | None]:
    return router.db_for_read(Partner), router.db_for_write(Partner)


def test_without_a_copy_the_database_answers() -> None:
    assert where() == (DEFAULT_DB_ALIAS, DEFAULT_DB_ALIAS)


def test_a_search_reads_the_copy_and_writes_nothing_there(copy_lost: None) -> None:
    assert where() == (REPLICA, DEFAULT_DB_ALIAS)
    assert router.db_for_read(Partner) == DEFAULT_DB_ALIAS


def test_a_copy_that_does_not_answer_is_not_well(copy_away: None) -> None:
    assert not replica.is_well()
    assert where() == (DEFAULT_DB_ALIAS, DEFAULT_DB_ALIAS)


def test_a_database_that_is_no_copy_is_not_well(copy_away: None) -> None:
    connections.databases[REPLICA] = connections[DEFAULT_DB_ALIAS].settings_dict

    assert not replica.is_well()


def test_a_search_is_answered_though_the_copy_is_lost_meanwhile(copy_lost: None) -> None:
    asked = []

    @from_replica
    def search() -> int:
        asked.append(router.db_for_read(Partner))
        with connections[asked[-1]].cursor() as cursor:
            cursor.execute("SELECT 7")
            return int(cursor.fetchone()[0])

    found = search()

    assert found == 7
    assert asked == [REPLICA, DEFAULT_DB_ALIAS]
    assert where() == (DEFAULT_DB_ALIAS, DEFAULT_DB_ALIAS)
