from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from payments import selectors


class Command(BaseCommand):
    """Print every kind of account and the trial balance, in minor units; fail if it is not zero."""

    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        for kind, detail, currency, total in selectors.account_totals():
            self.stdout.write(f"{kind:<12} {detail:<12} {currency} {total:>18}")
        trial = sorted(selectors.trial_balance().items())
        for currency, total in trial:
            self.stdout.write(f"{'sum':<25} {currency} {total:>18}")
        odd = [f"{total} {currency}" for currency, total in trial if total]
        if odd:
            raise CommandError(f"The ledger is out by {', '.join(odd)}.")
