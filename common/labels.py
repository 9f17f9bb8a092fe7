"""How a row is named where one line stands for it: in a list, a choice, the title of its page.

Nothing secret, and nothing about anybody's health, stands in such a line.
"""

from __future__ import annotations

import datetime as dt

from django.utils import timezone
from django.utils.formats import date_format


def day(moment: dt.datetime) -> str:
    """Return «3 May 2030», in the zone of whoever looks."""
    return date_format(timezone.localtime(moment), "j M Y")


def minute(moment: dt.datetime) -> str:
    """Return «3 May 2030, 14:05», in the zone of whoever looks."""
    return date_format(timezone.localtime(moment), "j M Y, H:i")


def units(count: int) -> str:
    """Return «1 unit» or «2 units»."""
    return f"{count} unit{'' if count == 1 else 's'}"
