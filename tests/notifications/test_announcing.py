"""Announcements: whom they reach and what they cost, told once each, stopped between batches."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from common import clock
from common.db import unit_of_work
from common.errors import IllegalTransition
from notifications import jobs
from notifications.errors import AnnouncementNotDraft, AnnouncementTooLate, AudienceEmpty, CountNotConfirmed
from notifications.models import Announcement, AnnouncementEvent, Delivery, Notification, OptOut
from notifications.owners import Owner
from notifications.services import announcing, batching, delivering, spreading
from notifications.services.choosing import choose
from notifications.states import Channel, DeliveryStatus, QuietMode
from tests.appointments.factories import make_doctor
from tests.factories import KM, PUNE, make_donor, make_user, person_client
from tests.notifications.campaign_scenes import make_administrator, send_off, set_terms, work_off, write
from tests.notifications.factories import add_device
from tests.partners.factories import make_member, make_partner
from users.models import User

pytestmark = pytest.mark.django_db
LATE = dt.datetime(2030, 5, 1, 18, 0, tzinfo=dt.UTC)  # 23:30 in Asia/Kolkata


@pytest.fixture
def admin() -> User:
    return make_administrator()


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batching, "BATCH", 2)


def told() -> set[Any]:
    return set(Notification.objects.filter(kind="announcement").values_list("user__name", "member__name"))


def people(*names: str) -> set[Any]:
    return {(name, None) for name in names}


def statuses() -> list[str]:
    return sorted(Delivery.objects.values_list("status", flat=True))


@pytest.fixture
def town() -> None:
    """Asha (O-, Pune, 1 km), Bilal (A+, Pune, 30 km, Hindi), Chitra (no donor, Mumbai), a doctor, a member in Pune."""
    make_donor(user=make_user(name="Asha", lat=PUNE[0] + KM, lng=PUNE[1]))
    bilal = make_user(name="Bilal", language="hi", lat=PUNE[0] + 30 * KM, lng=PUNE[1])
    make_donor(user=bilal, blood_group="A+")
    make_user(name="Chitra", city="Mumbai")
    make_user(name="Gone", is_active=False, city="Pune")
    make_member(make_partner(city="Pune", state="Maharashtra", lat=PUNE[0], lng=PUNE[1]), name="Meena")
    make_member(make_partner(status="suspended", city="Pune", state="Maharashtra"), name="Stopped")


AUDIENCES = [
    ({"audience": "donors"}, people("Asha", "Bilal")),
    ({"audience": "donors", "blood_groups": ["A+", "B+"]}, people("Bilal")),
    ({"audience": "donors", "lat": PUNE[0], "lng": PUNE[1], "radius_km": 5}, people("Asha")),
    ({"audience": "donors", "language": "hi"}, people("Bilal")),
    ({"audience": "members", "city": "pune"}, {(None, "Meena")}),
    ({"audience": "everybody", "city": "PUNE"}, people("Asha", "Bilal") | {(None, "Meena")}),
    ({"audience": "everybody", "state": "Maharashtra"}, people("Asha", "Bilal") | {(None, "Meena")}),
    ({"audience": "everybody", "blood_groups": ["O-"]}, people("Asha")),
    ({"audience": "everybody", "city": "Mumbai"}, people("Chitra")),
]


@pytest.mark.parametrize(("audience", "expected"), AUDIENCES)
def test_an_audience_is_who_fits_all_of_it(town: None, admin: User, audience: dict[str, Any], expected: Any) -> None:
    row = write(admin, **audience)

    counted = announcing.estimate(row).people
    announcing.schedule(announcement_id=row.pk, admin_id=admin.pk)
    work_off()

    assert told() == expected
    assert counted == len(expected)


@pytest.mark.parametrize("audience", ["donors", "everybody", "members"])
def test_in_a_state_without_partners_an_audience_is_nobody(town: None, admin: User, audience: str) -> None:
    row = write(admin, audience=audience, state="Atlantis")

    assert announcing.estimate(row).people == 0
    with pytest.raises(AudienceEmpty):
        announcing.schedule(announcement_id=row.pk, admin_id=admin.pk)


def test_doctors_are_those_who_were_approved(admin: User) -> None:
    live, waiting = make_doctor(), make_doctor(status="pending")

    send_off(admin, audience="doctors")

    assert set(Notification.objects.values_list("user", flat=True)) == {live.user_id}
    assert waiting.user_id != live.user_id


def test_everybody_reads_the_own_language_or_english(town: None, admin: User) -> None:
    send_off(admin, title_hi="दान दिवस", body_hi="रविवार को आएँ।", channels=["sms", "whatsapp"])

    hindi = Delivery.objects.get(notification__user__name="Bilal", channel="sms")
    english = Delivery.objects.get(notification__user__name="Asha", channel="sms")
    assert "रविवार को आएँ।" in str(hindi.body)
    assert (hindi.language, english.language) == ("hi", "en")
    assert str(english.body) == "JeevanSetu: Come on Sunday. Reply STOP to opt out."
    assert Notification.objects.get(user__name="Bilal").title == "दान दिवस"
    assert "STOP" in str(Delivery.objects.get(notification__user__name="Asha", channel="whatsapp").body)


def test_the_inbox_has_it_also_when_no_channel_was_chosen(town: None, admin: User) -> None:
    send_off(admin, channels=[])

    asha = User.objects.get(name="Asha")
    letters = person_client(asha).get("/api/v1/me/notifications").json()["results"]
    assert [(letter["kind"], letter["body"]) for letter in letters] == [("announcement", "Come on Sunday.")]
    assert not Delivery.objects.exists()


def test_the_estimate_says_people_messages_segments_and_cost(town: None, admin: User) -> None:
    set_terms(Channel.SMS, 20, None, admin)
    OptOut.objects.create(phone=User.objects.get(name="Asha").phone, channel="sms")
    row = write(admin, body_en="x" * 200, channels=["sms", "whatsapp"])

    found = announcing.estimate(row)

    sms, whatsapp = found.by_channel["sms"], found.by_channel["whatsapp"]
    assert (found.people, sms.messages, sms.opted_out, sms.segments) == (2, 1, 1, 2)
    assert (sms.cost.minor if sms.cost else None, whatsapp.cost) == (40, None)
    assert whatsapp.messages == 2


def test_who_sends_to_many_types_how_many_they_are(town: None, admin: User, settings: Settings) -> None:
    settings.ANNOUNCEMENT_CONFIRM_ABOVE = 1
    row = write(admin)

    for typed in (None, 3):
        with pytest.raises(CountNotConfirmed):
            announcing.schedule(announcement_id=row.pk, admin_id=admin.pk, typed_count=typed)

    assert announcing.schedule(announcement_id=row.pk, admin_id=admin.pk, typed_count=2).status == "scheduled"


def test_what_was_sent_off_is_not_written_anew_unless_it_is_withdrawn(town: None, admin: User) -> None:
    row = write(admin, starts_at=clock.now() + dt.timedelta(hours=1))
    announcing.schedule(announcement_id=row.pk, admin_id=admin.pk)

    with pytest.raises(AnnouncementNotDraft), unit_of_work():
        announcing.write(announcement_id=row.pk, admin_id=admin.pk, values={"body_en": "Other words."})
    work_off()
    assert not Notification.objects.exists()

    announcing.withdraw(announcement_id=row.pk, admin_id=admin.pk)
    with unit_of_work():
        announcing.write(announcement_id=row.pk, admin_id=admin.pk, values={"body_en": "Other words."})
    assert Announcement.objects.get().body_en == "Other words."


def test_nobody_and_never_are_refused(admin: User) -> None:
    nobody = write(admin, city="Atlantis")
    with pytest.raises(AudienceEmpty):
        announcing.schedule(announcement_id=nobody.pk, admin_id=admin.pk)

    late = write(admin, valid_until=clock.now() - dt.timedelta(seconds=1))
    with pytest.raises(AnnouncementTooLate):
        announcing.schedule(announcement_id=late.pk, admin_id=admin.pk)


def test_opted_out_numbers_are_skipped_and_counted(town: None, admin: User) -> None:
    OptOut.objects.create(phone=User.objects.get(name="Asha").phone, channel="sms")

    row = send_off(admin)

    assert statuses() == ["queued", "skipped"]
    assert Delivery.objects.get(status="skipped").error_code == "opted_out"
    assert (row.people_done, row.people_total) == (2, 2)


def test_nobody_is_woken(town: None, admin: User, noon: time_machine.Coordinates, settings: Settings) -> None:
    settings.MESSAGE_QUIET_HOURS = (dt.time(21, 30), dt.time(7, 0))
    noon.move_to(LATE)

    send_off(admin)

    morning = dt.datetime(2030, 5, 2, 1, 30, tzinfo=dt.UTC)  # 07:00 in Asia/Kolkata
    assert set(Delivery.objects.values_list("run_at", flat=True)) == {morning}


def test_a_pause_stops_between_batches_and_holds_what_is_queued(
    town: None, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batching, "BATCH", 1)
    row = write(admin)
    announcing.schedule(announcement_id=row.pk, admin_id=admin.pk)
    batching.run_due()  # begins
    batching.run_due()  # the first of two

    announcing.pause(announcement_id=row.pk, admin_id=admin.pk)
    work_off()
    assert Notification.objects.count() == 1
    assert delivering.claim(limit=10, worker="w") == []

    announcing.resume(announcement_id=row.pk, admin_id=admin.pk)
    work_off()
    assert Notification.objects.count() == 2
    assert len(delivering.claim(limit=10, worker="w")) == 2


def test_cancelling_drops_what_has_not_left(town: None, admin: User, small_batches: None) -> None:
    row = send_off(admin)
    Delivery.objects.filter(notification__user__name="Asha").update(status=DeliveryStatus.SENT)

    announcing.cancel(announcement_id=row.pk, admin_id=admin.pk)
    work_off()

    assert statuses() == ["sent", "skipped"]
    assert Delivery.objects.get(status="skipped").error_code == "cancelled"
    with pytest.raises(IllegalTransition):
        announcing.resume(announcement_id=row.pk, admin_id=admin.pk)


def test_it_is_finished_when_every_message_has_left_and_the_history_says_who_did_what(town: None, admin: User) -> None:
    row = send_off(admin)
    assert jobs.finish_announcements() == 0

    Delivery.objects.update(status=DeliveryStatus.SENT)
    assert jobs.finish_announcements() == 1

    row.refresh_from_db()
    assert row.status == "finished"
    assert list(AnnouncementEvent.objects.order_by("pk").values_list("verb", flat=True)) == [
        *("write", "schedule", "start", "prepared", "finish"),
    ]


def test_a_worker_that_dies_in_a_batch_leaves_nothing_of_it_and_nobody_is_told_twice(
    town: None, admin: User, small_batches: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = write(admin, audience="everybody")
    announcing.schedule(announcement_id=row.pk, admin_id=admin.pk)
    batching.run_due()
    write_batch = spreading.tell

    def die(*args: Any, **values: Any) -> None:
        write_batch(*args, **values)
        raise KeyboardInterrupt

    monkeypatch.setattr(spreading, "tell", die)
    with pytest.raises(KeyboardInterrupt):
        batching.run_due()
    assert not Notification.objects.exists()

    monkeypatch.setattr(spreading, "tell", write_batch)
    work_off()
    # The place is lost and everything is told again: the dedupe key keeps it from being told twice.
    before = Notification.objects.count()
    Announcement.objects.update(told_to=None, part="people", prepared_at=None)
    work_off()
    assert Notification.objects.count() == before == Announcement.objects.get().people_total
    assert Delivery.objects.count() == before


def test_a_batch_costs_the_same_queries_however_many_are_in_it(admin: User) -> None:
    def queries() -> int:
        row = write(admin, channels=["sms", "push"])
        announcing.schedule(announcement_id=row.pk, admin_id=admin.pk)
        batching.run_due()
        with CaptureQueriesContext(connection) as found:
            batching.run_due()
        work_off()
        return len(found)

    def add(number: int) -> None:
        person = make_donor().user
        add_device(person, f"token-{number}")
        window = (dt.time(20, number), dt.time(8, number))
        choose(owner=Owner(user_id=person.pk), wanted={}, mode=QuietMode.OWN, window=window)

    add(0)
    one = queries()
    for number in range(1, 6):
        add(number)
    assert queries() == one


def test_an_administrator_writes_looks_at_the_estimate_and_sends_it_off_in_a_browser(town: None, admin: User) -> None:
    client = Client()
    client.force_login(admin)
    until = clock.now() + dt.timedelta(days=1)
    form = {
        "title_en": "Donation day",
        "body_en": "Come on Sunday.",
        "audience": "donors",
        "channels": ["sms"],
        "valid_until_0": f"{until:%Y-%m-%d}",
        "valid_until_1": f"{until:%H:%M:%S}",
        "events-TOTAL_FORMS": 0,
        "events-INITIAL_FORMS": 0,
    }

    written = client.post("/admin/notifications/announcement/add/", form)
    row = Announcement.objects.get()
    desk = f"/admin/notifications/announcement/{row.pk}/sending/"
    assert written.headers["Location"] == desk
    assert "<strong>2</strong> people" in client.get(desk).content.decode()
    client.post(desk, {"step": "schedule"})
    work_off()

    assert Notification.objects.count() == 2
    assert "<strong>2</strong> of 2 people" in client.get(desk).content.decode()
    assert client.get(f"/admin/notifications/notification/report/{row.pk}/").status_code == 200
    assert client.post(f"/admin/notifications/announcement/{row.pk}/change/", form).status_code == 403
