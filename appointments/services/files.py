"""Medical files: given by a patient, in versions, shown by links that end, deleted with a way back."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from appointments.access import Scope, require_access
from appointments.analysis.states import (
    FILE_TRANSITIONS,
    OPEN_ANALYSIS,
    AnalysisFailure,
    AnalysisStatus,
    Availability,
    FileKind,
    FileStatus,
)
from appointments.errors import (
    AttachedFileUnknown,
    FileInfected,
    FileNotRestorable,
    FileNotScanned,
    TooManyVersions,
)
from appointments.models import Analysis, AppointmentFile, FileVersion, MedicalFile, SharedHaemoglobin
from appointments.selectors import files as selectors
from common import clock
from common.db import command, lock, step
from common.errors import NotFound
from common.files import checking, keeping, links
from common.files.checking import CheckedFile
from common.files.links import Link
from common.transitions import advance
from payments.services import quotas
from payments.states import QuotaKind
from users.services.consents import hold_person

MOST_AT_ONCE: Final = 5  # files in one call
MOST_VERSIONS: Final = 20
GRACE: Final = dt.timedelta(days=7)  # in which a deleted file can be brought back


@dataclass(frozen=True)
class Upload:
    name: str
    content: bytes


def add_files(
    *,
    patient_id: uuid.UUID,
    kind: FileKind,
    uploads: Sequence[Upload],
    title: str = "",
    taken_on: dt.date | None = None,
) -> list[MedicalFile]:
    """Keep files for the patient, all of them or none; without a title each is called by its own name.

    Raises: FileEmpty, FileTooLarge, FileTypeUnknown, FileUnreadable, FileUnsafe, NotFound, AccountErased,
    QuotaExceeded, Busy
    """
    checked = [_checked(upload) for upload in uploads]  # takes its time, so before any lock
    return _add(patient_id=patient_id, kind=kind, title=title, taken_on=taken_on, checked=checked)


@command
def _add(
    *, patient_id: uuid.UUID, kind: FileKind, title: str, taken_on: dt.date | None, checked: Sequence[CheckedFile]
) -> list[MedicalFile]:
    """Locks: the person, the counter of the quota.      Emits: file.kept for each"""
    person = hold_person(patient_id)
    files = []
    for one in checked:
        file = MedicalFile(patient=person, kind=kind, title=title or one.name, taken_on=taken_on)
        file.save(force_insert=True)
        files.append(file)
    _add_versions(dict(zip(files, checked, strict=True)))
    return [selectors.file_of(patient_id, file.pk) for file in files]


def add_version(*, patient_id: uuid.UUID, file_id: uuid.UUID, upload: Upload) -> MedicalFile:
    """Put a newer content in the place of the file's; the older ones stay. Raises: as `add_files`, TooManyVersions"""
    return _add_version(patient_id=patient_id, file_id=file_id, checked=_checked(upload))


@command
def _add_version(*, patient_id: uuid.UUID, file_id: uuid.UUID, checked: CheckedFile) -> MedicalFile:
    """Locks: the person, the file, the counter of the quota.      Emits: file.kept"""
    hold_person(patient_id)
    file = _hold(patient_id, file_id)
    if file.newest >= MOST_VERSIONS:
        raise TooManyVersions(most=MOST_VERSIONS)
    file.newest += 1
    file.save(update_fields=["newest"])
    _add_versions({file: checked})
    return selectors.file_of(patient_id, file_id)


@command
def change_file(*, patient_id: uuid.UUID, file_id: uuid.UUID, values: Mapping[str, Any]) -> MedicalFile:
    """Say something else of a file: its kind, title, day. Locks: the file.      Raises: NotFound"""
    file = _hold(patient_id, file_id)
    for name, value in values.items():
        setattr(file, name, value)
    file.save(update_fields=[*values])
    return selectors.file_of(patient_id, file_id)


@command
def delete_file(*, patient_id: uuid.UUID, file_id: uuid.UUID, at_once: bool = False) -> None:
    """Show the file to nobody any more; after the grace, or at once, it is destroyed and its space given back.

    Locks: the file; at once, what `_destroy` does.      Raises: NotFound
    """
    file = _hold(patient_id, file_id)
    if at_once:
        _destroy([file])
        return
    file.status = advance(FILE_TRANSITIONS, file.state, "delete")
    file.destroy_at = clock.now() + GRACE
    file.save(update_fields=["status", "destroy_at"])


@command
def restore_file(*, patient_id: uuid.UUID, file_id: uuid.UUID) -> MedicalFile:
    """Bring a deleted file back, until it is destroyed. Locks: the file.      Raises: NotFound, FileNotRestorable"""
    file = next((row for row in lock(MedicalFile, [file_id]) if row.patient_id == patient_id), None)
    if file is None:
        raise NotFound
    is_over = file.destroy_at is not None and file.destroy_at <= clock.now()
    if file.state is FileStatus.DESTROYED or (file.state is FileStatus.DELETED and is_over):
        raise FileNotRestorable
    file.status, file.destroy_at = advance(FILE_TRANSITIONS, file.state, "restore"), None
    file.save(update_fields=["status", "destroy_at"])
    return selectors.file_of(patient_id, file_id)


@command
def destroy_if_due(*, file_id: uuid.UUID) -> bool:
    """Destroy a deleted file whose grace is over; whether it was. Locks: as `_destroy`"""
    due = [
        row
        for row in lock(MedicalFile, [file_id])
        if row.state is FileStatus.DELETED and row.destroy_at is not None and row.destroy_at <= clock.now()
    ]
    _destroy(due)
    return bool(due)


def link_to(*, reader_id: uuid.UUID, patient_id: uuid.UUID, file_id: uuid.UUID, number: int | None = None) -> Link:
    """Return a link to a version, the newest unless told.

    Raises: NotFound, FileNotScanned, FileInfected
    """
    require_access(reader_user_id=reader_id, patient_user_id=patient_id, scope=Scope.FILES, object_id=file_id)
    version = selectors.version_of(patient_id, file_id, number)
    refuse_unopenable(version)
    if version.content is None:
        raise NotFound
    return links.link_to(version.content)


def refuse_unopenable(version: FileVersion) -> None:
    """Raises: FileNotScanned, FileInfected"""
    if version.availability is Availability.INFECTED:
        raise FileInfected
    if version.availability is Availability.SCANNING:
        raise FileNotScanned


@step
def attach_files(*, appointment_id: uuid.UUID, file_ids: Sequence[uuid.UUID], patient_id: uuid.UUID) -> None:
    """Give the patient's own files with a booking. The caller holds the appointment, or has just made it.

    Locks: the files.      Raises: AttachedFileUnknown, which points at `/files/<i>`
    """
    own = {
        row.pk for row in lock(MedicalFile, file_ids) if row.patient_id == patient_id and row.state is FileStatus.KEPT
    }
    strange = [f"/files/{place}" for place, pk in enumerate(file_ids) if pk not in own]
    if strange:
        raise AttachedFileUnknown(pointers=strange)
    rows = [AppointmentFile(appointment_id=appointment_id, file_id=pk) for pk in dict.fromkeys(file_ids)]
    AppointmentFile.objects.bulk_create(rows, ignore_conflicts=True)


@step
def forget_files(*, patient_id: uuid.UUID) -> None:
    """Destroy every file of a person who is gone; what a doctor has signed stays, with nobody's name.

    Locks: the files and what `_destroy` does.
    """
    kept = MedicalFile.objects.filter(patient_id=patient_id).exclude(status=FileStatus.DESTROYED)
    _destroy(lock(MedicalFile, kept.values_list("pk", flat=True)))
    SharedHaemoglobin.objects.filter(patient_id=patient_id).delete()


@step
def delete_traces(patient_id: uuid.UUID) -> None:
    """Delete what was kept of somebody who was forgotten long ago, signed or not."""
    SharedHaemoglobin.objects.filter(patient_id=patient_id).delete()
    Analysis.objects.filter(patient_id=patient_id).delete()
    FileVersion.objects.filter(file__patient_id=patient_id).delete()
    MedicalFile.objects.filter(patient_id=patient_id).delete()


@step
def _destroy(files: Sequence[MedicalFile]) -> None:
    """Leave nothing of held files but rows without a word; an analysis that no doctor signed goes too.

    Locks: the versions, the analyses, the counter of the quota, the contents.      Emits: file.discarded
    """
    versions = lock(FileVersion, FileVersion.objects.filter(file__in=files).values_list("pk", flat=True))
    for file in files:
        file.status = advance(FILE_TRANSITIONS, file.state, "destroy")
        file.title = file.taken_on = file.destroy_at = None
        file.save(update_fields=["status", "title", "taken_on", "destroy_at"])
    AppointmentFile.objects.filter(file__in=files).delete()
    forget_versions(versions)


@step
def forget_versions(versions: Sequence[FileVersion]) -> None:
    """Take the contents of held versions away, with what was read from them unless a doctor signed it.

    Locks: the analyses, the counter of the quota, the contents.      Emits: file.discarded
    """
    ids = [version.pk for version in versions]
    contents = [version.content_id for version in versions if version.content_id is not None]
    every = Analysis.objects.filter(version__in=ids).exclude(status=AnalysisStatus.SIGNED)
    held = lock(Analysis, every.values_list("pk", flat=True))
    waiting = [row.pk for row in held if row.state in OPEN_ANALYSIS]
    Analysis.objects.filter(pk__in=waiting).update(
        status=AnalysisStatus.FAILED, failure=AnalysisFailure.FILE_GONE, look_at=None, finished_at=clock.now()
    )
    Analysis.objects.filter(pk__in=[row.pk for row in held if row.state is AnalysisStatus.DONE]).delete()
    FileVersion.objects.filter(pk__in=ids).update(content=None, name="", look_at=None)
    quotas.return_quotas(kind=QuotaKind.STORAGE, references=ids)
    keeping.discard(contents)


def _checked(upload: Upload) -> CheckedFile:
    return checking.check(name=upload.name, content=upload.content, is_scanned_later=True)


def _add_versions(contents: Mapping[MedicalFile, CheckedFile]) -> None:
    """Write the newest versions of the files, and take their space of the one patient's quota."""
    now = clock.now()
    rows = [
        FileVersion(
            file=file,
            number=file.newest,
            content=keeping.keep(checked),
            name=checked.name,
            content_type=checked.content_type,
            size=len(checked.content),
            look_at=now,
        )
        for file, checked in contents.items()
    ]
    FileVersion.objects.bulk_create(rows)
    patient_id = next(iter(contents)).patient_id
    quotas.take_quotas(user_id=patient_id, kind=QuotaKind.STORAGE, amounts={row.pk: row.size for row in rows})


def _hold(patient_id: uuid.UUID, file_id: uuid.UUID) -> MedicalFile:
    """Lock a file that is kept. Raises: NotFound"""
    found = [row for row in lock(MedicalFile, [file_id]) if row.patient_id == patient_id]
    if not found or found[0].state is not FileStatus.KEPT:
        raise NotFound
    return found[0]
