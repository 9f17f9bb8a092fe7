"""What may be read of analyses and observations. Whoever reads somebody else's has passed `appointments.access`."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db.models import Prefetch, QuerySet

from appointments.analysis.states import Analyser, AnalysisStatus, ObservationStatus
from appointments.models import Analysis, Observation
from common.errors import NotFound
from users.selectors import current_notice
from users.states import ConsentPurpose

if TYPE_CHECKING:
    from users.models import User

PURPOSES: Final = {Analyser.TABLE: ConsentPurpose.REPORT_ANALYSIS, Analyser.VISION: ConsentPurpose.REPORT_VISION}
MOST_SHOWN: Final = 20


def is_offered(analyser: Analyser) -> bool:
    """Whether the analyser is set up here; rules always are."""
    return analyser is Analyser.TABLE or bool(settings.VISION_URL and settings.VISION_MODEL)


@dataclass(frozen=True)
class Offer:
    """An analyser, what is agreed to before it reads, and who is sent pictures for it."""

    analyser: Analyser
    purpose: ConsentPurpose
    notice_version: int
    notice: str
    run_by: str


def analysers_for(user: User) -> list[Offer]:
    """Return what is set up here, with the notices in the person's language."""
    offers = []
    for analyser in filter(is_offered, Analyser):
        notice = current_notice(PURPOSES[analyser], user.language)
        run_by = settings.VISION_RUN_BY if analyser is Analyser.VISION else ""
        offers.append(Offer(analyser, PURPOSES[analyser], notice.version, notice.text, run_by))
    return offers


def analyses_of_file(patient_id: uuid.UUID, file_id: uuid.UUID) -> QuerySet[Analysis]:
    """Return the newest analyses of a file's versions, with what they read."""
    rows = Analysis.objects.select_related("version").filter(patient_id=patient_id, version__file_id=file_id)
    read = Observation.objects.order_by("page", "line", "pk")
    return rows.order_by("-pk").prefetch_related(Prefetch("observations", read, "values_read"))[:MOST_SHOWN]


def analysis_of(patient_id: uuid.UUID, analysis_id: uuid.UUID, *, file_id: uuid.UUID | None = None) -> Analysis:
    """Return one analysis with what it read. Raises: NotFound"""
    rows = Analysis.objects.select_related("version").filter(patient_id=patient_id, pk=analysis_id)
    if file_id is not None:
        rows = rows.filter(version__file_id=file_id)
    read = Observation.objects.order_by("page", "line", "pk")
    found = rows.prefetch_related(Prefetch("observations", read, "values_read")).first()
    if found is None:
        raise NotFound
    return found


def observations_of(
    patient_id: uuid.UUID, *, code: str | None = None, signed: bool | None = None
) -> QuerySet[Observation]:
    """Return the patient's values but those that a doctor rejected."""
    rows = Observation.objects.select_related("analysis").filter(patient_id=patient_id)
    rows = rows.exclude(status=ObservationStatus.REJECTED)
    if code is not None:
        rows = rows.filter(code=code)
    if signed is not None:
        rows = rows.exclude(status=ObservationStatus.READ) if signed else rows.filter(status=ObservationStatus.READ)
    return rows


def every_observation_of(patient_id: uuid.UUID) -> QuerySet[Observation]:
    """Return all that was read of the person's reports, also what a doctor rejected."""
    return Observation.objects.filter(patient_id=patient_id).order_by("pk")


def get_observation(observation_id: uuid.UUID) -> Observation:
    """Return a value that no doctor rejected, whosesoever. Raises: NotFound"""
    rows = Observation.objects.exclude(status=ObservationStatus.REJECTED)
    found = rows.select_related("analysis").filter(pk=observation_id).first()
    if found is None:
        raise NotFound
    return found


def person_of_analysis(analysis_id: uuid.UUID) -> uuid.UUID | None:
    """Return whose analysis it is; None when it is gone."""
    return Analysis.objects.filter(pk=analysis_id).values_list("patient_id", flat=True).first()


def old_failures(before: dt.datetime, *, limit: int) -> list[uuid.UUID]:
    rows = Analysis.objects.filter(status=AnalysisStatus.FAILED, finished_at__lt=before).order_by("pk")
    return list(rows.values_list("pk", flat=True)[:limit])
