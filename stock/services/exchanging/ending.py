"""How a transfer ends before any bag is on the road: taken back, not wanted, or too late. Kept bags are free again."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from django.db.models import Q

from common.db import command, lock, step
from common.errors import IllegalTransition, NotFound
from stock.models import Transfer, TransferAsk, TransferUnit
from stock.services.allocating import release_reservations
from stock.services.exchanging.asking import answer, ask_on, follow_up, refuse_ask
from stock.services.exchanging.records import change, hold_transfer, record, take_step, tell
from stock.services.moving import SYSTEM
from stock.states import BEFORE_DISPATCH, SENDS, Answer, Fate, TransferEnd, TransferStatus


@command
def cancel_transfer(*, partner_id: uuid.UUID, member_id: uuid.UUID, transfer_id: uuid.UUID, reason: str) -> Transfer:
    """End a transfer that has not left. When the sender does so, others are asked for its bags at once.

    Locks: the need, the bags.
    Emits: transfer.ended, transfer.requested, transfer.candidate_asked      Raises: NotFound, IllegalTransition
    """
    transfer = _hold_side(transfer_id, partner_id)
    _end([transfer], verb="cancel", end=TransferEnd.CANCELLED, actor=f"member:{member_id}", by=partner_id, why=reason)
    return transfer


@command
def reject(*, partner_id: uuid.UUID, member_id: uuid.UUID, transfer_id: uuid.UUID, reason: str) -> None:
    """Say no: as an asked partner that it will not give, as the asker that the offer is not wanted. Others are asked.

    Locks: the need, the bags.
    Emits: transfer.ended, transfer.requested, transfer.candidate_asked
    Raises: NotFound, IllegalTransition, TransferTaken, AskOver
    """
    transfer, actor = hold_transfer(transfer_id), f"member:{member_id}"
    if transfer.partner_id != partner_id:
        refuse_ask(transfer, partner_id=partner_id, actor=actor, reason=reason)
        return
    if transfer.state is not TransferStatus.OFFERED:
        raise IllegalTransition(state=transfer.status, verb="reject", open=_open_to_asker(transfer))
    _end([transfer], verb="reject", end=TransferEnd.REJECTED, actor=actor, by=partner_id, why=reason)


@step
def cancel_transfer_of(
    *, transfer_id: uuid.UUID, actor: str, reason: str, also_release: Sequence[uuid.UUID] = ()
) -> None:
    """End everything that the need of this transfer still waits for, for whoever raised it.

    What is on the road comes, and is nobody's on arrival. Nothing happens where it is over already. Holdings to be
    freed in the same transaction are named here, because bags are locked once.

    Locks: the need, the bags.      Emits: transfer.ended
    """
    held = hold_transfer(transfer_id)
    transfers = list(Transfer.objects.filter(need=held.need).order_by("pk"))
    for transfer in transfers:
        if transfer.state is TransferStatus.IN_TRANSIT:
            change(transfer, purpose="")
            record(transfer, verb="disclaim", actor=actor, by=transfer.partner_id, facts={"reason": reason})
    waiting = [transfer for transfer in transfers if transfer.state in BEFORE_DISPATCH]
    _end(
        waiting,
        verb="cancel",
        end=TransferEnd.CANCELLED,
        actor=actor,
        by=held.partner_id,
        why=reason,
        also_release=also_release,
    )


@command
def advance_if_due(*, transfer_id: uuid.UUID) -> bool:
    """Do what time has made due: ask the next partner, or end what nobody may act on any more; say whether it was due.

    Locks: the need, the bags.      Emits: transfer.candidate_asked, transfer.ended
    """
    transfer = hold_transfer(transfer_id)
    if not transfer.is_late:
        return False
    if transfer.state is TransferStatus.REQUESTED:
        answer(Q(transfer=transfer), Answer.LATE)
        ask_on(transfer)
    else:
        _end([transfer], verb="expire", end=TransferEnd.EXPIRED, actor=SYSTEM, by=None, why="")
    return True


@step
def leave_exchange(*, partner_id: uuid.UUID, reason: str) -> None:
    """End whatever a partner that may not work any more has asked for, offered, or was asked.

    Locks: the needs, the bags.      Emits: transfer.ended, transfer.requested, transfer.candidate_asked
    """
    asked = Q(status=TransferStatus.REQUESTED, asks__partner_id=partner_id, asks__answer="")
    own = Q(status__in=sorted(BEFORE_DISPATCH)) & (Q(partner_id=partner_id) | Q(sender_id=partner_id))
    found = Transfer.objects.filter(asked | own).values_list("pk", "need")
    concerned = [pk for pk, _ in found]
    lock(Transfer, {need for _, need in found})
    transfers = list(Transfer.objects.filter(pk__in=concerned, status__in=sorted(BEFORE_DISPATCH)).order_by("pk"))
    ended = [transfer for transfer in transfers if partner_id in (transfer.partner_id, transfer.sender_id)]
    _end(ended, verb="cancel", end=TransferEnd.CANCELLED, actor=SYSTEM, by=partner_id, why=reason)
    for transfer in transfers:
        if transfer.state is TransferStatus.REQUESTED:
            answer(Q(transfer=transfer, partner_id=partner_id), Answer.WITHDRAWN)
            if not transfer.asks.filter(answer="").exists():
                ask_on(transfer)


def _hold_side(transfer_id: uuid.UUID, partner_id: uuid.UUID) -> Transfer:
    transfer = hold_transfer(transfer_id)
    if partner_id not in (transfer.partner_id, transfer.sender_id):
        raise NotFound
    return transfer


def _open_to_asker(transfer: Transfer) -> list[str]:
    return ["cancel"] if transfer.state in BEFORE_DISPATCH else []


def _end(
    transfers: Sequence[Transfer],
    *,
    verb: str,
    end: TransferEnd,
    actor: str,
    by: uuid.UUID | None,
    why: str,
    also_release: Iterable[uuid.UUID] = (),
) -> None:
    """End held transfers. Unless the asker or time wants no more, others are asked for what was offered."""
    promised = {transfer.pk: transfer.state in SENDS for transfer in transfers}
    ids = list(promised)
    waiting = defaultdict(list)
    for transfer_id, asked in TransferAsk.objects.filter(transfer__in=ids, answer="").values_list(
        "transfer_id", "partner_id"
    ):
        waiting[transfer_id].append(str(asked))
    for transfer in transfers:
        facts = {"reason": why} if why else {}
        take_step(transfer, verb=verb, actor=actor, by=by, facts=facts, end_reason=end)
    release_reservations(
        holding_ids=[*also_release, *(transfer.holding for transfer in transfers if transfer.holding)], actor=actor
    )
    kept = TransferUnit.objects.filter(transfer__in=ids, fate=Fate.OFFERED)
    freed = Counter(kept.values_list("transfer_id", flat=True))  # what was lost before is asked for elsewhere already
    kept.update(fate=Fate.FREED)
    answer(Q(transfer__in=ids), Answer.WITHDRAWN)
    for transfer in transfers:
        goes_on = end is TransferEnd.REJECTED or (end is TransferEnd.CANCELLED and by == transfer.sender_id)
        units = freed[transfer.pk] if promised[transfer.pk] else transfer.units
        following = follow_up(transfer, units=units) if goes_on and units else None
        tell(
            transfer,
            "transfer.ended",
            units=0 if following else units,
            reason=str(end),
            sender=str(transfer.sender_id) if promised[transfer.pk] else None,
            asked=waiting[transfer.pk],
            by=str(by) if by else None,
            follow_up=str(following.pk) if following else None,
        )
