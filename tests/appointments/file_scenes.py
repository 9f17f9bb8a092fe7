"""Patients with files, doctors who treat them, and a worker that reads."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from appointments import reading_errands
from appointments.analysis.states import Analyser, FileKind
from appointments.models import Analysis, Appointment, Doctor, MedicalFile
from appointments.services import analysing, files
from appointments.services.files import Upload
from common import clock
from tests.appointments.reports import report
from tests.factories import make_user
from tests.files import picture
from users.models import User

_numbers = itertools.count(1)


def give(patient: User, content: bytes = b"", *, name: str = "cbc.pdf", **values: Any) -> MedicalFile:
    upload = Upload(name, content or picture())
    return files.add_files(patient_id=patient.pk, **{"kind": FileKind.LAB_REPORT, "uploads": [upload], **values})[0]


def ask(file: MedicalFile, analyser: Analyser = Analyser.TABLE) -> Analysis:
    return analysing.request_analysis(patient_id=file.patient_id, file_id=file.pk, analyser=analyser)


def read_report(patient: User, content: bytes = b"", **values: Any) -> Analysis:
    """A report that was given, and read by rules."""
    row = ask(give(patient, content or report(), **values))
    reading_errands.analyse_due()
    return Analysis.objects.get(pk=row.pk)


def make_doctor(user: User | None = None, **values: Any) -> Doctor:
    number = next(_numbers)
    now = clock.now()
    defaults: dict[str, Any] = {
        "status": "live",
        "registration_number": f"MMC-{number}",
        "council": "Maharashtra Medical Council",
        "registered_in": 2010,
        "qualifications": "MBBS, MD",
        "specialisations": ["general_medicine"],
        "languages": ["en"],
        "video_fee_minor": 50_000,
        "search_text": f"doctor {number}",
        "approved_at": now,
    }
    return Doctor.objects.create(user=user or make_user(), **{**defaults, **values})


def treat(doctor: Doctor, patient: User, status: str = "completed") -> Appointment:
    """An appointment of the two, a day ago."""
    starts = clock.now() - dt.timedelta(days=1, hours=next(_numbers))
    ends = starts + dt.timedelta(minutes=20)
    return Appointment.objects.create(
        doctor=doctor,
        patient=patient,
        kind="video",
        status=status,
        starts_at=starts,
        ends_at=ends,
        busy_from=starts,
        busy_until=ends,
        terms="prepaid",
        fee_minor=50_000,
        currency="INR",
        full_refund_until=starts,
        late_refund_percent=50,
    )


def sign(analysis: Analysis, doctor: Doctor | None = None, **values: Any) -> Analysis:
    """Let a doctor who treats the patient sign."""
    signer = doctor or make_doctor()
    treat(signer, analysis.patient)
    return analysing.sign_off(
        doctor_user_id=signer.user_id, patient_id=analysis.patient_id, analysis_id=analysis.pk, **values
    )


def value_of(analysis: Analysis, code: str = "718-7") -> Any:
    return analysis.observations.get(code=code)
