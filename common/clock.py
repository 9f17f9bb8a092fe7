"""The one place the product asks what time it is."""

import datetime as dt
from zoneinfo import ZoneInfo


def now() -> dt.datetime:
    """Return the present moment, aware, in UTC."""
    return dt.datetime.now(tz=dt.UTC)


def today(zone: str) -> dt.date:
    """Return the civil date in `zone` (an IANA name) at this moment."""
    return now().astimezone(ZoneInfo(zone)).date()


def parse_window(text: str) -> tuple[dt.time, dt.time] | None:
    """Read «21:30-07:00»; nothing for blank text. Raises: ValueError, also for a window that ends where it begins."""
    if not text.strip():
        return None
    start, _, end = text.partition("-")
    window = dt.time.fromisoformat(start.strip()), dt.time.fromisoformat(end.strip())
    if window[0] == window[1]:
        raise ValueError("A window that ends where it begins is none.")
    return window
