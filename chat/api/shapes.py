"""Conversations and messages as the API takes and shows them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from chat.models import LONGEST_TEXT
from chat.states import ChatRole, ChatStatus, ChatSubject, MessageKind, ReportReason, ReportStatus
from common.api.uploads import FileField
from common.files.checking import FileType

LARGEST_NUMBER = 2**31 - 1
ROLES = [str(role) for role in ChatRole]
SUBJECTS = [str(subject) for subject in ChatSubject]
STATUSES = [str(status) for status in ChatStatus]


class ConversationsQuery(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=STATUSES, required=False)
    subject_kind = serializers.ChoiceField(choices=SUBJECTS, required=False)
    subject = serializers.UUIDField(required=False, help_text="The assignment, order, transfer or appointment.")


class MessagesQuery(serializers.Serializer[Any]):
    after = serializers.IntegerField(
        required=False,
        min_value=0,
        max_value=LARGEST_NUMBER,
        help_text="What follows this number, oldest first; without it, newest first.",
    )


class MessageIn(serializers.Serializer[Any]):
    client_id = serializers.UUIDField(help_text="Yours: the same one again is the same message.")
    text = serializers.CharField(required=False, max_length=LONGEST_TEXT)
    quick_reply = serializers.CharField(required=False, max_length=24, help_text="A code of your side's quick replies.")


class MessageFileIn(serializers.Serializer[Any]):
    client_id = serializers.UUIDField(help_text="Yours: the same one again is the same message.")
    file = FileField(help_text="JPEG, PNG, WebP or PDF, at most 10 MB; judged by its content alone.")
    text = serializers.CharField(required=False, max_length=LONGEST_TEXT)


class ReadIn(serializers.Serializer[Any]):
    number = serializers.IntegerField(
        min_value=1, max_value=LARGEST_NUMBER, help_text="Of the last message that was read."
    )


class ReportIn(serializers.Serializer[Any]):
    reason = serializers.ChoiceField(choices=[str(reason) for reason in ReportReason])
    words = serializers.CharField(required=False, max_length=1000, help_text="For the administrators.")


class ChatFileOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    content_type = serializers.ChoiceField(choices=[str(kind) for kind in FileType])
    size = serializers.IntegerField(help_text="bytes")


class ChatWayOut(serializers.Serializer[Any]):
    rel = serializers.ChoiceField(choices=["join", "host"])
    href = serializers.CharField(help_text="An address of this API that gives the link, to you alone.")


class MessageOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    number = serializers.IntegerField(help_text="Within its conversation, without a gap.")
    kind = serializers.ChoiceField(choices=[str(kind) for kind in MessageKind])
    author = serializers.ChoiceField(choices=ROLES, allow_null=True, help_text="Null where the subject itself went on.")
    ours = serializers.BooleanField(source="is_ours")
    client_id = serializers.UUIDField(allow_null=True, help_text="Of your side's own messages.")
    text = serializers.CharField(help_text="What is not typed is in your language; translate by `code` if you like.")
    code = serializers.CharField(help_text="Of a quick reply or a step.")
    masked = serializers.BooleanField(source="is_masked", help_text="Numbers or addresses are hidden in the text.")
    deleted = serializers.BooleanField(source="is_deleted")
    file = ChatFileOut(allow_null=True)
    way = ChatWayOut(allow_null=True)
    about_at = serializers.DateTimeField(allow_null=True, help_text="The moment that a step is about.")
    created_at = serializers.DateTimeField()


class OtherSideOut(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=ROLES)
    name = serializers.CharField(help_text="Empty for a donor or receiver before you meet.")
    read_up_to = serializers.IntegerField(help_text="The number of the last message that was read there.")


class ConversationOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    subject_kind = serializers.ChoiceField(choices=SUBJECTS)
    subject = serializers.UUIDField(source="subject_id")
    status = serializers.ChoiceField(choices=STATUSES)
    role = serializers.ChoiceField(choices=ROLES, help_text="Your side.")
    other = OtherSideOut()
    unread = serializers.IntegerField()
    read_up_to = serializers.IntegerField()
    last_number = serializers.IntegerField()
    last_message = MessageOut(allow_null=True)
    masks = serializers.BooleanField(source="is_masked", help_text="Numbers of telephones are hidden in texts.")
    opened_at = serializers.DateTimeField()
    closes_at = serializers.DateTimeField(allow_null=True, help_text="From then on nobody may write.")
    active_at = serializers.DateTimeField()


class UnreadOut(serializers.Serializer[Any]):
    conversations = serializers.IntegerField()
    messages = serializers.IntegerField()


class QuickReplyOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    text = serializers.CharField()


class ChatReportOut(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    status = serializers.ChoiceField(choices=[str(status) for status in ReportStatus])
    reason = serializers.ChoiceField(choices=[str(reason) for reason in ReportReason])
    created_at = serializers.DateTimeField()


class ChatLinkOut(serializers.Serializer[Any]):
    url = serializers.CharField(help_text="Shows the file to whoever has it: pass it on to nobody.")
    expires_at = serializers.DateTimeField()
