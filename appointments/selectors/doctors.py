"""Doctors as others may read them."""

from __future__ import annotations

import uuid

from appointments.models import Doctor
from appointments.states import DoctorStatus
from common.errors import NotFound


def find_doctor_of_user(user_id: uuid.UUID) -> Doctor | None:
    """Return the person's registration as a doctor, in any state."""
    return Doctor.objects.filter(user_id=user_id).first()


def get_live_doctor(doctor_id: uuid.UUID) -> Doctor:
    """Return a doctor whom everybody may find. Raises: NotFound"""
    doctor = Doctor.objects.select_related("user").filter(pk=doctor_id, status=DoctorStatus.LIVE).first()
    if doctor is None:
        raise NotFound
    return doctor
