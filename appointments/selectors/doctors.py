"""Doctors as they and others may read them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from typing import NamedTuple

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from appointments.models import (
    Appointment,
    Doctor,
    DoctorEvent,
    DoctorRating,
    Place,
    Specialisation,
    TimeException,
    WeeklyHours,
)
from appointments.states import AppointmentStatus, DoctorStatus
from common.errors import NotFound

AHEAD = (AppointmentStatus.CONFIRMED, AppointmentStatus.IN_PROGRESS)


class Availability(NamedTuple):
    places: QuerySet[Place]
    hours: QuerySet[WeeklyHours]
    exceptions: QuerySet[TimeException]


def specialisations() -> QuerySet[Specialisation]:
    """Return the fields of medicine that patients search by, by their English name."""
    return Specialisation.objects.order_by("name")


def people_who_practise() -> QuerySet[Doctor, uuid.UUID]:
    """Return the ids of the people who are approved doctors."""
    return Doctor.objects.filter(status=DoctorStatus.LIVE).values_list("user_id", flat=True)


def doctors_of_user(user_id: uuid.UUID) -> QuerySet[Doctor]:
    """Return the person's registration as a doctor, in any state: one row or none."""
    return Doctor.objects.filter(user=user_id)


def find_doctor_of_user(user_id: uuid.UUID) -> Doctor | None:
    """Return the person's registration as a doctor, in any state."""
    return doctors_of_user(user_id).first()


def practises(user: OuterRef) -> Exists:
    """Return, for a query of another app, whether the person is a doctor who may see patients."""
    return Exists(Doctor.objects.filter(user=user, status=DoctorStatus.LIVE))


def names_of_users(user_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """Return how the doctors among these people are called; one query."""
    return {row.user_id: row.full_name for row in Doctor.objects.filter(user__in=set(user_ids))}


def live_doctors() -> QuerySet[Doctor]:
    """Return the doctors whom everybody may find, with the places where they see patients."""
    places = Prefetch("places", Place.objects.filter(ended_at=None).order_by("pk"), to_attr="open_places")
    return Doctor.objects.filter(status=DoctorStatus.LIVE).prefetch_related(places)


def get_live_doctor(doctor_id: uuid.UUID) -> Doctor:
    """Return a doctor whom everybody may find. Raises: NotFound"""
    doctor = live_doctors().filter(pk=doctor_id).first()
    if doctor is None:
        raise NotFound
    return doctor


def application_of(doctor_id: uuid.UUID, *, following: bool = False) -> str:
    """Return the purpose that the documents of the last application are attached to, or of the `following` one."""
    number = DoctorEvent.objects.filter(doctor=doctor_id, verb="apply").count() + following
    return f"doctor:{doctor_id}:{number}"


def booked_ahead(doctor_id: uuid.UUID, now: dt.datetime) -> QuerySet[Appointment]:
    """Return what patients count on: confirmed and not over, and holds that may still be paid."""
    held = Q(status=AppointmentStatus.HELD, hold_expires_at__gt=now)
    return Appointment.objects.filter(held | Q(status__in=AHEAD), doctor=doctor_id, ends_at__gt=now)


def open_places(doctor_id: uuid.UUID) -> QuerySet[Place]:
    """Return the places where the doctor sees patients."""
    return Place.objects.filter(doctor=doctor_id, ended_at=None)


def week_of(doctor_id: uuid.UUID) -> QuerySet[WeeklyHours]:
    """Return the doctor's weekly hours, from Monday on."""
    return WeeklyHours.objects.filter(doctor=doctor_id).order_by("weekday", "from_minute", "pk")


def exceptions_of(doctor_id: uuid.UUID, since: dt.datetime) -> QuerySet[TimeException]:
    """Return the leave and the extra hours of the doctor that end later."""
    return TimeException.objects.filter(doctor=doctor_id, ends_at__gt=since)


def availability_of_user(user_id: uuid.UUID) -> Availability:
    """Return all that a doctor has said of places and times."""
    return Availability(
        Place.objects.filter(doctor__user=user_id).order_by("pk"),
        WeeklyHours.objects.filter(doctor__user=user_id).order_by("weekday", "from_minute"),
        TimeException.objects.filter(doctor__user=user_id).order_by("pk"),
    )


def ratings_of(doctor_id: uuid.UUID) -> QuerySet[DoctorRating]:
    """Return the ratings of a doctor whom everybody may find. Raises: NotFound"""
    if not Doctor.objects.filter(pk=doctor_id, status=DoctorStatus.LIVE).exists():
        raise NotFound
    return DoctorRating.objects.filter(doctor=doctor_id)


def ratings_by_patient(user_id: uuid.UUID) -> QuerySet[DoctorRating]:
    """Return how the person rated doctors."""
    return DoctorRating.objects.filter(appointment__patient=user_id)
