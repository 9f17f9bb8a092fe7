"""Doctors as everybody finds them."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from rest_framework.permissions import AllowAny

from appointments.api import doctor_serializers as shapes
from appointments.api.examples import FOUND_DOCTOR, PUBLIC_DOCTOR, RATING, SLOTS, SPECIALISATION
from appointments.errors import ConsultRated, NotRateable, OwnRating, PeriodTooLong
from appointments.selectors import doctors, searching, slots
from appointments.selectors.searching import Wanted
from appointments.services import rating
from appointments.states import DoctorOrder, VisitKind
from common import clock
from common.api.pagination import page_after, paged
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read, read_query
from common.errors import NotFound
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson

TAG = "Doctors"
LONGEST = dt.timedelta(days=31)


class SpecialisationsView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    reads_replica = True

    @operation(
        "List specialisations",
        tag=TAG,
        responses={200: shapes.SpecialisationOut},
        many=True,
        public=True,
        answer=SPECIALISATION,
    )
    def get(self, request: Request) -> Response:
        """The fields of medicine by which doctors are found, by their English names."""
        return Response(shapes.SpecialisationOut(doctors.specialisations(), many=True).data)


class DoctorsView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    reads_replica = True

    @operation(
        "Find a doctor",
        tag=TAG,
        query=[shapes.SearchIn],
        responses={200: shapes.FoundDoctorOut},
        paged=True,
        public=True,
        answer=FOUND_DOCTOR,
    )
    def get(self, request: Request) -> Response:
        """Who is free first comes first, unless `order` says otherwise; the free times shown are those of this moment.

        `city`, or `lat` and `lng`, find those who see patients in person there. With `available_by` a page may be
        shorter than `limit`: follow `next` until it is null. There is no `previous`.
        """
        said = read_query(shapes.SearchIn, request)
        wanted, order = shapes.wanted_of(said), DoctorOrder(said["order"])
        page, following = page_after(searching.doctors_for(wanted, order), request, shapes.POSITIONS[order])
        found = searching.shown(page, wanted, clock.now())
        shown = shapes.FoundDoctorOut(found, many=True).data
        return Response({"next": following, "previous": None, "results": shown})


class DoctorView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    reads_replica = True

    @operation(
        "Show a doctor",
        tag=TAG,
        responses={200: shapes.PublicDoctorOut},
        refusals=[NotFound],
        public=True,
        answer=PUBLIC_DOCTOR,
    )
    def get(self, request: Request, doctor_id: UUID) -> Response:
        """Registration, fees, places, and what goes back of the fee when you cancel."""
        found = searching.shown([doctors.get_live_doctor(doctor_id)], Wanted(), clock.now())
        return Response(shapes.PublicDoctorOut(found[0]).data)


class SlotsView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]

    @operation(
        "List a doctor's free times",
        tag=TAG,
        query=[shapes.SlotsIn],
        responses={200: shapes.SlotsOut},
        refusals=[NotFound, PeriodTooLong],
        public=True,
        answer=SLOTS,
    )
    def get(self, request: Request, doctor_id: UUID) -> Response:
        """What can be booked now: nothing in the past, nothing that is booked, held or too soon.

        Where nothing is free in the period, `empty_because` says why, and `next_free_at` where to look.
        """
        asked = read_query(shapes.SlotsIn, request)
        if not dt.timedelta() < asked["to"] - asked["from"] <= LONGEST:
            raise PeriodTooLong
        doctor = doctors.get_live_doctor(doctor_id)
        kind = VisitKind(asked["kind"]) if "kind" in asked else None
        found = slots.free_times(doctor, asked["from"], asked["to"], kind, clock.now())
        return Response(shapes.SlotsOut(shapes.slots_shown(found, asked.get("zone", doctor.zone))).data)


class RatingsView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    reads_replica = True

    @operation(
        "List a doctor's ratings",
        tag=TAG,
        responses={200: shapes.DoctorRatingOut},
        refusals=[NotFound],
        paged=True,
        public=True,
        answer=RATING,
    )
    def get(self, request: Request, doctor_id: UUID) -> Response:
        """What patients said after a consult, newest first, without their names."""
        return paged(doctors.ratings_of(doctor_id), shapes.DoctorRatingOut, request)


class RateView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    @operation(
        "Rate a consult",
        tag="Appointments",
        request=shapes.DoctorRatingIn,
        responses={201: shapes.DoctorRatingOut},
        refusals=[NotFound, NotRateable, ConsultRated, OwnRating],
        example={"stars": 5, "comment": "Took the time to explain."},
        answer=RATING,
    )
    def post(self, request: Request, appointment_id: UUID) -> Response:
        """Once, when it is completed. Everybody reads the comment: write nothing of your health into it."""
        said = read(shapes.DoctorRatingIn, request)
        rated = rating.rate_doctor(appointment_id=appointment_id, patient_id=request.user.pk, **said)
        return Response(shapes.DoctorRatingOut(rated).data, status=201)
