"""An announcement to a city: counted, prepared batch by batch, and stopped halfway, with flat memory."""

from __future__ import annotations

import datetime as dt

from django.db import connection

from bench import crowd
from bench.frame import Report, analyse, grown_by, ms, own_database, say, timed
from common import clock
from common.db import unit_of_work
from common.money import Currency
from notifications.models import Announcement, Delivery, Notification
from notifications.services import announcing, batching, budgeting
from notifications.states import AnnouncementStatus, Channel
from users.models import User

TITLE = "announcement: to 100 000 people by SMS and WhatsApp"
PEOPLE = 100_000
DEAF = 50  # every so many have said STOP to SMS
BAR = 20.0  # seconds
MEMORY_BAR = 64 * 2**20  # bytes


def run(report: Report) -> None:
    with own_database():
        say(f"  {PEOPLE:,} people ...")
        crowd.add_donors(PEOPLE)
        _languages_and_opt_outs()
        admin = User.objects.create(phone="+919800000199", name="Meera", is_staff=True)
        with unit_of_work():
            budgeting.set_terms(
                channel=Channel.SMS,
                price_minor=20,
                daily_limit_minor=None,
                currency=Currency.INR,
                reason="bench",
                admin_id=admin.pk,
            )
        analyse("users_user", "users_donor", "notifications_optout")
        _warm_up(admin)
        row = _written(admin, audience="donors")
        counted = timed(lambda: announcing.estimate(row))
        report.tell(f"estimate: {announcing.estimate(row).people:,} people, segments and cost", ms(counted))
        announcing.schedule(announcement_id=row.pk, admin_id=admin.pk, typed_count=announcing.estimate(row).people)
        _prepare(report, row)
        halved = timed(lambda: _cancel(row, admin))
        report.tell("cancelled: every queued message dropped", ms(halved))


def _prepare(report: Report, row: Announcement) -> None:
    batches, took = list[float](), 0.0

    def act() -> None:
        while batching.due():
            batches.append(timed(batching.run_due))

    def timed_act() -> None:
        nonlocal took
        took = timed(act)

    say("  preparing ...")
    grown = grown_by(timed_act)
    row.refresh_from_db()
    told, written = Notification.objects.filter(subject_id=row.pk).count(), Delivery.objects.count()
    if (row.people_done, told, written) != (PEOPLE, PEOPLE, 2 * PEOPLE):
        raise RuntimeError(f"{told:,} people were told, in {written:,} messages")
    what = f"{PEOPLE:,} people told, {written:,} messages queued or skipped"
    report.hold(what, f"{ms(took)}, {PEOPLE / took:,.0f} people/s", "< 20 s", holds=took < BAR)
    report.tell("longest batch, for which a pause waits", ms(max(batches)))
    if grown is not None:
        report.hold("growth of memory", f"{grown / 2**20:.1f} MiB", "< 64 MiB", holds=grown < MEMORY_BAR)


def _cancel(row: Announcement, admin: User) -> None:
    announcing.cancel(announcement_id=row.pk, admin_id=admin.pk)
    while batching.due():
        batching.run_due()
    left = Delivery.objects.filter(status__in=batching.WAITING).count()
    if left:
        raise RuntimeError(f"{left:,} messages are still queued")


def _warm_up(admin: User) -> None:
    """Let what is loaded once be loaded before memory is looked at."""
    row = _written(admin, audience="doctors")
    Announcement.objects.filter(pk=row.pk).update(status=AnnouncementStatus.SCHEDULED, starts_at=clock.now())
    while batching.due():
        batching.run_due()


def _written(admin: User, *, audience: str) -> Announcement:
    words = {"title_en": "A blood donation day", "body_en": "On Sunday all centres of the city are open until 18:00."}
    hindi = {"title_hi": "रक्तदान दिवस", "body_hi": "रविवार को शहर के सभी केंद्र 18:00 बजे तक खुले हैं।"}
    until = clock.now() + dt.timedelta(days=2)
    with unit_of_work():
        return announcing.write(
            announcement_id=None,
            admin_id=admin.pk,
            values={**words, **hindi, "audience": audience, "channels": ["sms", "whatsapp"], "valid_until": until},
        )


def _languages_and_opt_outs() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE users_user SET language = (ARRAY['en', 'hi', 'bn'])[1 + right(phone, 4)::int % 3]")
        cursor.execute(
            "INSERT INTO notifications_optout (phone, channel, created_at) "
            "SELECT phone, 'sms', now() FROM users_user WHERE right(phone, 6)::int %% %s = 0",
            [DEAF],
        )
