"""An administrator's say over doctors, in the administration."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from appointments.models import Doctor, DoctorEvent
from common.models import OutboxEvent
from tests.appointments.factories import make_doctor
from users.models import User

pytestmark = pytest.mark.django_db
DOCTORS = reverse("admin:appointments_doctor_changelist")
STEPS = [
    ("approve", "pending", "live"),
    ("reject", "pending", "rejected"),
    ("suspend", "live", "suspended"),
    ("reinstate", "suspended", "live"),
]


@pytest.fixture
def site(client):
    """A browser signed in as an administrator."""
    client.force_login(User.objects.create_superuser("+918800000001", "seven quiet tamarinds", name="Admin"))
    return client


def act(site, action, *doctors, reason="The council says so."):
    said = {"action": action, "_selected_action": [str(doctor.pk) for doctor in doctors], "reason": reason}
    return site.post(DOCTORS, said, follow=True).content.decode()


def status_of(doctor):
    return Doctor.objects.get(pk=doctor.pk).status


@pytest.mark.parametrize(("action", "before", "after"), STEPS)
def test_each_action_takes_its_step_in_the_administrators_name(site, action, before, after):
    doctor = make_doctor(status=before)

    act(site, action, doctor)

    line = DoctorEvent.objects.get()
    assert (status_of(doctor), line.verb) == (after, action)
    assert line.actor == f"admin:{User.objects.get(is_superuser=True).pk}"
    assert OutboxEvent.objects.filter(name__startswith=f"doctor.{action[:5]}").count() == 1


@pytest.mark.parametrize("action", ["reject", "suspend"])
def test_what_the_doctor_reads_needs_a_reason(site, action):
    doctor = make_doctor(status={"reject": "pending", "suspend": "live"}[action])

    page = act(site, action, doctor, reason=" ")

    assert "Give a reason." in page
    assert not DoctorEvent.objects.exists()


def test_one_that_refuses_does_not_hold_up_the_others(site):
    pending, rejected = make_doctor(status="pending"), make_doctor(status="rejected")

    act(site, "approve", rejected, pending)

    assert (status_of(rejected), status_of(pending)) == ("rejected", "live")


def test_staff_who_may_only_look_see_no_action(client):
    staff = User.objects.create_user("+918800000002", "seven quiet tamarinds", name="Clerk", is_staff=True)
    staff.user_permissions.add(Permission.objects.get(codename="view_doctor"))
    client.force_login(staff)
    doctor = make_doctor(status="pending")

    act(client, "approve", doctor)

    assert client.get(DOCTORS).status_code == 200
    assert status_of(doctor) == "pending"


def test_the_card_shows_a_registration_and_its_documents(site):
    doctor = make_doctor(status="pending")

    page = site.get(reverse("admin:appointments_doctor_change", args=[doctor.pk])).content.decode()

    assert doctor.registration_number in page
    assert "Nothing is there." in page
