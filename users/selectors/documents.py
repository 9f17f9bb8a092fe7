"""A person's documents, and what they were attached to."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db.models import QuerySet

from common.errors import NotFound
from users.models import Document, DocumentUse
from users.states import DocumentKind


@dataclass(frozen=True)
class DocumentCard:
    """A document as those may know it whom it was attached for; the content is behind a link."""

    id: uuid.UUID
    kind: DocumentKind
    name: str
    content_type: str
    size: int


def documents_of_person(owner_id: uuid.UUID) -> QuerySet[Document]:
    """Return the person's documents, without their content."""
    return Document.objects.filter(owner_id=owner_id).select_related("file").defer("file__content")


def document_of(owner_id: uuid.UUID, document_id: uuid.UUID) -> Document:
    """Raises: NotFound, also for somebody else's."""
    found = documents_of_person(owner_id).filter(pk=document_id).first()
    if found is None:
        raise NotFound
    return found


def documents_of(purpose: str) -> list[DocumentCard]:
    """Return the documents that were attached to the purpose and are still there, in order; one query."""
    rows = Document.objects.filter(uses__purpose=purpose).order_by("uses__pk")
    values = rows.values_list("pk", "kind", "file__name", "file__content_type", "file__size")
    return [DocumentCard(pk, DocumentKind(kind), name, written_as, size) for pk, kind, name, written_as, size in values]


def open_use(document_id: uuid.UUID, purpose: str) -> DocumentUse:
    """Return the use of a document for a purpose that is not over. Raises: NotFound"""
    uses = DocumentUse.objects.filter(document_id=document_id, purpose=purpose, ended_at=None)
    found = uses.select_related("document__file").defer("document__file__content").first()
    if found is None:
        raise NotFound
    return found
