"""What is done at a provider at most once, whoever wants it: decided here before it is asked for there."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from common import clock
from common.db import command, take_turn
from payments.models import ProviderDecision
from payments.states import Decided, Provider


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided, when, and whether by this call."""

    decided: Decided
    at: dt.datetime
    is_mine: bool
    theirs: str = ""


@command
def decide(*, provider: Provider, ref: str, decided: Decided, about: str = "") -> Decision:
    """Decide about `ref` unless somebody has before, and return what holds. A unique constraint lets one win."""
    row, is_mine = ProviderDecision.objects.get_or_create(
        provider=provider, ref=ref, defaults={"decided": decided, "about": about}
    )
    return Decision(Decided(row.decided), row.decided_at, is_mine, row.theirs)


@command
def undo(*, provider: Provider, ref: str) -> None:
    """Take back a decision after which the provider has certainly done nothing."""
    ProviderDecision.objects.filter(provider=provider, ref=ref, theirs="").delete()


@command
def decide_again(*, provider: Provider, ref: str, seen_at: dt.datetime) -> bool:
    """Renew a decision that came to nothing; of those who saw it at `seen_at`, one may go on."""
    mine = ProviderDecision.objects.filter(provider=provider, ref=ref, decided_at=seen_at, theirs="")
    return mine.update(decided_at=clock.now()) == 1


@command
def name(*, provider: Provider, ref: str, candidates: list[str]) -> str:
    """Let what we call `ref` be the first of the provider's names that nothing else has; empty when all are taken."""
    take_turn(f"names at {provider}")
    row = ProviderDecision.objects.get(provider=provider, ref=ref)
    if row.theirs:
        return row.theirs
    taken = set(
        ProviderDecision.objects.filter(provider=provider, theirs__in=candidates).values_list("theirs", flat=True)
    )
    row.theirs = next((one for one in candidates if one not in taken), "")
    row.save(update_fields=["theirs"])
    return row.theirs


def find(*, provider: Provider, ref: str) -> Decision | None:
    """Return what was decided about `ref`, or None."""
    row = ProviderDecision.objects.filter(provider=provider, ref=ref).first()
    return None if row is None else Decision(Decided(row.decided), row.decided_at, is_mine=False, theirs=row.theirs)
