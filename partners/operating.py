"""What administrators may change here while the product runs."""

from __future__ import annotations

from typing import Final

from common import operating
from common.errors import RegistrationClosed
from common.operating import Switch

OPEN: Final = operating.register(
    Switch(
        "register_partners",
        "Registration of partners",
        "Off: no organisation registers or claims a listing; those that wait can be approved.",
        lambda: True,
    )
)


def refuse_when_closed() -> None:
    """Raises: RegistrationClosed"""
    if not OPEN.value():
        raise RegistrationClosed
