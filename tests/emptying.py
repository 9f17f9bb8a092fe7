"""After a test with real transactions its rows are deleted: faster than Django's way, which truncates every table.

Django also creates content types and permissions anew after each such test; here they stay. Only a table that has
grown, by this test or by those before, is truncated: what is deleted or was rolled back still has to be read over.
"""

from __future__ import annotations

from typing import Any, Final

from django.db import connection, transaction
from django.test import TransactionTestCase

# Only tables that hold something, in one round trip. As a replica no trigger fires: no row is append-only, and the
# order does not matter to foreign keys, since everything goes.
DELETE_ALL: Final = """
DO $$
DECLARE
    name regclass;
    is_filled boolean;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR name IN
        SELECT oid FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
        AND relname NOT IN ('django_migrations', 'django_content_type', 'auth_permission')
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
"""
truncate_all = TransactionTestCase._fixture_teardown


def delete_all(case: Any) -> None:
    """Empty the tables. Where the tests' role is no superuser, as on a server of one's own, Django does it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('is_superuser')::boolean")
        is_allowed = cursor.fetchone()[0]
        if is_allowed:
            cursor.execute(DELETE_ALL)
    if not is_allowed:
        guard("DISABLE")
        truncate_all(case)
        guard("ENABLE")


def guard(verb: str) -> None:
    """Let the audit log be emptied, or not, as the tables' owner."""
    with transaction.atomic(), connection.cursor() as cursor:
        for table in ("auditentry", "auditlink", "auditanchor", "auditcut"):
            cursor.execute(f"ALTER TABLE common_{table} {verb} TRIGGER table_stays")


def install() -> None:
    TransactionTestCase._fixture_teardown = delete_all
