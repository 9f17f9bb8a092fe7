"""Questions to the administrators, and what was said."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from common import clock
from common.fields import EncryptedTextField
from common.ids import uuid7
from common.labels import minute
from notifications.states import TicketAuthor, TicketCategory, TicketStatus


class SupportTicket(models.Model):
    """A question of a person, of a partner's member, or of a visitor who left a number."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    status = models.CharField(max_length=10, choices=[(s, s) for s in TicketStatus], default=TicketStatus.OPEN)
    category = models.CharField(max_length=12, choices=[(c, c) for c in TicketCategory])
    subject = models.CharField(max_length=120)
    person = models.ForeignKey("users.User", on_delete=models.PROTECT, null=True, related_name="+")
    partner = models.ForeignKey("partners.Partner", on_delete=models.PROTECT, null=True, related_name="+")
    member = models.ForeignKey("partners.Member", on_delete=models.PROTECT, null=True, related_name="+")
    phone = models.CharField(max_length=16, blank=True, help_text="Of a visitor; nobody has proven it.")
    language = models.CharField(max_length=5, default="en")
    due_at = models.DateTimeField(help_text="By when it is to be answered.")
    assigned_to = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    first_answer_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(TicketStatus)), name="ticket_status_is_known"),
            models.CheckConstraint(condition=Q(category__in=list(TicketCategory)), name="ticket_category_is_known"),
            models.CheckConstraint(
                condition=Q(member=None, partner=None) | Q(person=None, member__isnull=False, partner__isnull=False),
                name="ticket_has_one_side",
            ),
        ]
        indexes = [
            models.Index(fields=["person", "-id"], name="tickets_of_person", condition=Q(person__isnull=False)),
            models.Index(fields=["partner", "-id"], name="tickets_of_partner", condition=Q(partner__isnull=False)),
            models.Index(fields=["due_at"], name="tickets_due", condition=Q(status="open")),
        ]

    def __str__(self) -> str:
        return f"{self.category}, {minute(self.created_at)}"

    @property
    def state(self) -> TicketStatus:
        return TicketStatus(self.status)

    @property
    def is_overdue(self) -> bool:
        return self.state is TicketStatus.OPEN and self.due_at <= clock.now()


class SupportMessage(models.Model):
    """What one side said, sealed, with a picture or a PDF at most. Never changed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    ticket = models.ForeignKey(SupportTicket, on_delete=models.PROTECT, related_name="messages")
    author = models.CharField(max_length=14, choices=[(a, a) for a in TicketAuthor])
    author_id = models.UUIDField(null=True)
    text = EncryptedTextField(max_length=4000)
    file = models.ForeignKey("common.PrivateFile", on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(author__in=list(TicketAuthor)), name="support_author_is_known")
        ]


class SupportEvent(models.Model):
    """One step of a ticket. Never changed."""

    ticket = models.ForeignKey(SupportTicket, on_delete=models.PROTECT, related_name="events")
    verb = models.CharField(max_length=12)
    actor = models.CharField(max_length=60)
    created_at = models.DateTimeField(default=clock.now)
