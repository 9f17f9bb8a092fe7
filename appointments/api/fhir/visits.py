"""Appointments as FHIR resources, for the two who meet."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from rest_framework import serializers

from appointments.models import Appointment
from appointments.selectors import booking
from appointments.states import AppointmentStatus
from common.api.fhir import FHIRView, ResourceType, SearchQuery, bundle, instant, label, moment, period_of, reference
from common.api.fhir import resource as made
from common.api.views import Request, Response, read_query
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson

# http://hl7.org/fhir/appointmentstatus
STATUSES: Final = {
    AppointmentStatus.HELD: "pending",
    AppointmentStatus.CONFIRMED: "booked",
    AppointmentStatus.IN_PROGRESS: "arrived",
    AppointmentStatus.COMPLETED: "fulfilled",
    AppointmentStatus.LAPSED: "cancelled",
    AppointmentStatus.CANCELLED: "cancelled",
    AppointmentStatus.MISSED: "noshow",
}
SECONDS: Final = 60  # in a minute


class AppointmentQuery(SearchQuery):
    status = serializers.ChoiceField(sorted(set(STATUSES.values())), required=False)


class AppointmentsView(FHIRView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]
    resource_type = ResourceType.APPOINTMENT
    searches = {"_id": "token", "date": "date", "status": "token"}

    def get(self, request: Request) -> Response:
        """Yours, as the patient or as the doctor, newest first; `date` is when they begin."""
        query = read_query(AppointmentQuery, request)
        period = period_of(request.query_params.getlist("date"))
        found = booking.appointments_of_person(
            request.user.pk,
            appointment_id=query.get("_id"),
            statuses=[own for own, shown in STATUSES.items() if shown == query.get("status")],
            begin=period.lookups("starts_at"),
        )
        return bundle(found, appointment, request)


class AppointmentView(FHIRView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]
    resource_type = ResourceType.APPOINTMENT

    def get(self, request: Request, pk: UUID) -> Response:
        """One of them."""
        found = booking.one(booking.appointments_of_person(request.user.pk), pk)
        return Response(appointment(found))


def appointment(row: Appointment) -> dict[str, Any]:
    """Return an appointment at this moment; a hold that is over is cancelled."""
    stands = row.stands
    is_checked_in = stands is AppointmentStatus.CONFIRMED and row.checked_in_at is not None
    patient = {"reference": f"{ResourceType.PATIENT}/{row.patient_id}"}
    return made(
        ResourceType.APPOINTMENT,
        row.pk,
        {
            "meta": moment(row.updated_at),
            "status": "checked-in" if is_checked_in else STATUSES[stands],
            "cancelationReason": label(row.ended_by) if row.ended_by else None,
            "serviceType": [label(row.get_kind_display())],
            "reasonCode": [label(row.told_reason)] if row.told_reason else [],
            "start": instant(row.starts_at),
            "end": instant(row.ends_at),
            "minutesDuration": int((row.ends_at - row.starts_at).total_seconds()) // SECONDS,
            "created": instant(row.created_at),
            "participant": [
                {"actor": patient, "status": "accepted"},
                {
                    "actor": reference(ResourceType.PRACTITIONER, row.doctor_id, row.doctor.full_name),
                    "status": "accepted",
                },
            ],
        },
    )
