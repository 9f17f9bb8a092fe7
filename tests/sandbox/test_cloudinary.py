"""Private files at Cloudinary, through its own client, against the stand-in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import urllib3

from common import clock, outbox
from common.files import keeping
from common.files.storages import Cloudinary, StorageFailed
from common.models import PrivateFile
from sandbox.cloudinary.api import sign
from sandbox.server import Sandbox, running
from sandbox.world import SANDBOX_CLOUDINARY_URL
from tests.factories import make_user
from tests.files import picture
from users.services import documents

KEY = "0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def started() -> Iterator[Sandbox]:
    with running() as sandbox:
        yield sandbox


@pytest.fixture
def storage(started: Sandbox) -> Cloudinary:
    found = Cloudinary(url=SANDBOX_CLOUDINARY_URL, api_base=started.url)
    found.remove(KEY)
    return found


def fetch(url: str) -> Any:
    return urllib3.request("GET", url, retries=False)


def link(storage: Cloudinary, seconds: int = 300, key: str = KEY) -> str:
    return str(storage.link(key, name="x.pdf", expires_at=clock.now() + dt.timedelta(seconds=seconds)))


def test_the_stand_in_signs_as_cloudinary_does() -> None:
    fields = {"timestamp": "1315060510", "public_id": "sample_image", "eager": "w_400,h_300,c_pad|w_260,h_200,c_crop"}

    assert sign(fields, "abcd") == "bfd09f95f331f558cbd1320e67aa8d488770583e"


def test_a_file_is_shown_by_a_signed_link_alone(storage: Cloudinary) -> None:
    storage.put(KEY, b"a page")

    shown = fetch(link(storage))
    bare = fetch(link(storage).partition("?")[0] + f"?public_id={KEY}&type=authenticated")
    other = fetch(link(storage).replace(KEY, KEY[::-1]))

    assert (shown.status, shown.data) == (200, b"a page")
    assert (bare.status, other.status) == (401, 401)


def test_a_link_ends(storage: Cloudinary) -> None:
    storage.put(KEY, b"a page")

    ended = link(storage, seconds=-1)
    stretched = fetch(ended.replace("expires_at=1", "expires_at=2"))

    assert fetch(ended).status == 401
    assert stretched.status == 401


def test_putting_and_removing_twice_change_nothing(storage: Cloudinary) -> None:
    storage.put(KEY, b"a page")
    storage.put(KEY, b"a page")
    assert fetch(link(storage)).data == b"a page"

    storage.remove(KEY)
    storage.remove(KEY)

    assert fetch(link(storage)).status == 404


def test_a_refusal_names_neither_the_secret_nor_the_file(started: Sandbox) -> None:
    wrong = Cloudinary(url="cloudinary://100000000000001:another@sandbox", api_base=started.url)

    with pytest.raises(StorageFailed) as failed:
        wrong.put(KEY, b"a page")

    assert "another" not in str(failed.value)
    assert KEY not in str(failed.value)


def test_an_unreachable_cloudinary_is_a_failure_that_can_be_tried_again() -> None:
    away = Cloudinary(url=SANDBOX_CLOUDINARY_URL, api_base="http://127.0.0.1:9")

    with pytest.raises(StorageFailed):
        away.put(KEY, b"a page")
    with pytest.raises(StorageFailed):
        away.remove(KEY)


@pytest.mark.django_db
def test_a_document_is_carried_shown_and_removed(started: Sandbox, settings: Any, noon: Any) -> None:
    settings.CLOUDINARY_URL, settings.CLOUDINARY_API_BASE = SANDBOX_CLOUDINARY_URL, started.url
    owner = make_user()
    document = documents.add_document(owner_id=owner.pk, kind="report", name="x.png", content=picture("PNG"))

    outbox.drain()
    url = documents.link_to_own(owner_id=owner.pk, document_id=document.pk).url
    shown = fetch(url)
    documents.delete_document(owner_id=owner.pk, document_id=document.pk)
    outbox.drain()

    assert url.startswith(f"{started.url}/v1_1/sandbox/raw/download?")
    assert (shown.status, shown.data) == (200, picture("PNG"))
    assert fetch(url).status == 404
    assert not PrivateFile.objects.exists()


def test_a_worker_fetches_what_was_put_and_nothing_that_is_gone(storage: Cloudinary, noon: Any) -> None:
    storage.put(KEY, b"a page")
    found = storage.fetch(KEY)
    storage.remove(KEY)

    assert found == b"a page"
    with pytest.raises(StorageFailed):
        storage.fetch(KEY)


@pytest.mark.django_db
def test_what_lies_there_counts_only_while_it_is_what_was_kept(started: Sandbox, settings: Any, noon: Any) -> None:
    settings.CLOUDINARY_URL, settings.CLOUDINARY_API_BASE = SANDBOX_CLOUDINARY_URL, started.url
    file = documents.add_document(owner_id=make_user().pk, kind="report", name="x.jpg", content=picture()).file
    outbox.drain()
    found = keeping.fetch(file.pk)
    Cloudinary(url=SANDBOX_CLOUDINARY_URL, api_base=started.url).put(file.key, b"something else")

    assert found == picture()
    with pytest.raises(StorageFailed):
        keeping.fetch(file.pk)
