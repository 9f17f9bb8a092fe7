"""One database driver."""

import importlib.util

from django.db import connection


def test_only_psycopg2_is_installed():
    # psycopg 3 would be taken by Django before psycopg2, and neither deadlocks nor errors look alike in the two.
    assert importlib.util.find_spec("psycopg") is None
    assert connection.Database.__name__ == "psycopg2"
