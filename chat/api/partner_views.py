"""Conversations of partners: a member takes part in those of the own role."""

from chat.api import shared_views as shared
from chat.api.sides import MemberTalks


class PartnerConversationsView(MemberTalks, shared.Listing):
    """Of a partner."""


class PartnerUnreadMessagesView(MemberTalks, shared.CountingUnread):
    """Of a partner."""


class PartnerConversationView(MemberTalks, shared.ShowingOne):
    """Of a partner."""


class PartnerMessagesView(MemberTalks, shared.Saying):
    """Of a partner."""


class PartnerMessageFilesView(MemberTalks, shared.Filing):
    """Of a partner."""


class PartnerMessageFileView(MemberTalks, shared.LinkingFile):
    """Of a partner."""

    reads_health = "chat_file"


class PartnerMessageView(MemberTalks, shared.Deleting):
    """Of a partner."""


class PartnerReadMarkView(MemberTalks, shared.MarkingRead):
    """Of a partner."""


class PartnerTypingView(MemberTalks, shared.Typing):
    """Of a partner."""


class PartnerQuickRepliesView(MemberTalks, shared.OfferingReplies):
    """Of a partner."""


class PartnerMessageReportView(MemberTalks, shared.Reporting):
    """Of a partner."""
