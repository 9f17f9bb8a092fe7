"""Where private files lie: a folder of this machine, sealed, or Cloudinary."""

from __future__ import annotations

import datetime as dt
import os
import re
import secrets
from functools import cache
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

import cloudinary.uploader
import requests
from cloudinary.utils import private_download_url
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from urllib3.exceptions import HTTPError

from common import clock
from common.crypto import decrypt, encrypt

LARGEST: Final = 10 * 1024 * 1024  # bytes; what `checking` lets in
KEY: Final = re.compile(r"[0-9a-f]{32}")
TIMEOUT: Final = 20  # seconds for one call: a third of an event's lease


class StorageFailed(Exception):
    """The storage did not do what it was asked; the same call may succeed later. Says nothing of the file."""


class Storage(Protocol):
    """`put` and `remove` may be repeated: the second time they change nothing."""

    name: str

    def put(self, key: str, content: bytes) -> None: ...

    def remove(self, key: str) -> None: ...

    def read(self, key: str) -> bytes | None:
        """Return the content; None where the storage shows it by a link of its own."""

    def fetch(self, key: str) -> bytes:
        """Return the content to a worker, wherever it lies. Raises: StorageFailed"""

    def link(self, key: str, *, name: str, expires_at: dt.datetime) -> str | None:
        """Return the storage's own link; None where this server has to show the content."""


class Folder:
    """A private folder, `settings.PRIVATE_FILES_DIR`: files are sealed, readable by the product's user alone."""

    name = "folder"

    def __init__(self, root: Path) -> None:
        self._root = root

    def put(self, key: str, content: bytes) -> None:
        """Write the whole file or nothing: a reader never sees half of one."""
        target = self._path(key)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._root.chmod(0o700)
        beside = target.with_name(f"{target.name}.{secrets.token_hex(4)}.new")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(encrypt(content, context=sealed_for(key)))
                file.flush()
                os.fsync(file.fileno())
            beside.replace(target)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise

    def remove(self, key: str) -> None:
        self._path(key).unlink(missing_ok=True)

    def read(self, key: str) -> bytes | None:
        try:
            return decrypt(self._path(key).read_bytes(), context=sealed_for(key))
        except OSError as exc:
            raise StorageFailed("The folder does not hold the file.") from exc

    def fetch(self, key: str) -> bytes:
        content = self.read(key)
        if content is None:
            raise StorageFailed("The folder does not hold the file.")
        return content

    def link(self, key: str, *, name: str, expires_at: dt.datetime) -> str | None:
        return None

    def _path(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise ValueError("This is no key of a file.")
        return self._root / key[:2] / key


class Cloudinary:
    """Cloudinary's type `authenticated`, as raw files: nothing there is read, derived or shown without a signature."""

    name = "cloudinary"

    def __init__(self, *, url: str, api_base: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "cloudinary" or not (parts.hostname and parts.username and parts.password):
            raise ImproperlyConfigured("CLOUDINARY_URL is written cloudinary://api_key:api_secret@cloud_name.")
        self._options = {
            "cloud_name": parts.hostname,
            "api_key": unquote(parts.username),
            "api_secret": unquote(parts.password),
            "upload_prefix": api_base.rstrip("/"),
            "resource_type": "raw",
            "type": "authenticated",
        }

    def put(self, key: str, content: bytes) -> None:
        try:
            cloudinary.uploader.upload(
                content, public_id=key, filename=key, overwrite=True, timeout=TIMEOUT, **self._options
            )
        except cloudinary.exceptions.Error as exc:
            raise StorageFailed(f"Cloudinary did not take the file ({type(exc).__name__}).") from None

    def remove(self, key: str) -> None:
        try:
            said = cloudinary.uploader.destroy(key, invalidate=True, timeout=TIMEOUT, **self._options)
        except cloudinary.exceptions.Error as exc:
            raise StorageFailed(f"Cloudinary did not remove the file ({type(exc).__name__}).") from None
        if said.get("result") not in {"ok", "not found"}:
            raise StorageFailed("Cloudinary did not remove the file.")

    def read(self, key: str) -> bytes | None:
        return None

    def fetch(self, key: str) -> bytes:
        """Download it by the link that a person would be given; no further than the largest that may be kept."""
        url = self.link(key, name="", expires_at=clock.now() + dt.timedelta(minutes=1)) or ""
        try:
            with requests.get(url, timeout=TIMEOUT, stream=True) as reply:
                content = reply.raw.read(LARGEST + 1, decode_content=True)
                reply.raise_for_status()
        except (requests.RequestException, HTTPError) as exc:
            raise StorageFailed(f"Cloudinary did not give the file ({type(exc).__name__}).") from None
        if not content or len(content) > LARGEST:
            raise StorageFailed("Cloudinary gave something else than the file.")
        return bytes(content)

    def link(self, key: str, *, name: str, expires_at: dt.datetime) -> str | None:
        ends = int(expires_at.timestamp())
        return str(private_download_url(key, "", attachment=True, expires_at=ends, **self._options))


def current() -> Storage:
    """Return the storage that new files go to. Raises: ImproperlyConfigured when there is none."""
    return named(Cloudinary.name if settings.CLOUDINARY_URL else Folder.name)


def named(name: str) -> Storage:
    """Return the storage that a file says it lies in: after a change of settings both are in use.

    Raises: ImproperlyConfigured
    """
    if name == Cloudinary.name and settings.CLOUDINARY_URL:
        return _cloudinary(settings.CLOUDINARY_URL, settings.CLOUDINARY_API_BASE)
    if name == Folder.name and settings.PRIVATE_FILES_DIR:
        return Folder(Path(settings.PRIVATE_FILES_DIR))
    raise ImproperlyConfigured("Private files need CLOUDINARY_URL or PRIVATE_FILES_DIR.")


def sealed_for(key: str) -> str:
    """What a file's content is encrypted for, wherever it lies."""
    return f"common.privatefile.content:{key}"


@cache
def _cloudinary(url: str, api_base: str) -> Cloudinary:
    return Cloudinary(url=url, api_base=api_base)
