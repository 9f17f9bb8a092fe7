"""Who is told about what, and what they must not be told."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import Any

import pytest
import time_machine

from common import clock, outbox
from common.db import unit_of_work
from common.models import OutboxEvent
from notifications import handlers
from notifications.kinds import Kind
from notifications.models import Delivery, Notification
from notifications.states import Channel
from partners.models import Member
from partners.states import Role
from requests_app.models import Assignment
from requests_app.services import posting, promises, visits
from tests.factories import make_arrived, make_donor, make_hospital, make_promise, make_request
from tests.notifications.factories import make_person
from tests.partners.factories import make_member, make_partner, new_phone
from users.models import Donor, OtpChallenge
from users.services import otp
from users.states import Purpose

pytestmark = pytest.mark.django_db


def drain() -> None:
    outbox.drain()
    assert not outbox.open_events().exists(), list(OutboxEvent.objects.values_list("name", "last_error"))


def happen(name: str, key: str, **payload: Any) -> None:
    """Let nothing but this have happened, and tell it."""
    OutboxEvent.objects.all().delete()
    with unit_of_work():
        outbox.emit(name, key=key, **payload)
    drain()


def told(kind: Kind) -> list[Notification]:
    return list(Notification.objects.filter(kind=kind).order_by("pk"))


def texts(rows: Iterable[Notification]) -> str:
    bodies = Delivery.objects.filter(notification__in=[row.pk for row in rows])
    return "\n".join([*(f"{row.title} {row.body}" for row in rows), *(str(delivery.body) for delivery in bodies)])


def channels(kind: Kind) -> set[str]:
    return set(Delivery.objects.filter(notification__kind=kind).values_list("channel", flat=True))


def coordinator_of(owner: Member, **values: Any) -> Member:
    return make_member(owner.partner, name="Ravi", role=Role.COORDINATOR, **values)


def test_a_code_is_sent_once_by_sms_and_its_sealed_copy_wiped() -> None:
    phone = new_phone()
    challenge = otp.request_person_code(phone=phone, purpose=Purpose.REGISTER, language="en")

    drain()
    happen("otp.requested", f"otp:{challenge.id}", challenge=str(challenge.id))

    delivery = Delivery.objects.get()
    assert (delivery.to, delivery.channel, delivery.is_secret, delivery.priority) == (phone, Channel.SMS, True, 0)
    assert delivery.valid_until == challenge.expires_at
    code = str(delivery.body).split()[0]
    assert "for 5 min" in str(delivery.body)
    assert OtpChallenge.objects.get().code_sealed is None
    with unit_of_work():
        otp.spend_code(challenge_id=challenge.id, code=code, purpose=Purpose.REGISTER)


@pytest.mark.parametrize(
    ("purpose", "has_account", "kind"),
    [
        (Purpose.REGISTER, False, Kind.CODE),
        (Purpose.REGISTER, True, Kind.ACCOUNT_EXISTS),
        (Purpose.LOGIN, True, Kind.CODE),
        (Purpose.LOGIN, False, Kind.NO_ACCOUNT),
        (Purpose.RESET_PASSWORD, True, Kind.CODE),
        (Purpose.RESET_PASSWORD, False, Kind.NO_ACCOUNT),
    ],
)
def test_only_the_holder_of_the_number_learns_whether_it_has_an_account(
    purpose: Purpose, *, has_account: bool, kind: Kind
) -> None:
    phone = make_person().phone if has_account else new_phone()
    otp.request_person_code(phone=phone, purpose=purpose, language="en")

    drain()

    (row,) = Notification.objects.all()
    assert (row.kind, row.user_id, row.title, row.body) == (kind, None, "", "")


def test_a_code_replaced_before_it_was_sent_is_not_sent() -> None:
    challenge = otp.request_person_code(phone=new_phone(), purpose=Purpose.REGISTER, language="en")
    OtpChallenge.objects.filter(pk=challenge.id).update(closed_at=clock.now())

    drain()

    assert not Delivery.objects.exists()


def test_a_changed_password_is_told_in_the_persons_language_and_zone() -> None:
    person = make_person(language="bn", zone="Asia/Dhaka")

    happen("account.password_changed", f"user:{person.pk}", user=str(person.pk))

    (row,) = told(Kind.PASSWORD_CHANGED)
    assert row.user_id == person.pk
    assert "1 মে 12:30" in row.body


@pytest.mark.parametrize(("name", "kind"), [("donor.locked", Kind.LOCKED), ("donor.unlocked", Kind.UNLOCKED)])
def test_a_donor_learns_that_he_is_locked_and_unlocked(name: str, kind: Kind) -> None:
    donor = make_donor()

    happen(name, f"user:{donor.pk}", user=str(donor.pk))

    assert [row.user_id for row in told(kind)] == [donor.pk]


def test_a_suspended_person_is_told_nothing() -> None:
    donor = make_donor()
    type(donor.user).objects.update(is_active=False)

    happen("donor.unlocked", f"user:{donor.pk}", user=str(donor.pk))

    assert not Notification.objects.exists()


@pytest.mark.parametrize(("urgency", "priority"), [("routine", 4), ("urgent", 3), ("critical", 1)])
def test_donors_nearby_are_asked_by_sms_and_whatsapp(urgency: str, priority: int) -> None:
    donors = [make_donor(km_north=km) for km in (1, 1.5)]
    make_donor(km_north=60)

    request = make_request(urgency=urgency)
    drain()

    rows = told(Kind.ASK)
    assert {row.user_id for row in rows} == {donor.pk for donor in donors}
    assert {(row.subject_kind, row.subject_id) for row in rows} == {("request", request.pk)}
    assert {row.is_critical for row in rows} == {urgency == "critical"}
    assert channels(Kind.ASK) == {Channel.SMS, Channel.WHATSAPP}
    deliveries = Delivery.objects.filter(notification__kind=Kind.ASK)
    assert {delivery.priority for delivery in deliveries} == {priority}
    assert {delivery.valid_until for delivery in deliveries} == {request.expires_at}
    nearest = next(row for row in rows if row.user_id == donors[0].pk)
    assert "O- blood by 1 May 20:00, 1.0 km from you" in nearest.body


def test_a_relay_that_repeats_itself_asks_nobody_twice() -> None:
    """K5"""
    make_donor()
    request = make_request()
    drain()
    event = OutboxEvent.objects.get(name="request.donors_asked")

    happen("request.donors_asked", f"request:{request.pk}", **event.payload)

    assert Delivery.objects.filter(notification__kind=Kind.ASK).count() == 2


def test_a_request_that_closed_meanwhile_asks_nobody() -> None:
    make_donor()
    request = make_request()
    OutboxEvent.objects.exclude(name="request.opened").delete()
    outbox.drain(limit=1)
    Notification.objects.all().delete()
    event = OutboxEvent.objects.get(name="request.donors_asked")
    type(request).objects.update(status="cancelled")

    happen("request.donors_asked", f"request:{request.pk}", **event.payload)

    assert told(Kind.ASK) == []


def accepted() -> tuple[Member, Donor, Assignment, str]:
    owner, donor = make_hospital(), make_donor()
    promise = make_promise(make_request(owner), donor)
    return owner, donor, promise.assignment, promise.code


def test_the_partner_learns_that_a_donor_is_coming_but_not_who_nor_the_code() -> None:
    owner = make_hospital()
    coordinator = coordinator_of(owner)
    make_member(owner.partner, role=Role.INVENTORY)
    make_member(owner.partner, role=Role.COORDINATOR, is_active=False)
    donor = make_donor()
    promise = make_promise(make_request(owner, units=2), donor)
    drain()

    rows = told(Kind.DONOR_COMING)
    assert {row.member_id for row in rows} == {owner.pk, coordinator.pk}
    assert {row.user_id for row in rows} == {None}
    said = texts(rows)
    assert "A donor is coming" in said
    for secret in (promise.code, donor.user.name, donor.user.phone, donor.user.public_id):
        assert secret not in said
    assert channels(Kind.DONOR_COMING) == {Channel.SMS, Channel.WHATSAPP}
    assert told(Kind.REQUEST_FILLED) == []


def test_the_partner_learns_that_every_unit_is_promised() -> None:
    owner, *_ = accepted()
    drain()

    assert [row.member_id for row in told(Kind.REQUEST_FILLED)] == [owner.pk]


def test_the_partner_learns_that_a_donor_cancelled_and_a_standby_that_a_place_is_free() -> None:
    owner, donor, assignment, _ = accepted()
    waiting = make_donor(km_north=2)
    promises.stand_by(request_id=assignment.request_id, donor_id=waiting.pk)

    promises.cancel_promise(assignment_id=assignment.pk, donor_id=donor.pk, reason="I have a fever of 39")
    drain()

    (row,) = told(Kind.DONOR_CANCELLED)
    assert row.member_id == owner.pk
    assert "Units without a donor: 1" in row.body
    assert donor.user.name not in texts([row])
    assert "fever" not in texts([row])
    assert [row.user_id for row in told(Kind.PLACE_OFFERED)] == [waiting.pk]


def at_the_door(assignment: Assignment, owner: Member) -> dict[str, Any]:
    return {"assignment_id": assignment.pk, "partner_id": owner.partner_id, "member_id": owner.pk}


def test_a_released_donor_learns_that_nobody_waits_for_him() -> None:
    owner, donor, assignment, _ = accepted()

    visits.release(**at_the_door(assignment, owner), reason="two came")
    drain()

    (row,) = told(Kind.RELEASED)
    assert (row.user_id, row.is_critical) == (donor.pk, True)
    assert channels(Kind.RELEASED) == {Channel.SMS, Channel.WHATSAPP}


def test_a_donor_on_the_way_learns_once_that_the_request_was_cancelled() -> None:
    owner, donor, assignment, _ = accepted()

    posting.cancel_request(
        request_id=assignment.request_id, partner_id=owner.partner_id, member_id=owner.pk, reason="transferred"
    )
    drain()

    assert [row.user_id for row in told(Kind.REQUEST_CANCELLED)] == [donor.pk]
    assert told(Kind.RELEASED) == []
    assert Notification.objects.get(kind=Kind.REQUEST_CANCELLED).is_critical


def test_a_donor_who_did_not_come_learns_what_it_cost(noon: time_machine.Coordinates) -> None:
    owner, donor, assignment, _ = accepted()
    noon.move_to(assignment.expires_at)

    visits.record_no_show(**at_the_door(assignment, owner))
    drain()

    (row,) = told(Kind.MISSED)
    assert row.user_id == donor.pk
    assert "went down by 10" in row.body


def test_a_deferral_is_told_without_its_reason() -> None:
    owner, donor, assignment, code = accepted()
    visits.record_arrival(**at_the_door(assignment, owner), code=code)

    happen("assignment.deferred", f"request:{assignment.request_id}", assignment=str(assignment.pk))

    (row,) = told(Kind.DEFERRED)
    assert row.user_id == donor.pk


def test_an_arrival_is_told_to_nobody() -> None:
    make_arrived()
    drain()
    before = Notification.objects.count()
    OutboxEvent.objects.filter(name="assignment.arrived").update(done_at=None, available_at=clock.now())

    drain()

    assert Notification.objects.count() == before


def test_a_donor_is_thanked_with_the_next_date_and_the_partner_learns_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owner, donor, assignment, _ = accepted()
    facts = type(
        "Facts",
        (),
        {
            "id": assignment.pk,
            "donor_id": donor.pk,
            "partner_id": owner.partner_id,
            "donated_at": clock.now(),
            "next_eligible_on": dt.date(2030, 7, 30),
        },
    )
    monkeypatch.setattr("notifications.handlers.visits.donations.donation_facts", lambda _: facts)

    gift = {"donation": str(assignment.pk), "assignment": str(assignment.pk), "donor": str(donor.pk)}
    happen("donation.verified", f"request:{assignment.request_id}", **gift)
    happen("donation.verified", f"request:{assignment.request_id}", **gift)
    happen("request.fulfilled", f"request:{assignment.request_id}", request=str(assignment.request_id))

    (row,) = told(Kind.THANK_YOU)
    assert row.user_id == donor.pk
    assert "from 30 Jul 2030" in row.body
    assert [row.member_id for row in told(Kind.REQUEST_FULFILLED)] == [owner.pk]


def test_an_expired_request_is_told_to_the_partner() -> None:
    owner = make_hospital()
    request = make_request(owner, units=3)

    happen("request.expired", f"request:{request.pk}", request=str(request.pk))

    (row,) = told(Kind.REQUEST_EXPIRED)
    assert row.member_id == owner.pk
    assert "missing: 3 of 3" in row.body


@pytest.mark.parametrize("verb", ["registered", "approved", "rejected", "suspended", "reinstated"])
def test_an_owner_learns_how_the_partner_stands(verb: str) -> None:
    owner = make_member(make_partner(name="Marina Blood Centre"), language="hi")

    happen(f"partner.{verb}", f"partner:{owner.partner_id}", partner=str(owner.partner_id))

    (row,) = told(Kind(f"partner_{verb}"))
    assert row.member_id == owner.pk
    assert "Marina Blood Centre" in row.body


def test_a_new_member_and_no_other_is_welcomed() -> None:
    owner = make_hospital()
    coordinator = coordinator_of(owner)

    happen("member.added", f"partner:{owner.partner_id}", member=str(coordinator.pk))

    assert [row.member_id for row in told(Kind.MEMBER_ADDED)] == [coordinator.pk]


@pytest.mark.parametrize("language", ["en", "hi", "bn"])
def test_those_who_keep_the_stock_are_warned_that_it_is_low(language: str) -> None:
    owner = make_member(make_partner(name="Marina Blood Centre"), language=language)
    keeper = make_member(owner.partner, name="Meera", role=Role.INVENTORY, language=language)
    coordinator_of(owner)
    low = {"component": "red_cells", "blood_group": "O-", "minimum": 5, "available": 4}

    happen("stock.low", f"partner:{owner.partner_id}", partner=str(owner.partner_id), **low)

    rows = told(Kind.STOCK_LOW)
    assert {row.member_id for row in rows} == {owner.pk, keeper.pk}
    assert all(fact in row.body for row in rows for fact in ("Marina Blood Centre", "4", "5", "O- PRBC"))
    assert channels(Kind.STOCK_LOW) == {Channel.SMS}


@pytest.mark.parametrize("language", ["en", "hi", "bn"])
def test_those_who_keep_the_stock_learn_of_a_recall_but_not_of_what_was_found(language: str) -> None:
    owner = make_member(make_partner(name="Marina Blood Centre"), language=language)
    keeper = make_member(owner.partner, name="Meera", role=Role.INVENTORY, language=language)
    coordinator_of(owner)
    units = [str(uuid.uuid4()) for _ in range(3)]

    happen("unit.recalled", f"partner:{owner.partner_id}", partner=str(owner.partner_id), units=units)

    rows = told(Kind.UNITS_RECALLED)
    assert {row.member_id for row in rows} == {owner.pk, keeper.pk}
    assert all("Marina Blood Centre" in row.body and ": 3" in row.body for row in rows)
    assert "hiv" not in texts(rows).lower()
    assert channels(Kind.UNITS_RECALLED) == {Channel.SMS, Channel.WHATSAPP}


def test_every_event_of_the_product_that_concerns_people_is_heard() -> None:
    heard = {
        name
        for name in outbox.heard_names()
        for handler in outbox._handlers[name]
        if handler.__module__.startswith(f"{handlers.__name__}.")
    }

    assert heard == {
        *("doctor.applied", "doctor.approved", "doctor.rejected", "doctor.suspended", "doctor.reinstated"),
        *("otp.requested", "account.erased", "account.password_changed", "donor.locked", "donor.unlocked"),
        *("request.donors_asked", "request.place_offered", "request.cancelled", "request.filled"),
        *("request.fulfilled", "request.expired", "assignment.accepted", "assignment.cancelled"),
        *("assignment.released", "assignment.missed", "assignment.deferred", "donation.verified"),
        *(f"appointment.{step}" for step in ("held", "confirmed", "rescheduled", "cancelled", "missed")),
        *("email.refused", "email.verification_asked"),
        "waitlist.offered",
        *(f"partner.{verb}" for verb in ("registered", "approved", "rejected", "suspended", "reinstated")),
        *(f"family.{step}" for step in ("asked", "source_changed", "confirmed", "served", "fulfilled", "exhausted")),
        *(f"family.{step}" for step in ("refused", "expired", "cancelled")),
        "complaint.answered",
        *("member.added", "apikey.expiring", "stock.low", "unit.recalled"),
        *("camp.donors_invited", "camp.reminder_due", "camp.cancelled", "camp.finished"),
        *("assignment.reminder_due", "donor.eligible_again", "unit.issued"),
        *(
            f"transfer.{step}"
            for step in ("candidate_asked", "offered", "confirmed", "dispatched", "overdue", "received", "ended")
        ),
        *(f"order.{step}" for step in ("placed", "paid", "short", "accepted", "rejected", "packed", "dispatched")),
        *(f"order.{step}" for step in ("failed", "cancelled", "delivered", "late", "breached")),
        *(f"order.{step}" for step in ("bags_unfit", "documented", "goes_on", "money_late", "left")),
        *("payment.succeeded", "refund.succeeded", "credit.granted", "settlement.made", "bill.due", "courier.lost"),
        *("courier.there", "support.answered", "support.resolved", "budget.used_up"),
        *("dispute.opened", "dispute.won", "dispute.lost", "payout.succeeded", "payout.failed"),
        *("payee.ready", "payee.refused", "webhook.failing", "webhook.disabled"),
        *(f"subscription.{verb}" for verb in ("started", "renewed", "changed", "ended")),
        *("subscription.renewal_near", "subscription.payment_due"),
        *(f"appointment.{step}" for step in ("held", "confirmed", "rescheduled", "cancelled", "missed")),
        *("appointment.reminder_due", "appointment.money_late", "meeting.fell_back", "waitlist.offered"),
        *(f"doctor.{step}" for step in ("applied", "approved", "rejected", "suspended", "reinstated")),
        *("chat.waiting", "chat.report_decided"),
        *("analysis.finished", "analysis.failed", "analysis.signed", "file.infected"),
        *("access.glass_broken", "record.signed", "record.amended", "prescription.signed", "prescription.revoked"),
        *(f"referral.{step}" for step in ("asked", "accepted", "declined", "objected")),
    }
