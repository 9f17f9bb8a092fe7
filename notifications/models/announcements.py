"""What administrators say to many, and how far it has got."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from common import clock
from common.geo import Point
from common.ids import uuid7
from notifications.states import AnnouncementStatus, AudienceKind


class Announcement(models.Model):
    """A text in up to three languages, whom it is for, and where the batches are.

    People are told in the order of their ids: `told_to` is the last one of the `part` (people, then members) that has
    been told, written in the transaction of that batch. `is_unsettled` says that messages still queued have to follow
    a step that was taken: to be held, let go, or dropped.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    status = models.CharField(
        max_length=10, choices=[(s, s) for s in AnnouncementStatus], default=AnnouncementStatus.DRAFT, editable=False
    )
    title_en = models.CharField("title (English)", max_length=120)
    body_en = models.TextField("text (English)", max_length=500)
    title_hi = models.CharField("title (Hindi)", max_length=120, blank=True)
    body_hi = models.TextField("text (Hindi)", max_length=500, blank=True)
    title_bn = models.CharField("title (Bengali)", max_length=120, blank=True)
    body_bn = models.TextField("text (Bengali)", max_length=500, blank=True)
    audience = models.CharField(max_length=10, choices=[(a, a) for a in AudienceKind])
    city = models.CharField(max_length=80, blank=True, help_text="Exactly; capitals do not matter.")
    state = models.CharField(max_length=80, blank=True, help_text="People: whose city has a partner in that state.")
    lat = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    lng = models.DecimalField(max_digits=9, decimal_places=6, null=True, blank=True)
    radius_km = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Around the place.")
    blood_groups = ArrayField(models.CharField(max_length=4), default=list, blank=True, help_text="Of donors.")
    language = models.CharField(max_length=5, blank=True, help_text="Only those who read this one.")
    channels = ArrayField(models.CharField(max_length=10), default=list, blank=True, help_text="Beside the inbox.")
    starts_at = models.DateTimeField(null=True, blank=True, help_text="Not before; at once when empty.")
    valid_until = models.DateTimeField(help_text="Not worth sending after this.")
    people_total = models.PositiveIntegerField(default=0, editable=False, help_text="As counted when it was sent off.")
    people_done = models.PositiveIntegerField(default=0, editable=False)
    part = models.CharField(max_length=8, default="people", editable=False)
    told_to = models.UUIDField(null=True, editable=False)
    is_unsettled = models.BooleanField(default=False, editable=False)
    settled_to = models.UUIDField(null=True, editable=False, help_text="How far that has got, by notification.")
    prepared_at = models.DateTimeField(null=True, editable=False, help_text="When the last one was told.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", editable=False)
    created_at = models.DateTimeField(default=clock.now, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(AnnouncementStatus)), name="announcement_status_known"),
            models.CheckConstraint(condition=Q(audience__in=list(AudienceKind)), name="announcement_audience_known"),
            models.CheckConstraint(
                condition=Q(lat=None, lng=None, radius_km=None)
                | Q(lat__isnull=False, lng__isnull=False, radius_km__gt=0),
                name="announcement_place_is_whole",
            ),
        ]
        indexes = [
            models.Index(
                fields=["starts_at"],
                name="announcement_to_work_on",
                condition=Q(status__in=["scheduled", "sending"]) | Q(is_unsettled=True),
            )
        ]

    def __str__(self) -> str:
        return self.title_en

    @property
    def state_now(self) -> AnnouncementStatus:
        return AnnouncementStatus(self.status)

    @property
    def place(self) -> Point | None:
        return None if self.lat is None or self.lng is None else Point(float(self.lat), float(self.lng))


class AnnouncementEvent(models.Model):
    """One step of an announcement. Never changed."""

    announcement = models.ForeignKey(Announcement, on_delete=models.PROTECT, related_name="events")
    verb = models.CharField(max_length=12)
    actor = models.CharField(max_length=60)
    facts = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=clock.now)
