"""What a doctor writes after a visit: notes and prescriptions."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse

from appointments.access import note_own_work
from appointments.api import record_examples as examples
from appointments.api import record_shapes as shapes
from appointments.api.patient_views import DOCTORS
from appointments.api.permissions import IsLiveDoctor
from appointments.api.prescription_paper import PAPER, paper
from appointments.errors import (
    DrugListMissing,
    DrugListNotAllowed,
    MedicineProhibited,
    NotesEmpty,
    NotesNotSigned,
    NotesSigned,
    PatientDetailsMissing,
    TooManyPrescriptions,
    TreatmentOver,
    VisitNotHeld,
)
from appointments.models import Doctor
from appointments.records.states import PrescriptionStatus
from appointments.selectors import records
from appointments.services import notes, prescribing
from common.api.pagination import paged
from common.api.renderers import JSONRenderer, PDFRenderer
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read
from common.errors import Busy, IllegalTransition, NotFound
from users.api.authentication import PersonAuthentication

NOTES, PRESCRIPTIONS = "Doctors: notes", "Doctors: prescriptions"
LAWFUL = (VisitNotHeld, TreatmentOver, MedicineProhibited, DrugListMissing, DrugListNotAllowed)


class NotesView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsLiveDoctor]
    audited = True
    doctor: Doctor

    @operation(
        "Read my notes of a visit",
        tag=NOTES,
        responses={200: shapes.RecordOut},
        refusals=[*DOCTORS, NotFound],
        answer=examples.RECORD,
    )
    def get(self, request: Request, appointment_id: UUID) -> Response:
        """Draft or signed; empty before you have written anything."""
        visit = records.visit_of_doctor(appointment_id, self.doctor.pk)
        note_own_work(doctor_id=self.doctor.pk, patient_id=visit.patient_id, object_id=visit.pk)
        return Response(shapes.RecordOut(records.note_of_visit(visit)).data)

    @operation(
        "Write my notes of a visit",
        tag=NOTES,
        request=shapes.NotesShape,
        responses={200: shapes.RecordOut},
        refusals=[*DOCTORS, NotFound, VisitNotHeld, NotesSigned, Busy],
        example=examples.NOTES,
        answer=examples.DRAFT_RECORD,
    )
    def put(self, request: Request, appointment_id: UUID) -> Response:
        """A draft, all of it, as often as you like until you sign; also after the visit is completed.

        What is written here is the patient's record: once signed, the patient reads every word.
        """
        body = read(shapes.NotesShape, request)
        notes.write_notes(appointment_id=appointment_id, doctor_id=self.doctor.pk, content=body)
        return Response(_record(appointment_id, self.doctor.pk))


class SignNotesView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsLiveDoctor]
    audited = True
    doctor: Doctor

    @operation(
        "Sign my notes of a visit",
        tag=NOTES,
        responses={200: shapes.RecordOut},
        refusals=[*DOCTORS, NotFound, VisitNotHeld, NotesEmpty, IllegalTransition],
        answer={**examples.RECORD, "addenda": []},
    )
    def post(self, request: Request, appointment_id: UUID) -> Response:
        """For good: what is wrong is corrected by an addendum. The patient is told."""
        notes.sign_notes(appointment_id=appointment_id, doctor_id=self.doctor.pk)
        return Response(_record(appointment_id, self.doctor.pk))


class AddendaView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsLiveDoctor]
    audited = True
    doctor: Doctor

    @operation(
        "Add to signed notes",
        tag=NOTES,
        request=shapes.AddendumIn,
        responses={201: shapes.RecordOut},
        refusals=[*DOCTORS, NotFound, NotesNotSigned],
        example={"text": "The chest film of 17 January is clear."},
        answer=examples.RECORD,
    )
    def post(self, request: Request, appointment_id: UUID) -> Response:
        """To complete or correct them; it is as final as they are."""
        text = read(shapes.AddendumIn, request)["text"]
        notes.add_addendum(appointment_id=appointment_id, doctor_id=self.doctor.pk, text=text)
        return Response(_record(appointment_id, self.doctor.pk), status=201)


class VisitPrescriptionsView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsLiveDoctor]
    audited = True
    doctor: Doctor

    @operation(
        "List my prescriptions of a visit",
        tag=PRESCRIPTIONS,
        responses={200: shapes.PrescriptionOut},
        refusals=[*DOCTORS, NotFound],
        paged=True,
        answer=examples.PRESCRIPTION,
    )
    def get(self, request: Request, appointment_id: UUID) -> Response:
        """Drafts among them; newest first."""
        visit = records.visit_of_doctor(appointment_id, self.doctor.pk)
        note_own_work(doctor_id=self.doctor.pk, patient_id=visit.patient_id, object_id=visit.pk)
        return paged(records.prescriptions_of_visit(visit), shapes.PrescriptionOut, request)

    @operation(
        "Draft a prescription",
        tag=PRESCRIPTIONS,
        request=shapes.PrescriptionIn,
        responses={201: shapes.PrescriptionOut},
        refusals=[*DOCTORS, NotFound, TooManyPrescriptions, *LAWFUL],
        example=examples.PRESCRIBE,
        answer=examples.DRAFT,
    )
    def post(self, request: Request, appointment_id: UUID) -> Response:
        """From the visit's start until 30 days after it, by generic names.

        By video each line says its list of the Telemedicine Practice Guidelines: `o` always, `a` at a first consult
        too, `b` at a follow-up alone; Schedule X and NDPS medicines are refused.
        """
        body = read(shapes.PrescriptionIn, request)
        row = prescribing.draft_prescription(appointment_id=appointment_id, doctor_id=self.doctor.pk, content=body)
        return Response(_prescription(row.pk, self.doctor.pk), status=201)


class PrescriptionView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsLiveDoctor]
    audited = True
    doctor: Doctor

    @operation(
        "Delete a draft of a prescription",
        tag=PRESCRIPTIONS,
        responses={204: None},
        refusals=[*DOCTORS, NotFound, IllegalTransition, Busy],
    )
    def delete(self, request: Request, prescription_id: UUID) -> Response:
        """A signed one is revoked instead."""
        prescribing.delete_draft(prescription_id=prescription_id, doctor_id=self.doctor.pk)
        return Response(status=204)


class SignPrescriptionView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsLiveDoctor]
    audited = True
    doctor: Doctor

    @operation(
        "Sign a prescription",
        tag=PRESCRIPTIONS,
        responses={200: shapes.PrescriptionOut},
        refusals=[*DOCTORS, NotFound, IllegalTransition, PatientDetailsMissing, *LAWFUL],
        answer=examples.PRESCRIPTION,
    )
    def post(self, request: Request, prescription_id: UUID) -> Response:
        """It gets its number, never changes again, and the patient is told."""
        prescribing.sign_prescription(prescription_id=prescription_id, doctor_id=self.doctor.pk)
        return Response(_prescription(prescription_id, self.doctor.pk))


class RevokePrescriptionView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsLiveDoctor]
    audited = True
    doctor: Doctor

    @operation(
        "Revoke a prescription",
        tag=PRESCRIPTIONS,
        request=shapes.RecordReasonIn,
        responses={200: shapes.PrescriptionOut},
        refusals=[*DOCTORS, NotFound, IllegalTransition],
        example={"reason": "Another medicine agrees better."},
        answer=examples.REVOKED,
    )
    def post(self, request: Request, prescription_id: UUID) -> Response:
        """It stays to be seen, with your reason; whoever scans its code reads that it is revoked."""
        reason = read(shapes.RecordReasonIn, request)["reason"]
        prescribing.revoke_prescription(prescription_id=prescription_id, doctor_id=self.doctor.pk, reason=reason)
        return Response(_prescription(prescription_id, self.doctor.pk))


class PrescriptionPaperView(APIView):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsLiveDoctor]
    renderer_classes = [PDFRenderer, JSONRenderer]
    doctor: Doctor

    @operation(
        "Print a prescription of mine",
        tag=PRESCRIPTIONS,
        query=[shapes.PrintQuery],
        responses=PAPER,
        refusals=[*DOCTORS, NotFound],
        answer=examples.PDF,
    )
    def get(self, request: Request, prescription_id: UUID) -> HttpResponse:
        """The paper that the patient prints too."""
        row = records.prescription_of_doctor(prescription_id, self.doctor.pk)
        if row.state is PrescriptionStatus.DRAFT:
            raise NotFound
        note_own_work(doctor_id=self.doctor.pk, patient_id=row.patient_id, object_id=row.pk)
        return paper(request, row)


def _record(appointment_id: UUID, doctor_id: UUID) -> object:
    visit = records.visit_of_doctor(appointment_id, doctor_id)
    return shapes.RecordOut(records.note_of_visit(visit)).data


def _prescription(prescription_id: UUID, doctor_id: UUID) -> object:
    return shapes.PrescriptionOut(records.prescription_of_doctor(prescription_id, doctor_id)).data
