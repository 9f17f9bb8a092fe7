"""A file's life: kept with the deed, carried to its storage, discarded from it.

A kept file first lies sealed in its own row, so that it commits or rolls back with whatever it belongs to; a worker
carries it to the storage, outside any transaction, and empties the row. Which storage is written down before the
first byte goes there: a file whose carrier was killed is found again when it is to be discarded.
"""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Iterable

from django.db.models import QuerySet

from common import clock, outbox
from common.crypto import decrypt, encrypt
from common.db import command, lock, step
from common.errors import NotFound
from common.files import storages
from common.files.checking import CheckedFile
from common.files.storages import StorageFailed
from common.models import PrivateFile


@step
def keep(checked: CheckedFile) -> PrivateFile:
    """Keep a checked file under a random key. Emits: file.kept"""
    key = secrets.token_hex(16)
    file = PrivateFile.objects.create(
        key=key,
        name=checked.name,
        content_type=checked.content_type,
        size=len(checked.content),
        sha256=checked.sha256,
        content=encrypt(checked.content, context=storages.sealed_for(key)),
    )
    outbox.emit("file.kept", key=f"file:{file.pk}", file=str(file.pk))
    return file


@step
def discard(file_ids: Iterable[uuid.UUID]) -> None:
    """Make the files nobody's at once; a worker removes them from where they lie.

    Locks: the files.      Emits: file.discarded
    """
    files = [file for file in lock(PrivateFile, file_ids) if file.discarded_at is None]
    PrivateFile.objects.filter(pk__in=[file.pk for file in files]).update(
        name="", content=None, discarded_at=clock.now()
    )
    outbox.emit_many("file.discarded", {f"file:{file.pk}": {"file": str(file.pk)} for file in files})


def content_of(file_id: uuid.UUID) -> tuple[PrivateFile, bytes]:
    """Return a file that this server has to show by itself. Raises: NotFound, StorageFailed"""
    file = PrivateFile.objects.filter(pk=file_id, discarded_at=None).first()
    if file is None:
        raise NotFound
    if file.content is not None:
        return file, decrypt(bytes(file.content), context=storages.sealed_for(file.key))
    content = storages.named(file.storage).read(file.key)
    if content is None:
        raise NotFound
    return file, content


def fetch(file_id: uuid.UUID) -> bytes:
    """Return a file's content to a worker, wherever it lies; what lies there now is what was kept.

    Raises: NotFound, StorageFailed
    """
    file = PrivateFile.objects.filter(pk=file_id, discarded_at=None).first()
    if file is None:
        raise NotFound
    if file.content is not None:
        return decrypt(bytes(file.content), context=storages.sealed_for(file.key))
    content = storages.named(file.storage).fetch(file.key)
    if hashlib.sha256(content).hexdigest() != file.sha256:
        raise StorageFailed("The storage gave something else than the file.")
    return content


def carry(file_id: uuid.UUID) -> None:
    """Bring a kept file to its storage; may be repeated, and has nothing to do for one discarded meanwhile.

    Raises: StorageFailed
    """
    storage = storages.current()
    content = _take_up(file_id=file_id, storage=storage.name)
    if content is None:
        return
    key, sealed = content
    storage.put(key, decrypt(sealed, context=storages.sealed_for(key)))
    _put_down(file_id=file_id, storage=storage.name)


def remove(file_id: uuid.UUID) -> None:
    """Remove a discarded file from its storage, and then its row; may be repeated. Raises: StorageFailed"""
    file = _discarded(file_id).first()
    if file is None:
        return
    if file.storage:
        storages.named(file.storage).remove(file.key)
    _forget(file_id=file_id)


@command
def _take_up(*, file_id: uuid.UUID, storage: str) -> tuple[str, bytes] | None:
    """Write down where the file goes, and return its key and sealed content. Locks: the file."""
    for file in lock(PrivateFile, [file_id]):
        if file.content is not None:
            PrivateFile.objects.filter(pk=file_id).update(storage=storage)
            return file.key, bytes(file.content)
    return None


@command
def _put_down(*, file_id: uuid.UUID, storage: str) -> None:
    """The storage has the file: empty the row. One that was discarded on the way stays to be removed."""
    now = clock.now()
    PrivateFile.objects.filter(pk=file_id, discarded_at=None).update(content=None, storage=storage, stored_at=now)


@command
def _forget(*, file_id: uuid.UUID) -> None:
    _discarded(file_id).delete()


def _discarded(file_id: uuid.UUID) -> QuerySet[PrivateFile]:
    return PrivateFile.objects.filter(pk=file_id, discarded_at__isnull=False)
