"""Walks the chain and says where it first breaks: what an administrator, or an auditor, runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection

from common.audit.anchors import as_line, is_genuine
from common.audit.chain import COVERED, GENESIS, VERSION, digest
from common.models import AuditAnchor, AuditCut, AuditEntry, AuditLink, AuditPending

BATCH: Final = 10_000  # rows in memory
NEAR: Final = 1000  # how far around a broken link is looked for where its hash belongs
GUARDED: Final = ("common_auditentry", "common_auditlink", "common_auditanchor", "common_auditcut")
GUARDS: Final = ("row_stays", "table_stays")  # the triggers of each guarded table
BEFORE_ENTRY: Final = 3  # columns of a link in front of its entry's: number, previous, hash
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Break:
    """Where the chain is first not what it was: the number, `what` is wrong in a word, and how it shows."""

    number: int
    what: str
    how: str


@dataclass
class Walk:
    """What a walk has seen: how many links, up to which one, how many marks, how many entries wait for the worker."""

    links: int = 0
    number: int = 0
    hash: bytes = GENESIS
    marks: int = 0
    waiting: int = 0


def verify(
    *, since: int = 0, kept: Iterable[AuditAnchor] = (), export: Callable[[str], object] | None = None
) -> tuple[Walk, Break | None]:
    """Walk from `since` (an anchor's number; 0 is the beginning) to the end, in batches; return the first break.

    `kept` are anchors from the log or an export, which the database's own may not contradict. `export` is given every
    link and every mark as a line of JSON or of text, for a verification elsewhere.
    """
    walk = Walk()
    found = _guards() or _start(walk, since)
    found = found or _walk(walk, _anchors(since, kept), export)
    walk.waiting = AuditPending.objects.count()
    return walk, found or _never_linked()


def _start(walk: Walk, since: int) -> Break | None:
    """Begin behind what was cut off, or at the anchor that was asked for."""
    last = AuditCut.objects.order_by("-through").first()
    if last is not None:
        if not is_genuine(last):
            return Break(last.through, "forged", "the mark of what was cut off is not signed by us")
        walk.number, walk.hash, walk.marks = last.through, bytes(last.hash), walk.marks + 1
    if since > walk.number:
        mark = AuditAnchor.objects.filter(number=since).first()
        if mark is None or not is_genuine(mark):
            return Break(since, "missing", "there is no anchor of ours at this number")
        walk.number, walk.hash = since, bytes(mark.hash)
    return None


def _walk(walk: Walk, anchors: Iterator[AuditAnchor], export: Callable[[str], object] | None) -> Break | None:
    mark = next(anchors, None)
    while rows := _links_after(walk.number):
        for row in rows:
            if found := _look(walk, row, rows):
                return found
            number, _, here = row[:BEFORE_ENTRY]
            walk.links, walk.number, walk.hash = walk.links + 1, number, bytes(here)
            if export is not None:
                export(_as_json(row))
            while mark is not None and mark.number <= number:
                if found := _hold_against(mark, walk):
                    return found
                if export is not None:
                    export(as_line(mark))
                walk.marks += 1
                mark = next(anchors, None)
    while mark is not None and mark.number <= walk.number:
        if found := _hold_against(mark, walk):
            return found
        walk.marks += 1
        mark = next(anchors, None)
    if mark is not None:
        return Break(walk.number + 1, "truncated", f"an anchor knows the chain up to {mark.number}")
    return None


def _look(walk: Walk, row: Row, near: list[Row]) -> Break | None:
    """Say what is wrong with the link that should follow, if anything is."""
    number, previous, here = row[0], bytes(row[1]), bytes(row[2])
    expected, covered = walk.number + 1, row[BEFORE_ENTRY:]
    if number != expected:
        return Break(expected, "missing", f"the next link is {number}")
    if covered[0] is None:
        return Break(number, "missing", "its entry is not there")
    if digest(number, previous, covered) != here:
        if _belongs_elsewhere(number, row, near):
            return Break(number, "reordered", "its hash belongs to another place of the chain")
        return Break(number, "changed", "its entry or its link is not what was hashed")
    if previous != walk.hash:
        return Break(number, "changed", "it does not follow the link before")
    return None


def _belongs_elsewhere(number: int, row: Row, near: list[Row]) -> bool:
    previous, here, covered = bytes(row[1]), bytes(row[2]), row[BEFORE_ENTRY:]
    moved = any(digest(other, previous, covered) == here for other in range(max(1, number - NEAR), number + NEAR))
    around = [other for other in near if abs(other[0] - number) <= NEAR and other[BEFORE_ENTRY] is not None]
    return moved or any(digest(number, previous, other[BEFORE_ENTRY:]) == here for other in around)


def _hold_against(mark: AuditAnchor, walk: Walk) -> Break | None:
    if not is_genuine(mark):
        return Break(mark.number, "forged", "an anchor is not signed by us")
    if mark.number == walk.number and bytes(mark.hash) != walk.hash:
        return Break(mark.number, "rewritten", "the chain holds together, and an anchor remembers another one")
    return None


def _anchors(since: int, kept: Iterable[AuditAnchor]) -> Iterator[AuditAnchor]:
    """Yield the database's anchors and the kept ones, by number; those of what was cut off have nothing to say."""
    cut_off = AuditCut.objects.order_by("-through").values_list("through", flat=True).first() or 0
    rows = AuditAnchor.objects.filter(number__gt=max(since, cut_off)).order_by("number").iterator(chunk_size=BATCH)
    waiting = sorted((mark for mark in kept if mark.number > max(since, cut_off)), key=lambda mark: mark.number)
    for row in rows:
        while waiting and waiting[0].number <= row.number:
            yield waiting.pop(0)
        yield row
    yield from waiting


def _links_after(number: int) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT l.number, l.previous, l.hash, {COVERED} FROM common_auditlink l"  # noqa: S608
            " LEFT JOIN common_auditentry e ON e.id = l.entry_id WHERE l.number > %s ORDER BY l.number LIMIT %s",
            [number, BATCH],
        )
        return list(cursor.fetchall())


def _never_linked() -> Break | None:
    """Find an entry that is in no queue and in no link: it was put in behind the product's back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT e.id FROM common_auditentry e"
            " WHERE NOT EXISTS (SELECT FROM common_auditlink l WHERE l.entry_id = e.id)"
            " AND NOT EXISTS (SELECT FROM common_auditpending p WHERE p.entry_id = e.id) LIMIT 1"
        )
        row = cursor.fetchone()
    return Break(0, "inserted", f"the entry with the id {row[0]} was never given a place") if row else None


def _guards() -> Break | None:
    """Say which trigger is gone or disabled that keeps the rows as they are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname, t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE c.relname = ANY(%s) AND t.tgname = ANY(%s) AND t.tgenabled IN ('O', 'A')",
            [list(GUARDED), list(GUARDS)],
        )
        there = set(cursor.fetchall())
    for table in GUARDED:
        for guard in GUARDS:
            if (table, guard) not in there:
                return Break(0, "unguarded", f"the trigger {guard} of {table} is gone or disabled")
    return None


def _as_json(row: Row) -> str:
    number, previous, here = row[0], bytes(row[1]), bytes(row[2])
    return json.dumps([VERSION, number, previous.hex(), *row[BEFORE_ENTRY:], here.hex()], separators=(",", ":"))


__all__ = ["AuditEntry", "AuditLink", "Break", "Walk", "verify"]
