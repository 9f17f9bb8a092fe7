"""What people choose to be told: by the app, or by the link in a message."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from common import clock
from common.db import command, step, take_turn
from notifications.kinds import RULES
from notifications.models import Delivery, MessageSettings, Mute, OptOut
from notifications.owners import Owner
from notifications.preferences import Choices, Reason, Window, choices_of
from notifications.states import CHOSEN_CHANNELS, Channel, DeliveryStatus, Group, QuietMode

CHOOSABLE: Final = tuple(group for group in Group if group is not Group.CRITICAL)


@command
def choose(
    *,
    owner: Owner,
    wanted: Mapping[tuple[Group, Channel], bool],
    mode: QuietMode | None = None,
    window: Window | None = None,
) -> Choices:
    """Keep what the account wants; what is not named stays. Two choices at once are kept one after the other, whole.

    A `window` belongs to the mode `own`. What is queued and not wanted any more is not sent. Takes the account's turn.
    """
    take_turn(f"preferences of {owner.id}")
    _mute(owner, {pair: not is_wanted for pair, is_wanted in wanted.items()})
    if mode is not None:
        MessageSettings.objects.filter(owner.rows).delete()
    if mode in (QuietMode.OWN, QuietMode.OFF):
        start, end = window or (None, None)
        MessageSettings.objects.create(**owner.columns, quiet_from=start, quiet_until=end, updated_at=clock.now())
    return choices_of(owner)


@command
def choose_by_link(*, owner: Owner, channel: Channel, wanted: Collection[Group]) -> Choices:
    """Keep that by this channel the account wants these groups and no others. Takes the account's turn."""
    take_turn(f"preferences of {owner.id}")
    _mute(owner, {(group, channel): group not in wanted for group in CHOOSABLE})
    return choices_of(owner)


@command
def unsubscribe(*, owner: Owner, channel: Channel, group: Group) -> Choices:
    """End one group by one channel: what a mail program does at one click. Takes the account's turn."""
    take_turn(f"preferences of {owner.id}")
    if group is not Group.CRITICAL:
        _mute(owner, {(group, channel): True})
    return choices_of(owner)


def has_stopped(*, phone: str, channel: Channel) -> bool:
    """Whether the number has said STOP to the channel, which only its START takes back."""
    return OptOut.objects.filter(phone=phone, channel=channel).exists()


@step
def _mute(owner: Owner, muted: Mapping[tuple[Group, Channel], bool]) -> None:
    """Write the wishes down, and take back what is queued against them."""
    now = clock.now()
    by_channel: dict[Channel, list[Group]] = {channel: [] for channel in CHOSEN_CHANNELS}
    for (group, channel), is_muted in muted.items():
        if is_muted:
            by_channel[channel].append(group)
    for channel in CHOSEN_CHANNELS:
        again = [group for (group, of), is_muted in muted.items() if of == channel and not is_muted]
        if again:
            Mute.objects.filter(owner.rows, channel=channel, group__in=again).delete()
    rows = [
        Mute(**owner.columns, group=group, channel=channel, created_at=now)
        for channel, groups in by_channel.items()
        for group in groups
    ]
    Mute.objects.bulk_create(rows, ignore_conflicts=True)
    for channel, groups in by_channel.items():
        if groups:
            _take_back(owner, channel, groups)


def _take_back(owner: Owner, channel: Channel, groups: Collection[Group]) -> None:
    kinds = [kind for kind, rule in RULES.items() if rule.group in groups]
    about = {"notification__user": owner.user_id} if owner.user_id else {"notification__member": owner.member_id}
    waiting = Delivery.objects.filter(
        **about,
        channel=channel,
        status__in=[DeliveryStatus.QUEUED, DeliveryStatus.FAILED],
        notification__kind__in=kinds,
        notification__is_critical=False,
    )
    waiting.update(status=DeliveryStatus.SKIPPED, error_code=Reason.SWITCHED_OFF, ended_at=clock.now())
