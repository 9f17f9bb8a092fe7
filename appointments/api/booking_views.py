"""Appointments, as patients book and keep them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from appointments import errors
from appointments.api import booking_examples as examples
from appointments.api import booking_shapes as shapes
from appointments.selectors import booking as selectors
from appointments.services import booking, ending, holding, moving, visiting, waiting
from appointments.states import Every, VisitKind
from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read, read_query
from common.errors import IllegalTransition, NotFound
from payments.errors import QuotaExceeded
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson

TAG = "Appointments"
BOOKING = [
    NotFound,
    errors.OwnPatient,
    errors.SlotNotOffered,
    errors.SlotTaken,
    errors.PatientBusy,
    errors.TooManyHolds,
    QuotaExceeded,
]


def shown(request: Request, appointment_id: UUID, *, status: int = 200) -> Response:
    row = selectors.one(selectors.appointments_of_patient(request.user.pk), appointment_id)
    return Response(shapes.AppointmentDetailOut(row).data, status=status)


def wish_in(body: dict[str, Any]) -> dict[str, Any]:
    return {
        "doctor_id": body["doctor"],
        "starts_at": body["starts_at"],
        "kind": VisitKind(body["kind"]),
        "reason": body["reason"],
    }


class AppointmentsView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "List my appointments",
        tag=TAG,
        query=[shapes.AppointmentQuery],
        responses={200: shapes.AppointmentOut},
        paged=True,
        answer=examples.ROW,
    )
    def get(self, request: Request) -> Response:
        """Your own, the latest time first. A hold that nobody paid for in time is `lapsed`."""
        query = read_query(shapes.AppointmentQuery, request)
        rows = selectors.filtered(selectors.appointments_of_patient(request.user.pk), **query)
        return paged(rows, shapes.AppointmentOut, request, ordering="-starts_at")

    @operation(
        "Book an appointment",
        tag=TAG,
        request=shapes.AppointmentIn,
        responses={201: shapes.AppointmentDetailOut},
        refusals=[*BOOKING, errors.AttachedFileUnknown],
        example={**examples.WISH, "files": []},
        answer=examples.DETAIL,
    )
    def post(self, request: Request) -> Response:
        """The time is `held` until `hold_expires_at`; `payment` says what to pay with `POST /payments`. Where nothing
        is to be paid before the visit it is `confirmed` at once. Price and refund rule stay as they are now."""
        body = read(shapes.AppointmentIn, request)
        row = booking.book(patient_id=request.user.pk, **wish_in(body), file_ids=body["files"])
        return shown(request, row.pk, status=201)


class SeriesListView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Book a series",
        tag=TAG,
        request=shapes.SeriesIn,
        responses={201: shapes.SeriesOut},
        refusals=BOOKING,
        example=examples.SERIES,
        answer={"id": examples.DOCTOR, "appointments": [examples.ROW]},
    )
    def post(self, request: Request) -> Response:
        """All the times, the same by the doctor's clock, or none. Each is an appointment of its own, held for an hour
        and paid for by itself."""
        body = read(shapes.SeriesIn, request)
        rows = booking.book_series(
            patient_id=request.user.pk, **wish_in(body), every=Every(body["every"]), times=body["times"]
        )
        return series_shown(request, rows[0].series, status=201)


class SeriesCancelView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Cancel a series",
        tag=TAG,
        request=shapes.AppointmentCancelIn,
        responses={200: shapes.SeriesOut},
        refusals=[NotFound],
        example={"reason": "I feel well again."},
        answer={"id": examples.DOCTOR, "appointments": [{**examples.ROW, "status": "cancelled", "payment": None}]},
    )
    def post(self, request: Request, series: UUID) -> Response:
        """Every visit that is still to come, each by its own refund rule."""
        ending.cancel_series(series=series, patient_id=request.user.pk, **read(shapes.AppointmentCancelIn, request))
        return series_shown(request, series)


def series_shown(request: Request, series: UUID | None, *, status: int = 200) -> Response:
    rows = selectors.of_series(request.user.pk, series) if series else []
    return Response(shapes.SeriesOut({"id": series, "appointments": rows}).data, status=status)


class AppointmentView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Read an appointment",
        tag=TAG,
        responses={200: shapes.AppointmentDetailOut},
        refusals=[NotFound],
        answer=examples.DETAIL,
    )
    def get(self, request: Request, appointment_id: UUID) -> Response:
        """One of yours, with its history."""
        return shown(request, appointment_id)


class AppointmentCancelView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Cancel an appointment",
        tag=TAG,
        request=shapes.AppointmentCancelIn,
        responses={200: shapes.AppointmentDetailOut},
        refusals=[NotFound, IllegalTransition, errors.AppointmentOver],
        example={"reason": "I feel well again."},
        answer={**examples.BOOKED, "status": "cancelled", "ended_by": "patient"},
    )
    def post(self, request: Request, appointment_id: UUID) -> Response:
        """What you paid goes back wholly until `refund_rule.full_until`, then `late_percent` of it, and nothing once
        the visit should have begun. It stays counted in your plan."""
        reason = read(shapes.AppointmentCancelIn, request)
        ending.cancel_as_patient(appointment_id=appointment_id, patient_id=request.user.pk, **reason)
        return shown(request, appointment_id)


class AppointmentConfirmView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Take a time that is held for me",
        tag=TAG,
        responses={200: shapes.AppointmentDetailOut},
        refusals=[NotFound, IllegalTransition, errors.AppointmentUnpaid],
        answer=examples.BOOKED,
    )
    def post(self, request: Request, appointment_id: UUID) -> Response:
        """For a follow-up or an offer of the waitlist that needs no payment before the visit."""
        holding.agree(appointment_id=appointment_id, patient_id=request.user.pk)
        return shown(request, appointment_id)


class AppointmentMoveView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Move an appointment",
        tag=TAG,
        request=shapes.AppointmentMoveIn,
        responses={200: shapes.AppointmentDetailOut},
        refusals=[
            NotFound,
            IllegalTransition,
            errors.SlotNotOffered,
            errors.SlotTaken,
            errors.PatientBusy,
            errors.TooLateToReschedule,
            errors.RescheduledTooOften,
        ],
        example={"starts_at": "2030-05-07T10:00:00+05:30"},
        answer={**examples.BOOKED, "starts_at": "2030-05-07T04:30:00Z", "sequence": 1},
    )
    def post(self, request: Request, appointment_id: UUID) -> Response:
        """To another free time of the doctor's, up to three times and until an hour before. Where that is taken, the
        old one stays yours. Nothing is paid again."""
        body = read(shapes.AppointmentMoveIn, request)
        moving.reschedule(appointment_id=appointment_id, patient_id=request.user.pk, starts_at=body["starts_at"])
        return shown(request, appointment_id)


class CheckInView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Check in",
        tag=TAG,
        responses={200: shapes.AppointmentDetailOut},
        refusals=[NotFound, IllegalTransition, errors.CheckInClosed],
        answer=examples.BOOKED,
    )
    def post(self, request: Request, appointment_id: UUID) -> Response:
        """Say that you are there: from 30 minutes before the visit until its end."""
        visiting.check_in(appointment_id=appointment_id, patient_id=request.user.pk)
        return shown(request, appointment_id)


class DoctorAbsentView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Say that the doctor did not come",
        tag=TAG,
        responses={200: shapes.AppointmentDetailOut},
        refusals=[NotFound, IllegalTransition, errors.TooEarlyToMiss, errors.DoctorIsThere],
        answer={**examples.BOOKED, "status": "missed", "ended_by": "doctor"},
    )
    def post(self, request: Request, appointment_id: UUID) -> Response:
        """From 15 minutes after the beginning, of a visit that was not started. What you paid goes back."""
        ending.miss_as_patient(appointment_id=appointment_id, patient_id=request.user.pk)
        return shown(request, appointment_id)


class WaitView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Wait for a doctor",
        tag=TAG,
        request=shapes.WaitIn,
        responses={201: shapes.WaitOut},
        refusals=[
            NotFound,
            errors.OwnPatient,
            errors.WaitlistDaysInvalid,
            errors.AlreadyWaiting,
            errors.TooManyWaits,
        ],
        example=examples.WAIT_WISH,
        answer=examples.WAIT,
    )
    def post(self, request: Request, doctor_id: UUID) -> Response:
        """A time that becomes free on these days is held for the first who waits, for 15 minutes; then for the next."""
        body = read(shapes.WaitIn, request)
        wish = {**body, "kind": VisitKind(body["kind"])}
        row = waiting.join(doctor_id=doctor_id, patient_id=request.user.pk, **wish)
        return Response(shapes.WaitOut(row).data, status=201)


class WaitsView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "List whom I wait for",
        tag=TAG,
        responses={200: shapes.WaitOut},
        paged=True,
        answer=examples.WAIT,
    )
    def get(self, request: Request) -> Response:
        """Where you wait, and what is offered to you."""
        return paged(selectors.waits_of(request.user.pk), shapes.WaitOut, request)


class WaitLeaveView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Wait no more",
        tag=TAG,
        responses={204: None},
        refusals=[NotFound, IllegalTransition],
    )
    def delete(self, request: Request, waiting_id: UUID) -> Response:
        """An offer is refused by cancelling its appointment."""
        waiting.leave(waiting_id=waiting_id, patient_id=request.user.pk)
        return Response(status=204)
