"""Analyses: asked for by a patient, worked by a worker, signed off by a doctor."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.conf import settings

from appointments.access import Ground, Scope, require_access
from appointments.analysis.analytes import BY_CODE, HAEMOGLOBIN
from appointments.analysis.states import (
    ANALYSIS_TRANSITIONS,
    OBSERVATION_TRANSITIONS,
    OPEN_ANALYSIS,
    Analyser,
    AnalysisFailure,
    AnalysisStatus,
    FileStatus,
    Interpretation,
    ObservationStatus,
    ScanStatus,
)
from appointments.analysis.tables import Reading
from appointments.errors import (
    AnalyserUnavailable,
    AnalysisOpen,
    AnalysisSigned,
    HaemoglobinUnfit,
    ObservationUnknown,
    ValueImpossible,
)
from appointments.models import Analysis, MedicalFile, Observation, SharedHaemoglobin
from appointments.selectors import analysing as selectors
from appointments.selectors.files import version_of
from appointments.services.files import refuse_unopenable
from common import clock, outbox
from common.db import command, lock, lock_free, lock_one
from common.errors import NotFound
from common.transitions import advance
from users.services import consents, reporting

LEASE: Final = dt.timedelta(minutes=4)  # longer than opening a file and asking a model may take together
MOST_TRIES: Final = 3
FRESH: Final = dt.timedelta(days=90)  # how old a haemoglobin may be that speaks about giving blood


@dataclass(frozen=True)
class Verdict:
    """What a doctor says of one value that was read."""

    observation_id: uuid.UUID
    verb: str  # confirm, correct or reject
    value: Decimal | None = None


@dataclass(frozen=True)
class Result:
    """What an analyser brought back."""

    reading: Reading
    pages: int
    engine: str
    prompt_version: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None


@command
def request_analysis(
    *, patient_id: uuid.UUID, file_id: uuid.UUID, analyser: Analyser, notice_version: int | None = None
) -> Analysis:
    """Queue a reading of the file's newest version, with the person's consent to it.

    Locks: the person, the file.
    Raises: AnalyserUnavailable, NotFound, AccountErased, NoticeOutdated, FileInfected, AnalysisOpen
    """
    if not selectors.is_offered(analyser):
        raise AnalyserUnavailable
    person = consents.hold_person(patient_id)
    consent = consents.grant(person, selectors.PURPOSES[analyser], notice_version=notice_version)
    held = [row for row in lock(MedicalFile, [file_id]) if row.patient_id == patient_id]
    if not held or held[0].state is not FileStatus.KEPT:
        raise NotFound
    version = version_of(patient_id, file_id)
    if version.scan == ScanStatus.INFECTED:
        refuse_unopenable(version)
    if Analysis.objects.filter(version=version, analyser=analyser, status__in=OPEN_ANALYSIS).exists():
        raise AnalysisOpen
    row = Analysis.objects.create(
        version=version, patient=person, analyser=analyser, consent_id=consent.pk, look_at=clock.now()
    )
    return selectors.analysis_of(patient_id, row.pk)


@command
def delete_analysis(*, patient_id: uuid.UUID, file_id: uuid.UUID, analysis_id: uuid.UUID) -> None:
    """Forget what was read, unless a doctor has signed it.

    Locks: the analysis.      Raises: NotFound, AnalysisSigned
    """
    held = [row for row in lock(Analysis, [analysis_id]) if row.patient_id == patient_id]
    if not held or not Analysis.objects.filter(pk=analysis_id, version__file_id=file_id).exists():
        raise NotFound
    if held[0].state is AnalysisStatus.SIGNED:
        raise AnalysisSigned
    held[0].delete()


@command
def claim(*, limit: int) -> list[tuple[uuid.UUID, int]]:
    """Take up due analyses; return their ids, each with the number of the try by which its end is told.

    One that was taken up as often as may be, and never ended, is given up: it takes its worker down.
    A version that waits for the scanner is not due.

    Locks: the analyses, passing over what others hold.      Emits: analysis.failed
    """
    now = clock.now()
    due = Analysis.objects.filter(look_at__lte=now).order_by("look_at", "id")
    if settings.FILE_SCANNER:
        due = due.exclude(version__scan=ScanStatus.UNSCANNED)
    claimed = []
    for row in lock_free(due, limit=limit):
        if row.tries >= MOST_TRIES:
            _fail(row, AnalysisFailure.UNREADABLE)
            continue
        row.status = advance(ANALYSIS_TRANSITIONS, row.state, "start")
        row.tries, row.look_at = row.tries + 1, now + LEASE
        row.save(update_fields=["status", "tries", "look_at"])
        claimed.append((row.pk, row.tries))
    return claimed


@command
def finish(*, analysis_id: uuid.UUID, attempt: int, result: Result) -> bool:
    """Write down what was read; whether this try still counted. Locks: the analysis.      Emits: analysis.finished"""
    row = _hold_attempt(analysis_id, attempt)
    if row is None:
        return False
    now = clock.now()
    taken_on = _day_of(row, result.reading, now.date())
    row.status = advance(ANALYSIS_TRANSITIONS, row.state, "finish")
    row.look_at, row.finished_at, row.pages = None, now, result.pages
    row.engine, row.prompt_version = result.engine, result.prompt_version
    row.input_tokens, row.output_tokens = result.input_tokens, result.output_tokens
    row.skipped = [
        {"page": one.page, "line": one.line, "code": one.code, "reason": str(one.reason)}
        for one in result.reading.skipped
    ]
    row.save()
    Observation.objects.bulk_create(
        Observation(
            analysis=row,
            patient_id=row.patient_id,
            code=one.analyte.code,
            name=one.analyte.name,
            value=one.value,
            read_value=one.value,
            unit=one.analyte.unit,
            low=one.low,
            high=one.high,
            interpretation=one.interpretation,
            printed=one.printed,
            page=one.page,
            line=one.line,
            taken_on=taken_on,
        )
        for one in result.reading.found
    )
    outbox.emit("analysis.finished", key=f"analysis:{row.pk}", analysis=str(row.pk))
    return True


@command
def fail(*, analysis_id: uuid.UUID, attempt: int, failure: AnalysisFailure) -> None:
    """End a try that cannot succeed. Locks: the analysis.      Emits: analysis.failed"""
    row = _hold_attempt(analysis_id, attempt)
    if row is not None:
        _fail(row, failure)


@command
def postpone(*, analysis_id: uuid.UUID, attempt: int) -> None:
    """Let it be tried again later; the last try ends it. Locks: the analysis.      Emits: analysis.failed"""
    row = _hold_attempt(analysis_id, attempt)
    if row is None:
        return
    if row.tries >= MOST_TRIES:
        _fail(row, AnalysisFailure.UNAVAILABLE)
        return
    row.status = advance(ANALYSIS_TRANSITIONS, row.state, "retry")
    row.look_at = clock.now() + dt.timedelta(seconds=30 * 2**row.tries)
    row.save(update_fields=["status", "look_at"])


@command
def sign_off(
    *,
    doctor_user_id: uuid.UUID,
    patient_id: uuid.UUID,
    analysis_id: uuid.UUID,
    verdicts: Sequence[Verdict] = (),
    note: str = "",
) -> Analysis:
    """Let what was read count as a doctor's word: confirmed, but what is corrected or rejected one by one.

    Nobody signs for himself. Signed, it never changes again.

    Locks: the analysis.      Emits: analysis.signed
    Raises: NotFound, IllegalTransition, ObservationUnknown, ValueImpossible
    """
    found = require_access(
        reader_user_id=doctor_user_id, patient_user_id=patient_id, scope=Scope.OBSERVATIONS, object_id=analysis_id
    )
    if found.ground is Ground.OWN:
        raise NotFound
    row = lock_one(Analysis, analysis_id)
    if row.patient_id != patient_id:
        raise NotFound
    row.status = advance(ANALYSIS_TRANSITIONS, row.state, "sign")
    said = {verdict.observation_id: (place, verdict) for place, verdict in enumerate(verdicts)}
    values = {one.pk: one for one in Observation.objects.filter(analysis=row)}
    strange = [f"/values/{place}/id" for pk, (place, _) in said.items() if pk not in values]
    if strange:
        raise ObservationUnknown(pointers=strange)
    for pk, one in values.items():
        place, verdict = said.get(pk, (0, Verdict(pk, "confirm")))
        _judge(one, verdict, place)
    Observation.objects.bulk_update(values.values(), ["status", "value", "interpretation"])
    row.signed_at, row.signed_by_id, row.note = clock.now(), doctor_user_id, note
    row.save(update_fields=["status", "signed_at", "signed_by", "note"])
    outbox.emit("analysis.signed", key=f"analysis:{row.pk}", analysis=str(row.pk))
    return selectors.analysis_of(patient_id, analysis_id)


@command
def share_haemoglobin(*, patient_id: uuid.UUID, observation_id: uuid.UUID) -> bool:
    """Let a signed haemoglobin say whether the person may give blood, because the person wants so; again, the same.

    Returns whether it suffices for whole blood. Locks: the donor.      Raises: NotFound, HaemoglobinUnfit, NotADonor
    """
    one = selectors.observations_of(patient_id).filter(pk=observation_id).first()
    if one is None:
        raise NotFound
    if one.taken_on is None or not may_be_shared(one):
        raise HaemoglobinUnfit
    suffices = reporting.take_haemoglobin(donor_id=patient_id, g_dl=one.value, measured_on=one.taken_on)
    SharedHaemoglobin.objects.get_or_create(observation=one, defaults={"patient_id": patient_id})
    return suffices


def may_be_shared(one: Observation) -> bool:
    """Whether a value may speak about giving blood, should its owner wish so."""
    today = clock.now().date()
    is_fresh = one.taken_on is not None and today - FRESH <= one.taken_on <= today + dt.timedelta(days=1)
    return one.code == HAEMOGLOBIN and one.signed and one.status != ObservationStatus.REJECTED and is_fresh


@command
def prune(*, analysis_ids: Sequence[uuid.UUID]) -> int:
    """Delete analyses that failed long ago. Locks: the analyses."""
    rows = [row.pk for row in lock(Analysis, analysis_ids) if row.state is AnalysisStatus.FAILED]
    Analysis.objects.filter(pk__in=rows).delete()
    return len(rows)


def _judge(one: Observation, verdict: Verdict, place: int) -> None:
    one.status = advance(OBSERVATION_TRANSITIONS, ObservationStatus(one.status), verdict.verb)
    if verdict.value is None:
        return
    if not BY_CODE[one.code].is_possible(verdict.value):
        raise ValueImpossible(pointers=[f"/values/{place}/value"])
    one.value = verdict.value
    one.interpretation = interpretation_of(one.value, one.low, one.high)


def interpretation_of(value: Decimal, low: Decimal | None, high: Decimal | None) -> Interpretation:
    if low is not None and value < low:
        return Interpretation.LOW
    if high is not None and value > high:
        return Interpretation.HIGH
    return Interpretation.UNKNOWN if low is None and high is None else Interpretation.NORMAL


def _hold_attempt(analysis_id: uuid.UUID, attempt: int) -> Analysis | None:
    """Lock the analysis if it is still this try's: somebody else may have taken it up, or ended it."""
    held = lock(Analysis, [analysis_id])
    if not held or held[0].state is not AnalysisStatus.RUNNING or held[0].tries != attempt:
        return None
    return held[0]


def _fail(row: Analysis, failure: AnalysisFailure) -> None:
    row.status = advance(ANALYSIS_TRANSITIONS, row.state, "fail")
    row.failure, row.look_at, row.finished_at = failure, None, clock.now()
    row.save(update_fields=["status", "failure", "look_at", "finished_at"])
    outbox.emit("analysis.failed", key=f"analysis:{row.pk}", analysis=str(row.pk))


def _day_of(row: Analysis, reading: Reading, today: dt.date) -> dt.date | None:
    """Return the day of the values: what the owner says, or else the one day that the report names."""
    said = MedicalFile.objects.filter(versions=row.version_id).values_list("taken_on", flat=True).get()
    day = said or reading.collected_on
    return day if day is not None and day <= today + dt.timedelta(days=1) else None
