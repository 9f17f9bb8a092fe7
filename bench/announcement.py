"""An announcement to a city: counted, prepared batch by batch, and stopped halfway, with flat memory."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from django.db import connection

from bench import crowd
from bench.frame import Report, analyse, grown_by, ms, own_database, say, timed
from common import clock, outbox
from common.db import unit_of_work
from common.models import LiveChange
from common.money import Currency
from notifications.models import Announcement, Delivery, Notification, PushDevice
from notifications.services import announcing, batching, budgeting
from notifications.states import AnnouncementStatus, Channel
from users.models import User

TITLE = "announcement: to 100 000 people by SMS and WhatsApp, and by push"
PEOPLE = 100_000
DEAF = 50  # every so many have said STOP to SMS
EVERY = 5  # so many people have an app that was in touch, on a device that takes push messages
OWN_HOURS = 10  # every so many have quiet hours of their own, of as many kinds as there are hours
BAR = 20.0  # seconds
MEMORY_BAR = 64 * 2**20  # bytes


def run(report: Report) -> None:
    with own_database():
        say(f"  {PEOPLE:,} people ...")
        crowd.add_donors(PEOPLE)
        _languages_and_wishes()
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
        analyse("users_user", "users_donor", "notifications_optout", "notifications_messagesettings")
        _warm_up(admin)
        row = _written(admin, audience="donors")
        counted = timed(lambda: announcing.estimate(row))
        report.tell(f"estimate: {announcing.estimate(row).people:,} people, segments and cost", ms(counted))
        announcing.schedule(announcement_id=row.pk, admin_id=admin.pk, typed_count=announcing.estimate(row).people)
        _prepare(report, row, messages=2 * PEOPLE)
        halved = timed(lambda: _cancel(row, admin))
        report.tell("cancelled: every queued message dropped", ms(halved))
        _by_push(report, admin)


def _by_push(report: Report, admin: User) -> None:
    """A second one, to people of whom some have a device and may be looking."""
    _devices()
    analyse("users_session", "notifications_pushdevice")
    row = _written(admin, audience="donors", channels=["push"])
    announcing.schedule(announcement_id=row.pk, admin_id=admin.pk, typed_count=announcing.estimate(row).people)
    _prepare(report, row, messages=PEOPLE // EVERY)
    shown = timed(outbox.drain)
    told = LiveChange.objects.count()
    if told != PEOPLE // EVERY:
        raise RuntimeError(f"{told:,} live streams were told")
    report.tell(f"the relay, beside it: {told:,} changes for live streams", ms(shown))


def _prepare(report: Report, row: Announcement, *, messages: int) -> None:
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
    told = Notification.objects.filter(subject_id=row.pk).count()
    written = Delivery.objects.filter(notification__subject_id=row.pk).count()
    if (row.people_done, told, written) != (PEOPLE, PEOPLE, messages):
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


def _written(admin: User, *, audience: str, channels: Sequence[str] = ("sms", "whatsapp")) -> Announcement:
    words = {"title_en": "A blood donation day", "body_en": "On Sunday all centres of the city are open until 18:00."}
    hindi = {"title_hi": "रक्तदान दिवस", "body_hi": "रविवार को शहर के सभी केंद्र 18:00 बजे तक खुले हैं।"}
    until = clock.now() + dt.timedelta(days=2)
    with unit_of_work():
        return announcing.write(
            announcement_id=None,
            admin_id=admin.pk,
            values={**words, **hindi, "audience": audience, "channels": list(channels), "valid_until": until},
        )


def _languages_and_wishes() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE users_user SET language = (ARRAY['en', 'hi', 'bn'])[1 + right(phone, 4)::int % 3]")
        cursor.execute(
            "INSERT INTO notifications_optout (phone, channel, created_at) "
            "SELECT phone, 'sms', now() FROM users_user WHERE right(phone, 6)::int %% %s = 0",
            [DEAF],
        )
        cursor.execute(
            "INSERT INTO notifications_messagesettings (user_id, quiet_from, quiet_until, updated_at) "
            "SELECT id, make_time(n %% 24, 0, 0), make_time((n + 8) %% 24, 0, 0), now() "
            "FROM (SELECT id, right(phone, 6)::int AS n FROM users_user) AS u WHERE n %% %s = 1",
            [OWN_HOURS],
        )


def _devices() -> None:
    token = PushDevice._meta.get_field("token").get_db_prep_value("token", connection)
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO users_session "
            "(id, account_id, refresh_jti, device, created_at, last_used_at, expires_at) "
            "SELECT gen_random_uuid(), id, gen_random_uuid(), '', now(), now(), now() + interval '1 day' "
            "FROM users_user WHERE phone LIKE '+917%%' AND right(phone, 6)::int %% %s = 0",
            [EVERY],
        )
        cursor.execute(
            "INSERT INTO notifications_pushdevice "
            "(id, user_id, session_id, token, token_digest, platform, app_version, language, created_at, seen_at) "
            "SELECT gen_random_uuid(), account_id, id, %s, id::text, 'android', '1.0', '', now(), now() "
            "FROM users_session",
            [token],
        )
