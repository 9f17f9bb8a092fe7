"""What may be read of files. Whoever reads somebody else's has passed `appointments.access` before."""

from __future__ import annotations

import datetime as dt
import uuid

from django.db.models import F, Prefetch, QuerySet

from appointments.analysis.states import FileKind, FileStatus
from appointments.models import AppointmentFile, FileVersion, MedicalFile
from common.errors import NotFound


def files_of(patient_id: uuid.UUID, *, kind: FileKind | None = None, deleted: bool = False) -> QuerySet[MedicalFile]:
    """Return the patient's files with their newest versions; or those that can still be brought back."""
    rows = MedicalFile.objects.filter(patient_id=patient_id, status=FileStatus.DELETED if deleted else FileStatus.KEPT)
    if kind is not None:
        rows = rows.filter(kind=kind)
    newest = FileVersion.objects.filter(number=F("file__newest"))
    return rows.prefetch_related(Prefetch("versions", newest, "newest_versions"))


def file_of(patient_id: uuid.UUID, file_id: uuid.UUID) -> MedicalFile:
    """Return one file with all its versions. Raises: NotFound"""
    rows = MedicalFile.objects.filter(patient_id=patient_id, pk=file_id, status=FileStatus.KEPT)
    every = FileVersion.objects.order_by("-number")
    newest = FileVersion.objects.filter(number=F("file__newest"))
    found = rows.prefetch_related(
        Prefetch("versions", newest, "newest_versions"), Prefetch("versions", every, "every_version")
    ).first()
    if found is None:
        raise NotFound
    return found


def version_of(patient_id: uuid.UUID, file_id: uuid.UUID, number: int | None = None) -> FileVersion:
    """Return a version of a file that is kept, the newest unless told. Raises: NotFound"""
    rows = FileVersion.objects.select_related("file", "content").filter(
        file_id=file_id, file__patient_id=patient_id, file__status=FileStatus.KEPT
    )
    found = rows.filter(number=F("file__newest") if number is None else number).first()
    if found is None:
        raise NotFound
    return found


def attached_files() -> QuerySet[AppointmentFile]:
    """Return what patients gave with their bookings and still keep."""
    return AppointmentFile.objects.filter(file__status=FileStatus.KEPT).order_by("pk")


def files_to_destroy(now: dt.datetime, *, limit: int) -> list[uuid.UUID]:
    due = MedicalFile.objects.filter(status=FileStatus.DELETED, destroy_at__lte=now).order_by("destroy_at", "id")
    return list(due.values_list("pk", flat=True)[:limit])


def owner_of_version(version_id: uuid.UUID) -> uuid.UUID | None:
    """Return whose file the version is of; None when it is gone."""
    return FileVersion.objects.values_list("file__patient_id", flat=True).filter(pk=version_id).first()


def every_file_of(patient_id: uuid.UUID) -> QuerySet[MedicalFile]:
    """Return the patient's files in whatever state, with their versions, for the patient's own copy."""
    return MedicalFile.objects.filter(patient_id=patient_id).order_by("pk").prefetch_related("versions")
