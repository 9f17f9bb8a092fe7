from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.api.fields import LineField, PhoneField
from common.api.uploads import FileField
from common.files.checking import FileType
from notifications.models import SupportMessage
from notifications.services import support
from notifications.states import TicketAuthor, TicketCategory, TicketStatus

CATEGORIES = [str(category) for category in TicketCategory]
TICKET = {
    "id": "019a9c3e-7f7e-7c31-9d2c-8f0d5b0c7a21",
    "status": "answered",
    "category": "donation",
    "subject": "My donation of Sunday is missing",
    "due_at": "2026-01-29T09:30:00Z",
    "created_at": "2026-01-15T09:30:00Z",
    "updated_at": "2026-01-16T10:00:00Z",
}
MESSAGE = {
    "id": "019a9c3e-7f7e-7c31-9d2c-8f0d5b0c7a22",
    "author": "administrator",
    "text": "The centre has recorded it now. Thank you for telling us.",
    "file": None,
    "created_at": "2026-01-16T10:00:00Z",
}


class TicketQuery(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=[str(status) for status in TicketStatus], required=False)


class TicketIn(serializers.Serializer[Any]):
    category = serializers.ChoiceField(choices=CATEGORIES)
    subject = LineField(max_length=120)
    text = serializers.CharField(max_length=4000)


class VisitorTicketIn(TicketIn):
    phone = PhoneField(help_text="Where the answer goes, by SMS.")
    language = serializers.CharField(max_length=5, default="en", help_text="`en`, `hi` or `bn`.")


class ReplyTicketIn(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=4000)


class TicketFileIn(serializers.Serializer[Any]):
    file = FileField(help_text="JPEG, PNG, WebP or PDF, at most 10 MB; judged by its content alone.")
    text = serializers.CharField(max_length=4000, required=False, default="", allow_blank=True)


class TicketOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=[str(status) for status in TicketStatus])
    category = serializers.ChoiceField(choices=CATEGORIES)
    subject = serializers.CharField()
    due_at = serializers.DateTimeField(help_text="By when it is answered; the period is published by category.")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()


class TakenTicketOut(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text="To name when you call.")
    due_at = serializers.DateTimeField()


class TicketFileOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    content_type = serializers.ChoiceField(choices=[str(kind) for kind in FileType])
    size = serializers.IntegerField(help_text="bytes")
    url = serializers.CharField(help_text="Shows the file for five minutes to whoever has it: pass it on to nobody.")
    expires_at = serializers.DateTimeField()


class TicketMessageOut(serializers.Serializer[SupportMessage]):
    id = serializers.UUIDField()
    author = serializers.ChoiceField(choices=[str(author) for author in TicketAuthor])
    text = serializers.CharField()
    file = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField()

    @extend_schema_field(TicketFileOut(allow_null=True))
    def get_file(self, row: SupportMessage) -> dict[str, Any] | None:
        if row.file is None:
            return None
        link = support.file_link(row)
        shown = {"name": row.file.name, "content_type": row.file.content_type, "size": row.file.size}
        return {**shown, "url": link.url, "expires_at": link.expires_at}
