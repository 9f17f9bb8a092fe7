"""What administrators may change here while the product runs."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.conf import settings

from common import operating
from common.operating import Number, Time

Window = tuple[dt.time, dt.time]
NEVER: Final[Window] = (dt.time(0), dt.time(0))  # a window that ends where it begins holds nothing back

QUIET_FROM: Final = operating.register(
    Time(
        "message_quiet_from",
        "Quiet hours of messages begin",
        "From then on messages that can wait ring at nobody's, in the person's zone. One's own window counts instead.",
        lambda: _packaged()[0],
    )
)
QUIET_UNTIL: Final = operating.register(
    Time(
        "message_quiet_until",
        "Quiet hours of messages end",
        "When they go. The same as the beginning: there are no quiet hours but people's own.",
        lambda: _packaged()[1],
    )
)
DAILY_CAP: Final = operating.register(
    Number(
        "message_daily_cap",
        "Messages a day",
        "How many that are not critical go to one person by one channel in 24 hours; 0: any number.",
        lambda: settings.MESSAGE_DAILY_CAP,
        least=0,
        most=1000,
    )
)


def quiet_hours() -> Window | None:
    """Return everybody's quiet hours, in the person's zone; None while there are none."""
    window = QUIET_FROM.value(), QUIET_UNTIL.value()
    return None if window[0] == window[1] else window


def _packaged() -> Window:
    return settings.MESSAGE_QUIET_HOURS or NEVER
