"""What people want to be told, how and when. No row: as everybody who never said anything."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from common import clock
from notifications.states import CHOSEN_CHANNELS, Group

ONE_OWNER = Q(user__isnull=False, member=None) | Q(member__isnull=False, user=None)


class Mute(models.Model):
    """That somebody wants no messages of a group by a channel."""

    user = models.ForeignKey("users.User", on_delete=models.CASCADE, null=True, related_name="+")
    member = models.ForeignKey("partners.Member", on_delete=models.CASCADE, null=True, related_name="+")
    group = models.CharField(max_length=16, choices=[(g, g) for g in Group if g is not Group.CRITICAL])
    channel = models.CharField(max_length=10, choices=[(c, c) for c in CHOSEN_CHANNELS])
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "group", "channel"], condition=Q(user__isnull=False), name="mute_of_person_once"
            ),
            models.UniqueConstraint(
                fields=["member", "group", "channel"], condition=Q(member__isnull=False), name="mute_of_member_once"
            ),
            models.CheckConstraint(condition=ONE_OWNER, name="mute_has_one_owner"),
            models.CheckConstraint(
                condition=Q(group__in=[g for g in Group if g is not Group.CRITICAL]), name="mute_of_what_can_be_muted"
            ),
            models.CheckConstraint(condition=Q(channel__in=list(CHOSEN_CHANNELS)), name="mute_channel_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.group}, {self.channel}"


class MessageSettings(models.Model):
    """When somebody does not want to be woken: a window of the own day, or none at all (both empty)."""

    user = models.ForeignKey("users.User", on_delete=models.CASCADE, null=True, related_name="+")
    member = models.ForeignKey("partners.Member", on_delete=models.CASCADE, null=True, related_name="+")
    quiet_from = models.TimeField(null=True)
    quiet_until = models.TimeField(null=True)
    updated_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user"], condition=Q(user__isnull=False), name="settings_of_person_once"),
            models.UniqueConstraint(
                fields=["member"], condition=Q(member__isnull=False), name="settings_of_member_once"
            ),
            models.CheckConstraint(condition=ONE_OWNER, name="settings_have_one_owner"),
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | (Q(quiet_from__isnull=False, quiet_until__isnull=False) & ~Q(quiet_from=F("quiet_until"))),
                name="settings_window_is_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quiet_from or ''} to {self.quiet_until or ''}"
