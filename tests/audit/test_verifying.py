"""Whatever is done to the log behind the product's back is found, and said where."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, InternalError, connection, transaction

from common.audit import anchors, chain
from common.audit.chain import GENESIS
from common.audit.recording import record
from common.audit.states import Deed
from common.audit.verifying import verify
from common.models import AuditAnchor, AuditCut, AuditEntry, AuditLink

pytestmark = pytest.mark.django_db
TABLES = ("auditentry", "auditlink", "auditanchor", "auditcut")


def sql(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@contextmanager
def unguarded() -> Iterator[None]:
    """As somebody who owns the tables may, and nobody should."""
    for table in TABLES:
        sql(f"ALTER TABLE common_{table} DISABLE TRIGGER ALL")
    yield
    for table in TABLES:
        sql(f"ALTER TABLE common_{table} ENABLE TRIGGER ALL")


def write(count: int) -> None:
    for number in range(count):
        record(deed=Deed.WRITE, act="test.act", subject=("thing", str(number)))
    chain.link_pending()


@pytest.fixture
def twelve() -> None:
    """Twelve entries, and anchors at 5 and 10."""
    write(5)
    anchors.anchor()
    write(5)
    anchors.anchor()
    write(2)


def test_an_untouched_chain_holds(twelve):
    walk, found = verify()

    assert found is None
    assert (walk.links, walk.number, walk.marks, walk.waiting) == (12, 12, 2, 0)


def test_the_hash_can_be_computed_again_from_its_description(twelve):
    """As docs/audit.md tells it, by hand."""
    entry, link = AuditEntry.objects.order_by("pk")[1], AuditLink.objects.get(number=2)
    micros = (entry.at - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)
    covered = [1, 2, bytes(link.previous).hex(), entry.pk, micros, entry.actor_kind, entry.actor_id, ""]
    covered += [entry.realm, entry.deed, entry.act, entry.route, entry.subject_kind, entry.subject_id, entry.reason]
    covered += [entry.facts, entry.outcome, entry.request_id, entry.network]

    again = hashlib.sha256(json.dumps(covered, separators=(",", ":")).encode()).hexdigest()

    assert again == bytes(link.hash).hex()


def change_a_deed() -> None:
    sql(
        "UPDATE common_auditentry SET outcome = 'never'"
        " WHERE id = (SELECT entry_id FROM common_auditlink WHERE number = 4)"
    )


def change_a_link() -> None:
    sql("UPDATE common_auditlink SET hash = sha256('x') WHERE number = 4")


def delete_an_entry() -> None:
    sql("DELETE FROM common_auditentry WHERE id = (SELECT entry_id FROM common_auditlink WHERE number = 4)")


def delete_a_link() -> None:
    sql("DELETE FROM common_auditlink WHERE number = 4")


def swap_two_entries() -> None:
    sql("UPDATE common_auditlink SET entry_id = -entry_id WHERE number IN (4, 6)")
    sql(
        "UPDATE common_auditlink l SET entry_id = -o.entry_id FROM common_auditlink o"
        " WHERE l.number IN (4, 6) AND o.number IN (4, 6) AND o.number <> l.number"
    )


def move_a_link() -> None:
    sql("UPDATE common_auditlink SET number = -number WHERE number IN (4, 5)")
    sql("UPDATE common_auditlink SET number = 9 + number WHERE number IN (-4, -5)")


def cut_the_tail() -> None:
    sql("DELETE FROM common_auditlink WHERE number >= 8")


def put_one_in() -> None:
    sql(
        "INSERT INTO common_auditentry (at, actor_kind, actor_id, realm, deed, act, route, subject_kind, subject_id,"
        " reason, facts, outcome, request_id, network)"
        " SELECT at, actor_kind, actor_id, realm, deed, 'put.in', route, '', '', '', '', 'done', '', ''"
        " FROM common_auditentry LIMIT 1"
    )


def rewrite_everything() -> None:
    """Change a deed and compute every hash after it anew, as somebody with all tables and no key can."""
    change_a_deed()
    previous = GENESIS
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT l.number, {chain.COVERED} FROM common_auditlink l"  # noqa: S608
            " JOIN common_auditentry e ON e.id = l.entry_id"
            " ORDER BY l.number"
        )
        for number, *covered in cursor.fetchall():
            here = chain.digest(number, previous, covered)
            sql("UPDATE common_auditlink SET previous = %s, hash = %s WHERE number = %s", previous, here, number)
            previous = here


def forge_an_anchor() -> None:
    rewrite_everything()
    sql("UPDATE common_auditanchor a SET hash = l.hash FROM common_auditlink l WHERE l.number = a.number")


TAMPERINGS = [
    (change_a_deed, 4, "changed"),
    (change_a_link, 4, "changed"),
    (delete_an_entry, 4, "missing"),
    (delete_a_link, 4, "missing"),
    (swap_two_entries, 4, "reordered"),
    (move_a_link, 4, "reordered"),
    (cut_the_tail, 8, "truncated"),
    (put_one_in, 0, "inserted"),
    (rewrite_everything, 5, "rewritten"),
    (forge_an_anchor, 5, "forged"),
]


@pytest.mark.parametrize(("tamper", "number", "what"), TAMPERINGS, ids=[row[0].__name__ for row in TAMPERINGS])
def test_each_tampering_is_found_and_named(twelve, tamper: Callable[[], None], number: int, what: str):
    with unguarded():
        tamper()

    found = verify()[1]

    assert found is not None
    assert (found.number, found.what) == (number, what)


def test_a_chain_rewritten_with_its_anchors_is_found_by_those_that_left_with_the_log(twelve, tmp_path: Path):
    kept = tmp_path / "log"
    kept.write_text("\n".join(anchors.as_line(row) for row in AuditAnchor.objects.all()))
    with unguarded():
        rewrite_everything()
        sql("DELETE FROM common_auditanchor")

    assert verify()[1] is None
    with pytest.raises(CommandError, match="breaks at 5: rewritten"):
        call_command("verify_audit", anchors=kept, stdout=StringIO())


def test_a_tail_that_is_gone_with_its_anchors_is_found_by_an_export(twelve, tmp_path: Path):
    kept = tmp_path / "export"
    call_command("verify_audit", export=kept, stdout=StringIO())
    with unguarded():
        cut_the_tail()
        sql("DELETE FROM common_auditanchor WHERE number > 7")

    with pytest.raises(CommandError, match="breaks at 8: truncated"):
        call_command("verify_audit", anchors=kept, stdout=StringIO())


def test_a_disabled_guard_is_found(twelve):
    sql("ALTER TABLE common_auditlink DISABLE TRIGGER row_stays")

    found = verify()[1]

    assert found is not None
    assert (found.what, "row_stays of common_auditlink" in found.how) == ("unguarded", True)


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "statement", ["UPDATE common_{0} SET {1} = {1}", "DELETE FROM common_{0}", "TRUNCATE common_{0}"]
)
def test_the_database_refuses_every_change(twelve, table: str, statement: str):
    column = {"auditentry": "act", "auditcut": "hash"}.get(table, "hash")
    if table == "auditcut":
        with unguarded():
            sql("INSERT INTO common_auditcut (through, hash, at, key, seal) VALUES (0, '', now(), '', '')")

    with pytest.raises((IntegrityError, InternalError), match="stays as it is"), transaction.atomic():
        sql(statement.format(table, column))


def test_a_walk_may_begin_at_an_anchor(twelve):
    walk, found = verify(since=5)

    assert (walk.links, walk.marks, found) == (7, 1, None)
    assert verify(since=7)[1] is not None


def test_what_is_older_than_a_year_is_cut_off_and_the_rest_still_holds(noon):
    noon.move_to(dt.datetime(2020, 5, 1, tzinfo=dt.UTC))
    write(4)
    noon.move_to(dt.datetime(2030, 5, 1, tzinfo=dt.UTC))
    write(3)
    anchors.anchor()

    gone = anchors.cut(before=dt.datetime(2029, 5, 1, tzinfo=dt.UTC))

    walk, found = verify()
    assert (gone, AuditEntry.objects.count(), AuditCut.objects.get().through) == (4, 3, 4)
    assert (walk.links, walk.number, found) == (3, 7, None)
    assert anchors.cut(before=dt.datetime(2029, 5, 1, tzinfo=dt.UTC)) == 0


def test_nothing_younger_than_a_year_is_cut_off_whatever_is_asked(twelve):
    with pytest.raises(IntegrityError, match="older than a year"):
        anchors.cut(before=dt.datetime(2031, 1, 1, tzinfo=dt.UTC))

    assert AuditEntry.objects.count() == 12


def test_after_a_cut_a_forged_mark_is_found(noon):
    noon.move_to(dt.datetime(2020, 5, 1, tzinfo=dt.UTC))
    write(4)
    anchors.cut(before=dt.datetime(2021, 5, 1, tzinfo=dt.UTC))
    with unguarded():
        sql("UPDATE common_auditcut SET hash = sha256('x')")

    found = verify()[1]

    assert found is not None
    assert found.what == "forged"


def test_the_command_says_that_the_chain_holds(twelve):
    out = StringIO()

    call_command("verify_audit", stdout=out)

    assert "12 entries up to number 12, 2 signed marks, 0 waiting" in out.getvalue()
    assert "The chain holds." in out.getvalue()


def test_an_anchor_is_made_once_for_each_head(twelve):
    assert (anchors.anchor(), anchors.anchor()) == (1, 0)


def test_another_key_signs_nothing_of_ours_unless_it_is_known(twelve, settings):
    old = anchors.public_key()
    settings.AUDIT_KEY = "bm90LWxvY2FsLWF1ZGl0LWtleS0tLS0tLS0tLS0tLS0="

    unknown = verify()[1]
    settings.AUDIT_OLD_KEYS = [old]

    assert unknown is not None
    assert unknown.what == "forged"
    assert verify()[1] is None
