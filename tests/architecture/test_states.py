"""Every state machine is its table, and the database knows the same states."""

from __future__ import annotations

import re
from enum import StrEnum
from io import StringIO
from itertools import product

import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from common.errors import IllegalTransition
from common.transitions import advance
from config.catalogue import tables

TABLES = tables()
COLUMNS = {
    "appointments.analysis.states.ANALYSIS_TRANSITIONS": ("appointments.Analysis", "status"),
    "appointments.analysis.states.FILE_TRANSITIONS": ("appointments.MedicalFile", "status"),
    "appointments.analysis.states.OBSERVATION_TRANSITIONS": ("appointments.Observation", "status"),
    "appointments.analysis.states.SCAN_TRANSITIONS": ("appointments.FileVersion", "scan"),
    "appointments.records.states.NOTE_TRANSITIONS": ("appointments.VisitNote", "status"),
    "appointments.records.states.PRESCRIPTION_TRANSITIONS": ("appointments.Prescription", "status"),
    "appointments.records.states.REFERRAL_TRANSITIONS": ("appointments.DoctorReferral", "status"),
    "notifications.webhooks.states.ENDPOINT_TRANSITIONS": ("notifications.WebhookEndpoint", "status"),
    "notifications.webhooks.states.WEBHOOK_TRANSITIONS": ("notifications.WebhookDelivery", "status"),
    "orders.states.BOOKING_TRANSITIONS": ("orders.CourierBooking", "status"),
    "appointments.states.APPOINTMENT_TRANSITIONS": ("appointments.Appointment", "status"),
    "appointments.states.MEETING_TRANSITIONS": ("appointments.Meeting", "status"),
    "appointments.states.DOCTOR_TRANSITIONS": ("appointments.Doctor", "status"),
    "appointments.states.WAITING_TRANSITIONS": ("appointments.Waiting", "status"),
    "chat.states.REPORT_TRANSITIONS": ("chat.Report", "status"),
    "orders.states.ORDER_TRANSITIONS": ("orders.Order", "status"),
    "donations.states.CAMP_TRANSITIONS": ("donations.Camp", "status"),
    "donations.states.ENROLMENT_TRANSITIONS": ("donations.Enrolment", "status"),
    "donations.states.INVITATION_TRANSITIONS": ("donations.Invitation", "status"),
    "notifications.states.ANNOUNCEMENT_TRANSITIONS": ("notifications.Announcement", "status"),
    "notifications.states.DELIVERY_TRANSITIONS": ("notifications.Delivery", "status"),
    "notifications.states.TICKET_TRANSITIONS": ("notifications.SupportTicket", "status"),
    "partners.states.COMPLAINT_TRANSITIONS": ("partners.Complaint", "status"),
    "partners.states.TRANSITIONS": ("partners.Partner", "status"),
    "payments.states.CHARGE_TRANSITIONS": ("payments.Charge", "status"),
    "payments.states.COUPON_USE_TRANSITIONS": ("payments.CouponUse", "status"),
    "payments.states.DISPUTE_TRANSITIONS": ("payments.Dispute", "status"),
    "payments.states.PAYMENT_TRANSITIONS": ("payments.Payment", "status"),
    "payments.states.PAYOUT_ACCOUNT_TRANSITIONS": ("payments.PayoutAccount", "status"),
    "payments.states.PAYOUT_TRANSITIONS": ("payments.Payout", "status"),
    "payments.states.PURCHASE_TRANSITIONS": ("payments.Purchase", "status"),
    "payments.states.REFUND_TRANSITIONS": ("payments.Refund", "status"),
    "payments.states.SUBSCRIPTION_TRANSITIONS": ("payments.Subscription", "status"),
    "requests_app.states.ASSIGNMENT_TRANSITIONS": ("requests_app.Assignment", "status"),
    "requests_app.states.FAMILY_TRANSITIONS": ("requests_app.AttenderRequest", "status"),
    "requests_app.states.REQUEST_TRANSITIONS": ("requests_app.BloodRequest", "status"),
    "requests_app.states.SOURCE_TRANSITIONS": ("requests_app.AttenderStep", "status"),
    "stock.states.TRANSFER_TRANSITIONS": ("stock.Transfer", "status"),
    "stock.states.UNIT_TRANSITIONS": ("stock.Unit", "status"),
    "users.states.ATTESTATION_TRANSITIONS": ("users.IdentityAttestation", "status"),
}
each_table = pytest.mark.parametrize("name", sorted(TABLES))


def states_of(name: str) -> type[StrEnum]:
    return type(next(state for state, _ in TABLES[name]))


def test_every_table_is_known_to_this_test():
    assert set(TABLES) == set(COLUMNS)


@each_table
def test_every_pair_of_state_and_step_leads_where_the_table_says_or_is_refused(name):
    table, states = TABLES[name], states_of(name)
    verbs = {verb for _, verb in table}

    for state, verb in product(states, verbs):
        if (state, verb) in table:
            assert advance(table, state, verb) is table[state, verb]
        else:
            with pytest.raises(IllegalTransition):
                advance(table, state, verb)


@each_table
def test_a_table_is_written_in_members_of_one_set(name):
    states = states_of(name)

    assert all(isinstance(start, states) and isinstance(end, states) for (start, _), end in TABLES[name].items())


@each_table
def test_every_state_but_the_first_can_be_reached(name):
    table, states = TABLES[name], states_of(name)
    model, column = COLUMNS[name]
    default = apps.get_model(model)._meta.get_field(column).default
    reached, waiting = set(), {next(iter(states)), *({default} if isinstance(default, states) else set())}
    while waiting:
        state = waiting.pop()
        reached.add(state)
        waiting |= {end for (start, _), end in table.items() if start == state} - reached

    assert reached == set(states)


@pytest.mark.django_db
@each_table
def test_the_database_knows_exactly_these_states(name):
    model, column = COLUMNS[name]
    table = apps.get_model(model)._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'",
            [table],
        )
        found = [text for (text,) in cursor.fetchall() if re.match(rf"CHECK \(\(\(?{column}\)?::text = ANY", text)]

    assert len(found) == 1
    assert set(re.findall(r"'([^']+)'::", found[0])) == set(states_of(name))


@each_table
def test_the_longest_state_fits_its_column(name):
    model, column = COLUMNS[name]

    assert max(map(len, states_of(name))) <= apps.get_model(model)._meta.get_field(column).max_length


def test_the_page_of_states_is_up_to_date():
    printed = StringIO()
    call_command("print_states", stdout=printed)

    page = (settings.BASE_DIR / "docs" / "states.md").read_text(encoding="utf-8")
    assert page == printed.getvalue(), "python manage.py print_states > docs/states.md"
