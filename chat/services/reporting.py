"""Reports of what was said, and what administrators do about them."""

from __future__ import annotations

import uuid

from chat import selectors
from chat.errors import MessageNotReportable
from chat.models import ChatBlock, Conversation, Message, Report
from chat.reading import Reader
from chat.services.turns import append_step, empty, hold, publish_message
from chat.states import REPORT_TRANSITIONS, ChatStep, DeletedFor, ReportReason, ReportStatus
from common import clock, outbox
from common.db import command, lock_one, step
from common.errors import NotFound
from common.transitions import advance

DISMISS, WARN, CLOSE, BLOCK = "dismiss", "warn", "close", "block"


@command
def report(
    *, reader: Reader, conversation_id: uuid.UUID, message_id: uuid.UUID, reason: ReportReason, words: str
) -> Report:
    """Show a message of the other side to the administrators, with the few around it; once for each side.

    Locks: the conversation.      Emits: chat.reported
    Raises: NotFound, MessageNotReportable, AlreadyReported
    """
    side = hold(reader, conversation_id)
    message = selectors.get_message(side, message_id)
    if not message.role or message.role == side.role or message.deleted_for == DeletedFor.BOTH:
        raise MessageNotReportable
    row = Report.objects.create(
        message=message,
        reason=reason,
        words=words or None,
        role=side.role,
        user_id=reader.user_id,
        member_id=reader.member_id,
    )
    outbox.emit("chat.reported", key=f"chat_report:{row.pk}", report=str(row.pk))
    return row


@command
def decide(*, report_id: uuid.UUID, admin_id: uuid.UUID, verb: str, note: str = "") -> Report:
    """End a case: `dismiss` it, `warn` the author, `close` the conversation, or `block` the author from writing.

    Whoever reported is told that it was looked at; an author who is warned or blocked is told too.

    Locks: the conversation, the report, the file.      Emits: chat.report_decided, file.discarded
    Raises: NotFound, IllegalTransition
    """
    found = Report.objects.filter(pk=report_id).values_list("message__conversation", flat=True).first()
    if found is None:
        raise NotFound
    conversation, row, now = lock_one(Conversation, found), lock_one(Report, report_id), clock.now()
    row.status = advance(REPORT_TRANSITIONS, row.state, verb)
    row.decided_by_id, row.decided_at, row.note = admin_id, now, note
    row.save(update_fields=["status", "decided_by", "decided_at", "note"])
    outbox.emit("chat.report_decided", key=f"chat_report:{row.pk}", report=str(row.pk))
    message, said = row.message, None
    if row.state is ReportStatus.BLOCKED:
        _block(message, report=row, admin_id=admin_id)
    if row.state is ReportStatus.CLOSED:
        conversation.closes_at, conversation.closed_by_us, conversation.joinable_at = now, True, None
        conversation.save(update_fields=["closes_at", "closed_by_us", "joinable_at"])
        said = append_step(conversation, ChatStep.CLOSED_BY_US, source=f"report:{row.pk}")
    _let_go(message)
    if said is not None:
        publish_message(said)
    return row


@command
def lift(*, block_id: uuid.UUID, admin_id: uuid.UUID) -> ChatBlock:
    """Let somebody write again; a second time changes nothing. Locks: the block.      Raises: NotFound"""
    block = lock_one(ChatBlock, block_id)
    if block.lifted_at is None:
        block.lifted_by_id, block.lifted_at = admin_id, clock.now()
        block.save(update_fields=["lifted_by", "lifted_at"])
    return block


@step
def _block(message: Message, *, report: Report, admin_id: uuid.UUID) -> None:
    """Stop whoever wrote it, in every conversation; whoever is stopped already stays so."""
    block = ChatBlock(user_id=message.user_id, member_id=message.member_id, report=report, blocked_by_id=admin_id)
    ChatBlock.objects.bulk_create([block], ignore_conflicts=True)


@step
def _let_go(message: Message) -> None:
    """Empty a message that its author has deleted, once no report of it is open."""
    is_open = Report.objects.filter(message=message, status=ReportStatus.OPEN).exists()
    if not is_open and message.deleted_for == DeletedFor.BOTH:
        empty(message)
