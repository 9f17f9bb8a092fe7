"""Why a message is not written."""

from common.errors import Conflict, Invalid, NotAllowed


class ConversationClosed(Conflict):
    code, message = "conversation_closed", "This conversation is over. It can be read, and no more written."


class ChatBlocked(NotAllowed):
    code, message = "chat_blocked", "An administrator has stopped you from writing in conversations."


class QuickReplyUnknown(Invalid):
    code, message = "quick_reply_unknown", "Your side has no such quick reply in this conversation."
    pointer = "/quick_reply"


class MessageEmpty(Invalid):
    code, message, pointer = "message_empty", "Write a text, or choose a quick reply: one of the two.", "/text"


class MessageTooOld(Conflict):
    code, message = "message_too_old", "A message can be deleted for a few minutes only."


class MessageNotYours(Conflict):
    code, message = "message_not_yours", "Only a message that your side has written can be deleted."


class MessageNotReportable(Conflict):
    code, message = "message_not_reportable", "Only what the other side has written can be reported."


class AlreadyReported(Conflict):
    code, message = "already_reported", "Your side has reported this message already."
    constraint = "report_once_each_side"


class NoFile(Conflict):
    code, message = "message_has_no_file", "There is no file with this message."
