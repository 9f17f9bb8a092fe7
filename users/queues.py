"""Identities that came to nothing: nobody approves one by hand, but whoever asks for help is told why."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.db.models import QuerySet
from django.urls import reverse

from common import clock
from common.queues import Case, Queue
from users.models import IdentityAttestation
from users.states import AttestationFailure, AttestationStatus

LOOKED_AT: Final = dt.timedelta(days=7)
PUZZLING: Final = (AttestationFailure.NAME_DIFFERS, AttestationFailure.IDENTITY_TAKEN, AttestationFailure.REFUSED)


def failed() -> QuerySet[IdentityAttestation]:
    since = clock.now() - LOOKED_AT
    rows = IdentityAttestation.objects.filter(closed_at__gte=since, status=AttestationStatus.FAILED)
    return rows.filter(failure__in=PUZZLING).select_related("user").order_by("closed_at")


def show_failed(row: IdentityAttestation) -> Case:
    return Case(
        str(row.pk),
        f"{row.user.public_id}: {row.get_failure_display().replace('_', ' ')}",
        row.closed_at,
        [("Provider", row.provider), ("Account", row.user.name), ("Begun", row.created_at)],
        reverse("admin:users_identityattestation_change", args=[row.pk]),
    )


IDENTITIES: Final = Queue(
    "identities",
    "Identities that could not be proven",
    "Of the last seven days: another name, an identity that another account has, a refusal. Nobody can be proven by"
    " hand; a person who writes to support is helped with this.",
    "users.view_identityattestation",
    "users.change_identityattestation",
    failed,
    show_failed,
)
