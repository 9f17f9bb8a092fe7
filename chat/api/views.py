"""Conversations of people: donors, receivers, patients and doctors."""

from chat.api import shared_views as shared
from chat.api.sides import PersonTalks


class ConversationsView(PersonTalks, shared.Listing):
    """Of a person."""


class UnreadMessagesView(PersonTalks, shared.CountingUnread):
    """Of a person."""


class ConversationView(PersonTalks, shared.ShowingOne):
    """Of a person."""


class MessagesView(PersonTalks, shared.Saying):
    """Of a person."""


class MessageFilesView(PersonTalks, shared.Filing):
    """Of a person."""


class MessageFileView(PersonTalks, shared.LinkingFile):
    """Of a person."""


class MessageView(PersonTalks, shared.Deleting):
    """Of a person."""


class ReadMarkView(PersonTalks, shared.MarkingRead):
    """Of a person."""


class TypingView(PersonTalks, shared.Typing):
    """Of a person."""


class QuickRepliesView(PersonTalks, shared.OfferingReplies):
    """Of a person."""


class MessageReportView(PersonTalks, shared.Reporting):
    """Of a person."""
