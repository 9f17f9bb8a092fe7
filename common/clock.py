"""The one place the product asks what time it is."""

import datetime as dt
from zoneinfo import ZoneInfo


def now() -> dt.datetime:
    """Return the present moment, aware, in UTC."""
    return dt.datetime.now(tz=dt.UTC)


def today(zone: str) -> dt.date:
    """Return the civil date in `zone` (an IANA name) at this moment."""
    return now().astimezone(ZoneInfo(zone)).date()
