"""Entries of the ledger: how fast they are posted, and the trial balance over a million of them."""

from __future__ import annotations

import threading
import time

from django.db import connection

from bench.frame import Report, analyse, ms, own_database, postgres_version, repeated, say, timed
from common.db import unit_of_work
from common.money import Currency, Money
from payments import selectors
from payments.services.ledger import Holder, credit, debit, post_entry
from payments.states import AccountKind

TITLE = "ledger: posting balanced entries, and the trial balance"
ENTRIES = 1_000_000
POSTED, THREADS = 1000, 4
BAR = 1.0  # seconds
SOURCE, WAITING, SOLD = (
    Holder(AccountKind.GATEWAY, detail="stripe"),
    Holder(AccountKind.SUSPENSE),
    Holder(AccountKind.REVENUE),
)
PRICE = Money(310_000, Currency.INR)


def run(report: Report) -> None:
    with own_database():
        _post(0)
        alone = timed(lambda: [_post(number) for number in range(1, POSTED)])
        report.tell(
            f"one thread, {POSTED:,} transactions of one entry of three sides", f"{POSTED / alone:,.0f} entries/s"
        )
        together = timed(_rush)
        rate = THREADS * POSTED / together
        report.tell(f"{THREADS} threads on the same three accounts", f"{rate:,.0f} entries/s")
        _load()
        with unit_of_work():
            totals = selectors.trial_balance()
        if any(totals.values()):
            raise RuntimeError(f"the ledger does not balance: {totals}")
        took = repeated(lambda _: timed(selectors.trial_balance), most=9, least=3)
        report.hold(f"trial balance over {ENTRIES:,} entries", took, "< 1 s", holds=took.slowest < BAR)
        report.tell("the same by account", ms(timed(selectors.account_totals)))
        report.note(
            f"{postgres_version()}. The million is written by SQL, with triggers off; what is posted has them on."
        )


def _post(number: int) -> None:
    with unit_of_work():
        post_entry(
            kind="bench",
            reference=f"bench:{number}",
            lines=[
                debit(SOURCE, PRICE),
                credit(WAITING, Money(300_000, Currency.INR)),
                credit(SOLD, Money(10_000, Currency.INR)),
            ],
        )


def _rush() -> None:
    def post(first: int) -> None:
        for number in range(first, first + POSTED):
            _post(number)
        connection.close()

    threads = [threading.Thread(target=post, args=(10_000_000 * (n + 1),)) for n in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _load() -> None:
    """Write the million in one go: whether entries balance is then asked for all of them together."""
    say(f"  {ENTRIES:,} entries ...")
    began = time.perf_counter()
    tables = ("payments_entry", "payments_posting")
    with connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(
            """
            WITH made AS (
                INSERT INTO payments_entry (reference, kind, created_at)
                SELECT 'load:' || n, 'bench', now() FROM generate_series(1, %s) AS n RETURNING id
            )
            INSERT INTO payments_posting (entry_id, account_id, amount_minor, currency)
            SELECT made.id, account.id,
                CASE account.kind WHEN 'gateway' THEN 1 ELSE -1 END * (1 + made.id %% 997), 'INR'
            FROM made, payments_account AS account WHERE account.kind IN ('gateway', 'suspense')
            """,
            [ENTRIES],
        )
        for table in tables:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    analyse(*tables)
    say(f"  loaded in {ms(time.perf_counter() - began)}")
