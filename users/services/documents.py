"""Documents: given by a person, attached to what they are for, shown by links that end."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Final

from django.db.models import Count, Sum

from common import clock
from common.db import command, lock, step
from common.errors import NotFound
from common.files import checking, keeping, links
from common.files.checking import CheckedFile
from common.files.links import Link
from users.errors import DocumentInUse, DocumentNotFound, TooManyDocuments
from users.models import Document, DocumentUse, User
from users.selectors import document_of, open_use
from users.services.consents import hold_person
from users.states import DocumentKind

MOST: Final = 50  # documents a person
MOST_BYTES: Final = 100 * 1024 * 1024


def add_document(*, owner_id: uuid.UUID, kind: DocumentKind, name: str, content: bytes) -> Document:
    """Keep a file for the person, if it is what it seems.

    Raises: FileEmpty, FileTooLarge, FileTypeUnknown, FileUnreadable, FileUnsafe, Busy, NotFound, AccountErased,
    TooManyDocuments
    """
    checked = checking.check(name=name, content=content)  # takes its time, so before any lock
    return _add(owner_id=owner_id, kind=kind, checked=checked)


@command
def _add(*, owner_id: uuid.UUID, kind: DocumentKind, checked: CheckedFile) -> Document:
    """Locks: the person, so that two uploads at once count each other.      Emits: file.kept"""
    owner = hold_person(owner_id)
    held = Document.objects.filter(owner=owner).aggregate(count=Count("pk"), size=Sum("file__size"))
    if held["count"] >= MOST or (held["size"] or 0) + len(checked.content) > MOST_BYTES:
        raise TooManyDocuments(most=MOST, most_bytes=MOST_BYTES)
    return Document.objects.create(owner=owner, kind=kind, file=keeping.keep(checked))


@command
def delete_document(*, owner_id: uuid.UUID, document_id: uuid.UUID) -> None:
    """Forget a document that nothing open needs; a worker removes the file from where it lies.

    Locks: the document, its file.      Emits: file.discarded      Raises: NotFound, DocumentInUse
    """
    document = next((row for row in lock(Document, [document_id]) if row.owner_id == owner_id), None)
    if document is None:
        raise NotFound
    if document.uses.filter(ended_at=None).exists():
        raise DocumentInUse
    document.delete()
    keeping.discard([document.file_id])


@step
def forget_documents(user: User) -> None:
    """Delete everything the person gave, whatever it was attached to. Locks: the documents, their files."""
    documents = lock(Document, Document.objects.filter(owner=user).values_list("pk", flat=True))
    Document.objects.filter(pk__in=[document.pk for document in documents]).delete()
    keeping.discard([document.file_id for document in documents])


@step
def attach_documents(*, owner_id: uuid.UUID, document_ids: Sequence[uuid.UUID], purpose: str) -> None:
    """Attach the person's documents to a purpose («attender_request:<id>»), until `end_purpose`.

    Locks: the documents.      Raises: DocumentNotFound, which points at `/documents/<i>`
    """
    own = {row.pk for row in lock(Document, document_ids) if row.owner_id == owner_id}
    strange = [f"/documents/{place}" for place, pk in enumerate(document_ids) if pk not in own]
    if strange:
        raise DocumentNotFound(pointers=strange)
    uses = [DocumentUse(document_id=pk, purpose=purpose) for pk in dict.fromkeys(document_ids)]
    DocumentUse.objects.bulk_create(uses, ignore_conflicts=True)


@step
def end_purpose(*, purpose: str) -> None:
    """Whatever the documents were attached for is over: nobody else sees them any more, and they may be deleted."""
    DocumentUse.objects.filter(purpose=purpose, ended_at=None).update(ended_at=clock.now())


def link_to_own(*, owner_id: uuid.UUID, document_id: uuid.UUID) -> Link:
    """Return a link to a document of the person. Raises: NotFound"""
    return links.link_to(document_of(owner_id, document_id).file)


def link_to(*, document_id: uuid.UUID, purpose: str) -> Link:
    """Return a link for whoever decides about the purpose, which the caller has checked; none once it is over.

    Raises: NotFound
    """
    return links.link_to(open_use(document_id, purpose).document.file)
