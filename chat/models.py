"""Conversations, their two sides and what is said; reports, and who may write no more."""

from __future__ import annotations

import datetime as dt

from django.db import models
from django.db.models import F, Q

from chat.states import (
    MEDICAL,
    ROLES,
    ChatRole,
    ChatStatus,
    ChatStep,
    ChatSubject,
    DeletedFor,
    MessageKind,
    ReportReason,
    ReportStatus,
)
from common import clock
from common.fields import EncryptedTextField
from common.ids import uuid7
from common.labels import minute

LONGEST_TEXT = 2000  # characters


class Conversation(models.Model):
    """Two sides of one subject, and how far their messages are numbered. Its row is the lock for all of it.

    `closes_at` is when nobody may write any more, whether or not anything noticed; `closed_by_us` says that an
    administrator has closed it, for good. Numbers of telephones are hidden in texts while `unmasked_at` is None.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject_kind = models.CharField(max_length=12, choices=[(s, s) for s in ChatSubject])
    subject_id = models.UUIDField()
    last_number = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField(default=clock.now, editable=False)
    closes_at = models.DateTimeField(null=True)
    closed_by_us = models.BooleanField(default=False)
    unmasked_at = models.DateTimeField(null=True)
    joinable_at = models.DateTimeField(null=True, help_text="When the way into its video consultation is to be shown.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["subject_kind", "subject_id"], name="conversation_once_per_subject"),
            models.CheckConstraint(
                condition=Q(subject_kind__in=list(ChatSubject)), name="conversation_subject_is_known"
            ),
            models.CheckConstraint(
                condition=Q(closed_by_us=False) | Q(closes_at__isnull=False), name="conversation_closed_by_us_ends"
            ),
        ]
        indexes = [
            models.Index(fields=["joinable_at"], name="conversation_joinable", condition=Q(joinable_at__isnull=False)),
            models.Index(
                fields=["subject_kind", "closes_at"], name="conversation_ended", condition=Q(closes_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.subject_kind} {str(self.subject_id)[-12:]}"

    @property
    def subject(self) -> ChatSubject:
        return ChatSubject(self.subject_kind)

    @property
    def is_medical(self) -> bool:
        return self.subject in MEDICAL

    @property
    def roles(self) -> tuple[ChatRole, ChatRole]:
        return ROLES[self.subject]

    def is_closed_at(self, now: dt.datetime) -> bool:
        return self.closes_at is not None and self.closes_at <= now

    @property
    def stands(self) -> ChatStatus:
        """Whether one may write at this moment: the clock decides, and no sweep."""
        return ChatStatus.CLOSED if self.is_closed_at(clock.now()) else ChatStatus.OPEN


class ChatSide(models.Model):
    """One of the two: a person, or a partner with all its members that deal with the subject.

    `unread` counts the other side's messages after `read_up_to`; `waits_since` is when the first of them came, and
    `told_at` when the side was told that something waits.
    """

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="sides")
    role = models.CharField(max_length=8, choices=[(r, r) for r in ChatRole])
    user = models.ForeignKey("users.User", on_delete=models.PROTECT, null=True, related_name="+")
    partner = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, null=True, related_name="+")
    unread = models.PositiveIntegerField(default=0)
    read_up_to = models.PositiveIntegerField(default=0)
    waits_since = models.DateTimeField(null=True)
    told_at = models.DateTimeField(null=True)
    active_at = models.DateTimeField(help_text="When the last message came, from whomever.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "role"], name="chat_side_once"),
            models.CheckConstraint(condition=Q(role__in=list(ChatRole)), name="chat_side_role_is_known"),
            models.CheckConstraint(
                condition=Q(user__isnull=False, partner=None) | Q(user=None, partner__isnull=False),
                name="chat_side_is_one_party",
            ),
            models.CheckConstraint(
                condition=Q(unread=0, waits_since=None, told_at=None) | Q(unread__gt=0, waits_since__isnull=False),
                name="chat_side_waits_while_unread",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-active_at", "-id"], name="chats_of_person"),
            models.Index(fields=["partner", "-active_at", "-id"], name="chats_of_partner"),
            models.Index(fields=["user"], name="chats_unread_of_person", condition=Q(unread__gt=0)),
            models.Index(fields=["partner"], name="chats_unread_of_partner", condition=Q(unread__gt=0)),
            models.Index(
                fields=["waits_since"], name="chat_waits", condition=Q(waits_since__isnull=False, told_at=None)
            ),
        ]


class Message(models.Model):
    """One thing said, or one step of the subject. A trigger keeps it as it was said: words can only go.

    Numbers have no gap. `client_id` is the sender's own: the same one twice is one message. `source` names what a step
    comes from, so that it is written once.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="messages")
    number = models.PositiveIntegerField()
    kind = models.CharField(max_length=11, choices=[(k, k) for k in MessageKind])
    role = models.CharField(max_length=8, blank=True, choices=[(r, r) for r in ChatRole])
    user = models.ForeignKey("users.User", on_delete=models.PROTECT, null=True, related_name="+")
    member = models.ForeignKey("partners.Member", on_delete=models.PROTECT, null=True, related_name="+")
    client_id = models.UUIDField(null=True)
    text = EncryptedTextField(null=True, max_length=LONGEST_TEXT)
    code = models.CharField(max_length=24, blank=True, help_text="Of a quick reply or a step.")
    about_at = models.DateTimeField(null=True, help_text="The moment that a step is about, such as a visit's new time.")
    file = models.OneToOneField("common.PrivateFile", on_delete=models.PROTECT, null=True, related_name="+")
    source = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()
    deleted_for = models.CharField(max_length=6, blank=True, choices=[(d, d) for d in DeletedFor])
    deleted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["conversation", "number"], name="message_number_once"),
            models.UniqueConstraint(
                fields=["conversation", "user", "client_id"],
                condition=Q(user__isnull=False),
                name="message_once_of_person",
            ),
            models.UniqueConstraint(
                fields=["conversation", "member", "client_id"],
                condition=Q(member__isnull=False),
                name="message_once_of_member",
            ),
            models.UniqueConstraint(
                fields=["conversation", "source"], condition=~Q(source=""), name="message_step_once"
            ),
            models.CheckConstraint(condition=Q(kind__in=list(MessageKind)), name="message_kind_is_known"),
            models.CheckConstraint(condition=Q(number__gt=0), name="message_number_is_positive"),
            models.CheckConstraint(
                condition=Q(
                    kind=MessageKind.STEP, role="", user=None, member=None, client_id=None, code__in=list(ChatStep)
                )
                & ~Q(source="")
                | ~Q(kind=MessageKind.STEP)
                & Q(role__in=list(ChatRole), client_id__isnull=False, source="")
                & (Q(user__isnull=False, member=None) | Q(user=None, member__isnull=False)),
                name="message_has_an_author_or_is_a_step",
            ),
            models.CheckConstraint(
                condition=~Q(kind=MessageKind.QUICK_REPLY) | ~Q(code="") & Q(text__isnull=True, file=None),
                name="message_quick_reply_is_a_code",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=[MessageKind.TEXT, MessageKind.FILE])
                | Q(code="") & (Q(text__isnull=False) | Q(file__isnull=False) | Q(deleted_for=DeletedFor.BOTH)),
                name="message_says_something",
            ),
            models.CheckConstraint(
                condition=Q(deleted_for="", deleted_at=None)
                | Q(deleted_for__in=list(DeletedFor), deleted_at__isnull=False),
                name="message_deleted_for_somebody",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "id"], name="messages_of_person", condition=Q(user__isnull=False)),
        ]


class Report(models.Model):
    """One side says that a message of the other is not right; an administrator decides."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="reports")
    status = models.CharField(max_length=9, choices=[(s, s) for s in ReportStatus], default=ReportStatus.OPEN)
    reason = models.CharField(max_length=8, choices=[(r, r) for r in ReportReason])
    words = EncryptedTextField(null=True, max_length=1000)
    role = models.CharField(max_length=8, choices=[(r, r) for r in ChatRole], help_text="The side that reports.")
    user = models.ForeignKey("users.User", on_delete=models.PROTECT, null=True, related_name="+")
    member = models.ForeignKey("partners.Member", on_delete=models.PROTECT, null=True, related_name="+")
    decided_by = models.ForeignKey("users.User", on_delete=models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    note = models.TextField(blank=True, help_text="For administrators alone.")
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["message", "role"], name="report_once_each_side"),
            models.CheckConstraint(condition=Q(status__in=list(ReportStatus)), name="report_status_is_known"),
            models.CheckConstraint(condition=Q(reason__in=list(ReportReason)), name="report_reason_is_known"),
            models.CheckConstraint(condition=Q(role__in=list(ChatRole)), name="report_role_is_known"),
            models.CheckConstraint(
                condition=Q(user__isnull=False, member=None) | Q(user=None, member__isnull=False),
                name="report_has_an_author",
            ),
            models.CheckConstraint(
                condition=Q(status=ReportStatus.OPEN, decided_by=None, decided_at=None)
                | ~Q(status=ReportStatus.OPEN) & Q(decided_by__isnull=False, decided_at__isnull=False),
                name="report_is_decided_by_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reason}, {minute(self.created_at)}"

    @property
    def state(self) -> ReportStatus:
        return ReportStatus(self.status)


class ChatBlock(models.Model):
    """A person or a member who may write in no conversation, until an administrator lifts it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey("users.User", on_delete=models.PROTECT, null=True, related_name="+")
    member = models.ForeignKey("partners.Member", on_delete=models.PROTECT, null=True, related_name="+")
    report = models.ForeignKey(Report, on_delete=models.SET_NULL, null=True, related_name="+")
    blocked_by = models.ForeignKey("users.User", on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=clock.now, editable=False)
    lifted_by = models.ForeignKey("users.User", on_delete=models.PROTECT, null=True, related_name="+")
    lifted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(user__isnull=False, member=None) | Q(user=None, member__isnull=False),
                name="chat_block_is_of_somebody",
            ),
            models.CheckConstraint(
                condition=Q(lifted_at=None, lifted_by=None)
                | Q(lifted_at__isnull=False, lifted_by__isnull=False, lifted_at__gte=F("created_at")),
                name="chat_block_lifted_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["user", "member"],
                condition=Q(lifted_at=None),
                nulls_distinct=False,
                name="one_chat_block_each",
            ),
        ]

    def __str__(self) -> str:
        return f"block of {self.user_id or self.member_id}"
