"""Files in multipart bodies: read to a temporary file, and no further than the largest that may be kept."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request as HTTPRequest

from common import throttle
from common.api.views import APIView
from common.files.checking import LARGEST
from common.files.errors import FileTooLarge

ENVELOPE = 64 * 1024  # bytes for the other fields and what stands between them


class OneFileHandler(TemporaryFileUploadHandler):
    """Writes files to a temporary place. Raises: FileTooLarge at the first byte too many, of all files together."""

    def __init__(self, request: Any = None, *, most_bytes: int = LARGEST) -> None:
        super().__init__(request)
        self._most_bytes = most_bytes
        self._received = 0

    def new_file(self, field_name: str, file_name: str, *args: Any, **kwargs: Any) -> None:
        """Keep the caller's name out of the temporary file's, which it could make too long."""
        super().new_file(field_name, "file", *args, **kwargs)
        self.file.name = file_name

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        self._received += len(raw_data)
        if self._received > self._most_bytes:
            self.file.close()
            raise FileTooLarge
        super().receive_data_chunk(raw_data, start)


class UploadView(APIView):
    """A view whose POST takes one file as `file`. What declares itself too large is refused before it is read.

    One that takes several names with `most_bytes` how large they may be together.
    """

    most_bytes: ClassVar[int] = LARGEST
    parser_classes = [MultiPartParser]
    reads_body = False

    def initial(self, request: HTTPRequest, *args: Any, **kwargs: Any) -> None:
        if request.method == "POST":
            django_request = request._request  # noqa: SLF001
            declared = str(django_request.META.get("CONTENT_LENGTH") or "0")
            if declared.isdecimal() and int(declared) > self.most_bytes + ENVELOPE:
                raise FileTooLarge
            django_request.upload_handlers = [OneFileHandler(django_request, most_bytes=self.most_bytes)]
        super().initial(request, *args, **kwargs)

    def check_throttles(self, request: HTTPRequest) -> None:
        super().check_throttles(request)
        if request.method == "POST":
            throttle.spend("upload", str(request.user.pk))

    def body_of(self, request: HTTPRequest) -> bytes:
        """Return what makes two bodies the same: every field, and the file's own bytes; not the boundary."""
        parts: list[bytes] = []
        fields: Any = request.data
        for name, values in sorted(fields.lists()):
            for value in values:
                content = _read_again(value) if isinstance(value, UploadedFile) else str(value).encode()
                shown = f"{value.name}" if isinstance(value, UploadedFile) else ""
                parts += [f"{len(content)}:{name}:{shown}:".encode(), content]
        return b"".join(parts)


@extend_schema_field({"type": "string", "format": "binary"})
class FileField(serializers.FileField):
    """The file; an empty one is refused with a code of its own, later."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_empty_file=True, write_only=True, **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, UploadedFile):
            self.fail("invalid")
        return data


def _read_again(file: UploadedFile) -> bytes:
    file.seek(0)
    content = file.read()
    file.seek(0)
    return bytes(content)
