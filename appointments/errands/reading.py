"""The worker's part in files: the scanner is asked, and analyses are worked, outside any transaction.

`look_at` says when an errand is due. Whoever claims it puts it a lease ahead: what a killed worker held is due again.
"""

from __future__ import annotations

import logging
import uuid
from typing import Final

from appointments.analysis import pages, tables, vision
from appointments.analysis.states import Analyser, AnalysisFailure
from appointments.gateways.vision import Unavailable, Unusable
from appointments.models import Analysis
from appointments.selectors.analysing import is_offered
from appointments.services import analysing, scanning
from appointments.services.analysing import Result
from common.errors import Busy, NotFound
from common.files import checking, keeping
from common.files.storages import StorageFailed

BITE: Final = 4  # files scanned at a time
log = logging.getLogger(__name__)


def scan_due(*, limit: int = BITE) -> int:
    """Ask the scanner about what waits for it; return how many were asked about."""
    claimed = scanning.claim(limit=limit)
    for version_id, content_id in claimed:
        try:
            is_clean = checking.is_clean(keeping.fetch(content_id))
        except NotFound:
            continue
        except (Busy, StorageFailed):
            scanning.postpone(version_id=version_id)
        else:
            scanning.settle(version_id=version_id, is_clean=is_clean)
    return len(claimed)


def analyse_due(*, limit: int = 1) -> int:
    """Work due analyses; return how many there were."""
    claimed = analysing.claim(limit=limit)
    for analysis_id, attempt in claimed:
        analyse(analysis_id, attempt)
    return len(claimed)


def analyse(analysis_id: uuid.UUID, attempt: int) -> None:
    """Read one file by one analyser and write down how that ended."""
    row = Analysis.objects.select_related("version", "consent").filter(pk=analysis_id).first()
    if row is None:
        return
    obstacle = _obstacle(row)
    if obstacle is not None:
        analysing.fail(analysis_id=analysis_id, attempt=attempt, failure=obstacle)
        return
    try:
        result = _read(row)
    except NotFound:
        analysing.fail(analysis_id=analysis_id, attempt=attempt, failure=AnalysisFailure.FILE_GONE)
    except pages.Unreadable as exc:
        log.info("a file cannot be read", extra={"analysis": str(analysis_id), "cause": str(exc)})
        analysing.fail(analysis_id=analysis_id, attempt=attempt, failure=AnalysisFailure.UNREADABLE)
    except Unusable as exc:
        log.warning("a model gave no usable answer", extra={"analysis": str(analysis_id), "cause": str(exc)})
        analysing.fail(analysis_id=analysis_id, attempt=attempt, failure=AnalysisFailure.ANSWER_INVALID)
    except (Unavailable, StorageFailed) as exc:
        log.warning("an analysis waits", extra={"analysis": str(analysis_id), "cause": str(exc)})
        analysing.postpone(analysis_id=analysis_id, attempt=attempt)
    else:
        if result is None:
            analysing.fail(analysis_id=analysis_id, attempt=attempt, failure=AnalysisFailure.NO_TEXT)
        else:
            analysing.finish(analysis_id=analysis_id, attempt=attempt, result=result)


def _obstacle(row: Analysis) -> AnalysisFailure | None:
    """Return what has come between since it was asked for."""
    if row.consent.withdrawn_at is not None:
        return AnalysisFailure.CONSENT_WITHDRAWN
    if not row.version.is_open:
        return AnalysisFailure.FILE_GONE
    return None if is_offered(Analyser(row.analyser)) else AnalysisFailure.NOT_CONFIGURED


def _read(row: Analysis) -> Result | None:
    """Return what the analyser reads; None where there is no text for rules to read."""
    if row.version.content_id is None:
        raise NotFound
    content = keeping.fetch(row.version.content_id)
    if row.analyser == Analyser.TABLE:
        rows = pages.rows_of(content)
        read = max((one.page for one in rows), default=0)
        return Result(reading=tables.read_rows(rows), pages=read, engine=tables.VERSION) if rows else None
    pictures = pages.pictures_of(content)
    reading, said = vision.read_pictures(pictures)
    return Result(
        reading=reading,
        pages=len(pictures),
        engine=said.model,
        prompt_version=vision.PROMPT_VERSION,
        input_tokens=said.input_tokens,
        output_tokens=said.output_tokens,
    )
