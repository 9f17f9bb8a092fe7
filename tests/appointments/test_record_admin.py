"""Administrators see that records are there, never what stands in them, and review broken glass."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from appointments.models import BreakGlass, Prescription, VisitNote
from appointments.services import ending
from tests.appointments.file_scenes import make_doctor
from tests.appointments.record_scenes import break_glass, make_patient, make_visit, prescribe, write_and_sign
from tests.appointments.scenes import booked, of_patient, verbs
from tests.appointments.scenes import make_doctor as make_open_doctor
from users.models import User

ADMIN = "/admin/appointments"
pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client: Client) -> Client:
    client.force_login(User.objects.create_superuser(phone="+919876500001", password="x", name="Meera"))
    return client


def test_nobody_reads_notes_or_medicines_there(office: Client) -> None:
    visit = make_visit(patient=make_patient(history="Appendix removed."))
    write_and_sign(visit)
    prescribe(visit)
    shown = "".join(
        office.get(address, follow=True).content.decode()
        for address in (
            f"{ADMIN}/visitnote/",
            f"{ADMIN}/visitnote/{VisitNote.objects.get().pk}/change/",
            f"{ADMIN}/prescription/{Prescription.objects.get().pk}/change/",
            f"{ADMIN}/patientversion/",
        )
    )

    assert "signed" in shown
    assert [word for word in ("Cough", "Cold", "Paracetamol", "Appendix", "Penicillin") if word in shown] == []


def test_nobody_reads_there_why_a_patient_comes_or_does_not(office: Client) -> None:
    row = booked(make_open_doctor(), reason="Palpitations")
    ending.cancel_as_patient(**of_patient(row), reason="The palpitations are gone.")

    shown = office.get(f"{ADMIN}/appointment/{row.pk}/change/").content.decode()

    assert "cancelled" in shown
    assert "alpitations" not in shown


@pytest.mark.parametrize("change", [lambda rows: rows.update(verb="book"), lambda rows: rows.delete()])
def test_nobody_changes_the_history_of_a_visit(change) -> None:
    row = booked(make_open_doctor())

    with pytest.raises(DatabaseError), transaction.atomic():
        change(row.events.all())

    assert verbs(row) == ["hold", "confirm"]


@pytest.mark.parametrize(
    ("action", "is_justified", "is_open"), [("justified", True, True), ("unjustified", False, False)]
)
def test_an_administrator_reviews_a_broken_glass_once(office, action, is_justified, is_open) -> None:
    row = break_glass(make_patient(), make_doctor())
    listed = office.get(f"{ADMIN}/breakglass/").content.decode()

    for _ in range(2):
        office.post(f"{ADMIN}/breakglass/", {"action": action, "_selected_action": str(row.pk)})

    row.refresh_from_db()
    review = BreakGlass.objects.get()
    assert "Unconscious." in listed
    assert (review.is_justified, row.revoked_at is None) == (is_justified, is_open)
    assert review.reviewed_by.startswith("admin:")
