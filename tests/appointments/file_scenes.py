"""Patients with files, doctors who treat them, and a worker that reads."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from appointments.analysis.states import Analyser, FileKind
from appointments.errands import reading
from appointments.models import Analysis, Appointment, Doctor, MedicalFile
from appointments.services import analysing, files
from appointments.services.files import Upload
from common import clock
from tests.appointments.factories import make_appointment, make_doctor
from tests.appointments.reports import report
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
    reading.analyse_due()
    return Analysis.objects.get(pk=row.pk)


def treat(doctor: Doctor, patient: User, status: str = "completed") -> Appointment:
    """An appointment of the two, a day ago."""
    starts = clock.now() - dt.timedelta(days=1, hours=next(_numbers))
    return make_appointment(doctor, starts, patient=patient, status=status, full_refund_until=starts)


def sign(analysis: Analysis, doctor: Doctor | None = None, **values: Any) -> Analysis:
    """Let a doctor who treats the patient sign."""
    signer = doctor or make_doctor()
    treat(signer, analysis.patient)
    return analysing.sign_off(
        doctor_user_id=signer.user_id, patient_id=analysis.patient_id, analysis_id=analysis.pk, **values
    )


def value_of(analysis: Analysis, code: str = "718-7") -> Any:
    return analysis.observations.get(code=code)
