"""What is asked of providers of meetings: outside any transaction, by whoever has leased the meeting.

Whoever is killed on the way loses nothing: the same errand is due again when the lease is over, and looks first
whether the meeting was made.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from appointments.gateways import gateway_of
from appointments.gateways.base import Gone, MeetingGateway
from appointments.services import meetings
from appointments.services.meetings import Task
from appointments.states import MeetingStatus
from payments.gateways.base import NotDone, TryLater

BITE: Final = 4  # errands between two looks whether the worker is to stop


def run_due(*, limit: int = BITE) -> int:
    """Run up to `limit` errands; return how many there were."""
    for number in range(limit):
        task = meetings.claim()
        if task is None:
            return number
        run(task)
    return limit


def run(task: Task) -> None:
    """Ask the provider for what the meeting needs, and record what came of it."""
    gateway = gateway_of(task.provider)
    try:
        if task.status is MeetingStatus.WANTED:
            _make(gateway, task)
        elif task.status is MeetingStatus.MOVING:
            _move(gateway, task)
        else:
            _remove(gateway, task)
    except NotDone as exc:
        wait = exc.retry_after if isinstance(exc, TryLater) else None
        meetings.postpone(task=task, code=exc.code, retry_after=wait)


def _make(gateway: MeetingGateway, task: Task) -> None:
    found = gateway.find(task.plan) if task.is_unsure else None
    made = found or gateway.make(task.plan)
    if not meetings.record_made(task=task, made=made, sequence=None if found else task.sequence):
        gateway.remove(replace(task.plan, external_id=made.external_id))


def _move(gateway: MeetingGateway, task: Task) -> None:
    try:
        if task.is_crowded:
            gateway.remove(task.plan)
            raise Gone("crowded")
        gateway.move(task.plan)
    except Gone:
        meetings.record_lost(meeting_id=task.meeting_id, external_id=task.plan.external_id)
    else:
        meetings.record_moved(task=task)


def _remove(gateway: MeetingGateway, task: Task) -> None:
    plan = task.plan
    if not plan.external_id:
        found = gateway.find(plan)
        plan = replace(plan, external_id=found.external_id if found else "")
    if plan.external_id:
        gateway.remove(plan)
    meetings.record_removed(task=task)
