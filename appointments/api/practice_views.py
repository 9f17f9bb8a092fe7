"""What a doctor says of himself, and of his time."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from appointments.api import doctor_serializers as shapes
from appointments.api import examples
from appointments.api.permissions import IsDoctor, IsDoctorOrApplies
from appointments.errors import (
    DoctorExists,
    DoctorHasAppointments,
    DoctorSuspended,
    ExceptionPast,
    HoursEmpty,
    HoursOverlap,
    LeaveOverAppointments,
    NotADoctor,
    PlaceInUse,
    PlaceMissing,
    PlaceUnknown,
    RegisteredInFuture,
    RegistrationTaken,
    SpecialisationUnknown,
    TooManyExceptions,
    TooManyPlaces,
)
from appointments.models import Doctor
from appointments.selectors import doctors
from appointments.services import availability, registering
from appointments.services.availability import WeekRow
from appointments.states import VisitKind
from common import clock
from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, HTTPRequest, Request, Response, read
from common.errors import Busy, NotFound, RegistrationClosed
from common.throttle import spend
from users.api.authentication import PersonAuthentication
from users.errors import AccountErased, DocumentNotFound

TAG = "Doctors: practice"


class ProfileView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsDoctorOrApplies]
    doctor: Doctor

    def check_throttles(self, request: HTTPRequest) -> None:
        super().check_throttles(request)
        if request.method == "POST":
            spend("doctor_application", str(request.user.pk))

    @operation(
        "Read my registration as a doctor",
        tag=TAG,
        responses={200: shapes.DoctorProfileOut},
        refusals=[NotADoctor],
        answer=examples.PROFILE,
    )
    def get(self, request: Request) -> Response:
        """How it stands, and what everybody sees of you once it is approved."""
        return Response(shapes.DoctorProfileOut(self.doctor).data)

    @operation(
        "Register as a doctor",
        tag=TAG,
        request=shapes.DoctorApplyIn,
        responses={201: shapes.DoctorProfileOut},
        refusals=[
            *(AccountErased, DocumentNotFound, DoctorExists, RegistrationTaken),
            *(SpecialisationUnknown, RegisteredInFuture, RegistrationClosed),
        ],
        example=examples.APPLICATION,
        answer={**examples.PROFILE, "status": "pending", "approved_at": None},
    )
    def post(self, request: Request) -> Response:
        """It waits, `pending`, until an administrator has compared it with the council's register; until then nobody
        finds or books you. Once rejected, register again.
        """
        said = read(shapes.DoctorApplyIn, request)
        documents = said.pop("documents")
        doctor = registering.apply(user_id=request.user.pk, values=said, document_ids=documents)
        return Response(shapes.DoctorProfileOut(doctor).data, status=201)

    @operation(
        "Change my registration or how I work",
        tag=TAG,
        request=shapes.DoctorProfileIn,
        responses={200: shapes.DoctorProfileOut},
        refusals=[
            *(NotADoctor, NotFound, DoctorSuspended, DoctorHasAppointments, DocumentNotFound, RegistrationTaken),
            *(SpecialisationUnknown, RegisteredInFuture, Busy),
        ],
        example={"video_fee": 60000, "buffer_after_minutes": 5},
        answer=examples.PROFILE,
    )
    def patch(self, request: Request) -> Response:
        """What is left out stays. Fees, lengths and refunds hold for what is booked from now on.

        Another name, registration, qualification or specialisation goes back to an administrator: nobody finds or
        books you meanwhile, so it is refused while patients have appointments with you.
        """
        said = read(shapes.DoctorProfileIn, request, partial=True)
        documents = said.pop("documents", ())
        doctor = registering.change_profile(doctor_id=self.doctor.pk, values=said, document_ids=documents)
        return Response(shapes.DoctorProfileOut(doctor).data)


class PlacesView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsDoctor]
    doctor: Doctor

    @operation(
        "List where I see patients",
        tag=TAG,
        responses={200: shapes.PracticePlaceOut},
        refusals=[NotADoctor],
        paged=True,
        answer=examples.PLACE,
    )
    def get(self, request: Request) -> Response:
        """The newest first."""
        return paged(doctors.open_places(self.doctor.pk), shapes.PracticePlaceOut, request)

    @operation(
        "Add a place",
        tag=TAG,
        request=shapes.PracticePlaceIn,
        responses={201: shapes.PracticePlaceOut},
        refusals=[NotADoctor, NotFound, DoctorSuspended, TooManyPlaces],
        example=examples.PLACE_IN,
        answer=examples.PLACE,
    )
    def post(self, request: Request) -> Response:
        """Where you see patients in person; name it in your hours."""
        place = availability.add_place(doctor_id=self.doctor.pk, values=read(shapes.PracticePlaceIn, request))
        return Response(shapes.PracticePlaceOut(place).data, status=201)


class PlaceView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsDoctor]
    doctor: Doctor

    @operation(
        "End a place",
        tag=TAG,
        responses={204: None},
        refusals=[NotADoctor, NotFound, DoctorSuspended, PlaceInUse, Busy],
    )
    def delete(self, request: Request, place_id: UUID) -> Response:
        """See nobody there any more; refused while hours or appointments to come are there."""
        availability.end_place(doctor_id=self.doctor.pk, place_id=place_id)
        return Response(status=204)


class HoursView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsDoctor]
    doctor: Doctor

    @operation(
        "Read my weekly hours", tag=TAG, responses={200: shapes.WeekOut}, refusals=[NotADoctor], answer=examples.WEEK
    )
    def get(self, request: Request) -> Response:
        """From Monday on, in the zone of your profile."""
        return self._week()

    @operation(
        "Set my weekly hours",
        tag=TAG,
        request=shapes.WeekIn,
        responses={200: shapes.WeekOut},
        refusals=[NotADoctor, NotFound, DoctorSuspended, HoursEmpty, HoursOverlap, PlaceMissing, PlaceUnknown, Busy],
        example={"hours": [examples.HOURS_IN]},
        answer=examples.WEEK,
    )
    def put(self, request: Request) -> Response:
        """The whole week at once, in the place of what was. Hours that end before they begin run past midnight and are
        kept as two rows. What is booked stays booked.
        """
        rows = [week_row(row) for row in read(shapes.WeekIn, request)["hours"]]
        availability.set_week(doctor_id=self.doctor.pk, rows=rows)
        return self._week()

    def _week(self) -> Response:
        return Response(shapes.WeekOut({"zone": self.doctor.zone, "hours": doctors.week_of(self.doctor.pk)}).data)


class ExceptionsView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsDoctor]
    doctor: Doctor

    @operation(
        "List my leave and extra hours",
        tag=TAG,
        responses={200: shapes.ExceptionOut},
        refusals=[NotADoctor],
        paged=True,
        answer=examples.EXCEPTION,
    )
    def get(self, request: Request) -> Response:
        """What is not over, the last to be written first."""
        return paged(doctors.exceptions_of(self.doctor.pk, clock.now()), shapes.ExceptionOut, request)

    @operation(
        "Take leave, or add hours",
        tag=TAG,
        request=shapes.ExceptionIn,
        responses={201: shapes.ExceptionOut},
        refusals=[
            *(NotADoctor, NotFound, DoctorSuspended, ExceptionPast, HoursEmpty, HoursOverlap, LeaveOverAppointments),
            *(PlaceMissing, PlaceUnknown, TooManyExceptions),
        ],
        example=examples.EXCEPTION_IN,
        answer=examples.EXCEPTION,
    )
    def post(self, request: Request) -> Response:
        """Leave over appointments is refused and names them in `appointments`, so that no patient is forgotten: move
        them first, or send `cancel_booked`. Extra hours stand in for the weekly ones of their time.
        """
        said = read(shapes.ExceptionIn, request)
        times = {"doctor_id": self.doctor.pk, "starts_at": said["starts_at"], "ends_at": said["ends_at"]}
        note = said.get("note", "")
        if said["leave"]:
            made = availability.add_leave(**times, note=note, cancel_booked=said["cancel_booked"])
        else:
            kinds = [VisitKind(kind) for kind in said["kinds"]]
            made = availability.add_hours(**times, kinds=kinds, place=said.get("place"), note=note)
        return Response(shapes.ExceptionOut(made).data, status=201)


class ExceptionView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsDoctor]
    doctor: Doctor

    @operation(
        "Take leave or extra hours back",
        tag=TAG,
        responses={204: None},
        refusals=[NotADoctor, NotFound, DoctorSuspended, Busy],
    )
    def delete(self, request: Request, exception_id: UUID) -> Response:
        """What is booked stays booked."""
        availability.end_exception(doctor_id=self.doctor.pk, exception_id=exception_id)
        return Response(status=204)


def week_row(said: dict[str, Any]) -> WeekRow:
    return WeekRow(**{**said, "kinds": [VisitKind(kind) for kind in said["kinds"]]})
