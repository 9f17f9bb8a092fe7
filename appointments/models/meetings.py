"""Where doctor and patient meet by video, and who came when."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from appointments.models.columns import choices
from appointments.states import (
    OPEN_MEETING,
    MeetingNews,
    MeetingNoticeOutcome,
    MeetingProvider,
    MeetingStatus,
    Side,
)
from common import clock
from common.fields import EncryptedTextField
from common.ids import uuid7
from common.labels import minute
from common.notices import StoredNotice


class Meeting(models.Model):
    """The meeting of one appointment by video; its id is our reference at the provider.

    `host` is whose calendar it stands in at the provider. `ask_at` is when the provider is asked next, to make, move or
    remove it; whoever does so holds it until `leased_until`. `asked` counts tries since the last that succeeded,
    `in_vain` those of them that failed for no reason of ours. `told_sequence` is the appointment's sequence that the
    provider knows of. The link by which the doctor hosts is never kept: it is asked for when it is wanted.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    appointment = models.OneToOneField("appointments.Appointment", on_delete=models.PROTECT, related_name="meeting")
    provider = models.CharField(max_length=8, choices=choices(MeetingProvider))
    status = models.CharField(max_length=10, choices=choices(MeetingStatus), default=MeetingStatus.WANTED)
    host = models.CharField(max_length=120, blank=True)
    external_id = models.CharField(max_length=40, blank=True, help_text="What the provider calls it.")
    join_url = EncryptedTextField(null=True)
    password = EncryptedTextField(null=True)
    told_sequence = models.PositiveSmallIntegerField(null=True)
    ask_at = models.DateTimeField(null=True)
    leased_until = models.DateTimeField(null=True)
    asked = models.PositiveSmallIntegerField(default=0)
    in_vain = models.PositiveSmallIntegerField(default=0)
    failure = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    made_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=list(MeetingStatus)), name="meeting_status_is_known"),
            models.CheckConstraint(condition=Q(provider__in=list(MeetingProvider)), name="meeting_provider_is_known"),
            models.UniqueConstraint(
                fields=["provider", "external_id"], condition=~Q(external_id=""), name="meeting_external_id_once"
            ),
            models.CheckConstraint(
                condition=~Q(status__in=sorted(OPEN_MEETING)) | Q(join_url__isnull=False),
                name="meeting_made_has_a_link",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[MeetingStatus.WANTED, MeetingStatus.MOVING, MeetingStatus.REMOVING])
                | Q(ask_at__isnull=False),
                name="meeting_unfinished_is_asked",
            ),
        ]
        indexes = [
            models.Index(fields=["ask_at"], name="meetings_due", condition=Q(ask_at__isnull=False)),
            models.Index(
                fields=["host"], name="meetings_of_host", condition=Q(status__in=["wanted", "made", "moving"])
            ),
        ]

    def __str__(self) -> str:
        return f"Meeting of {minute(self.created_at)}, {self.provider}"

    @property
    def state(self) -> MeetingStatus:
        return MeetingStatus(self.status)


class MeetingSitting(models.Model):
    """One time that a meeting was held: a host may end it and begin it again. Each end is known when it was told."""

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="sittings")
    external_id = models.CharField(max_length=80, help_text="What the provider calls this sitting.")
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["meeting", "external_id"], name="sitting_once")]

    def __str__(self) -> str:
        return f"Sitting {self.external_id}"


class Attendance(models.Model):
    """One time that somebody was there. `participant` is a digest of the provider's word for it; no name is kept."""

    sitting = models.ForeignKey(MeetingSitting, on_delete=models.CASCADE, related_name="attendances")
    participant = models.CharField(max_length=64)
    side = models.CharField(max_length=8, choices=choices(Side))
    joined_at = models.DateTimeField(null=True)
    left_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["sitting", "participant"], name="attendance_once"),
            models.CheckConstraint(condition=Q(side__in=list(Side)), name="attendance_side_is_known"),
        ]


class MeetingNotice(StoredNotice):
    """What the provider has told of one meeting, without names and links."""

    id = models.BigAutoField(primary_key=True)
    external_id = models.CharField(max_length=40, help_text="The meeting, as the provider calls it.")
    news = models.CharField(max_length=10, choices=choices(MeetingNews))
    said = models.JSONField(default=dict)
    outcome = models.CharField(
        max_length=10, choices=choices(MeetingNoticeOutcome), default=MeetingNoticeOutcome.WAITING
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["event_id"], name="meeting_notice_once"),
            models.CheckConstraint(condition=Q(news__in=list(MeetingNews)), name="meeting_news_is_known"),
            models.CheckConstraint(
                condition=Q(outcome__in=list(MeetingNoticeOutcome)), name="meeting_notice_outcome_is_known"
            ),
        ]
        indexes = [models.Index(fields=["received_at"], name="meeting_notice_by_age")]
