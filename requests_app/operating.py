"""What administrators may change here while the product runs."""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.conf import settings

from common import operating
from common.operating import Number, Time

ASK_CAP: Final = operating.register(
    Number(
        "daily_ask_cap",
        "Asks a day",
        "How often one donor is asked in 24 hours at most, but for critical requests.",
        lambda: settings.DAILY_ASK_CAP,
        least=1,
        most=20,
    )
)
QUIET_FROM: Final = operating.register(
    Time(
        "quiet_from",
        "Quiet hours begin",
        "From then on only critical requests wake donors, in the partner's zone.",
        lambda: settings.QUIET_HOURS[0],
    )
)
QUIET_UNTIL: Final = operating.register(
    Time(
        "quiet_until",
        "Quiet hours end",
        "When donors are asked again. The same as the beginning: there are no quiet hours.",
        lambda: settings.QUIET_HOURS[1],
    )
)


def quiet_hours() -> tuple[dt.time, dt.time]:
    """Return when the night begins and ends, in the partner's zone."""
    return QUIET_FROM.value(), QUIET_UNTIL.value()
