"""What a partner's own members and keys did, for its owners."""

from __future__ import annotations

import json
from typing import Any

from rest_framework import serializers

from common.api.pagination import paged
from common.api.schema import operation
from common.api.views import APIView, Request, Response, read_query
from common.audit.selectors import entries_of_partner
from common.audit.states import ActorKind, Deed
from common.models import AuditEntry
from partners.api.authentication import MemberAuthentication, member_of
from partners.api.permissions import IsOwner

SAMPLE = {
    "id": "4711",
    "at": "2026-11-21T10:05:00Z",
    "actor": {"kind": "member", "id": "019a9c3e-7f7e-7c31-9d2c-8f0d5b0c7a11"},
    "deed": "write",
    "act": "partners.members.add_member",
    "subject": {"kind": "member", "id": "019a9c3e-7c10-7a55-8e0b-2f6c1d9b4e02"},
    "facts": {"given": ["new", "role"]},
    "outcome": "done",
    "request_id": "5f1c0b8e7a61",
    "network": "203.0.113.0/24",
}


class AuditLogQuery(serializers.Serializer[Any]):
    since = serializers.DateTimeField(required=False, help_text="Only what happened from then on.")
    actor = serializers.UUIDField(required=False, help_text="Only what this member or key did.")
    act = serializers.CharField(required=False, max_length=120, help_text="Only this act, as the entries name it.")


class AuditActorOut(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(list(ActorKind))
    id = serializers.CharField(help_text="Empty for nobody who had signed in.")


class AuditSubjectOut(serializers.Serializer[Any]):
    kind = serializers.CharField(help_text="Empty where the act is about nothing in particular, such as a list.")
    id = serializers.CharField()


class AuditEntryOut(serializers.Serializer[Any]):
    id = serializers.CharField()
    at = serializers.DateTimeField()
    actor = serializers.SerializerMethodField()
    deed = serializers.ChoiceField(list(Deed), help_text="`read` is a read of health data.")
    act = serializers.CharField()
    subject = serializers.SerializerMethodField()
    facts = serializers.SerializerMethodField(help_text="Further ids, names of what was given, steps of states.")
    outcome = serializers.CharField(help_text="`done`, or the code of the refusal.")
    request_id = serializers.CharField()
    network = serializers.CharField(help_text="Where it came from, cut to a network.")

    def get_actor(self, row: AuditEntry) -> AuditActorOut:
        return AuditActorOut({"kind": row.actor_kind, "id": row.actor_id}).data  # type: ignore[return-value]

    def get_subject(self, row: AuditEntry) -> AuditSubjectOut:
        return AuditSubjectOut({"kind": row.subject_kind, "id": row.subject_id}).data  # type: ignore[return-value]

    def get_facts(self, row: AuditEntry) -> dict[str, Any]:
        return dict(json.loads(row.facts)) if row.facts else {}


class AuditLogView(APIView):
    authentication_classes = [MemberAuthentication]
    permission_classes = [IsOwner]

    @operation(
        "Read who did what",
        tag="Partners: organisation",
        query=[AuditLogQuery],
        responses={200: AuditEntryOut},
        paged=True,
        answer=SAMPLE,
    )
    def get(self, request: Request) -> Response:
        """What your members and keys wrote, what they were refused, and whose health data they read; newest first.

        For owners. Entries are kept for years and changed by nobody; they hold ids and names of values, never values.
        """
        query = read_query(AuditLogQuery, request)
        return paged(entries_of_partner(member_of(request).partner_id, **query), AuditEntryOut, request)
