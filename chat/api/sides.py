"""Who talks: a person, or a member for a partner. What both may do alike is written once, in `shared_views`."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from chat.reading import Reader
from chat.states import ChatRole
from common.api.views import APIView, Request
from common.audit.recording import record_read
from partners.api.authentication import MemberAuthentication
from partners.api.permissions import IsLiveMember
from users.api.authentication import PersonAuthentication
from users.api.permissions import IsPerson


class Talking(APIView):
    """One side of conversations. Its `tag` is that of its operations."""

    tag: str

    def reader(self, request: Request) -> Reader:
        raise NotImplementedError

    def note_read(self, what: str, conversations: Iterable[tuple[str, UUID]]) -> None:
        """Write down which conversations, each with the reader's role in it, a doctor reads: patients tell of their
        health there."""
        ids = [str(pk) for role, pk in conversations if role == ChatRole.DOCTOR]
        if ids:
            record_read(what, subject=("conversation", ids[0]) if len(ids) == 1 else ("", ""), ids=ids)


class PersonTalks(Talking):
    tag = "Conversations"
    authentication_classes = [PersonAuthentication]
    permission_classes = [IsPerson]

    def reader(self, request: Request) -> Reader:
        return Reader.person(request.user.pk, language=request.user.language)


class MemberTalks(Talking):
    tag = "Partners: conversations"
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsLiveMember]

    def reader(self, request: Request) -> Reader:
        member = request.user
        return Reader.member(member.pk, partner_id=member.partner_id, role=member.role, language=member.language)
