"""Shapes of accounts for payouts."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from payments.states import KEPT_ACCOUNTS, PAYOUT_PROVIDERS


class PayoutAccountIn(serializers.Serializer[Any]):
    provider = serializers.ChoiceField(choices=PAYOUT_PROVIDERS)
    account = serializers.CharField(max_length=80, help_text="Its name at the provider. Stripe: `acct_…`.")


class PayoutAccountOut(serializers.Serializer[Any]):
    provider = serializers.ChoiceField(choices=PAYOUT_PROVIDERS)
    ending = serializers.CharField(help_text="Its last characters.")
    status = serializers.ChoiceField(choices=KEPT_ACCOUNTS)
    failure = serializers.CharField(help_text="Why it was refused, in the provider's words.")
    added_at = serializers.DateTimeField(source="created_at")
