"""What a person and a partner's member may do alike in conversations: each is mounted once for a side."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from chat import errors, selectors
from chat.api import examples, shapes
from chat.api.sides import Talking
from chat.models import ChatSide, Message
from chat.reading import Reader, ShownConversation
from chat.services import reporting, writing
from chat.states import ChatRole, ReportReason
from chat.wording import replies_for
from common import throttle
from common.api.pagination import paged
from common.api.schema import operation
from common.api.uploads import UploadView
from common.api.views import HTTPRequest, Request, Response, read, read_query
from common.errors import Busy, NotFound
from common.files import links
from common.files.errors import FileEmpty, FileTooLarge, FileTypeUnknown, FileUnreadable, FileUnsafe

WRITING = (NotFound, errors.ConversationClosed, errors.ChatBlocked)


class SpendsMessages(Talking):
    """A view whose POST counts as a message of the account."""

    def check_throttles(self, request: HTTPRequest) -> None:
        super().check_throttles(request)
        if request.method == "POST":
            throttle.spend("chat_message", str(request.user.pk))

    def shown(self, request: Request, conversation_id: UUID, message: Message, *, status: int) -> Response:
        reader = self.reader(request)
        side = selectors.get_side(reader, conversation_id)
        found = selectors.shown_messages(side, [message], language=reader.language)
        return Response(shapes.MessageOut(found[0]).data, status=status)


class Listing(Talking):
    @operation(
        "List conversations",
        query=[shapes.ConversationsQuery],
        responses={200: shapes.ConversationOut},
        paged=True,
        answer=examples.CONVERSATION,
    )
    def get(self, request: Request) -> Response:
        """Yours, by the last message in each, with how much you have not read."""
        query, reader = read_query(shapes.ConversationsQuery, request), self.reader(request)
        return paged(
            selectors.conversations_of(reader, **query),
            shapes.ConversationOut,
            request,
            ordering="-active_at",
            made=lambda rows: self._made(rows, reader),
        )

    def _made(self, rows: Sequence[ChatSide], reader: Reader) -> list[ShownConversation]:
        shown = selectors.shown_conversations(rows, language=reader.language)
        self.note_read("conversations", ((one.role, one.id) for one in shown))
        return shown


class CountingUnread(Talking):
    @operation("Count what is unread", responses={200: shapes.UnreadOut}, answer={"conversations": 1, "messages": 3})
    def get(self, request: Request) -> Response:
        """Over all your conversations, for the number beside the icon."""
        return Response(shapes.UnreadOut(selectors.unread_of(self.reader(request))).data)


class ShowingOne(Talking):
    @operation(
        "Read a conversation",
        responses={200: shapes.ConversationOut},
        refusals=[NotFound],
        answer=examples.CONVERSATION,
    )
    def get(self, request: Request, conversation_id: UUID) -> Response:
        """One that you have a side in."""
        found = selectors.get_conversation(self.reader(request), conversation_id)
        self.note_read("conversation", [(found.role, found.id)])
        return Response(shapes.ConversationOut(found).data)


class Saying(SpendsMessages):
    @operation(
        "List messages",
        query=[shapes.MessagesQuery],
        responses={200: shapes.MessageOut},
        refusals=[NotFound],
        paged=True,
        answer=examples.MESSAGE,
    )
    def get(self, request: Request, conversation_id: UUID) -> Response:
        """Newest first; or with `after=<number>`, whatever follows that number, oldest first: numbers have no gap, so
        that whoever asks for what follows the last one misses nothing."""
        query, reader = read_query(shapes.MessagesQuery, request), self.reader(request)
        side = selectors.get_side(reader, conversation_id)
        self.note_read("messages", [(side.role, conversation_id)])
        rows = selectors.messages_of(side.conversation)
        after = query.get("after")
        return paged(
            rows if after is None else rows.filter(number__gt=after),
            shapes.MessageOut,
            request,
            ordering="-number" if after is None else "number",
            made=lambda page: selectors.shown_messages(side, page, language=reader.language),
        )

    @operation(
        "Write a message",
        request=shapes.MessageIn,
        responses={201: shapes.MessageOut, 200: shapes.MessageOut},
        refusals=[*WRITING, errors.MessageEmpty, errors.QuickReplyUnknown],
        example=examples.TEXT,
        answer=examples.MESSAGE,
    )
    def post(self, request: Request, conversation_id: UUID) -> Response:
        """A text or a quick reply. With a `client_id` that you have used in this conversation, the answer is 200 and
        the message of then. Numbers of telephones, addresses and links to messengers are hidden until you meet."""
        body = read(shapes.MessageIn, request)
        sent = writing.send(reader=self.reader(request), conversation_id=conversation_id, **body)
        return self.shown(request, conversation_id, sent.message, status=201 if sent.is_new else 200)


class Filing(SpendsMessages, UploadView):
    @operation(
        "Send a file",
        request={"multipart/form-data": shapes.MessageFileIn},
        responses={201: shapes.MessageOut, 200: shapes.MessageOut},
        refusals=[*WRITING, FileEmpty, FileTooLarge, FileTypeUnknown, FileUnreadable, FileUnsafe, Busy],
        example={"client_id": examples.CLIENT_ID, "file": "requisition.pdf"},
        answer=examples.FILE,
        media_type="multipart/form-data",
    )
    def post(self, request: Request, conversation_id: UUID) -> Response:
        """A picture or a PDF of up to 10 MB, with words or without; looked at by the virus scanner first."""
        body = read(shapes.MessageFileIn, request)
        sent = writing.send_file(
            reader=self.reader(request),
            conversation_id=conversation_id,
            client_id=body["client_id"],
            name=body["file"].name or "",
            content=body["file"].read(),
            text=body.get("text", ""),
        )
        return self.shown(request, conversation_id, sent.message, status=201 if sent.is_new else 200)


class LinkingFile(Talking):
    @operation(
        "Get a link to a message's file",
        responses={200: shapes.ChatLinkOut},
        refusals=[NotFound, errors.NoFile],
        answer=examples.LINK,
    )
    def get(self, request: Request, conversation_id: UUID, message_id: UUID) -> Response:
        """Fetch the content from `url` within five minutes, without a token; then ask for a new link."""
        side = selectors.get_side(self.reader(request), conversation_id)
        file = selectors.file_of(side, message_id)
        if file is None:
            raise errors.NoFile
        self.note_read("message_file", [(side.role, conversation_id)])
        return Response(shapes.ChatLinkOut(links.link_to(file)).data)


class Deleting(Talking):
    @operation(
        "Delete a message",
        responses={204: None},
        refusals=[*WRITING, errors.MessageNotYours, errors.MessageTooOld, Busy],
    )
    def delete(self, request: Request, conversation_id: UUID, message_id: UUID) -> Response:
        """Your own, within ten minutes. Its place stays, with nothing in it, for both sides; between a patient and a
        doctor it goes for your side alone, because it belongs to the record."""
        writing.delete(reader=self.reader(request), conversation_id=conversation_id, message_id=message_id)
        return Response(status=204)


class MarkingRead(Talking):
    @operation(
        "Mark messages as read",
        request=shapes.ReadIn,
        responses={200: shapes.ConversationOut},
        refusals=[NotFound],
        example={"number": 2},
        answer=examples.CONVERSATION,
    )
    def post(self, request: Request, conversation_id: UUID) -> Response:
        """Everything up to this number; a mark never goes back. The members of a partner share one."""
        body, reader = read(shapes.ReadIn, request), self.reader(request)
        writing.mark_read(reader=reader, conversation_id=conversation_id, number=body["number"])
        return Response(shapes.ConversationOut(selectors.get_conversation(reader, conversation_id)).data)


class Typing(Talking):
    spends_by_account = ("chat_typing",)

    @operation("Say that you are typing", responses={204: None}, refusals=WRITING)
    def post(self, request: Request, conversation_id: UUID) -> Response:
        """The other side's open streams show it for a few seconds; nothing is kept. At most once in three seconds."""
        writing.show_typing(reader=self.reader(request), conversation_id=conversation_id)
        return Response(status=204)


class OfferingReplies(Talking):
    @operation(
        "List quick replies",
        responses={200: shapes.QuickReplyOut},
        refusals=[NotFound],
        answer=examples.QUICK_REPLIES,
        many=True,
    )
    def get(self, request: Request, conversation_id: UUID) -> Response:
        """What your side may say with one tap here, in your language. Codes keep their meaning."""
        reader = self.reader(request)
        side = selectors.get_side(reader, conversation_id)
        rows = [
            {"code": code, "text": text} for code, text in replies_for(ChatRole(side.role), language=reader.language)
        ]
        return Response(shapes.QuickReplyOut(rows, many=True).data)


class Reporting(Talking):
    spends_by_account = ("chat_report",)

    @operation(
        "Report a message",
        request=shapes.ReportIn,
        responses={201: shapes.ChatReportOut},
        refusals=[NotFound, errors.MessageNotReportable, errors.AlreadyReported],
        example={"reason": "money", "words": "He asks for 2 000 rupees before he comes."},
        answer=examples.REPORT,
    )
    def post(self, request: Request, conversation_id: UUID, message_id: UUID) -> Response:
        """Of the other side. An administrator sees it with the few messages around it, and you are told what came of
        it."""
        body = read(shapes.ReportIn, request)
        row = reporting.report(
            reader=self.reader(request),
            conversation_id=conversation_id,
            message_id=message_id,
            reason=ReportReason(body["reason"]),
            words=body.get("words", ""),
        )
        return Response(shapes.ChatReportOut(row).data, status=201)
