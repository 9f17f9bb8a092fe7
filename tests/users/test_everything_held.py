"""Whatever table knows a person is in the copy of a person's data and in the erasure, or it is said here why not.

Tables are found by themselves: a foreign key to a person, a donor or a doctor, or a column for a number or an address.
A new table fails both tests until its app's `personal_data.py` exports it and its handler of `account.erased` empties
it, or a line below gives the reason.
"""

from __future__ import annotations

import re

import pytest
from django.apps import apps
from django.db import connection, models
from django.test.utils import CaptureQueriesContext

from common import outbox
from tests.appointments.factories import make_doctor
from tests.factories import PASSWORD, make_donor
from users import personal_data
from users.services import erasure

pytestmark = pytest.mark.django_db
ROOT = "users.User"
ADDRESSES = re.compile(r"(^|_)(phone|email)$|^to$|^(user|person|donor|patient|doctor|owner|requester)_id$")

NOT_EXPORTED = {
    "admin.LogEntry": "what an administrator did in the product's name; the audit log holds it too",
    "users.RecoveryCode": "digests of codes that stand in for that secret",
    "users.SecondFactor": "a secret of administrators; that it was set up is exported",
    "users.OtpChallenge": "codes for minutes; knows a number, and no account",
    "partners.Partner": "an organisation",
    "partners.Member": "a partner's account, which the partner's owner manages",
    "requests_app.Ask": "who was asked: each ask is a message in the export",
    "requests_app.Standby": "a place in a queue for hours, shown in the app",
    "chat.ChatSide": "how far one has read; the messages are exported",
    "chat.ChatBlock": "that administrators stopped somebody's writing; whoever it is sees so in the app",
    "payments.CouponUse": "that a coupon was used: the charge that is exported shows the discount",
    "payments.QuotaCounter": "how much of a plan was used this month",
    "payments.Account": "the ledger's account; what went through it is exported as payments and payouts",
    "appointments.DoctorEvent": "what administrators did with a registration; how it stands is exported",
    "appointments.NoteAddendum": "exported with its note, where there is one",
    "appointments.SharedHaemoglobin": "that an exported observation speaks for giving; ended where it is seen",
    "payments.InvoiceCounter": "a counter of a seller's invoices; the invoices are exported",
    "orders.Rider": "whom a partner sends, in the partner's words",
    "notifications.OptOut": "that a number wants no messages; knows no account",
    "notifications.Announcement": "which administrator wrote what to everybody",
    "notifications.ChannelTerms": "which administrator set what a message may cost",
    "notifications.Wording": "which administrator wrote a text of the product",
    "notifications.Delivery": "how each message of the export was sent",
}
STAYS = {
    "admin.LogEntry": "what an administrator did",
    "users.Document": "deleted with its file by `forget_documents` (tests/users/test_documents.py)",
    "partners.Partner": "an organisation",
    "partners.Member": "a partner's account, which the partner's owner ends",
    "users.RecoveryCode": "goes with its second factor, which an erasure deletes",
    "users.SecondFactorEvent": "who set up and reset administrators' telephones; with nobody's name",
    "users.ScoreEntry": "belongs to visits, which stay as the law asks; with nobody's name",
    "users.IdentityAttestation": "how a dialogue ended, for a month; an open one is ended",
    "donations.Donation": "the trace that the law asks for; with nobody's name",
    "requests_app.Ask": "who was asked when; with nobody's name, and deleted with the trace",
    "orders.Rider": "whom a partner sends",
    **dict.fromkeys(
        (f"payments.{name}" for name in ("CouponUse", "Purchase", "Payment", "Payout", "Account", "Invoice")),
        "the books, which the Companies Act wants kept for eight years",
    ),
    "chat.ChatSide": "holds numbers and no words; deleted with its conversation, or the trace",
    "chat.ChatBlock": "that administrators stopped somebody's writing; deleted with the trace",
    "payments.InvoiceCounter": "a counter",
    "payments.QuotaCounter": "a counter of a month",
    "payments.ReferralCode": "a code that leads to nobody any more",
    "payments.Referral": "that credits were given for somebody's coming; with nobody's name",
    "donations.Invitation": "ends by itself with the promise or the place in a camp; holds a day and no name",
    "appointments.RecordRead": "the log of who read; deleted with the trace",
    "appointments.NoteAddendum": "records that a doctor signed, for three years at least; deleted with the trace",
    "appointments.Analysis": "deleted with its file; what a doctor has signed stays as a record",
    "appointments.Observation": "deleted with its file; what a doctor has signed stays as a record",
    "notifications.Delivery": "deleted with its notification",
    "notifications.Announcement": "what administrators did, in the product's name",
    "notifications.ChannelTerms": "what administrators did, in the product's name",
    "notifications.Wording": "what administrators did, in the product's name",
    "notifications.OptOut": "a number that wants no messages must go on getting none, whoever has it",
}


def people() -> set[str]:
    """Return the tables of which a row is a person."""
    found = {ROOT}
    for model in apps.get_models():
        for field in model._meta.fields:
            if isinstance(field, models.OneToOneField) and field.related_model._meta.label in found:
                found.add(model._meta.label)
    return found


def tables() -> list[type[models.Model]]:
    rows = people()
    return [
        model
        for model in apps.get_models()
        if model._meta.label in rows
        or any(field.is_relation and field.related_model._meta.label in rows for field in model._meta.fields)
        or any(ADDRESSES.search(field.name) for field in model._meta.fields if not field.is_relation)
    ]


TABLES = {model._meta.label: model._meta.db_table for model in tables()}


def named_in(queries: list[dict[str, str]], *verbs: str) -> str:
    return "\n".join(query["sql"] for query in queries if not verbs or query["sql"].lstrip().startswith(verbs))


def test_every_table_that_knows_a_person_is_in_the_copy_or_has_a_reason():
    doctor = make_doctor()
    make_donor(user=doctor.user)

    with CaptureQueriesContext(
        connection,
    ) as asked:
        personal_data.export(doctor.user_id)

    sql = named_in(asked.captured_queries)
    missing = [label for label, table in TABLES.items() if f'"{table}"' not in sql and label not in NOT_EXPORTED]
    assert missing == [], (
        f"{missing} know people and are in no copy: register a `Holding` in the app's personal_data.py (and its name in"
        " KINDS of tests/users/test_export.py), or give the reason in NOT_EXPORTED"
    )


def test_every_table_that_knows_a_person_is_in_the_erasure_or_has_a_reason():
    doctor = make_doctor()
    donor = make_donor(user=doctor.user)
    donor.user.set_password(PASSWORD)
    donor.user.save()

    with CaptureQueriesContext(connection) as asked:
        erasure.erase(user_id=donor.pk, password=PASSWORD)
        outbox.drain()

    sql = named_in(asked.captured_queries)
    missing = [label for label, table in TABLES.items() if f'"{table}"' not in sql and label not in STAYS]
    assert missing == [], (
        f"{missing} know people and no erasure looks at them: forget them in a handler of `account.erased` (or by"
        " `leaves_traces` what the law keeps), or give the reason in STAYS"
    )


def test_every_reason_is_about_a_table_that_is_there():
    assert set(NOT_EXPORTED) | set(STAYS) <= set(TABLES)


def test_the_walk_finds_the_tables_that_are_known():
    assert {"users.Donor", "notifications.Delivery", "partners.Member", "appointments.Doctor"} <= set(TABLES)
