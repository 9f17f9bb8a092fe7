"""A kept connection is asked how it is only when there is something to read, and one that was ended is found so."""

from __future__ import annotations

import time

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext


@pytest.mark.django_db
def test_an_idle_connection_is_usable_without_a_query():
    connection.ensure_connection()

    with CaptureQueriesContext(connection) as queries:
        usable = connection.is_usable()

    assert usable
    assert len(queries) == 0


@pytest.mark.django_db
@pytest.mark.real_time
def test_a_connection_that_the_server_ended_is_not():
    other = connections.create_connection("default")
    try:
        other.ensure_connection()
        before = other.is_usable()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [other.connection.info.backend_pid])
        until = time.monotonic() + 5
        while other.is_usable() and time.monotonic() < until:
            time.sleep(0.01)

        assert (before, other.is_usable()) == (True, False)
    finally:
        other.close()
