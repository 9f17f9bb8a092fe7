"""The same code of a telephone, typed twice at once, opens once."""

from __future__ import annotations

from typing import Any

import pyotp
import pytest

from common import clock
from tests.factories import make_user
from tests.races import meeting, names, race
from users.models import SecondFactor, User
from users.services import second_factor as services

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def administrator() -> User:
    user = make_user(is_staff=True)
    factor = services.begin(user_id=user.pk)
    services.confirm(
        user_id=user.pk, factor_id=factor.pk, code=pyotp.TOTP(factor.secret).at(clock.now(), counter_offset=-1)
    )
    return user


def both(user: User) -> list[str]:
    code = pyotp.TOTP(SecondFactor.objects.get(user=user).secret).at(clock.now(), counter_offset=1)
    return names(race(*[lambda: services.pass_second_step(user_id=user.pk, code=code)] * 2))


def test_the_same_code_twice_at_once_opens_once(administrator: User) -> None:
    assert both(administrator) == ["CodeInvalid", "Passed"]


def test_control_without_comparing_while_setting_both_would_open(
    administrator: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_then_write(factor: Any, at: int) -> bool:
        is_first = bool(factor.last_step < at)
        wait()
        SecondFactor.objects.filter(pk=factor.pk).update(last_step=at)
        return is_first

    monkeypatch.setattr(services, "_first_use", look_then_write)

    with meeting(2) as wait:
        assert both(administrator) == ["Passed", "Passed"]
