"""The second factors of administrators."""

from __future__ import annotations

import uuid

from users.models import SecondFactor


def second_factor_of(user_id: uuid.UUID) -> SecondFactor | None:
    """Return the administrator's second factor, if it counts."""
    return SecondFactor.objects.filter(user_id=user_id, confirmed_at__isnull=False).first()


def begun_second_factor(user_id: uuid.UUID, factor_id: str | None) -> SecondFactor | None:
    """Return the second factor that is being set up, if it is this one and not confirmed yet."""
    if not factor_id:
        return None
    return SecondFactor.objects.filter(user_id=user_id, pk=factor_id, confirmed_at=None).first()


def recovery_codes_left(factor: SecondFactor) -> int:
    """Return how many recovery codes were not used."""
    return factor.recovery_codes.filter(used_at=None).count()
