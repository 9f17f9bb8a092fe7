"""What a file is, by what stands in it: neither its name nor what the caller says of it counts.

Only pictures and PDF are let in, and each must be that and nothing else besides: a picture with a page of HTML, a
script or an archive behind it would be something else to whoever opens it. Plain active content of a PDF is refused;
what hides in compressed objects is the scanner's to find (`settings.FILE_SCANNER`).
"""

from __future__ import annotations

import hashlib
import logging
import re
import struct
import threading
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from io import BytesIO
from typing import Final

from django.conf import settings
from django.utils.module_loading import import_string
from PIL import Image

from common.errors import Busy
from common.files.errors import FileEmpty, FileTooLarge, FileTypeUnknown, FileUnreadable, FileUnsafe
from common.files.naming import clean_name

LARGEST: Final = 10 * 1024 * 1024  # bytes
MOST_PIXELS: Final = 40_000_000  # a page at 600 dpi is 35 million; four bytes each are what decoding takes
PNG: Final = b"\x89PNG\r\n\x1a\n"
PDF: Final = re.compile(rb"%PDF-[12]\.\d")
PDF_END: Final = re.compile(rb"%%EOF[\s\x00]*\Z")
PDF_TAIL: Final = 1024  # bytes in which readers look for the end
# Names that act when a PDF is opened, or carry another file; a name ends before anything that is no letter.
PDF_ACTS: Final = re.compile(rb"/(?:JavaScript|Launch|EmbeddedFiles?|RichMedia|SubmitForm|ImportData)(?![A-Za-z])")
# The beginnings of other kinds of files, long enough not to turn up in compressed pictures by chance.
FOREIGN: Final = (b"%pdf-1.", b"%pdf-2.", b"<script", b"<!doctype", b"<html>", b"<html ", b"<?php ")
ZIP_END: Final = b"PK\x05\x06"
ZIP_TAIL: Final = 65_557  # the end record and the longest comment (APPNOTE 4.3.16)
HTML_HEAD: Final = 1024  # bytes that browsers look at when they guess

Scanner = Callable[[bytes], bool]
# Decoding takes a hundred megabytes at worst: never for many pictures at once.
_decoding = threading.BoundedSemaphore(2)
log = logging.getLogger(__name__)


class FileType(StrEnum):
    JPEG = "image/jpeg"
    PNG = "image/png"
    WEBP = "image/webp"
    PDF = "application/pdf"


@dataclass(frozen=True)
class CheckedFile:
    """A file that may be kept, under a name that may be shown."""

    name: str
    content_type: FileType
    content: bytes
    sha256: str


def check(*, name: str, content: bytes, is_scanned_later: bool = False) -> CheckedFile:
    """Return the file as it may be kept; `is_scanned_later` leaves the scanner to a worker.

    Raises: FileEmpty, FileTooLarge, FileTypeUnknown, FileUnreadable, FileUnsafe, Busy when the scanner cannot say
    """
    if not content:
        raise FileEmpty
    if len(content) > LARGEST:
        raise FileTooLarge
    kind = _type_of(content)
    if kind is FileType.PDF:
        _check_pdf(content)
    else:
        _check_picture(kind, content)
    if not is_scanned_later:
        _scan(content)
    return CheckedFile(clean_name(name, kind), kind, content, hashlib.sha256(content).hexdigest())


def _type_of(content: bytes) -> FileType:
    if content.startswith(b"\xff\xd8\xff"):
        return FileType.JPEG
    if content.startswith(PNG):
        return FileType.PNG
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return FileType.WEBP
    if PDF.match(content):
        return FileType.PDF
    raise FileTypeUnknown


def _check_pdf(content: bytes) -> None:
    if not PDF_END.search(content[-PDF_TAIL:]) or b"startxref" not in content:
        raise FileUnreadable
    if PDF_ACTS.search(content) or _holds(content[:HTML_HEAD].lower()[len(b"%pdf-1.") :], FOREIGN) or _has_zip(content):
        raise FileUnsafe


def _check_picture(kind: FileType, content: bytes) -> None:
    _decode(kind, content)
    if _holds(content.lower(), FOREIGN) or _has_zip(content):
        raise FileUnsafe
    end = {FileType.PNG: _end_of_png, FileType.WEBP: _end_of_webp}.get(kind)
    if end is not None and end(content) != len(content):
        raise FileUnsafe


def _decode(kind: FileType, content: bytes) -> None:
    """Raises: FileUnreadable for a picture that does not open, or only to something enormous."""
    try:
        with _decoding, warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(content), formats=[kind.name]) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise FileUnreadable
                picture.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, OSError, ValueError, SyntaxError) as exc:
        raise FileUnreadable from exc
    except (struct.error, IndexError, KeyError, TypeError, EOFError, MemoryError, OverflowError) as exc:
        raise FileUnreadable from exc  # what broken files are known to raise in decoders


def _end_of_png(content: bytes) -> int:
    """Return where the last chunk ends (PNG §5.3: length, type, data, checksum)."""
    at = len(PNG)
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        kind, at = content[at + 4 : at + 8], at + 12 + length
        if kind == b"IEND":
            break
    return at


def _end_of_webp(content: bytes) -> int:
    size = int.from_bytes(content[4:8], "little")
    return 8 + size + size % 2


def _holds(text: bytes, beginnings: tuple[bytes, ...]) -> bool:
    return any(beginning in text for beginning in beginnings)


def _has_zip(content: bytes) -> bool:
    return ZIP_END in content[-ZIP_TAIL:]


def is_clean(content: bytes) -> bool:
    """Return what the scanner says of the content; yes where there is none. Raises: Busy when it cannot say"""
    if not settings.FILE_SCANNER:
        return True
    scanner: Scanner = import_string(settings.FILE_SCANNER)
    try:
        return scanner(content) is True
    except Exception as exc:  # whatever a scanner raises: what was not looked at is not let in
        log.exception("file scanner failed")
        raise Busy from exc


def _scan(content: bytes) -> None:
    if not is_clean(content):
        raise FileUnsafe
