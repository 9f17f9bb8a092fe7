"""Input fields for values that have rules."""

from __future__ import annotations

import datetime as dt
import math
import re
import zoneinfo
from functools import cache
from typing import Any, Final

from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from common.phone import PhoneInvalid, parse_phone

# C0 and C1 controls, line and paragraph separators, and the marks that embed, override or isolate a direction.
UNPRINTED: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


@extend_schema_field({"type": "string", "description": "E.164, or as written in India.", "maxLength": 32})
class PhoneField(serializers.CharField):
    """A phone number as people write it; the value is E.164."""

    default_error_messages = {"phone_invalid": "This is not a phone number."}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=32, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        try:
            return parse_phone(text)
        except PhoneInvalid:
            self.fail("phone_invalid")


class LineField(serializers.CharField):
    """A name or a title: one line, without control characters and marks that turn the direction of what follows.

    It stands in messages, files and pages beside other people's words. Joiners and emoji stay.
    """

    default_error_messages = {"one_line": "This must be one line, without control characters."}

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if UNPRINTED.search(text):
            self.fail("one_line")
        return text


class NumberField(serializers.FloatField):
    """A finite number; `true` is none, and neither is «nan»."""

    def to_internal_value(self, data: Any) -> float:
        number = super().to_internal_value(data)
        if isinstance(data, bool) or not math.isfinite(number):
            self.fail("invalid")
        return number


class MomentField(serializers.DateTimeField):
    """RFC 3339 with an offset: a time without one would silently be read in the server's zone."""

    default_error_messages = {"offset_missing": "Give the offset from UTC, as in 2026-01-15T18:00:00+05:30."}

    def enforce_timezone(self, value: dt.datetime) -> dt.datetime:
        if timezone.is_naive(value):
            self.fail("offset_missing")
        return super().enforce_timezone(value)


class LatitudeField(NumberField):
    """Degrees north, -90 to 90; 0 is a place like any other."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=-90, max_value=90, **kwargs)


class LongitudeField(NumberField):
    """Degrees east, -180 to 180."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=-180, max_value=180, **kwargs)


@extend_schema_field({"type": "string", "example": "Asia/Kolkata"})
class ZoneField(serializers.CharField):
    """An IANA time zone."""

    default_error_messages = {"zone_unknown": "This is not an IANA time zone."}

    def to_internal_value(self, data: Any) -> str:
        text = super().to_internal_value(data)
        if text not in _zones():
            self.fail("zone_unknown")
        return text


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


class PasswordField(serializers.CharField):
    """A password as it is typed: blanks count, up to 128 characters."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=128, trim_whitespace=False, write_only=True, **kwargs)


class CodeField(serializers.RegexField):
    """Six digits."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(r"^[0-9]{6}\Z", **kwargs)


class PointIn(serializers.Serializer[Any]):
    lat = LatitudeField()
    lng = LongitudeField()


class PlaceOut(serializers.Serializer[Any]):
    lat = serializers.FloatField()
    lng = serializers.FloatField()
