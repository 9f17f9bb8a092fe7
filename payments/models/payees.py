"""Where payees are paid at providers."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from common import clock
from common.fields import EncryptedTextField
from common.ids import uuid7
from payments.models.paying import at_most_one, side
from payments.parties import Party, party_of
from payments.states import PayoutAccountStatus, Provider

SHOWN = 4  # characters of an account that may be seen


class PayoutAccount(models.Model):
    """A payee's account at a provider. Its name there is sealed, and gone when the account is removed.

    `ending` is what may be shown of it; `fingerprint` finds it when the provider speaks of it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner_user = side("users.User")
    owner_partner = side("partners.Partner")
    provider = models.CharField(max_length=10, choices=[(p, p) for p in Provider])
    reference = EncryptedTextField(null=True)
    ending = models.CharField(max_length=SHOWN)
    fingerprint = models.CharField(max_length=64)
    status = models.CharField(
        max_length=10, choices=[(s, s) for s in PayoutAccountStatus], default=PayoutAccountStatus.CHECKING
    )
    failure = models.CharField(max_length=60, blank=True)
    actor = models.CharField(max_length=60)
    created_at = models.DateTimeField(default=clock.now, editable=False)
    changed_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["owner_user", "owner_partner"],
                condition=~Q(status=PayoutAccountStatus.REMOVED),
                name="one_payout_account_per_payee",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(status__in=list(PayoutAccountStatus)), name="payout_account_status_is_known"
            ),
            models.CheckConstraint(
                condition=at_most_one("owner") & ~Q(owner_user=None, owner_partner=None),
                name="payout_account_has_one_owner",
            ),
            models.CheckConstraint(
                condition=Q(status=PayoutAccountStatus.REMOVED, reference__isnull=True)
                | (~Q(status=PayoutAccountStatus.REMOVED) & Q(reference__isnull=False)),
                name="payout_account_is_forgotten_when_removed",
            ),
        ]
        indexes = [models.Index(fields=["fingerprint"], name="payout_account_by_ref")]

    def __str__(self) -> str:
        return f"{self.provider}, …{self.ending}"

    @property
    def state(self) -> PayoutAccountStatus:
        return PayoutAccountStatus(self.status)

    @property
    def owner(self) -> Party:
        return party_of(self.owner_user_id, self.owner_partner_id)
