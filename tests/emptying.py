"""After a test with real transactions its rows are deleted: faster than Django's way, which truncates every table.

Django also creates content types and permissions anew after each such test; here they stay. Only a table that has
grown, by this test or by those before, is truncated: what is deleted or was rolled back still has to be read over.
What the migrations filled (rules, notices, plans) is put back from a copy, so that every test finds it.
"""

from __future__ import annotations

from typing import Any, Final

from django.db import connection, transaction
from django.test import TransactionTestCase

OURS: Final = """relkind = 'r' AND relnamespace = 'public'::regnamespace
        AND relname NOT IN ('django_migrations', 'django_content_type', 'auth_permission')"""
# Only tables that hold something, in one round trip. As a replica no trigger fires: no row is append-only, and the
# order does not matter to foreign keys, since everything goes.
DELETE_ALL: Final = f"""
DO $$
DECLARE
    name regclass;
    is_filled boolean;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN
        SELECT oid FROM pg_class
        WHERE {OURS} AND pg_relation_size(oid) > 0
    LOOP
        IF pg_relation_size(name) > 256 * 1024 THEN
            EXECUTE format('TRUNCATE %s CASCADE', name);
            CONTINUE;
        END IF;
        EXECUTE format('SELECT EXISTS (SELECT FROM %s)', name) INTO is_filled;
        IF is_filled THEN
            EXECUTE format('DELETE FROM %s', name);
        END IF;
    END LOOP;
END $$
"""  # noqa: S608 - what is put in stands above
# Columns by their names: a test of migrations may have taken one away and put it back at the end.
PUT_BACK: Final = """
DO $$
DECLARE
    kept record;
BEGIN
    FOR kept IN
        SELECT relname, string_agg(quote_ident(attname), ', ') AS columns
        FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0
        WHERE relkind = 'r' AND relnamespace = 'packaged'::regnamespace
        GROUP BY relname
    LOOP
        EXECUTE format('INSERT INTO %I (%s) SELECT %2$s FROM packaged.%1$I', kept.relname, kept.columns);
    END LOOP;
END $$
"""
KEEP_COPY: Final = f"""
DO $$
DECLARE
    name text;
    is_filled boolean;
BEGIN
    DROP SCHEMA IF EXISTS packaged CASCADE;
    CREATE SCHEMA packaged;
    FOR name IN
        SELECT relname FROM pg_class
        WHERE {OURS}
    LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', name) INTO is_filled;
        IF is_filled THEN
            EXECUTE format('CREATE TABLE packaged.%1$I AS TABLE %1$I', name);
        END IF;
    END LOOP;
END $$
"""  # noqa: S608
TRUNCATE_ALL: Final = f"""
DO $$
BEGIN
    EXECUTE (
        SELECT 'TRUNCATE ' || string_agg(oid::regclass::text, ', ') FROM pg_class
        WHERE {OURS}
    );
END $$
"""  # noqa: S608


def keep_copy() -> None:
    """Remember what a database holds that was only migrated."""
    with connection.cursor() as cursor:
        cursor.execute(KEEP_COPY)


def delete_all(_case: Any) -> None:
    """Leave the tables as they were after the migrations, also where the tests' role is no superuser, as on a server
    of one's own."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('is_superuser')::boolean")
        if cursor.fetchone()[0]:
            cursor.execute(DELETE_ALL)
        else:
            guard("DISABLE")
            cursor.execute(TRUNCATE_ALL)
            guard("ENABLE")
        cursor.execute(PUT_BACK)


def guard(verb: str) -> None:
    """Let the audit log be emptied, or not, as the tables' owner."""
    with connection.cursor() as cursor:
        for table in ("auditentry", "auditlink", "auditanchor", "auditcut"):
            cursor.execute(f"ALTER TABLE common_{table} {verb} TRIGGER table_stays")


def install() -> None:
    TransactionTestCase._fixture_teardown = delete_all
