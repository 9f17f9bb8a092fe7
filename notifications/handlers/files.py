"""A patient hears that a report was read, signed, or could not be read; never what stands in it."""

from __future__ import annotations

from appointments.selectors import analysing, files
from common.models import OutboxEvent
from common.outbox import on
from notifications.handlers.addressing import id_in, occasion, people
from notifications.kinds import Kind
from notifications.services import Subject, notify


@on("analysis.finished")
def tell_ready(event: OutboxEvent) -> None:
    _tell(event, Kind.ANALYSIS_READY)


@on("analysis.failed")
def tell_failed(event: OutboxEvent) -> None:
    _tell(event, Kind.ANALYSIS_FAILED)


@on("analysis.signed")
def tell_signed(event: OutboxEvent) -> None:
    _tell(event, Kind.ANALYSIS_SIGNED)


@on("file.infected")
def tell_infected(event: OutboxEvent) -> None:
    version_id = id_in(event, "version")
    owner_id = files.owner_of_version(version_id)
    notify(
        kind=Kind.FILE_INFECTED,
        occasion=occasion(event),
        recipients=people([] if owner_id is None else [owner_id]),
        facts={},
        subject=Subject("medical_file_version", version_id),
    )


def _tell(event: OutboxEvent, kind: Kind) -> None:
    analysis_id = id_in(event, "analysis")
    person_id = analysing.person_of_analysis(analysis_id)
    notify(
        kind=kind,
        occasion=occasion(event),
        recipients=people([] if person_id is None else [person_id]),
        facts={},
        subject=Subject("analysis", analysis_id),
    )
