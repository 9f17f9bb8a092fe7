from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from notifications.preferences import Choices
from notifications.states import CHOSEN_CHANNELS, Channel, Group, Platform, QuietMode

LANGUAGES = [code for code, _ in settings.LANGUAGES]
NAMES = {
    Group.CRITICAL: "Codes, changed passwords, warnings: always sent.",
    Group.REQUESTS: "Requests for blood, and the way of each.",
    Group.CAMPS: "Donation camps.",
    Group.ORDERS: "Orders of blood.",
    Group.APPOINTMENTS: "Appointments, records, prescriptions.",
    Group.MONEY: "Payments, refunds, plans, payouts.",
    Group.ACCOUNT: "The account, its approval, complaints.",
    Group.ANNOUNCEMENTS: "Announcements.",
}


class AlwaysField(serializers.BooleanField):
    """What cannot be switched off."""

    default_error_messages = {"always_sent": "This is always sent and cannot be switched off."}

    def to_internal_value(self, data: Any) -> bool:
        value = super().to_internal_value(data)
        if value is not True:
            self.fail("always_sent")
        return True


class ChannelsOut(serializers.Serializer[Any]):
    sms = serializers.BooleanField()
    whatsapp = serializers.BooleanField()
    email = serializers.BooleanField(help_text="Only to a verified address.")
    push = serializers.BooleanField()


class ChannelsIn(serializers.Serializer[Any]):
    """What is left out stays as it is."""

    sms = serializers.BooleanField(required=False)
    whatsapp = serializers.BooleanField(required=False)
    email = serializers.BooleanField(required=False)
    push = serializers.BooleanField(required=False)


class AlwaysIn(serializers.Serializer[Any]):
    """Only `true` is taken."""

    sms = AlwaysField(required=False)
    whatsapp = AlwaysField(required=False)
    email = AlwaysField(required=False)
    push = AlwaysField(required=False)


class GroupsOut(serializers.Serializer[Any]):
    critical = ChannelsOut(help_text=NAMES[Group.CRITICAL])
    requests = ChannelsOut(help_text=NAMES[Group.REQUESTS])
    camps = ChannelsOut(help_text=NAMES[Group.CAMPS])
    orders = ChannelsOut(help_text=NAMES[Group.ORDERS])
    appointments = ChannelsOut(help_text=NAMES[Group.APPOINTMENTS])
    money = ChannelsOut(help_text=NAMES[Group.MONEY])
    account = ChannelsOut(help_text=NAMES[Group.ACCOUNT])
    announcements = ChannelsOut(help_text=NAMES[Group.ANNOUNCEMENTS])


class GroupsIn(serializers.Serializer[Any]):
    """What is left out stays as it is."""

    critical = AlwaysIn(required=False, help_text=NAMES[Group.CRITICAL])
    requests = ChannelsIn(required=False)
    camps = ChannelsIn(required=False)
    orders = ChannelsIn(required=False)
    appointments = ChannelsIn(required=False)
    money = ChannelsIn(required=False)
    account = ChannelsIn(required=False)
    announcements = ChannelsIn(required=False)


class QuietHoursOut(serializers.Serializer[Any]):
    mode = serializers.ChoiceField(choices=[str(mode) for mode in QuietMode])
    start = serializers.TimeField(allow_null=True, help_text="In the account's time zone.")
    end = serializers.TimeField(allow_null=True, help_text="What waited is sent from then on, if it is worth it still.")


class QuietHoursIn(serializers.Serializer[Any]):
    mode = serializers.ChoiceField(
        choices=[str(mode) for mode in QuietMode],
        help_text="`default`: everybody's, for what can wait. `own`: these, for all but the critical. `off`: none.",
    )
    start = serializers.TimeField(required=False, allow_null=True, default=None, help_text="With `own`.")
    end = serializers.TimeField(required=False, allow_null=True, default=None, help_text="With `own`.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        is_own, has_window = attrs["mode"] == QuietMode.OWN, attrs["start"] is not None and attrs["end"] is not None
        if is_own and not has_window:
            raise serializers.ValidationError({"start": "Say when they start and end."}, code="required")
        if is_own and attrs["start"] == attrs["end"]:
            raise serializers.ValidationError({"end": "They cannot end where they start."}, code="window_empty")
        return attrs


class PreferencesOut(serializers.Serializer[Any]):
    preferences = GroupsOut()
    quiet_hours = QuietHoursOut()
    zone = serializers.CharField()
    daily_cap = serializers.IntegerField(
        allow_null=True, help_text="How many messages that are not critical come by one channel in 24 hours."
    )
    stopped = serializers.ListField(
        child=serializers.ChoiceField(choices=[str(channel) for channel in CHOSEN_CHANNELS]),
        help_text="Channels to which the number has said STOP; only START takes it back.",
    )


class PreferencesIn(serializers.Serializer[Any]):
    preferences = GroupsIn(required=False)
    quiet_hours = QuietHoursIn(required=False)


class PushDeviceIn(serializers.Serializer[Any]):
    token = serializers.CharField(max_length=4096, help_text="The registration token that FCM gave the app.")
    platform = serializers.ChoiceField(choices=[str(platform) for platform in Platform])
    app_version = serializers.CharField(max_length=20, required=False, allow_blank=True, default="")
    language = serializers.ChoiceField(
        choices=LANGUAGES,
        required=False,
        allow_blank=True,
        default="",
        help_text="Of the app; the account's where it is left out.",
    )


class PushDeviceOut(serializers.Serializer[Any]):
    reads = ("session_id", "member_session_id")  # what `get_session` looks at

    id = serializers.UUIDField()
    platform = serializers.ChoiceField(choices=[str(platform) for platform in Platform])
    app_version = serializers.CharField()
    language = serializers.CharField()
    session = serializers.SerializerMethodField(help_text="With which it ends; as the list of sessions names it.")
    created_at = serializers.DateTimeField()
    seen_at = serializers.DateTimeField()

    @extend_schema_field(serializers.UUIDField())
    def get_session(self, device: Any) -> str:
        return str(device.session_id or device.member_session_id)


def matrix(choices: Choices) -> Mapping[str, Mapping[str, bool]]:
    """Return what is wanted, group by group."""
    return {group: {channel: choices.wants(group, channel) for channel in CHOSEN_CHANNELS} for group in Group}


def wishes_in(body: Mapping[str, Mapping[str, bool]]) -> dict[tuple[Group, Channel], bool]:
    """Return the wishes that can be chosen."""
    return {
        (Group(group), Channel(channel)): is_wanted
        for group, channels in body.items()
        for channel, is_wanted in channels.items()
        if group != Group.CRITICAL
    }
