"""Donors of a partner's test data: rows like others', with nobody behind them (docs/api-keys.md)."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from typing import Final

from common import clock
from common.blood import BloodGroup, Sex
from common.db import step
from common.geo import Point
from common.phone import test_number
from users.models import Donor, User
from users.services.donors import refresh_window

DONORS_OF_EACH: Final = 3
AGE: Final = dt.timedelta(days=35 * 365 + 9)
DEGREE_KM: Final = Decimal("111.2")  # of latitude


@step
def furnish(*, world: uuid.UUID, around: Point, city: str, zone: str) -> int:
    """Make three donors of every group, one, three and five kilometres north of the place; return how many are new.

    Once more changes nothing.
    """
    if Donor.objects.filter(test_world=world).exists():
        return 0
    born = clock.now().date() - AGE
    groups = list(BloodGroup)
    for place, group in enumerate(groups):
        for number in range(DONORS_OF_EACH):
            north = Decimal(str(around.lat)) + round(Decimal(2 * number + 1) / DEGREE_KM, 6)
            where = {"lat": round(north, 6), "lng": round(Decimal(str(around.lng)), 6)}
            user = User(
                phone=test_number(world.int + place * DONORS_OF_EACH + number),
                name=f"Test donor {group} {number + 1}",
                city=city,
                zone=zone,
                test_world=world,
                **where,
            )
            user.set_unusable_password()
            user.save()
            donor = Donor.objects.create(
                user=user,
                blood_group=group,
                sex=Sex.MALE,
                date_of_birth=born,
                weight_kg=Decimal(70),
                test_world=world,
                **where,
            )
            refresh_window(donor)
    return len(groups) * DONORS_OF_EACH


@step
def retire(*, world: uuid.UUID) -> None:
    """Have nobody of the world found any more."""
    Donor.objects.filter(test_world=world).update(available=False)
    User.objects.filter(test_world=world).update(is_active=False)
