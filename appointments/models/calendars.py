"""Reminders of appointments, and calendars that people subscribe to."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from appointments.models.columns import choices
from appointments.states import ReminderOutcome
from common import clock
from common.labels import minute


class Reminder(models.Model):
    """That both sides are to be told of an appointment, `hours` before it, as it stood at `sequence`."""

    appointment = models.ForeignKey("appointments.Appointment", on_delete=models.CASCADE, related_name="reminders")
    hours = models.PositiveSmallIntegerField()
    sequence = models.PositiveSmallIntegerField()
    due_at = models.DateTimeField()
    outcome = models.CharField(max_length=8, choices=choices(ReminderOutcome), default=ReminderOutcome.WAITING)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["appointment", "hours", "sequence"], name="visit_reminder_once"),
            models.CheckConstraint(condition=Q(outcome__in=list(ReminderOutcome)), name="visit_reminder_outcome_known"),
        ]
        indexes = [models.Index(fields=["due_at", "id"], name="visit_reminders_due", condition=Q(outcome="waiting"))]

    def __str__(self) -> str:
        return f"{self.hours} hours before, due {minute(self.due_at)}"


class CalendarFeed(models.Model):
    """The secret address at which a person's calendar program reads the appointments. Only its digest is kept."""

    user = models.OneToOneField("users.User", on_delete=models.CASCADE, related_name="calendar_feed")
    token_digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["token_digest"], name="calendar_feed_token_once")]

    def __str__(self) -> str:
        return f"Calendar since {minute(self.created_at)}"
