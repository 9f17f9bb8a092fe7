"""Stock under load: allocation out of 200 000 bags, a rush for the last ten, counts, 100 000 expired bags."""

from __future__ import annotations

import threading
import uuid
from collections import Counter

from django.db import connection

from bench import crowd, people
from bench.frame import Report, Spread, analyse, grown_by, ms, own_database, postgres_version, repeated, say, timed
from bench.match import stopwatch
from common.db import unit_of_work
from common.errors import DomainError
from stock import jobs, selectors
from stock.components import Component
from stock.models import Unit
from stock.services import reserve_units

TITLE = "allocation: which bags a recipient gets"
SIZES = (10_000, 200_000)
WANTED, SAMPLES = 3, 200
MEDIAN_BAR, GROWTH_BAR = 0.005, 2.0  # seconds; times
BUYERS, LAST = 50, 10
DUE, SWEEP_BAR, MEMORY_BAR = 100_000, 10.0, 64 * 2**20


def run(report: Report) -> None:
    with own_database():
        partner_id = people.make_hospital(crowd.CENTRE).partner_id
        report.note(f"On {postgres_version()}; all bags are one partner's. SQL: every statement of one reservation.")
        medians, asked, present = list[float](), list[int](), 0
        for size in SIZES:
            say(f"  {size:,} bags ...")
            add_units(partner_id, size - present, expires_in="(1 + n %% 30) * interval '1 day'")
            present = size
            analyse("stock_unit", "stock_stockcount")
            pick, in_sql, whole = _measure(partner_id)
            medians.append(pick.median)
            what = f"{WANTED} of {size:,} bags"
            report.hold(f"{what}: the pick in SQL", pick, "median < 5 ms", holds=pick.median < MEDIAN_BAR)
            all_sql = f"{what}: all of the reservation's SQL"
            report.hold(all_sql, in_sql, "median < 5 ms", holds=in_sql.median < MEDIAN_BAR)
            report.tell(f"{what}: whole call", whole)
            read = repeated(lambda _: timed(lambda: selectors.stock_of(partner_id)), most=SAMPLES)
            report.tell(f"counts of {size:,} bags", read)
            with stopwatch() as laps:
                selectors.stock_of(partner_id)
            asked.append(len(laps))
        growth = medians[1] / medians[0]
        report.hold(f"pick, {SIZES[1]:,} to {SIZES[0]:,}", f"{growth:.2f}x", "<= 2x", holds=growth <= GROWTH_BAR)
        same = asked[0] == asked[1]
        report.hold("queries for the counts, few bags and many", f"{asked[0]}, {asked[1]}", "as many", holds=same)
        _rush(report)
        _sweep(report, partner_id)


def _reserve(partner_id: uuid.UUID, units: int) -> None:
    with unit_of_work():
        reserve_units(
            partner_id=partner_id,
            actor="bench",
            purpose="bench:1",
            component=Component.RED_CELLS,
            blood_group="B+",  # type: ignore[arg-type]
            units=units,
        )


def _measure(partner_id: uuid.UUID) -> tuple[Spread, Spread, Spread]:
    """Return the time of the choosing statement, of all statements, and of whole reservations."""
    picks, in_sql = list[float](), list[float]()
    with stopwatch() as laps:
        for _ in range(10):
            _reserve(partner_id, WANTED)

        def once(_: int) -> float:
            laps.clear()
            took = timed(lambda: _reserve(partner_id, WANTED))
            in_sql.append(sum(laps))
            picks.append(max(laps))  # the choosing statement, or, on the safe side, whichever took longer
            return took

        whole = repeated(once, most=SAMPLES)
    return Spread(picks), Spread(in_sql), whole


def _rush(report: Report) -> None:
    partner_id = people.make_hospital(crowd.CENTRE).partner_id
    add_units(partner_id, LAST * 20, expires_in="interval '9 days'")
    Unit.objects.filter(partner_id=partner_id).exclude(
        pk__in=list(Unit.objects.filter(partner_id=partner_id, blood_group="B+").values_list("pk", flat=True)[:LAST])
    ).update(status="issued")
    outcomes, start = Counter[str](), threading.Barrier(BUYERS)

    def buy() -> None:
        start.wait(30)
        try:
            _reserve(partner_id, 1)
            outcomes["served"] += 1
        except DomainError as exc:
            outcomes[exc.code] += 1
        finally:
            connection.close()

    threads = [threading.Thread(target=buy) for _ in range(BUYERS)]
    took = timed(lambda: [*map(threading.Thread.start, threads), *map(threading.Thread.join, threads)])
    fair = outcomes == {"served": LAST, "insufficient_stock": BUYERS - LAST}
    report.hold(f"{BUYERS} buyers, {LAST} bags", f"{dict(outcomes)} in {ms(took)}", "exactly 10 served", holds=fair)


def _sweep(report: Report, partner_id: uuid.UUID) -> None:
    say(f"  {DUE:,} expired bags ...")
    add_units(partner_id, 5, expires_in="interval '-1 minute'")
    jobs.expire_units()
    add_units(partner_id, DUE, expires_in="interval '-1 minute'")
    analyse("stock_unit")
    done, took = 0, 0.0

    def act() -> None:
        nonlocal done, took

        def sweep() -> None:
            nonlocal done
            done = jobs.expire_units()

        took = timed(sweep)

    grown = grown_by(act)
    if done != DUE:
        raise RuntimeError(f"{done:,} bags were touched, not {DUE:,}")
    report.hold(f"{DUE:,} expired bags", f"{ms(took)}, {done / took:,.0f} rows/s", "< 10 s", holds=took < SWEEP_BAR)
    if grown is not None:
        growth = f"{grown / 2**20:.1f} MiB"
        report.hold("the sweep's growth of memory", growth, "< 64 MiB", holds=grown < MEMORY_BAR)


def add_units(partner_id: uuid.UUID, count: int, *, expires_in: str) -> None:
    """Insert bags of red cells of all groups, a third of them B+, with numbers nobody else has."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO stock_unit (
                id, partner_id, din, component, status, blood_group, volume_ml, anticoagulant, collected_at, expires_at,
                irradiated, leukoreduced, cmv_negative, k_negative, counted, discard_reason, created_at
            )
            SELECT
                gen_random_uuid(), %(partner)s, substr(replace(gen_random_uuid()::text, '-', ''), 1, 13), 'red_cells',
                'available', (ARRAY['B+','B+','B+','O+','O+','A+','A+','AB+','O-','B-'])[1 + n %% 10], 250, '',
                now() - interval '2 days', now() + {expires_in},
                false, n %% 2 = 0, false, false, false, '', now()
            FROM generate_series(1, %(count)s) AS n
            """,
            {"partner": partner_id, "count": count},
        )
