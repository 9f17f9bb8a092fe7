from __future__ import annotations

from typing import Any

from rest_framework import serializers

from common.api.uploads import FileField
from common.files.checking import FileType
from users.states import DocumentKind

KINDS = [str(kind) for kind in DocumentKind]


class DocumentIn(serializers.Serializer[Any]):
    file = FileField(help_text="JPEG, PNG, WebP or PDF, at most 10 MB; judged by its content alone.")
    kind = serializers.ChoiceField(choices=KINDS)


class DocumentOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=KINDS)
    name = serializers.CharField(source="file.name", help_text="Made safe, and ending as its content says.")
    content_type = serializers.ChoiceField(source="file.content_type", choices=[str(kind) for kind in FileType])
    size = serializers.IntegerField(source="file.size", help_text="bytes")
    created_at = serializers.DateTimeField()


class LinkOut(serializers.Serializer[Any]):
    url = serializers.CharField(help_text="Shows the file to whoever has it: pass it on to nobody.")
    expires_at = serializers.DateTimeField()
