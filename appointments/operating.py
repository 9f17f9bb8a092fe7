"""What administrators may change here while the product runs."""

from __future__ import annotations

from typing import Final

from common import operating
from common.errors import RegistrationClosed
from common.operating import Switch

OPEN: Final = operating.register(
    Switch(
        "register_doctors",
        "Registration of doctors",
        "Off: nobody registers as a doctor; those who wait can be approved.",
        lambda: True,
    )
)


def refuse_when_closed() -> None:
    """Raises: RegistrationClosed"""
    if not OPEN.value():
        raise RegistrationClosed
