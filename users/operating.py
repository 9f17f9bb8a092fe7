"""What administrators may change here while the product runs."""

from __future__ import annotations

from typing import Final

from common import operating
from common.errors import RegistrationClosed
from common.operating import Switch

OPEN: Final = operating.register(
    Switch(
        "register_people",
        "Registration of people",
        "Off: nobody makes a new account; everybody who has one goes on.",
        lambda: True,
    )
)


def refuse_when_closed() -> None:
    """Raises: RegistrationClosed"""
    if not OPEN.value():
        raise RegistrationClosed
