from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import models

from common import outbox
from common.audit.verifying import verify
from common.crypto import CannotDecrypt
from common.fields import EncryptedTextField
from common.health import readiness
from payments import selectors

# What was in hand, by model and states: compare it with what was known before.
OPEN: Final = (
    ("requests_app.BloodRequest", ("open", "assigned")),
    ("requests_app.Assignment", ("accepted", "arrived")),
    ("orders.Order", ("placed", "accepted", "packed", "dispatched")),
    ("stock.Unit", ("available", "reserved", "in_transit")),
    ("payments.Payment", ("created", "pending")),
    ("appointments.Appointment", ("held", "confirmed", "in_progress")),
    ("notifications.Delivery", ("queued", "failed")),
    ("notifications.Delivery", ("sending", "in_doubt")),
)


class Command(BaseCommand):
    """Look whether a restored database is whole and the keys are its own; fails at what is not. It changes nothing."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        faults = []
        for name, is_good, said in findings():
            self.stdout.write(f"{'ok    ' if is_good else 'FAULT '} {name}: {said}")
            if not is_good:
                faults.append(name)
        for label, states in OPEN:
            count = apps.get_model(label)._default_manager.filter(status__in=states).count()
            self.stdout.write(f"       {label}, {' or '.join(states)}: {count}")
        if faults:
            raise CommandError(f"Not fit to be used: {', '.join(faults)}.")
        self.stdout.write("The database is whole.")


def findings() -> Iterator[tuple[str, bool, str]]:
    """Yield what was looked at, whether it is as it must be, and what was seen."""
    waiting = readiness()["migrations"]
    yield "migrations", waiting.ok, waiting.detail or "none is missing"
    yield "keys", *_keys()
    trial = selectors.trial_balance()
    odd = {currency: total for currency, total in trial.items() if total}
    yield "ledger", not odd, f"out by {odd}" if odd else f"the balance is zero in {', '.join(sorted(trial)) or 'all'}"
    walk, broken = verify()
    chain = f"{walk.links} links, {walk.marks} signed marks, {walk.waiting} waiting"
    yield "audit", broken is None, f"breaks at {broken.number}: {broken.what}, {broken.how}" if broken else chain
    lag, dead = outbox.oldest_due_age().total_seconds(), outbox.dead_events().count()
    yield "outbox", True, f"{outbox.open_events().count()} open, {dead} given up, {lag:.0f} s behind"


def _keys() -> tuple[bool, str]:
    opened, closed = 0, []
    for field in sealed_fields():
        filled = field.model._default_manager.filter(**{f"{field.name}__isnull": False})
        try:
            opened += len(filled.order_by("-pk").values_list(field.name)[:1])
        except CannotDecrypt:
            closed.append(f"{field.model._meta.label}.{field.name}")
    if closed:
        return False, f"FIELD_KEYS do not open {', '.join(closed)}"
    return True, f"FIELD_KEYS open the newest value of {opened} columns"


def sealed_fields() -> list[models.Field[Any, Any]]:
    """Return every column that is encrypted."""
    return [
        field
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, EncryptedTextField)
    ]
