"""What is held of a person: summed up, and copied."""

from __future__ import annotations

import uuid

import pytest

from common import outbox
from tests.factories import make_donor, make_promise, make_request, make_user, person_client
from users import personal_data
from users.models import Deferral

KINDS = {
    "account",
    "appointments",
    "attendances",
    "calendar_feed",
    "complaints",
    "certificates",
    "chat_messages",
    "chat_reports",
    "follow_ups",
    "consents",
    "consult_ratings",
    "deferrals",
    "devices",
    "doctor_availability",
    "doctor_referrals",
    "doctor_registration",
    "documents",
    "donations",
    "donor_profile",
    "enrolments",
    "family_ratings",
    "friends",
    "family_requests",
    "identity",
    "invoices",
    "identity_attestations",
    "medical_files",
    "medical_records",
    "message_choices",
    "message_links",
    "messages",
    "observations",
    "orders",
    "past_donations",
    "patient_profile",
    "payments",
    "payouts",
    "plans",
    "prescriptions",
    "promises",
    "push_devices",
    "ratings",
    "record_grants",
    "record_reads",
    "score",
    "second_factor",
    "support_tickets",
    "visit_answers",
    "waitlist",
}
pytestmark = pytest.mark.django_db


def test_the_summary_says_of_each_kind_why_by_whom_and_for_how_long():
    rows = person_client(make_user()).get("/api/v1/me/data-summary").json()

    assert {row["name"] for row in rows} == KINDS
    assert all(row["why"] and row["seen_by"] and row["kept"] for row in rows)
    assert {row["name"]: row["count"] for row in rows}["account"] == 1


def test_the_export_holds_what_the_summary_counts():
    donor = make_donor()
    request = make_request()
    outbox.drain()  # asks the donor
    promise = make_promise(request, donor)
    user = donor.user
    Deferral.objects.create(donor=user.donor, code="tattoo", occurred_on="2030-01-02")
    client = person_client(user)

    summary = {row["name"]: row["count"] for row in client.get("/api/v1/me/data-summary").json()}
    copied = client.get("/api/v1/me/export").json()

    assert {name: len(rows) for name, rows in copied["holdings"].items()} == summary
    assert copied["holdings"]["account"][0]["phone"] == user.phone
    assert copied["holdings"]["deferrals"][0]["code"] == "tattoo"
    assert copied["holdings"]["promises"][0]["id"] == str(promise.assignment.pk)
    assert summary["messages"] > 0


def test_the_export_holds_nobody_else_s_data():
    stranger = make_promise(donor=make_donor()).assignment.donor.user
    outbox.drain()

    text = person_client(make_donor().user).get("/api/v1/me/export").content.decode()

    assert stranger.phone not in text
    assert str(stranger.pk) not in text


def test_the_export_holds_no_secret():
    promise = make_promise(donor=make_donor())
    user = promise.assignment.donor.user

    text = person_client(user).get("/api/v1/me/export").content.decode()

    for secret in (promise.code, promise.assignment.code_digest, "password", "refresh_jti", "code_digest"):
        assert secret not in text


def test_copies_are_limited():
    client = person_client(make_user())

    assert [client.get("/api/v1/me/export").status_code for _ in range(11)] == [200] * 10 + [429]


def test_no_two_kinds_of_data_share_a_name():
    held = personal_data.summary(uuid.uuid4())[0].holding

    with pytest.raises(ValueError, match="held already"):
        personal_data.hold(held)
