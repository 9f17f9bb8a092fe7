"""Which doctors may call; the refusals are `not_a_doctor`, `doctor_not_live` and `doctor_suspended`."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from appointments.errors import DoctorNotLive, DoctorSuspended, NotADoctor
from appointments.models import Doctor
from appointments.selectors.doctors import find_doctor_of_user
from appointments.states import DoctorStatus
from users.api.permissions import IsPerson


class IsDoctor(BasePermission):
    """Signed in as a person who has registered as a doctor: for the own profile and availability.

    One who is suspended reads them, and changes nothing. The doctor is `view.doctor` from then on.
    """

    live_only: ClassVar[bool] = False

    def has_permission(self, request: Request, view: APIView) -> bool:
        person: Any = request.user
        if not IsPerson().has_permission(request, view):
            return False
        doctor = find_doctor_of_user(person.pk)
        if doctor is None:
            raise NotADoctor
        self.check(doctor, writes=request.method not in SAFE_METHODS)
        view.doctor = doctor  # type: ignore[attr-defined]
        return True

    def check(self, doctor: Doctor, *, writes: bool) -> None:
        """Raises: DoctorSuspended, DoctorNotLive."""
        if doctor.state is DoctorStatus.SUSPENDED and (writes or self.live_only):
            raise DoctorSuspended
        if self.live_only and not doctor.is_live:
            raise DoctorNotLive


class IsLiveDoctor(IsDoctor):
    """A doctor whom an administrator has approved: for patients, appointments and money."""

    live_only = True


class IsDoctorOrApplies(IsDoctor):
    """Everybody who is signed in may register; the rest is for who has."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if request.method == "POST":
            return IsPerson().has_permission(request, view)
        return super().has_permission(request, view)
