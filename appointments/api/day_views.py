"""Appointments, as doctors see and run them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from appointments import errors
from appointments.api import booking_examples as examples
from appointments.api import booking_shapes as shapes
from appointments.api.permissions import IsLiveDoctor
from appointments.models import Doctor
from appointments.selectors import booking as selectors
from appointments.services import booking, ending, visiting
from appointments.states import VisitKind
from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read, read_query
from common.errors import IllegalTransition, NotFound
from payments import payout_selectors
from payments.parties import Party
from users.api.authentication import PersonAuthentication

TAG = "Doctors' appointments"
DOCTORS = [errors.NotADoctor, errors.DoctorNotLive, errors.DoctorSuspended]


class _DoctorView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsLiveDoctor]
    audited = True
    doctor: Doctor

    def shown(self, appointment_id: UUID, *, status: int = 200) -> Response:
        row = selectors.one(selectors.appointments_of_doctor(self.doctor.pk), appointment_id)
        return Response(shapes.DoctorAppointmentDetailOut(row).data, status=status)

    def of(self, appointment_id: UUID) -> dict[str, Any]:
        return {"appointment_id": appointment_id, "doctor_id": self.doctor.pk}


class DayView(_DoctorView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsLiveDoctor]
    reads_health = "appointments"

    @operation(
        "List my patients' appointments",
        tag=TAG,
        query=[shapes.DoctorDayQuery],
        responses={200: shapes.DoctorAppointmentOut},
        refusals=DOCTORS,
        paged=True,
        answer=examples.THEIRS,
    )
    def get(self, request: Request) -> Response:
        """In order of time; what has lapsed only with `status=lapsed`. `date` is a day by your own clock."""
        query = read_query(shapes.DoctorDayQuery, request)
        day = query.pop("date", None)
        if day is not None:
            query["since"], query["until"] = selectors.day_of(day, self.doctor.zone)
        rows = selectors.appointments_of_doctor(self.doctor.pk)
        rows = rows if query.get("status") else selectors.without_lapsed(rows)
        return paged(selectors.filtered(rows, **query), shapes.DoctorAppointmentOut, request, ordering="starts_at")


class DoctorAppointmentView(_DoctorView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsLiveDoctor]
    reads_health = "appointment"

    @operation(
        "Read a patient's appointment",
        tag=TAG,
        responses={200: shapes.DoctorAppointmentDetailOut},
        refusals=[*DOCTORS, NotFound],
        answer=examples.THEIRS_DETAIL,
    )
    def get(self, request: Request, appointment_id: UUID) -> Response:
        """One of yours, with its history."""
        return self.shown(appointment_id)


class StartView(_DoctorView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsLiveDoctor]

    @operation(
        "Start a visit",
        tag=TAG,
        responses={200: shapes.DoctorAppointmentDetailOut},
        refusals=[*DOCTORS, NotFound, IllegalTransition, errors.TooEarlyToStart, errors.AppointmentOver],
        answer={**examples.THEIRS_DETAIL, "status": "in_progress"},
    )
    def post(self, request: Request, appointment_id: UUID) -> Response:
        """From 15 minutes before its time."""
        visiting.start(**self.of(appointment_id))
        return self.shown(appointment_id)


class CompleteView(_DoctorView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsLiveDoctor]

    @operation(
        "Complete a visit",
        tag=TAG,
        responses={200: shapes.DoctorAppointmentDetailOut},
        refusals=[*DOCTORS, NotFound, IllegalTransition],
        answer={**examples.THEIRS_DETAIL, "status": "completed"},
    )
    def post(self, request: Request, appointment_id: UUID) -> Response:
        """What was paid, less the platform's fee, is set aside to be paid out to you."""
        visiting.complete(**self.of(appointment_id))
        return self.shown(appointment_id)


class NoShowView(_DoctorView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsLiveDoctor]

    @operation(
        "Say that the patient did not come",
        tag=TAG,
        responses={200: shapes.DoctorAppointmentDetailOut},
        refusals=[*DOCTORS, NotFound, IllegalTransition, errors.TooEarlyToMiss, errors.PatientIsThere],
        answer={**examples.THEIRS_DETAIL, "status": "missed", "ended_by": "patient"},
    )
    def post(self, request: Request, appointment_id: UUID) -> Response:
        """From 15 minutes after the beginning; not of a patient who has checked in."""
        ending.miss_as_doctor(**self.of(appointment_id))
        return self.shown(appointment_id)


class DoctorCancelView(_DoctorView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsLiveDoctor]

    @operation(
        "Cancel a patient's appointment",
        tag=TAG,
        request=shapes.AppointmentReasonIn,
        responses={200: shapes.DoctorAppointmentDetailOut},
        refusals=[*DOCTORS, NotFound, IllegalTransition, errors.AppointmentOver],
        example={"reason": "I am ill myself."},
        answer={**examples.THEIRS_DETAIL, "status": "cancelled", "ended_by": "doctor"},
    )
    def post(self, request: Request, appointment_id: UUID) -> Response:
        """The patient is told, and everything that was paid goes back."""
        ending.cancel_as_doctor(**self.of(appointment_id), **read(shapes.AppointmentReasonIn, request))
        return self.shown(appointment_id)


class FollowUpView(_DoctorView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsLiveDoctor]

    @operation(
        "Propose a follow-up",
        tag=TAG,
        request=shapes.FollowUpIn,
        responses={201: shapes.DoctorAppointmentDetailOut},
        refusals=[
            *DOCTORS,
            NotFound,
            IllegalTransition,
            errors.SlotNotOffered,
            errors.SlotTaken,
            errors.PatientBusy,
        ],
        example={"starts_at": "2030-06-03T10:00:00+05:30"},
        answer={**examples.THEIRS_DETAIL, "status": "held", "origin": "follow_up", "follows": examples.ID},
    )
    def post(self, request: Request, appointment_id: UUID) -> Response:
        """After a visit was started: the time is held for the patient for two days, who takes it by paying, or by
        `POST /appointments/{id}/confirm` where nothing is due before."""
        body = read(shapes.FollowUpIn, request)
        kind = VisitKind(body["kind"]) if "kind" in body else None
        row = booking.propose_follow_up(**self.of(appointment_id), starts_at=body["starts_at"], kind=kind)
        return self.shown(row.pk, status=201)


class EarningsView(_DoctorView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsLiveDoctor]

    @operation(
        "List my earnings",
        tag=TAG,
        responses={200: shapes.EarningOut},
        refusals=DOCTORS,
        paged=True,
        answer=examples.EARNING,
    )
    def get(self, request: Request) -> Response:
        """What was paid for your visits, newest first: less the platform's fee and what went back, it is yours. Once
        the visit is over it is paid out; `payout_status` is empty until then."""
        return paged(payout_selectors.earned_by(Party.person(request.user.pk)), shapes.EarningOut, request)


class EarningTotalsView(_DoctorView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsLiveDoctor]

    @operation(
        "Read what I have earned in all",
        tag=TAG,
        responses={200: shapes.EarningTotalOut},
        refusals=DOCTORS,
        many=True,
        answer=examples.TOTAL,
    )
    def get(self, request: Request) -> Response:
        """A row for each currency, in its smallest unit."""
        rows = payout_selectors.earnings_of(Party.person(request.user.pk))
        return Response(shapes.EarningTotalOut(rows, many=True).data)


class EarningMonthsView(_DoctorView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsLiveDoctor]

    @operation(
        "Read my earnings by month",
        tag=TAG,
        responses={200: shapes.EarnedMonthOut},
        refusals=DOCTORS,
        many=True,
        answer=examples.MONTH,
    )
    def get(self, request: Request) -> Response:
        """A row for each month in which patients paid and each currency, newest first; months are by your own clock."""
        rows = payout_selectors.earnings_by_month(Party.person(request.user.pk), self.doctor.zone)
        return Response(shapes.EarnedMonthOut(rows, many=True).data)
