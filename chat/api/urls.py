"""The same for people, and under `partner/` for members."""

from __future__ import annotations

from types import ModuleType

from django.urls import URLPattern, path

from chat.api import partner_views, views

ONE = "conversations/<uuid:conversation_id>"
MESSAGE = f"{ONE}/messages/<uuid:message_id>"
ROUTES = (
    ("conversations", "ConversationsView", "conversations"),
    ("conversations/unread", "UnreadMessagesView", "conversations-unread"),
    (ONE, "ConversationView", "conversation"),
    (f"{ONE}/messages", "MessagesView", "conversation-messages"),
    (f"{ONE}/files", "MessageFilesView", "conversation-files"),
    (f"{ONE}/read", "ReadMarkView", "conversation-read"),
    (f"{ONE}/typing", "TypingView", "conversation-typing"),
    (f"{ONE}/quick-replies", "QuickRepliesView", "conversation-quick-replies"),
    (MESSAGE, "MessageView", "conversation-message"),
    (f"{MESSAGE}/file", "MessageFileView", "conversation-message-file"),
    (f"{MESSAGE}/report", "MessageReportView", "conversation-message-report"),
)


def mounted(module: ModuleType, *, before: str = "", kind: str = "", named: str = "") -> list[URLPattern]:
    return [
        path(f"{before}{address}", getattr(module, f"{kind}{view}").as_view(), name=f"{named}{name}")
        for address, view, name in ROUTES
    ]


urlpatterns = [*mounted(views), *mounted(partner_views, before="partner/", kind="Partner", named="partner-")]
