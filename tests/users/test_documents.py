"""A person's documents: what is let in, who sees it, and how it goes."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.response import Response
from rest_framework.test import APIClient

from common import outbox
from common.db import unit_of_work
from common.errors import NotFound
from common.files import checking, storages
from common.models import OutboxEvent, PrivateFile
from tests.factories import PASSWORD, make_user, person_client
from tests.files import archive, pdf, picture
from users import selectors
from users.errors import DocumentNotFound
from users.models import Document, User
from users.services import documents, erasure

URL = "/api/v1/me/documents"
PURPOSE = "attender_request:01990b1e-6c00-7a3b-9d1e-2f4a5b6c7da1"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Any) -> Any:
    settings.PRIVATE_FILES_DIR = str(tmp_path / "private")
    return tmp_path / "private"


def send(client: APIClient, content: bytes, name: str = "scan.jpg", kind: str = "report", **headers: str) -> Response:
    file = SimpleUploadedFile(name, content, "text/html")  # what a client says of the type is not believed
    return client.post(URL, {"file": file, "kind": kind}, format="multipart", headers=headers)


def give(owner: User, content: bytes = b"") -> Document:
    return documents.add_document(owner_id=owner.pk, kind="report", name="scan.jpg", content=content or picture())


def attach(owner: User, *ids: uuid.UUID, purpose: str = PURPOSE) -> None:
    with unit_of_work():
        documents.attach_documents(owner_id=owner.pk, document_ids=ids, purpose=purpose)


def files_in(folder: Any) -> list[Any]:
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    ("content", "content_type", "ending"),
    [
        (picture("JPEG"), "image/jpeg", "jpg"),
        (picture("PNG"), "image/png", "png"),
        (picture("WEBP"), "image/webp", "webp"),
        (pdf(), "application/pdf", "pdf"),
    ],
)
def test_a_document_is_what_its_content_says(content: bytes, content_type: str, ending: str) -> None:
    answer = send(person_client(make_user()), content, name="letter.exe", kind="requisition")

    assert answer.status_code == 201, answer.content
    body = answer.json()
    assert (body["content_type"], body["name"]) == (content_type, f"letter.{ending}")
    assert (body["kind"], body["size"]) == ("requisition", len(content))
    assert set(body) == {"id", "kind", "name", "content_type", "size", "created_at"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "file_empty"),
        (b"<html><script>alert(1)</script></html>", "file_type_unknown"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "file_type_unknown"),
        (b"MZ\x90\x00", "file_type_unknown"),
        (b"GIF89a" + b"\0" * 40, "file_type_unknown"),
        (picture()[:200], "file_unreadable"),
        (b"\xff\xd8\xff\xe0 no picture", "file_unreadable"),
        (picture("PNG") + archive(), "file_unsafe"),
        (picture("JPEG") + archive(), "file_unsafe"),
        (picture("JPEG") + b"<ScRiPt>alert(1)</script>", "file_unsafe"),
        (picture("JPEG") + pdf(), "file_unsafe"),
        (picture("PNG") + b"more", "file_unsafe"),
        (picture("WEBP") + b"more", "file_unsafe"),
        (pdf(b"<</S /JavaScript /JS (app.alert(1))>>"), "file_unsafe"),
        (pdf(b"<</S/Launch/F(cmd.exe)>>"), "file_unsafe"),
        (pdf() + archive(), "file_unreadable"),
        (pdf(b"<html><body>"), "file_unsafe"),
        (pdf()[:-8], "file_unreadable"),
        (b"junk " + pdf(), "file_type_unknown"),
    ],
)
def test_what_is_no_picture_and_no_plain_pdf_is_refused(content: bytes, code: str) -> None:
    answer = send(person_client(make_user()), content)

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert answer.json()["errors"][0]["pointer"] == "/file"
    assert not PrivateFile.objects.exists()


def test_a_small_file_that_opens_to_an_enormous_picture_is_refused() -> None:
    bomb = picture("PNG", size=(9000, 9000))
    assert len(bomb) < 400_000

    answer = send(person_client(make_user()), bomb)

    assert (answer.status_code, answer.json()["code"]) == (400, "file_unreadable")


def test_one_byte_too_many_is_refused() -> None:
    answer = send(person_client(make_user()), picture() + b"\0" * (checking.LARGEST + 1 - len(picture())))
    declared = person_client(make_user()).post(
        URL, b"x", content_type="multipart/form-data; boundary=x", headers={"Content-Length": "99999999"}
    )

    assert [(reply.status_code, reply.json()["code"]) for reply in (answer, declared)] == [(400, "file_too_large")] * 2


def test_the_largest_file_is_let_in() -> None:
    content = pdf(b"%" + b"x" * (checking.LARGEST - len(pdf()) - 1))
    assert len(content) == checking.LARGEST

    assert send(person_client(make_user()), content).status_code == 201


@pytest.mark.parametrize("body", [{}, {"kind": "report"}, {"file": "text", "kind": "report"}])
def test_a_body_without_a_file_is_pointed_at(body: dict[str, str]) -> None:
    answer = person_client(make_user()).post(URL, body, format="multipart")

    assert answer.status_code == 400
    assert "/file" in [error["pointer"] for error in answer.json()["errors"]]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("x." + "y" * 250, "x"),
        ("\u0928" * 90 + ".png", "\u0928" * 90),
        ("रिपोर्ट.pdf", "रिपोर्ट"),
        ("..\\..\\boot.ini", "boot"),
        ("\u202egpj.exe", "gpj"),
        (".jpg", "jpg"),
        ("???", "document"),
    ],
)
def test_any_name_is_taken_and_made_safe(name: str, shown: str) -> None:
    answer = send(person_client(make_user()), picture(), name=name)

    assert answer.status_code == 201, answer.content
    assert answer.json()["name"].startswith(shown[:90])
    assert answer.json()["name"].endswith(".jpg")
    assert len(answer.json()["name"]) <= 100


def test_an_unknown_kind_is_pointed_at() -> None:
    answer = send(person_client(make_user()), picture(), kind="selfie")

    assert [error["pointer"] for error in answer.json()["errors"]] == ["/kind"]


def test_a_json_body_is_not_taken() -> None:
    assert person_client(make_user()).post(URL, {"kind": "report"}, format="json").status_code == 415


def test_the_same_upload_sent_twice_under_one_key_is_one_document() -> None:
    client = person_client(make_user())
    headers = {"Idempotency-Key": "first"}

    first = send(client, picture(), **headers)
    again = send(client, picture(), **headers)
    other = send(client, picture(colour="red"), **headers)

    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert again.json() == first.json()
    assert Document.objects.count() == 1


def test_uploads_are_limited() -> None:
    client = person_client(make_user())

    codes = [send(client, b"").status_code for _ in range(61)]

    assert (codes[59], codes[60]) == (400, 429)


def test_the_quota_counts_documents_and_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    owner = make_user()
    client = person_client(owner)
    monkeypatch.setattr(documents, "MOST", 2)
    give(owner)
    give(owner)

    too_many = send(client, picture())
    monkeypatch.setattr(documents, "MOST", 50)
    monkeypatch.setattr(documents, "MOST_BYTES", 3 * len(picture()) - 1)
    too_large = send(client, picture())

    assert [(reply.status_code, reply.json()["code"]) for reply in (too_many, too_large)] == [
        (409, "too_many_documents")
    ] * 2


def test_a_stranger_learns_nothing_of_a_document() -> None:
    document = give(make_user())
    stranger = person_client(make_user())

    answers = [
        stranger.get(f"{URL}/{document.pk}"),
        stranger.get(f"{URL}/{document.pk}/content"),
        stranger.delete(f"{URL}/{document.pk}"),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert stranger.get(URL).json()["results"] == []
    assert Document.objects.filter(pk=document.pk).exists()


def test_a_list_costs_the_same_for_one_and_for_twenty() -> None:
    owner = make_user()
    client = person_client(owner)
    give(owner)
    counts = []
    for more in (0, 19):
        for _ in range(more):
            give(owner)
        with CaptureQueriesContext(connection) as queries:
            rows = client.get(URL).json()["results"]
        counts.append(len(queries))
        assert not any('"content"' in query["sql"] for query in queries)

    assert len(rows) == 20
    assert counts[0] == counts[1] <= 3


def content_of(client: APIClient, document_id: Any) -> Any:
    link = client.get(f"{URL}/{document_id}/content").json()
    return APIClient().get(link["url"].removeprefix("http://127.0.0.1:8000"))


def test_the_content_is_the_same_before_and_after_it_was_carried(folder: Any) -> None:
    owner, content = make_user(), picture("PNG")
    client, document = person_client(owner), give(owner, content)

    before = content_of(client, document.pk)
    outbox.drain()
    after = content_of(client, document.pk)

    file = PrivateFile.objects.get()
    assert before.content == after.content == content
    assert (file.content, file.storage, len(files_in(folder))) == (None, "folder", 1)


def test_the_content_is_shown_as_something_to_save() -> None:
    owner = make_user()
    client = person_client(owner)
    name = '../../etc/a"b\r\nSet-Cookie: x=1;\u202egnp.exe\u0000.png'
    document = documents.add_document(owner_id=owner.pk, kind="other", name=name, content=picture())

    answer = content_of(client, document.pk)

    assert answer["Content-Type"] == "image/jpeg"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Disposition"] == 'attachment; filename="ab Set-Cookie x=1gnp.exe.jpg"'
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["Cache-Control"] == "private, no-store"
    assert "Set-Cookie" not in answer


def test_a_link_ends(noon: Any) -> None:
    owner = make_user()
    document = give(owner)
    link = documents.link_to_own(owner_id=owner.pk, document_id=document.pk)
    path = link.url.removeprefix("http://127.0.0.1:8000")

    early = APIClient().get(path)
    noon.shift(299)
    noon.shift(2)
    late = APIClient().get(path)

    assert (early.status_code, late.status_code) == (200, 404)


@pytest.mark.parametrize("change", ["", "A", "é", "../x"])
def test_a_link_that_was_changed_shows_nothing(change: str) -> None:
    owner = make_user()
    link = documents.link_to_own(owner_id=owner.pk, document_id=give(owner).pk)
    token = link.url.rpartition("/")[2]

    answer = APIClient().get(f"/files/{change + token[1 + len(change) :]}")

    assert answer.status_code == 404
    assert APIClient().post(f"/files/{token}").status_code == 405


def test_what_lies_in_the_folder_is_sealed_and_closed_to_others(folder: Any) -> None:
    give(make_user(), picture("PNG"))

    outbox.drain()

    (path,) = files_in(folder)
    assert b"PNG" not in path.read_bytes()
    assert (path.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    assert path.name == PrivateFile.objects.get().key


def test_a_deleted_document_is_gone_at_once_and_from_the_storage_soon(folder: Any) -> None:
    owner = make_user()
    client, document = person_client(owner), give(owner)
    outbox.drain()
    link = client.get(f"{URL}/{document.pk}/content").json()["url"].removeprefix("http://127.0.0.1:8000")

    answer = client.delete(f"{URL}/{document.pk}")

    assert answer.status_code == 204
    assert client.get(f"{URL}/{document.pk}").status_code == 404
    assert APIClient().get(link).status_code == 404
    assert len(files_in(folder)) == 1
    outbox.drain()
    assert files_in(folder) == []
    assert not PrivateFile.objects.exists()


def test_a_document_deleted_before_it_was_carried_never_leaves(folder: Any) -> None:
    owner = make_user()
    document = give(owner)

    documents.delete_document(owner_id=owner.pk, document_id=document.pk)
    outbox.drain()

    assert not folder.exists()
    assert not PrivateFile.objects.exists()


def test_a_storage_that_fails_is_asked_again_and_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, noon: Any, folder: Any
) -> None:
    owner = make_user()
    document = give(owner)
    with monkeypatch.context() as broken:
        broken.setattr(storages.Folder, "put", _fail)
        outbox.drain()
    assert content_of(person_client(owner), document.pk).status_code == 200

    noon.shift(10)
    outbox.drain()

    assert len(files_in(folder)) == 1
    assert not outbox.open_events().exists()


def _fail(*_: Any) -> None:
    raise storages.StorageFailed("not now")


def test_a_carrier_killed_half_way_leaves_nothing_that_is_not_removed(
    monkeypatch: pytest.MonkeyPatch, noon: Any, folder: Any
) -> None:
    owner = make_user()
    document = give(owner)
    with monkeypatch.context() as broken:
        broken.setattr("common.files.keeping._put_down", _fail)
        outbox.drain()
    assert len(files_in(folder)) == 1

    documents.delete_document(owner_id=owner.pk, document_id=document.pk)
    noon.shift(10)
    outbox.drain()

    assert files_in(folder) == []


def test_a_purpose_sees_what_was_attached_to_it_while_it_is_open() -> None:
    owner = make_user()
    document = give(owner)

    attach(owner, document.pk, document.pk)

    (card,) = selectors.documents_of(PURPOSE)
    assert (card.id, card.kind, card.content_type) == (document.pk, "report", "image/jpeg")
    assert "/files/" in documents.link_to(document_id=document.pk, purpose=PURPOSE).url
    with pytest.raises(NotFound):
        documents.link_to(document_id=document.pk, purpose="attender_request:another")
    with unit_of_work():
        documents.end_purpose(purpose=PURPOSE)
    with pytest.raises(NotFound):
        documents.link_to(document_id=document.pk, purpose=PURPOSE)


def test_only_one_s_own_documents_can_be_attached() -> None:
    owner = make_user()
    own, strange = give(owner), give(make_user())

    with pytest.raises(DocumentNotFound) as refused:
        attach(owner, own.pk, strange.pk, uuid.uuid4())

    assert refused.value.facts["pointers"] == ["/documents/1", "/documents/2"]
    assert selectors.documents_of(PURPOSE) == []


def test_a_document_that_is_needed_stays_until_the_purpose_is_over() -> None:
    owner = make_user()
    client, document = person_client(owner), give(owner)
    attach(owner, document.pk)

    refused = client.delete(f"{URL}/{document.pk}")
    with unit_of_work():
        documents.end_purpose(purpose=PURPOSE)

    assert (refused.status_code, refused.json()["code"]) == (409, "document_in_use")
    assert client.delete(f"{URL}/{document.pk}").status_code == 204
    assert selectors.documents_of(PURPOSE) == []


def test_who_is_forgotten_leaves_no_document(folder: Any) -> None:
    owner = make_user()
    owner.set_password(PASSWORD)
    owner.save()
    give(owner)
    attach(owner, give(owner).pk)
    outbox.drain()

    erasure.erase(user_id=owner.pk, password=PASSWORD)
    outbox.drain()

    assert not Document.objects.exists()
    assert not PrivateFile.objects.exists()
    assert files_in(folder) == []


def test_a_copy_of_one_s_data_lists_the_documents() -> None:
    owner = make_user()
    document = give(owner)

    (row,) = person_client(owner).get("/api/v1/me/export").json()["holdings"]["documents"]

    assert (row["id"], row["name"], row["size"]) == (str(document.pk), "scan.jpg", len(picture()))


def refuses(content: bytes) -> bool:
    return b"JFIF" not in content


def breaks(content: bytes) -> bool:
    raise ConnectionError("no scanner")


@pytest.mark.parametrize(("scanner", "code"), [("refuses", "file_unsafe"), ("breaks", "busy")])
def test_what_the_scanner_does_not_call_clean_is_not_let_in(settings: Any, scanner: str, code: str) -> None:
    settings.FILE_SCANNER = f"{__name__}.{scanner}"

    answer = send(person_client(make_user()), picture())

    assert answer.json()["code"] == code
    assert not PrivateFile.objects.exists()


def test_a_refused_upload_says_nothing_to_anybody() -> None:
    send(person_client(make_user()), b"")

    assert not OutboxEvent.objects.filter(name="file.kept").exists()


def test_administrators_see_that_there_are_documents_and_not_what_stands_in_them(client: Any) -> None:
    owner = make_user()
    document = give(owner)
    attach(owner, document.pk)
    client.force_login(User.objects.create_superuser("+919000099999", PASSWORD, name="Meera"))

    pages = [
        client.get(f"/admin/{path}/")
        for path in (
            *("users/document", f"users/document/{document.pk}/change"),
            *("common/privatefile", f"common/privatefile/{document.file_id}/change"),
        )
    ]

    assert [page.status_code for page in pages] == [200] * 4
    assert not any("scan.jpg" in page.content.decode() for page in pages)
