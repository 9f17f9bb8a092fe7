"""What the scheduler does to many rows at once: 100 000 expired requests, 100 000 locks that are over."""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection

from bench import crowd, people
from bench.frame import Report, analyse, grown_by, ms, own_database, say, timed
from common import clock
from requests_app import jobs as request_jobs
from requests_app.models import Assignment, BloodRequest
from users import jobs as user_jobs
from users.models import Donor

TITLE = "sweeps: what is due, all at once"
ROWS = 100_000
MISSES = 1000
BAR = 10.0  # seconds
MEMORY_BAR = 64 * 2**20  # bytes


def run(report: Report) -> None:
    with own_database():
        owner = people.make_hospital(crowd.CENTRE)
        say(f"  {ROWS:,} donors ...")
        crowd.add_donors(ROWS)
        _warm_up(owner)
        _expired_requests(owner)
        _sweep(report, f"{ROWS:,} expired requests, each with a running wave", request_jobs.expire_requests)
        _locked_donors()
        _sweep(report, f"{ROWS:,} donors to unlock", user_jobs.unlock_donors)
        _late_promises(owner)
        analyse("users_donor", "requests_app_bloodrequest", "requests_app_assignment")
        missed, took = 0, 0.0

        def miss() -> None:
            nonlocal missed
            missed = request_jobs.miss_unvisited_assignments()

        took = timed(miss)
        report.tell(f"promises missed, one transaction each: {missed:,}", f"{ms(took)}, {missed / took:,.0f}/s")


def _sweep(report: Report, what: str, job: Callable[[], int]) -> None:
    say(f"  {what} ...")
    done, took = 0, 0.0

    def act() -> None:
        nonlocal done
        done = job()

    def timed_act() -> None:
        nonlocal took
        took = timed(act)

    grown = grown_by(timed_act)
    if done != ROWS:
        raise RuntimeError(f"{what}: {done:,} rows were touched, not {ROWS:,}")
    report.hold(what, f"{ms(took)}, {done / took:,.0f} rows/s", "< 10 s", holds=took < BAR)
    if grown is not None:
        what = f"{what}: growth of memory"
        report.hold(what, f"{grown / 2**20:.1f} MiB", "< 64 MiB", holds=grown < MEMORY_BAR)


def _warm_up(owner: people.Member) -> None:
    """Let what is loaded once be loaded before memory is looked at."""
    _insert_requests(owner, 5, "now() - interval '1 minute'")
    request_jobs.expire_requests()
    user_jobs.unlock_donors()


def _expired_requests(owner: people.Member) -> None:
    _insert_requests(owner, ROWS, "now() - interval '1 minute'")
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO requests_app_wave (
                id, request_id, number, kind, radius_km, asked, answered, started_at, stop_reason
            )
            SELECT gen_random_uuid(), id, 1, 'ring', 10, 20, 0, now() - interval '1 hour', ''
            FROM requests_app_bloodrequest WHERE status = 'open'
            """
        )
    analyse("requests_app_bloodrequest", "requests_app_wave")


def _insert_requests(owner: people.Member, count: int, expires_at: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO requests_app_bloodrequest (
                id, partner_id, posted_by_id, status, blood_group, component, units, units_promised, units_fulfilled,
                urgency, needed_by, expires_at, radius_km, note, lat, lng, cancel_reason, created_at, updated_at
            )
            SELECT gen_random_uuid(), %s, %s, 'open', 'B+', 'red_cells', 3, 0, 0,
                'urgent', {expires_at}, {expires_at}, 10, '', %s, %s, '', now(), now()
            FROM generate_series(1, %s)
            """,
            [owner.partner_id, owner.pk, owner.partner.lat, owner.partner.lng, count],
        )


def _locked_donors() -> None:
    Donor.objects.update(locked_until=clock.now())
    analyse("users_donor")


def _late_promises(owner: people.Member) -> None:
    """Give each of some donors a request of his own and a promise whose hour has passed."""
    _insert_requests(owner, MISSES, "now() + interval '1 day'")
    requests = list(BloodRequest.objects.filter(status="open").values_list("pk", flat=True))
    BloodRequest.objects.filter(pk__in=requests).update(units_promised=1)
    donors = Donor.objects.order_by("pk").values_list("pk", flat=True)[:MISSES]
    long_ago = clock.now() - request_jobs.GRACE * 2
    Assignment.objects.bulk_create(
        Assignment(
            request_id=request,
            donor_id=donor,
            distance_km=1,
            attempts_left=5,
            expires_at=long_ago,
            accepted_at=long_ago,
        )
        for request, donor in zip(requests, donors, strict=True)
    )
