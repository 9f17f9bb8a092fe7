"""What administrators may change while the product runs: typed, bounded, with a history.

An app registers a value where it is obeyed, and reads it with `value()`; the settings file is the default. Every
process remembers what is stored and looks again when that is older than `settings.OPERATING_FRESH` seconds, so that a
change is obeyed everywhere within that time, and hardly any request costs a query. `None` looks again only after a
change in the same process.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Generic, TypeVar

from django.conf import settings
from django.db import DatabaseError, InterfaceError

from common import clock
from common.db import command, take_turn
from common.errors import Conflict, Invalid, NotFound
from common.models import Setting, SettingChange

T = TypeVar("T")
LONGEST_TEXT: Final = 300


class SettingInvalid(Invalid):
    code, message, pointer = "setting_invalid", "This value is not possible for the setting.", "/value"


class ReasonMissing(Invalid):
    code, message, pointer = "reason_missing", "Say why.", "/reason"


class SettingMoved(Conflict):
    code, message = "setting_moved", "Somebody has changed this setting meanwhile: look at it again."


@dataclass(frozen=True)
class Operating(Generic[T]):
    """One value: what it is called, what it does, and what holds while nobody has set it."""

    name: str
    title: str
    about: str
    default: Callable[[], T]
    kind: ClassVar[str] = "text"

    def value(self) -> T:
        """Return what holds now."""
        stored = _memory.values()
        return self.from_stored(stored[self.name]) if self.name in stored else self.default()

    @property
    def is_set(self) -> bool:
        return self.name in _memory.values()

    def shown(self) -> str:
        """Return what holds now, as the form takes it."""
        return self.written(self.value())

    def read(self, given: str) -> T:
        """Return what was typed. Raises: SettingInvalid"""
        raise NotImplementedError

    def written(self, value: T) -> str:
        return str(value)

    def to_stored(self, value: T) -> Any:
        return value

    def from_stored(self, stored: Any) -> T:
        value: T = stored
        return value


@dataclass(frozen=True)
class Switch(Operating[bool]):
    """On or off."""

    kind: ClassVar[str] = "switch"

    def read(self, given: str) -> bool:
        if given not in ("on", "off"):
            raise SettingInvalid
        return given == "on"

    def written(self, value: bool) -> str:  # noqa: FBT001 - the value itself
        return "on" if value else "off"


@dataclass(frozen=True)
class Number(Operating[int]):
    """A whole number between two others, both included."""

    least: int = 0
    most: int = 0
    kind: ClassVar[str] = "number"

    def read(self, given: str) -> int:
        if not (given.isascii() and given.isdigit() and self.least <= int(given[:9]) <= self.most):
            raise SettingInvalid(least=self.least, most=self.most)
        return int(given)


@dataclass(frozen=True)
class Time(Operating[dt.time]):
    """A time of the day, to the minute."""

    kind: ClassVar[str] = "time"

    def read(self, given: str) -> dt.time:
        try:
            return dt.datetime.strptime(given, "%H:%M").replace(tzinfo=dt.UTC).time()
        except ValueError:
            raise SettingInvalid from None

    def written(self, value: dt.time) -> str:
        return f"{value:%H:%M}"

    def to_stored(self, value: dt.time) -> str:
        return self.written(value)

    def from_stored(self, stored: Any) -> dt.time:
        return self.read(stored)


@dataclass(frozen=True)
class Words(Operating[str]):
    """One line of text, which may be empty."""

    kind: ClassVar[str] = "words"

    def read(self, given: str) -> str:
        words = given.strip()
        if len(words) > LONGEST_TEXT or not (words.isprintable() or not words):
            raise SettingInvalid(longest=LONGEST_TEXT)
        return words


@dataclass
class _Memory:
    """What this process knows of the table, and since when."""

    known: Mapping[str, Any] | None = None
    read_at: float = 0.0
    frozen: bool = field(default=False)

    def values(self) -> Mapping[str, Any]:
        fresh = settings.OPERATING_FRESH
        if self.known is None or (fresh is not None and time.monotonic() - self.read_at > fresh):
            self.known, self.read_at = self._look(), time.monotonic()
        return self.known

    def _look(self) -> Mapping[str, Any]:
        """Without the database what was known last goes on to hold."""
        try:
            return dict(Setting.objects.values_list("name", "value"))
        except (DatabaseError, InterfaceError):
            return self.known or {}

    def assume(self, known: Mapping[str, Any] | None) -> None:
        self.known, self.read_at = known, time.monotonic()


_memory: Final = _Memory()
_registered: Final[dict[str, Operating[Any]]] = {}
O = TypeVar("O", bound=Operating[Any])  # noqa: E741


def register(one: O) -> O:
    """Let administrators change the value. Raises: ValueError when the name is taken."""
    if one.name in _registered:
        raise ValueError(f"{one.name} is an operating setting already.")
    _registered[one.name] = one
    return one


def registered() -> list[Operating[Any]]:
    """Return every value that may be changed, by name."""
    return sorted(_registered.values(), key=lambda one: one.name)


def assume(stored: Mapping[str, Any] | None) -> None:
    """Believe that this is what the table holds, until it is looked at again; None looks at once."""
    _memory.assume(stored)


@command
def change(*, name: str, given: str, seen: str, actor: str, reason: str) -> SettingChange:
    """Let `given` hold from now on, in place of the `seen` value; write down who wanted it, and why.

    Raises: NotFound, SettingInvalid, ReasonMissing, SettingMoved
    """
    one = _registered.get(name)
    if one is None:
        raise NotFound
    value, reason = one.read(given), reason.strip()
    if not reason:
        raise ReasonMissing
    take_turn(f"operating.{name}")
    assume(None)
    before = one.value()
    if one.written(before) != seen:
        raise SettingMoved
    now = clock.now()
    Setting.objects.update_or_create(name=name, defaults={"value": one.to_stored(value), "changed_at": now})
    changed = SettingChange.objects.create(
        name=name,
        before=one.written(before),
        after=one.written(value),
        actor=actor,
        reason=reason[:500],
        created_at=now,
    )
    assume(None)
    return changed
