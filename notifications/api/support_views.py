"""Questions to the administrators: a person's, a partner's, and a visitor's."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.permissions import AllowAny

from common.api.pagination import paged
from common.api.schema import operation
from common.api.uploads import UploadView
from common.api.views import APIView, HTTPRequest, Request, Response, read, read_query
from common.errors import Busy, IllegalTransition, NotFound
from common.files.errors import FileEmpty, FileTooLarge, FileTypeUnknown, FileUnreadable, FileUnsafe
from common.throttle import spend
from notifications import selectors
from notifications.api import support_serializers as shapes
from notifications.errors import TicketsTooMany
from notifications.models import SupportTicket
from notifications.services import support
from notifications.services.support import Side
from notifications.states import TicketAuthor, TicketCategory
from partners.api.authentication import MemberAuthentication, member_of
from partners.api.permissions import IsMember
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson

ASKED = {
    "category": "donation",
    "subject": "My donation of Sunday is missing",
    "text": "I gave in Kothrud.",
}
OPEN = {**shapes.TICKET, "status": "open"}
FILES = (FileEmpty, FileTooLarge, FileTypeUnknown, FileUnreadable, FileUnsafe)


class Persons:
    """A person's own."""

    tag = "Support"

    def side(self, request: Request) -> Side:
        return Side(TicketAuthor.PERSON, request.user.pk, language=request.user.language)

    def rows(self, request: Request) -> QuerySet[SupportTicket]:
        return selectors.tickets_of_person(request.user.pk)


class Partners:
    """A partner's, which all its members share."""

    tag = "Partners: support"

    def side(self, request: Request) -> Side:
        member = member_of(request)
        return Side(TicketAuthor.MEMBER, member.pk, partner_id=member.partner_id, language=member.language)

    def rows(self, request: Request) -> QuerySet[SupportTicket]:
        return selectors.tickets_of_partner(member_of(request).partner_id)


class Sided(APIView):
    """One side's view of its questions."""

    replies: ClassVar[str] = "support_reply"

    def side(self, request: Request) -> Side:
        raise NotImplementedError

    def rows(self, request: Request) -> QuerySet[SupportTicket]:
        raise NotImplementedError

    def check_throttles(self, request: HTTPRequest) -> None:
        super().check_throttles(request)
        if request.method == "POST":
            spend(self.replies, str(request.user.pk))


class AllTickets(Sided):
    replies = "support"

    @operation(
        "List my questions to the administrators",
        query=[shapes.TicketQuery],
        responses={200: shapes.TicketOut},
        paged=True,
        answer=shapes.TICKET,
    )
    def get(self, request: Request) -> Response:
        """Newest first, with where each stands and by when it is answered. A partner's members share theirs."""
        query, rows = read_query(shapes.TicketQuery, request), self.rows(request)
        return paged(rows.filter(**query), shapes.TicketOut, request)

    @operation(
        "Ask the administrators something",
        request=shapes.TicketIn,
        responses={201: shapes.TicketOut},
        refusals=[TicketsTooMany],
        example=ASKED,
        answer=OPEN,
    )
    def post(self, request: Request) -> Response:
        """You are told when it is answered: within 14 days, or 30 for a grievance about personal data (`privacy`)."""
        body = read(shapes.TicketIn, request)
        ticket = support.ask(
            side=self.side(request),
            category=TicketCategory(body["category"]),
            subject=body["subject"],
            said=support.Words(body["text"]),
        )
        return Response(shapes.TicketOut(ticket).data, status=201)


class OneTicket(Sided):
    @operation("Read a question of mine", responses={200: shapes.TicketOut}, refusals=[NotFound], answer=shapes.TICKET)
    def get(self, request: Request, ticket_id: UUID) -> Response:
        """Where it stands; what was said is behind `/messages`."""
        return Response(shapes.TicketOut(selectors.ticket_in(self.rows(request), ticket_id)).data)


class TicketMessages(Sided):
    @operation(
        "Read what was said",
        responses={200: shapes.TicketMessageOut},
        refusals=[NotFound],
        paged=True,
        answer=shapes.MESSAGE,
    )
    def get(self, request: Request, ticket_id: UUID) -> Response:
        """Newest first. The link to a file ends after five minutes; read the list again for another."""
        ticket = selectors.ticket_in(self.rows(request), ticket_id)
        return paged(selectors.messages_of(ticket), shapes.TicketMessageOut, request)

    @operation(
        "Say more about a question",
        request=shapes.ReplyTicketIn,
        responses={201: shapes.TicketOut},
        refusals=[NotFound, IllegalTransition],
        example={"text": "It was the camp of the Sahyadri Hospital."},
        answer=OPEN,
    )
    def post(self, request: Request, ticket_id: UUID) -> Response:
        """It waits for an administrator again. What is over has to be reopened first."""
        body = read(shapes.ReplyTicketIn, request)
        ticket = support.reply(ticket_id=ticket_id, side=self.side(request), said=support.Words(body["text"]))
        return Response(shapes.TicketOut(ticket).data, status=201)


class TicketFiles(UploadView, Sided):
    @operation(
        "Add a file to a question",
        request={"multipart/form-data": shapes.TicketFileIn},
        responses={201: shapes.TicketOut},
        refusals=[NotFound, IllegalTransition, Busy, *FILES],
        example={"file": "certificate.pdf", "text": "This is what I was given."},
        answer=OPEN,
        media_type="multipart/form-data",
    )
    def post(self, request: Request, ticket_id: UUID) -> Response:
        """A picture or a PDF of up to 10 MB, with words if you like; seen by you and the administrators."""
        body = read(shapes.TicketFileIn, request)
        selectors.ticket_in(self.rows(request), ticket_id)
        said = support.words(body["text"], name=body["file"].name or "", content=body["file"].read())
        ticket = support.reply(ticket_id=ticket_id, side=self.side(request), said=said)
        return Response(shapes.TicketOut(ticket).data, status=201)


class CloseTicket(Sided):
    @operation(
        "Close a question of mine",
        responses={200: shapes.TicketOut},
        refusals=[NotFound, IllegalTransition],
        answer={**shapes.TICKET, "status": "closed"},
    )
    def post(self, request: Request, ticket_id: UUID) -> Response:
        """You need no answer any more."""
        return Response(shapes.TicketOut(support.close(ticket_id=ticket_id, side=self.side(request))).data)


class ReopenTicket(Sided):
    @operation(
        "Reopen a question of mine",
        responses={200: shapes.TicketOut},
        refusals=[NotFound, IllegalTransition],
        answer=OPEN,
    )
    def post(self, request: Request, ticket_id: UUID) -> Response:
        """An administrator looks again; the time to answer begins anew."""
        return Response(shapes.TicketOut(support.reopen(ticket_id=ticket_id, side=self.side(request))).data)


class ContactView(APIView):
    authentication_classes = []
    permission_classes = [AllowAny]
    spends = ("support_visitor",)
    spends_by = {"support_phone": "phone"}

    @operation(
        "Ask the administrators something without an account",
        tag="Support",
        request=shapes.VisitorTicketIn,
        responses={202: shapes.TakenTicketOut},
        example={**ASKED, "category": "account", "phone": "+919876543210", "language": "hi"},
        answer={"id": shapes.TICKET["id"], "due_at": shapes.TICKET["due_at"]},
        public=True,
    )
    def post(self, request: Request) -> Response:
        """The answer comes by SMS to the number; nothing can be read back here, for nobody has proven whose it is."""
        body = read(shapes.VisitorTicketIn, request)
        ticket = support.ask_as_visitor(**{**body, "category": TicketCategory(body["category"])})
        return Response(shapes.TakenTicketOut(ticket).data, status=202)


class TicketsView(Persons, AllTickets):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]


class TicketView(Persons, OneTicket):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]


class TicketMessagesView(Persons, TicketMessages):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]


class TicketFilesView(Persons, TicketFiles):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]


class CloseTicketView(Persons, CloseTicket):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]


class ReopenTicketView(Persons, ReopenTicket):
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]


class PartnerTicketsView(Partners, AllTickets):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsMember]


class PartnerTicketView(Partners, OneTicket):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsMember]


class PartnerTicketMessagesView(Partners, TicketMessages):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsMember]


class PartnerTicketFilesView(Partners, TicketFiles):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsMember]


class PartnerCloseTicketView(Partners, CloseTicket):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsMember]


class PartnerReopenTicketView(Partners, ReopenTicket):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsMember]
