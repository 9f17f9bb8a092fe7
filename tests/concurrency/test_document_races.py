"""The quota of documents, and a document that is deleted while it is attached."""

from __future__ import annotations

import uuid

import pytest

from common.db import command
from common.files import keeping
from tests.concurrency.scenes import race_test
from tests.factories import make_user
from tests.files import picture
from tests.races import meeting, names, race, without_locks
from users.models import Document, DocumentUse
from users.services import documents

pytestmark = race_test
PURPOSE = "attender_request:1"
ONE_OR_THE_OTHER = (["DocumentInUse", "str"], ["DocumentNotFound", "NoneType"])


def give(owner):
    return documents.add_document(owner_id=owner.pk, kind="report", name="x.jpg", content=picture())


@command
def attach(owner, document_id: uuid.UUID) -> str:
    documents.attach_documents(owner_id=owner.pk, document_ids=[document_id], purpose=PURPOSE)
    return "attached"


def test_uploads_at_once_do_not_pass_the_quota(monkeypatch):
    monkeypatch.setattr(documents, "MOST", 3)
    owner = make_user()

    outcomes = race(*[lambda: give(owner) for _ in range(6)])

    assert names(outcomes) == ["Document"] * 3 + ["TooManyDocuments"] * 3
    assert Document.objects.count() == 3


def test_without_the_lock_they_would(monkeypatch):
    monkeypatch.setattr(documents, "MOST", 1)
    owner, keep = make_user(), keeping.keep

    with meeting(3) as wait:
        monkeypatch.setattr(documents, "hold_person", lambda _: owner)
        monkeypatch.setattr(keeping, "keep", lambda checked: (wait(), keep(checked))[1])
        outcomes = race(*[lambda: give(owner) for _ in range(3)])

    assert names(outcomes) == ["Document"] * 3


@pytest.mark.parametrize("_", range(5))
def test_a_document_is_either_deleted_or_attached(_):
    owner = make_user()
    document = give(owner)

    outcomes = race(
        lambda: documents.delete_document(owner_id=owner.pk, document_id=document.pk),
        lambda: attach(owner, document.pk),
    )

    assert names(outcomes) in ONE_OR_THE_OTHER
    assert Document.objects.count() == DocumentUse.objects.count()


def test_without_the_lock_it_would_be_both(monkeypatch):
    owner = make_user()
    document = give(owner)
    delete, create = Document.delete, DocumentUse.objects.bulk_create

    with meeting(2, seconds=10) as wait:  # one has seen that it is not attached, the other that it is there
        monkeypatch.setattr(documents, "lock", without_locks)
        monkeypatch.setattr(Document, "delete", lambda row: (wait(), delete(row))[1])
        monkeypatch.setattr(DocumentUse.objects, "bulk_create", lambda *a, **kw: (wait(), create(*a, **kw))[1])
        outcomes = race(
            lambda: documents.delete_document(owner_id=owner.pk, document_id=document.pk),
            lambda: attach(owner, document.pk),
        )

    assert names(outcomes) not in ONE_OR_THE_OTHER  # at best the foreign key notices
